/**
 * A few walks through the model at the beginning of a large search, for the sake of the optimiser only. A breadth-first
 * search meets the later steps of a model late, when the code that calls them has been optimised for never calling them:
 * it is then thrown away, run slowly, and optimised anew, once for each such step and thread. Walks go deep at once.
 *
 * Nothing of them is kept: what they cover, and what they find, is for the search to cover and to find.
 */
import seedrandom from 'seedrandom';
import { type CompiledModel, NEXT } from '../../compile/model.ts';
import { type Fault, successors } from '../successors.ts';

/** States that are expanded. */
const STEPS = 1000;

/** A model with marks is left alone, since it would note what the walks read. */
export function rehearse(model: CompiledModel): void {
  if (model.marks !== null) return;
  const { words, taken, refused, registers } = model;
  const covered = [taken.slice(), refused.slice()] as const;
  const state = model.initial.slice();
  const faults: Fault[] = [];
  const random = seedrandom('rehearsal');
  try {
    for (let step = 0; step < STEPS; step++) {
      registers[NEXT] = 0;
      successors(model, state, 0, faults);
      faults.length = 0;
      const made = registers[NEXT] as number;
      const chosen = Math.floor(random() * made) * words;
      // Where there is no successor, the next walk begins.
      state.set(made === 0 ? model.initial : model.memory.words.subarray(chosen, chosen + words));
    }
  } catch {
    // An error of the model: the search meets it too, and says which state it is in.
  }
  registers[NEXT] = 0;
  taken.set(covered[0]);
  refused.set(covered[1]);
}
