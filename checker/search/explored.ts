/**
 * What a finished breadth-first search offers to those who explain it, whichever way it was run: states by index in
 * the order of levels, their parents, and a look-up.
 */
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { type Fault, successors } from './successors.ts';

export interface StateStore {
  readonly count: number;
  /** The words of all states, one after another. */
  readonly arena: Int32Array;
  /** Index of the parent of each state; -1 for the initial one. */
  readonly parents: Int32Array;
  /** After `lookup`: for each candidate the index of its state plus one, or zero. */
  readonly found: Int32Array;
  lookup(words: Int32Array, count: number): void;
}

export interface Explored {
  readonly store: StateStore;
  /** First state of each level; the last entry is where the next level begins. */
  readonly levelStarts: readonly number[];
  /** For each state the greatest index among its successors plus one, 0 without any. */
  readonly forward: Int32Array;
  readonly transitions: number;
  /** The moves along parents from the initial state. */
  movesTo(index: number): number[];
}

/** The moves along parents from the initial state to a state: each is found by expanding the parent once more. */
export function movesTo(model: CompiledModel, store: Pick<StateStore, 'arena' | 'parents'>, index: number): number[] {
  const path: number[] = [];
  for (let i = index; i > 0; i = store.parents[i] as number) path.push(i);
  path.reverse();
  let parent = 0;
  return path.map((child) => {
    const move = moveBetween(model, store.arena, parent, child);
    parent = child;
    return move;
  });
}

/** The first move that leads from one state to another. The batch under way, if any, is left as it was. */
function moveBetween(model: CompiledModel, arena: Int32Array, parent: number, child: number): number {
  const { words } = model;
  const first = model.registers[NEXT] as number;
  const scratch = Math.min(first, model.room - model.branching);
  const saved = model.memory.words.slice(scratch * words, (scratch + model.branching + 1) * words);
  const savedMoves = model.moves.slice(scratch, scratch + model.branching + 1);
  model.registers[NEXT] = scratch;
  const faults: Fault[] = [];
  successors(model, arena, parent * words, faults);
  let move = -1;
  for (let i = scratch; i < (model.registers[NEXT] as number) && move < 0; i++) {
    let same = true;
    for (let k = 0; k < words && same; k++) same = model.memory.words[i * words + k] === arena[child * words + k];
    if (same) move = model.moves[i] as number;
  }
  model.memory.words.set(saved, scratch * words);
  model.moves.set(savedMoves, scratch);
  model.registers[NEXT] = first;
  return move;
}
