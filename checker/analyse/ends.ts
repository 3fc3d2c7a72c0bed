/**
 * Can a state in which schedules end, or one that the search has not expanded yet, be reached from a given one?
 * Searched depth first and exactly; states found to lead to an end are remembered, so that the next question is
 * usually answered in a few steps. For searches that do not keep their states.
 *
 * Limits: gives up after `BUDGET` states, and sooner after each question without an answer; coverage of the model is
 * left as it was.
 */
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { type Fault, successors } from '../search/successors.ts';
import { ExactStore } from '../store/exact.ts';
import { grown } from '../store/grown.ts';

const BUDGET = 10_000;
const LEAST_BUDGET = 100;
/** States that are remembered before all are forgotten. */
const MEMORY = 1 << 16;

export class Ends {
  readonly #model: CompiledModel;
  #store: ExactStore;
  /** Vectors of the states of the store. */
  #states = new Int32Array(1 << 12);
  #parents = new Int32Array(1 << 10);
  /** The question in which each state was met last, and whether an end can be reached from it. */
  #met = new Int32Array(1 << 10);
  #leads = new Int32Array(1 << 10);
  #question = 0;
  #budget = BUDGET;
  readonly #isNewer: (slot: number) => boolean;

  /** @param isNewer tells of a state in a slot of the batch whether it is known and not expanded yet. */
  constructor(model: CompiledModel, isNewer: (slot: number) => boolean) {
    this.#model = model;
    this.#isNewer = isNewer;
    this.#store = this.#empty();
  }

  /** True when one can be reached; false when none was found. The batch of the model must be empty. */
  reachable(state: Int32Array): boolean {
    const model = this.#model;
    const taken = model.taken.slice();
    const refused = model.refused.slice();
    const found = this.#search(state);
    this.#budget = found ? BUDGET : Math.max(LEAST_BUDGET, this.#budget >> 1);
    model.taken.set(taken);
    model.refused.set(refused);
    model.registers[NEXT] = 0;
    return found;
  }

  #empty(): ExactStore {
    return new ExactStore(this.#model.words, this.#model.room + 1);
  }

  #search(state: Int32Array): boolean {
    const model = this.#model;
    const { words } = model;
    if (this.#store.count > MEMORY) {
      this.#store = this.#empty();
      this.#met.fill(0);
      this.#leads.fill(0);
    }
    this.#question++;
    model.memory.words.set(state, 0);
    const [first] = this.#add(1, -1) as [number];
    if (this.#leads[first] === 1) return true;
    const stack = [first];
    const faults: Fault[] = [];
    for (let expanded = 0; expanded < this.#budget; expanded++) {
      const at = stack.pop();
      if (at === undefined) return false;
      faults.length = 0;
      model.registers[NEXT] = 0;
      successors(model, this.#states, at * words, faults);
      const made = model.registers[NEXT] as number;
      // This is not remembered: a later question may be about a state that is newer still.
      for (let i = 0; i < made; i++) if (this.#isNewer(i)) return true;
      const next = this.#add(made, at);
      if (made === 0 || next.some((i) => this.#leads[i] === 1)) {
        for (let i = at; i >= 0; i = this.#parents[i] as number) this.#leads[i] = 1;
        return true;
      }
      for (const i of next) if (i >= 0) stack.push(i);
    }
    return false;
  }

  /** Adds the first states of the batch; returns the index of each, -1 for those met in this question before. */
  #add(made: number, parent: number): number[] {
    const { words, memory } = this.#model;
    this.#store.insert(memory.words, made);
    const { count, found } = this.#store;
    this.#states = grown(this.#states, count * words);
    this.#parents = grown(this.#parents, count);
    this.#met = grown(this.#met, count);
    this.#leads = grown(this.#leads, count);
    const added: number[] = [];
    for (let i = 0; i < made; i++) {
      const index = Math.abs(found[i] as number) - 1;
      if ((found[i] as number) < 0) this.#states.set(memory.words.subarray(i * words, (i + 1) * words), index * words);
      if (this.#met[index] === this.#question) {
        added.push(-1);
        continue;
      }
      this.#met[index] = this.#question;
      this.#parents[index] = parent;
      added.push(index);
    }
    return added;
  }
}
