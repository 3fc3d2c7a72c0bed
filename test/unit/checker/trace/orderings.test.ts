/** Essential orderings: the pairs of steps of different actors whose order the violation needs, and no others. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { bool, int, object, type Scenario } from '../../../../checker/lang/index.ts';
import { drop, lock, plain, take, tiny } from '../../../support/tiny.ts';

const Bond = object('bond', { users: int(0, 9) });
const World = object('w', { live: bool(true), n: int(0, 2), l: lock(), m: lock() }, { permanent: true });

async function explained(scenario: Scenario) {
  const found = (await check(scenario)).violations[0];
  if (found === undefined) throw new Error('nothing is violated');
  return {
    steps: found.steps.map((s) => `${s.actor} ${s.label}`),
    needed: (found.needed ?? []).map((o) => `${o.before} before ${o.after}`),
    essential: found.steps.filter((s) => s.essential).map((s) => s.index),
  };
}

/** `a` checks that the bond lives and uses it later; `b` marks it dead, prepares, and frees it. */
const checkThenUse = tiny((s) => {
  const [w, bond] = [s.object(World, 'w'), s.object(Bond, 'bond')];
  s.actor(
    'a',
    plain('use', (k) => [
      k.step('enter', () => {}),
      k.test('live?', () => w.live, [k.step('use', () => void bond.users)]),
    ]),
    {},
  );
  s.actor(
    'b',
    plain('put', (k) => [
      k.step('prepare', () => {}),
      k.step('mark dead', () => {
        w.live = false;
      }),
      k.free(() => bond, { label: 'kfree' }),
    ]),
    {},
  );
});

describe('check then use against mark then free', () => {
  test('needs the check before the mark and the free before the use', async () => {
    const { steps, needed } = await explained(checkThenUse);
    expect(steps).toEqual(['a enter', 'a live?', 'b prepare', 'b mark dead', 'b kfree', 'a use']);
    // What follows from these by program order (enter before mark, prepare before use, ...) is left out.
    expect(needed).toEqual(['2 before 4', '5 before 6']);
  });

  test('marks the steps of these orderings, the violating one among them', async () => {
    expect((await explained(checkThenUse)).essential).toEqual([2, 4, 5, 6]);
  });
});

test('a deadlock of two locks needs no order between the two that took them', async () => {
  const abba = tiny((s) => {
    const w = s.object(World, 'w');
    const locks = (first: 'l' | 'm', second: 'l' | 'm') =>
      plain(`${first}${second}`, () => [
        take(`take ${first}`, () => w[first]),
        take(`take ${second}`, () => w[second]),
        drop(`drop ${second}`, () => w[second]),
        drop(`drop ${first}`, () => w[first]),
      ]);
    s.actor('a', locks('l', 'm'), {});
    s.actor('b', locks('m', 'l'), {});
  });
  expect(await explained(abba)).toEqual({ steps: ['b take m', 'a take l'], needed: [], essential: [2] });
});

test('a violation of one actor alone needs no ordering', async () => {
  const alone = tiny((s) => {
    const bond = s.object(Bond, 'bond');
    s.actor(
      'a',
      plain('p', (k) => [k.free(() => bond), k.step('use', () => void bond.users)]),
      {},
    );
    s.actor(
      'b',
      plain('q', (k) => [k.step('nothing', () => {})]),
      {},
    );
  });
  expect(await explained(alone)).toMatchObject({ needed: [], essential: [2] });
});

test('a schedule of more than 120 steps is not tried pair by pair', async () => {
  const long = tiny((s) => {
    const bond = s.object(Bond, 'bond');
    s.actor(
      'a',
      plain('p', (k) => [
        ...Array.from({ length: 120 }, (_, i) => k.step(`${i}`, () => {})),
        k.free(() => bond),
        k.step('use', () => void bond.users),
      ]),
      {},
    );
  });
  const found = (await check(long)).violations[0];
  expect([found?.steps.length, found?.needed]).toEqual([122, null]);
});

test('that who waits comes after what it waits for is no ordering: no schedule has it otherwise', async () => {
  // b needs a's flag before it frees, and c needs b's before it uses.
  const relay = tiny((s) => {
    const w = s.object(World, 'w');
    const bond = s.object(Bond, 'bond');
    s.actor(
      'a',
      plain('p', (k) => [
        k.step('say go', () => {
          w.n = 1;
        }),
      ]),
      {},
    );
    s.actor(
      'b',
      plain('q', (k) => [
        k.blockUntil('wait for go', () => w.n === 1),
        k.free(() => bond, { label: 'free' }),
        k.step('say free', () => {
          w.n = 2;
        }),
      ]),
      {},
    );
    s.actor(
      'c',
      plain('r', (k) => [k.blockUntil('wait for free', () => w.n === 2), k.step('use', () => void bond.users)]),
      {},
    );
  });
  const { steps, needed } = await explained(relay);
  expect(steps).toEqual(['a say go', 'b wait for go', 'b free', 'b say free', 'c wait for free', 'c use']);
  expect(needed).toEqual([]);
});

test('of two that want one lock it is told who takes it first, not that the second waits for the unlock', async () => {
  // b must see what a left in the middle, so it has to come between a's two critical sections.
  const handOver = tiny((s) => {
    const w = s.object(World, 'w');
    const bond = s.object(Bond, 'bond');
    s.actor(
      'a',
      plain('p', (k) => [
        take('a: lock', () => w.l),
        k.step('half done', () => {
          w.n = 1;
        }),
        drop('a: unlock', () => w.l),
        take('a: lock again', () => w.l),
        k.step('done', () => {
          w.n = 2;
        }),
        drop('a: unlock again', () => w.l),
      ]),
      {},
    );
    s.actor(
      'b',
      plain('q', (k) => [
        take('b: lock', () => w.l),
        k.test('half done?', () => w.n === 1, [k.free(() => bond), k.step('use', () => void bond.users)]),
        drop('b: unlock', () => w.l),
      ]),
      {},
    );
  });
  const { steps, needed } = await explained(handOver);
  expect(steps.slice(0, 4)).toEqual(['a a: lock', 'a half done', 'a a: unlock', 'b b: lock']);
  expect(needed).toEqual(['1 before 4']);
});

test('what takes its time behind a cause is moved with it', async () => {
  // The worker runs only when it is queued, which another actor does: both before the check, or the bug is gone.
  const queued = tiny((s) => {
    const w = s.object(World, 'w');
    const bond = s.object(Bond, 'bond');
    s.actor(
      'user',
      plain('p', (k) => [k.test('live?', () => w.live, [k.step('use', () => void bond.users)])]),
      {},
    );
    s.actor(
      'queue',
      plain('q', (k) => [
        k.step('queue', () => {
          w.n = 1;
        }),
      ]),
      {},
    );
    s.actor(
      'worker',
      plain('r', (k) => [
        k.blockUntil('take work', () => w.n === 1),
        k.step('mark dead', () => {
          w.live = false;
        }),
        k.free(() => bond, { label: 'free' }),
      ]),
      {},
    );
  });
  const { steps, needed } = await explained(queued);
  const at = (step: string) => steps.indexOf(step) + 1;
  expect(needed).toEqual([
    `${at('user live?')} before ${at('worker mark dead')}`,
    `${at('worker free')} before ${at('user use')}`,
  ]);
});
