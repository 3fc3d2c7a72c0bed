/** The store of the breadth-first search by itself: what its callers can still rely on when the memory is full. */
import { expect, test } from 'vitest';
import { makeEnter } from '../../../../checker/store/state-table.ts';
import { States } from '../../../../checker/store/states.ts';
import { makeTree, treeShape, treeWithRoom } from '../../../../checker/store/tree.ts';

const WORDS = 14;
const COUNT = 3000;
/** State i: words that depend on each other lie apart, so that dealing them anew changes the leaves. */
const stateAt = (i: number) =>
  Int32Array.from({ length: WORDS }, (_, k) => (k % 2 === 0 ? i : Math.imul(i >> 4, 7)) + (k % 3));

function filled(slots?: number): States {
  const shape = treeShape(WORDS);
  const states = new States({ shape, provisional: 8, branching: 4, ...(slots === undefined ? {} : { slots }) }, 4);
  states.addFirst(stateAt(0));
  states.setTree(treeWithRoom(shape, states.arrays.tree, COUNT));
  const tree = makeTree(shape, 'add', 1);
  tree.bind(states.arrays.tree);
  for (let i = 1; i < COUNT; i++) tree.foldAlone(stateAt(i), 0, states.arrays.roots, 2 * i);
  makeEnter(states.shape, states.hash)(states.arrays, 1, COUNT);
  states.count = COUNT;
  return states;
}

const read = (states: States, index: number) => {
  const words = new Int32Array(WORDS);
  states.read(index, words, 0);
  return words;
};

test('states can be read and found after their words were dealt anew', () => {
  const states = filled();
  expect(states.dealAgain()).toBe(true);
  for (let i = 0; i < COUNT; i += 7) {
    expect(read(states, i)).toEqual(stateAt(i));
    states.lookup(stateAt(i), 1);
    expect(states.found[0]).toBe(i + 1);
  }
  states.lookup(stateAt(COUNT), 1);
  expect(states.found[0]).toBe(0);
});

test('they can be read when the memory is full while their words are dealt anew', () => {
  const states = filled();
  const plain = globalThis.SharedArrayBuffer;
  let large = 0;
  // The second large array and all that follow do not fit.
  globalThis.SharedArrayBuffer = class extends plain {
    constructor(bytes: number) {
      if (bytes >= 2 ** 16 && ++large > 1) throw new RangeError('no memory');
      super(bytes);
    }
  } as typeof SharedArrayBuffer;
  try {
    expect(() => states.dealAgain()).toThrow('no memory');
  } finally {
    globalThis.SharedArrayBuffer = plain;
  }
  for (let i = 0; i < COUNT; i += 7) expect(read(states, i)).toEqual(stateAt(i));
});

/** How many of the states are where they should be, read and found. */
const inPlace = (states: States) => {
  let n = 0;
  for (let i = 0; i < COUNT; i++) {
    states.lookup(stateAt(i), 1);
    if (states.found[0] === i + 1 && read(states, i).every((word, k) => word === stateAt(i)[k])) n++;
  }
  return n;
};

test('room for states grows, and none is entered anew', () => {
  const states = filled(2 ** 15);
  expect(states.hasRoom(4096)).toBe(false);
  expect(states.makeRoom(4096)).toBe(false);
  expect(states.hasRoom(4096)).toBe(true);
  expect(inPlace(states)).toBe(COUNT);
});

test.each([
  ['in the same array', undefined, 1000],
  ['with room for states', undefined, 4096],
  ['in an array of its own', 2 ** 13, 20_000],
])('a table that has grown %s is empty until all are entered again', (_, slots, more) => {
  const states = filled(slots);
  states.arrays.successors[COUNT - 1] = 3;
  expect(states.makeRoom(more)).toBe(true);
  expect(states.hasRoom(more)).toBe(true);
  expect(states.arrays.slots.every((slot) => slot === 0)).toBe(true);
  expect(inPlace(states)).toBe(0);
  makeEnter(states.shape, states.hash)(states.arrays, 0, COUNT);
  expect(inPlace(states)).toBe(COUNT);
  expect(states.arrays.successors[COUNT - 1]).toBe(3);
});
