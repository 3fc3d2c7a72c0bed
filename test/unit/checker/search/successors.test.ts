/** Successors of a state, in the order actor, choice; steps that break a promise are faults and stop nobody else. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { MOVED, NEXT } from '../../../../checker/compile/model.ts';
import { type Scenario, Violation } from '../../../../checker/lang/index.ts';
import { type Fault, successors } from '../../../../checker/search/successors.ts';
import { namesOf } from '../../../support/search.ts';
import { plain, race, refusalOf } from '../../../support/tiny.ts';

function expand(scenario: Scenario, model = compile(scenario)) {
  const faults: Fault[] = [];
  model.registers[NEXT] = 0;
  successors(model, model.initial, 0, faults);
  const made = model.registers[NEXT] as number;
  return {
    moves: namesOf(model, [...model.moves.subarray(0, made)]),
    faults: faults.map((f) => `${model.actors[f.actor]?.view.name}/${f.choice} ${f.evidence.kind}`),
    moved: model.registers[MOVED] === 1,
    states: Array.from({ length: made }, (_, i) => [
      ...model.memory.words.subarray(i * model.words, (i + 1) * model.words),
    ]),
  };
}

const bad = () => {
  throw new Violation('assertion', 'bad');
};
const good = () => {};

const arms = plain('arms', (k) => [
  k.choose('which', [
    { name: 'good', act: good },
    { name: 'bad', act: bad },
    { name: 'shut', when: () => false },
    { name: 'good too', act: good, body: [k.step('x', good)] },
  ]),
]);
const step = (name: string, act: () => void) => plain(name, (k) => [k.step('x', act)]);

test('every arm that is not refused is a successor, in order, and faults stop none of them', () => {
  expect(expand(race(arms, step('p', bad), step('q', good), arms))).toMatchObject({
    moves: 'a a/3 c d d/3',
    faults: ['a/1 assertion', 'b/0 assertion', 'd/1 assertion'],
    moved: true,
  });
});

test('a fault leaves nothing of its step in the successors after it', () => {
  const scenario = race(step('p', bad), step('q', good));
  const { states } = expand(scenario);
  const model = compile(scenario);
  model.load(model.initial, 0);
  model.run(1, 0);
  expect(states).toEqual([[...model.memory.words.subarray(0, model.words)]]);
});

test('a state in which there are faults only is not at rest', () => {
  expect(expand(race(step('p', bad)))).toMatchObject({ moves: '', moved: true });
});

test('a state in which everybody is blocked or has ended is at rest', () => {
  const shut = plain('shut', (k) => [k.blockUntil('never', () => false)]);
  expect(
    expand(
      race(
        shut,
        plain('empty', () => []),
      ),
    ),
  ).toEqual({ moves: '', faults: [], moved: false, states: [] });
});

test('a throw of anything but a violation is an error of the model', () => {
  const broken = step('p', () => {
    throw 'a string';
  });
  expect(refusalOf(() => expand(race(broken)))).toEqual({
    code: 'model-threw',
    what: 'the model threw a string',
    where: 'p/x (actor a)',
    hint: 'a step may throw a Violation only; look at its code',
  });
});

test('following undefined is an error of the model and no NULL dereference', () => {
  const broken = step('p', () => void (undefined as unknown as { x: number }).x);
  expect(refusalOf(() => expand(race(broken))).what).toMatch(/^the model threw TypeError/);
});

describe('a rehearsal', () => {
  let calls = 0;
  const counted = step('p', () => {
    calls++;
  });
  const loop = plain('loop', (k) => [k.loop([k.step('tick', good), k.step('tock', good)])]);
  const long = (n: number) => plain('long', (k) => Array.from({ length: n }, (_, i) => k.step(`step ${i}`, good)));
  const empty = plain('empty', () => []);

  test.each([
    ['arms and faults', race(arms, step('p', bad), step('q', good), arms)],
    ['an actor that has nothing to do', race(empty, counted, loop)],
    ['program counters that are full', race(long(254), counted)],
    ['program counters of two bytes', race(long(255), counted, loop)],
  ])('changes nothing: %s', (_, scenario) => {
    const plainly = expand(scenario);
    const model = compile(scenario);
    const before = [model.taken.slice(), model.refused.slice(), model.initial.slice(), model.registers[NEXT]];
    calls = 0;
    model.rehearse();
    expect(calls).toBe(0);
    expect([model.taken, model.refused, model.initial, model.registers[NEXT]]).toEqual(before);
    expect(expand(scenario, model)).toEqual(plainly);
  });
});
