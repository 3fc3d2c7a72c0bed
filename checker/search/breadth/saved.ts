/**
 * A breadth-first search between two rounds as plain data: everything it needs to go on as if it had never stopped. In
 * a checkpoint the small things stand in the head and the arrays are sections.
 *
 * The table that finds states is not saved: they are entered again.
 */
import { type CompiledModel, NEXT } from '../../compile/model.ts';
import type { Symmetry } from '../../reduce/symmetry.ts';
import type { Section } from '../../store/checkpoint.ts';
import type { SavedStates, States } from '../../store/states.ts';
import type { TreeCount, TreeShape } from '../../store/tree.ts';
import type { SavedTuples } from '../../store/tuples.ts';
import type { Finding } from '../findings.ts';
import { successors } from '../successors.ts';

/** How far the search is. */
export interface SavedProgress {
  readonly levelStarts: readonly number[];
  readonly transitions: number;
  readonly unreduced: number;
  /** First state that is not expanded. */
  readonly next: number;
  /** This level has shown a violation. */
  readonly found: boolean;
  readonly violations: readonly Finding[];
  readonly reached: readonly string[];
  /** What the search has learned about how much room it needs; no result depends on it. */
  readonly deals: number;
  readonly lastFresh: number;
  readonly tuples: TreeCount;
}

export interface Saved extends SavedProgress {
  readonly states: SavedStates;
  /** Coverage. */
  readonly taken: Uint8Array;
  readonly refused: Uint8Array;
}

/** The head of a checkpoint that holds a search. */
export interface SavedHead {
  readonly progress: SavedProgress;
  readonly states: {
    readonly count: number;
    readonly shape: TreeShape;
    readonly capacity: number;
    readonly slots: number;
    /** Bytes of a number of successors. */
    readonly wide: 1 | 2;
  };
  readonly leaves: TuplesHead | null;
  readonly pairs: TuplesHead | null;
}

type TuplesHead = Omit<SavedTuples, 'data' | 'used'>;

const bytesOf = (array: Int32Array | Uint16Array | Uint8Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** As head and sections. */
export function toSections(saved: Saved): { readonly head: SavedHead; readonly sections: readonly Section[] } {
  const { states, taken, refused, ...progress } = saved;
  const { count, shape, capacity, slots, leaves, pairs } = states;
  const sections: Section[] = [
    { name: 'roots', bytes: bytesOf(states.roots) },
    { name: 'successors', bytes: bytesOf(states.successors) },
    { name: 'taken', bytes: taken },
    { name: 'refused', bytes: refused },
  ];
  const headOf = (name: string, tuples: SavedTuples | null): TuplesHead | null => {
    if (tuples === null) return null;
    const { data, used, ...head } = tuples;
    sections.push({ name, bytes: bytesOf(data) }, { name: `${name} used`, bytes: used });
    return head;
  };
  const wide = states.successors.BYTES_PER_ELEMENT as 1 | 2;
  const heads = { leaves: headOf('leaves', leaves), pairs: headOf('pairs', pairs) };
  return { head: { progress, states: { count, shape, capacity, slots, wide }, ...heads }, sections };
}

/** Collects the sections while a checkpoint is read. */
export class SavedReader {
  readonly #sections = new Map<string, Uint8Array>();

  place(name: string, bytes: number): Uint8Array {
    const section = new Uint8Array(bytes);
    this.#sections.set(name, section);
    return section;
  }

  saved(head: SavedHead): Saved {
    const { count, shape, capacity, slots, wide } = head.states;
    const section = (name: string): Uint8Array => {
      const bytes = this.#sections.get(name);
      if (bytes === undefined) throw new Error(`the checkpoint has no section ${name}`);
      return bytes;
    };
    const ints = (name: string) => new Int32Array(section(name).buffer);
    const tuples = (name: string, saved: TuplesHead | null): SavedTuples | null =>
      saved && { ...saved, data: ints(name), used: section(`${name} used`) };
    const successors = section('successors');
    return {
      ...head.progress,
      states: {
        count,
        shape,
        capacity,
        slots,
        roots: ints('roots'),
        successors: wide === 2 ? new Uint16Array(successors.buffer) : successors,
        leaves: tuples('leaves', head.leaves),
        pairs: tuples('pairs', head.pairs),
      },
      taken: section('taken'),
      refused: section('refused'),
    };
  }
}

/** States that are expanded once more to see whether the model still does what it did. */
const SAMPLE = 1000;

/**
 * Does the model make of the saved states what it made of them before? The hash of a model covers the text of its steps,
 * but not what they call; so some states, evenly spread, are expanded again, and each successor must be stored.
 */
export function behavesAsSaved(
  model: CompiledModel,
  symmetry: Symmetry | null,
  store: States,
  expanded: number,
): boolean {
  const state = new Int32Array(model.words);
  const first = model.initial.slice();
  symmetry?.canonicalise(new Uint8Array(first.buffer), 0);
  store.read(0, state, 0);
  if (first.some((word, k) => word !== state[k])) return false;
  const step = Math.max(1, Math.floor(expanded / SAMPLE));
  for (let index = 0; index < expanded; index += step) {
    store.read(index, state, 0);
    model.registers[NEXT] = 0;
    successors(model, state, 0, []);
    const made = model.registers[NEXT] as number;
    for (let i = 0; i < made; i++) symmetry?.canonicalise(model.memory.bytes, i * model.stateBytes);
    store.lookup(model.memory.words, made);
    for (let i = 0; i < made; i++) if (store.found[i] === 0) return false;
  }
  return true;
}
