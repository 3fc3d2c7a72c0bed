/** Fields that hold actors, sets of them, and the flags an actor has itself. */
import { describe, expect, test } from 'vitest';
import { type Actor, actor, actors, object, type View } from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { drive, plain, tiny, values } from '../../../support/tiny.ts';

const nothing = plain('nothing', (k) => [k.step('nothing', () => {})]);

test('actors start at nobody and come back as the very actor', () => {
  const Box = object('box', { owner: actor() });
  const sim = new Simulator(
    tiny((s) => {
      const b = s.object(Box, 'box');
      const p = plain('p', (k) => [
        k.step('take', (_f, self) => {
          b.owner = self;
        }),
        k.blockUntil('mine', (_f, self) => b.owner === self),
      ]);
      s.actor('a', p, {});
      s.actor('b', p, {});
    }),
  );
  drive(sim, 'a b');
  expect(values(sim)['box.owner']).toBe('b');
  expect([sim.step(0, 0).result, sim.step(1, 0).result]).toEqual(['blocked', 'moved']);
});

describe('actor sets', () => {
  const Queue = object('queue', { sleepers: actors() }, { permanent: true });
  const crowd = (n: number) => {
    const all: Actor[] = [];
    const scenario = tiny((s) => {
      const q = s.object(Queue, 'queue');
      const p = plain('sleep', (k) => [
        k.step('in', (_f, self) => q.sleepers.add(self)),
        k.step('out', (_f, self) => q.sleepers.delete(self)),
      ]);
      for (let i = 0; i < n; i++) all.push(s.actor(`t${i}`, p, {}));
    });
    return scenario;
  };

  test('hold any of the first sixteen actors, in their order', () => {
    const sim = drive(crowd(16), 't15 t8 t0 t7');
    expect(values(sim)['queue.sleepers']).toBe('{t0, t7, t8, t15}');
    drive(sim, 't8 t15');
    expect(values(sim)['queue.sleepers']).toBe('{t0, t7}');
  });

  test('refuse the seventeenth', () => {
    expect(() => drive(crowd(17), 't16')).toThrow(
      expect.objectContaining({
        message: 'an actor set holds at most the first 16 actors',
        hint: 'lower the bounds',
        where: 'sleep/in (actor t16)',
      }),
    );
  });

  test('know their size and members', () => {
    let q: View<typeof Queue.shape> | undefined;
    let t: Actor[] = [];
    const sim = new Simulator(
      tiny((s) => {
        q = s.object(Queue, 'queue');
        t = ['x', 'y', 'z'].map((name) => s.actor(name, nothing, {}));
        q.sleepers.add(t[0] as Actor);
        q.sleepers.add(t[2] as Actor);
        q.sleepers.add(t[2] as Actor);
      }),
    );
    sim.focus();
    expect([q?.sleepers.size, ...t.map((a) => q?.sleepers.has(a))]).toEqual([2, true, false, true]);
    q?.sleepers.clear();
    expect([q?.sleepers.size, [...(q?.sleepers ?? [])]]).toEqual([0, []]);
  });
});

describe('flags of an actor', () => {
  const sleeper = (parks: boolean) =>
    plain('sleep', (k) => [
      k.step(
        'park',
        (_f, self) => {
          self.parked = true;
        },
        parks ? { parks } : {},
      ),
      k.blockUntil('woken', (_f, self) => !self.parked),
    ]);
  const scene = (parks: boolean) =>
    tiny((s) => {
      const a = s.actor('a', sleeper(parks), {});
      const wake = plain('wake', (k) => [
        k.step('wake', () => {
          a.parked = false;
          a.signalled = true;
        }),
      ]);
      s.actor('b', wake, {});
    });

  test('are kept apart, and shown when they are set', () => {
    const sim = drive(scene(true), 'a');
    expect(values(sim)).toEqual({ 'a:asleep': 'true' });
    expect(sim.step(0, 0).result).toBe('blocked');
    drive(sim, 'b');
    expect(values(sim)).toEqual({ 'a:signal pending': 'true' });
    expect(sim.step(0, 0).result).toBe('moved');
  });

  test('do not exist in a model without a step that parks', () => {
    expect(() => drive(scene(false), 'a')).toThrow(
      expect.objectContaining({
        code: 'model-threw',
        message: 'a has no flags',
        hint: 'mark the steps that read or write parked or signalled with `parks: true`',
        where: 'sleep/park (actor a)',
      }),
    );
  });
});
