/**
 * A few walks through the model at the beginning of a large search, for the sake of the optimiser only. A breadth-first
 * search meets the later steps of a model late, when the code that calls them has been optimised for never calling them:
 * it is then thrown away, run slowly, and optimised anew, once for each such step and thread. Walks go deep at once.
 *
 * Nothing of them is kept: what they cover, and what they find, is for the search to cover and to find.
 */
import { type CompiledModel, NEXT } from '../../compile/model.ts';
import { type Fault, successors } from '../successors.ts';

/** States that are expanded. */
const STEPS = 1000;

/** A model with marks is left alone, since it would note what the walks read. */
export function rehearse(model: CompiledModel): void {
  if (model.marks !== null) return;
  const { words, taken, refused, registers } = model;
  const covered = [taken.slice(), refused.slice()] as const;
  const state = new Int32Array(words);
  const faults: Fault[] = [];
  let random = 1;
  let walking = false;
  try {
    for (let step = 0; step < STEPS; step++) {
      if (!walking) state.set(model.initial);
      registers[NEXT] = 0;
      successors(model, state, 0, faults);
      faults.length = 0;
      const made = registers[NEXT] as number;
      random = (Math.imul(random, 1664525) + 1013904223) | 0;
      walking = made > 0;
      const chosen = made === 0 ? 0 : ((random >>> 8) % made) * words;
      if (walking) state.set(model.memory.words.subarray(chosen, chosen + words));
    }
  } catch {
    // An error of the model: the search meets it too, and says which state it is in.
  }
  registers[NEXT] = 0;
  taken.set(covered[0]);
  refused.set(covered[1]);
}
