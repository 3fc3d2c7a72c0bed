/** The rows of a finished search: who moves, who could, and what cannot be had. */
import { expect, test } from 'vitest';
import { LivenessPass } from '../../../../checker/analyse/liveness.ts';
import { TransitionBuilder } from '../../../../checker/analyse/transitions.ts';
import type { CompiledModel } from '../../../../checker/compile/model.ts';
import { eventually, Violation } from '../../../../checker/lang/index.ts';
import type { Complete } from '../../../../checker/search/explored.ts';
import { breadthFirst } from '../../../support/search.ts';
import { plain, race } from '../../../support/tiny.ts';

const step = (name: string) => plain(name, (k) => [k.step(name, () => {}), k.return()]);
const faulty = plain('faulty', (k) => [
  k.step('break a promise', () => {
    throw new Violation('assertion', 'broken');
  }),
]);

function build(model: CompiledModel, search: Complete, maxBytes = 2 ** 20, slice = 1) {
  const seen: number[] = [];
  const builder = new TransitionBuilder(model, search, maxBytes, (state) => seen.push(state));
  while (builder.advance(slice));
  return { builder, seen };
}

test('every successor of every state, in slices of any size', () => {
  const { model, search } = breadthFirst(race(step('one'), step('two')));
  for (const slice of [1, 3, 1000]) {
    const { builder, seen } = build(model, search, 2 ** 20, slice);
    const { first, targets, movers, enabled } = builder.graph;
    expect(builder.failed).toBeNull();
    expect(seen).toEqual([0, 1, 2, 3]);
    expect([...first]).toEqual([0, 2, 3, 4, 4]);
    expect([...targets]).toEqual([1, 2, 3, 3]);
    expect([...movers]).toEqual([0, 1, 1, 0]);
    expect([...enabled]).toEqual([3, 2, 1, 0]);
  }
});

test('an actor whose step breaks a promise could move, and leads nowhere', () => {
  const { model, search } = breadthFirst(race(step('one'), faulty));
  const { graph } = build(model, search).builder;
  expect([...graph.targets]).toEqual([1]);
  expect([...graph.enabled]).toEqual([3, 2]);
});

test('too little memory is no answer', () => {
  const { model, search } = breadthFirst(race(step('one'), step('two')));
  expect(build(model, search, 10).builder.failed).toBe('memory limit');
  const pass = new LivenessPass(model, search, [eventually('never', 'it comes', () => false)], 10);
  expect(pass.advance(100)).toBe(false);
  expect(pass.results()).toEqual([{ result: 'undecided', because: 'memory limit' }]);
});

test('a search that left successors out is no answer', () => {
  const { model, search } = breadthFirst(race(step('one'), step('two')));
  const { store } = search;
  // As a reduction would: the last state is not known.
  const partly: Complete['store'] = {
    count: 3,
    found: store.found,
    read: (index, out, at) => store.read(index, out, at),
    lookup: (words, count) => {
      store.lookup(words, count);
      for (let i = 0; i < count; i++) if (store.found[i] === 4) store.found[i] = 0;
    },
  };
  const reduced: Complete = {
    store: partly,
    ahead: null,
    transitions: search.transitions,
    symmetry: null,
    movesTo: (index) => search.movesTo(index),
  };
  const { builder } = build(model, reduced);
  expect(builder.failed).toBe('the search has not stored every successor');
});

test('more actors than a mask has bits for are no answer', () => {
  const { model, search } = breadthFirst(race(step('one')));
  const many = { ...model, actors: Array.from({ length: 33 }, () => model.actors[0] as never) };
  expect(build(many, search).builder.failed).toBe('more than 32 actors');
});
