/**
 * What a finished search offers to those who explain it, whichever way it was run: its states by index, a look-up, and
 * the way to each.
 */
import { type CompiledModel, NEXT } from '../compile/model.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import { checkOf, type Findings } from './findings.ts';
import type { RowRound } from './rows.ts';
import { type Fault, successors } from './successors.ts';

export interface StateStore {
  readonly count: number;
  /** Writes the words of a state to `out[at...]`. */
  read(index: number, out: Int32Array, at: number): void;
  /** After `lookup`: for each candidate the index of its state plus one, or zero. */
  readonly found: Int32Array;
  lookup(words: Int32Array, count: number): void;
}

/** A search that keeps every state it found. */
export interface Complete {
  readonly store: StateStore;
  /** For each state, not zero when one of its successors has a greater index than its own; null when not kept. */
  readonly ahead: ArrayLike<number> | null;
  readonly transitions: number;
  readonly symmetry: Symmetry | null;
  /** Where there are threads for it: the rows of the states from `from` on, or why they cannot be had. */
  rows?(from: number): RowRound | string | null;
  /** Moves from the initial state to a state. */
  movesTo(index: number): number[];
}

/** A complete search by levels. */
export interface Explored extends Complete {
  /** First state of each level; the last entry is where the next level begins. */
  readonly levelStarts: readonly number[];
  /** States that the stored ones stand for; their number when nothing is reduced. */
  readonly unreduced: number;
}

/** States and the parent of each, -1 for the initial one. */
export interface Tree {
  read(index: number, out: Int32Array, at: number): void;
  parentOf(index: number): number;
}

/**
 * The moves along parents from the initial state to a state: each is found by expanding the state before once more.
 * With symmetry the stored states are least images; the walk goes on with the concrete ones, so that names do not
 * change on the way. Returns the moves and the concrete state they lead to.
 */
export function walkTo(
  model: CompiledModel,
  store: Tree,
  index: number,
  symmetry: Symmetry | null,
): { readonly moves: number[]; readonly state: Int32Array } {
  const path: number[] = [];
  for (let i = index; i > 0; i = store.parentOf(i)) path.push(i);
  path.reverse();
  let state: Int32Array = model.initial.slice();
  const wanted = new Int32Array(model.words);
  const moves = path.map((child) => {
    store.read(child, wanted, 0);
    const next = stepTo(model, state, wanted, symmetry);
    state = next.state;
    return next.move;
  });
  return { moves, state };
}

/** The first move of a concrete state that leads to a stored one. The batch under way, if any, is left as it was. */
function stepTo(
  model: CompiledModel,
  from: Int32Array,
  wanted: Int32Array,
  symmetry: Symmetry | null,
): { readonly move: number; readonly state: Int32Array } {
  const { words } = model;
  const first = model.registers[NEXT] as number;
  const scratch = Math.min(first, model.room - model.branching);
  const saved = model.memory.words.slice(scratch * words, (scratch + model.branching + 1) * words);
  const savedMoves = model.moves.slice(scratch, scratch + model.branching + 1);
  model.registers[NEXT] = scratch;
  successors(model, from, 0, []);
  let found: { move: number; state: Int32Array } | null = null;
  for (let i = scratch; i < (model.registers[NEXT] as number) && found === null; i++) {
    const state = model.memory.words.slice(i * words, (i + 1) * words);
    const form = state.slice();
    symmetry?.canonicalise(new Uint8Array(form.buffer), 0);
    if (form.every((word, k) => word === wanted[k])) found = { move: model.moves[i] as number, state };
  }
  model.memory.words.set(saved, scratch * words);
  model.moves.set(savedMoves, scratch);
  model.registers[NEXT] = first;
  if (found === null) throw new Error('a stored state is not a successor of its parent');
  return found;
}

/**
 * The moves to a state and then a step that breaks a promise there. With symmetry the step is looked for in the
 * concrete state, where other actors may play the parts.
 */
export function movesToFault(
  model: CompiledModel,
  store: Tree,
  index: number,
  symmetry: Symmetry | null,
  fault: Fault,
  findings: Findings,
): number[] {
  const { moves, state } = walkTo(model, store, index, symmetry);
  if (symmetry === null) return [...moves, (fault.actor << 16) | fault.choice];
  const saved = model.registers[NEXT] as number;
  const faults: Fault[] = [];
  model.registers[NEXT] = Math.min(saved, model.room - model.branching);
  successors(model, state, 0, faults);
  model.registers[NEXT] = saved;
  const signature = (f: Fault, words: Int32Array, src: number) => {
    const at = Math.min(saved, model.room - model.branching);
    model.memory.words.set(words.subarray(src, src + model.words), at * model.words);
    model.memory.at = at * model.stateBytes;
    return findings.signature(checkOf(f.evidence.kind), f.evidence, f.actor);
  };
  const stored = new Int32Array(model.words);
  store.read(index, stored, 0);
  const wanted = signature(fault, stored, 0);
  const same = faults.find((f) => signature(f, state, 0) === wanted) ?? fault;
  return [...moves, (same.actor << 16) | same.choice];
}
