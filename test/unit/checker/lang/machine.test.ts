/** Machines: named states, transitions with a guard and an effect, states in which they may rest. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { int, machine, object } from '../../../../checker/lang/index.ts';
import { attempt, drive, refusalOf, source, tiny, values } from '../../../support/tiny.ts';

const Thing = object('thing', { count: int(0, 9) }, { permanent: true });

/** off -> on and back, at most three times on. */
const lamp = machine('lamp', { source, params: { thing: Thing }, states: ['off', 'on'], rest: ['off'] }, [
  {
    label: 'switch on',
    from: 'off',
    to: 'on',
    when: (f) => f.thing.count < 3,
    do: (f) => {
      f.thing.count++;
    },
  },
  { label: 'switch off', from: 'on', to: 'off' },
]);

const scene = tiny((s) => {
  s.actor('lamp', lamp, { thing: s.object(Thing, 'thing') });
});

test('a transition is one step: guard and effect are indivisible', async () => {
  const verdict = await check(scene);
  // Off with 0..3 counted and on with 1..3: seven states in a row.
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true, counts: { states: 7, transitions: 6, depth: 6 } });
});

test('a transition whose guard is false is refused', () => {
  const sim = drive(scene, 'lamp lamp lamp lamp lamp lamp');
  expect(values(sim)['thing.count']).toBe('3');
  expect(attempt(sim, 'lamp')).toBe('blocked');
});

test('a machine that may not rest where nothing can happen is a deadlock', async () => {
  const restless = machine('trap', { source, states: ['start', 'end'], rest: ['start'] }, [
    { label: 'go', from: 'start', to: 'end' },
    { label: 'never', from: 'end', to: 'start', when: () => false },
  ]);
  const verdict = await check(tiny((s) => void s.actor('trap', restless, {})));
  expect(verdict.violations[0]).toMatchObject({ property: 'deadlock', subkind: 'orphaned hardware completion' });
});

test('a state that no transition leaves ends the machine', async () => {
  const once = machine('once', { source, states: ['start', 'end'] }, [{ label: 'go', from: 'start', to: 'end' }]);
  const sim = drive(
    tiny((s) => void s.actor('once', once, {})),
    'once',
  );
  expect(sim.point(0)).toBeNull();
});

test('a transition may leave several states', () => {
  const both = machine('both', { source, states: ['a', 'b', 'c'] }, [
    { label: 'on', from: ['a', 'b'], to: 'c' },
    { label: 'step', from: 'a', to: 'b' },
  ]);
  const scenario = tiny((s) => void s.actor('m', both, {}));
  expect(drive(scenario, 'm/0').point(0)).toBeNull();
  expect(drive(scenario, 'm/1 m/0').point(0)).toBeNull();
});

describe('an unknown state', () => {
  const to = (state: string) =>
    refusalOf(() =>
      machine('queue', { source, states: ['stopped', 'running'] }, [
        { label: 'go', from: 'stopped', to: state as 'running' },
      ]),
    );

  test('near a known one is met with a suggestion', () => {
    expect(to('runing')).toEqual({
      code: 'model',
      what: 'transition "go" names unknown state "runing"',
      where: "machine('queue')",
      hint: 'did you mean running?',
    });
  });

  test('near none is met with the list', () => {
    expect(to('elsewhere')).toMatchObject({ hint: 'states are stopped, running' });
  });
});
