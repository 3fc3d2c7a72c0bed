/**
 * Findings about stored states, for the searches by levels: what is wrong with a state, with its steps, or with nobody
 * being able to move in it, each with the way there.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import { movesToFault, type Tree, walkTo } from './explored.ts';
import { checkOf, type Findings } from './findings.ts';
import { type Fault, successors } from './successors.ts';

export class Reporter {
  /** Something was recorded that was not known. */
  found = false;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #store: Tree;
  readonly #symmetry: Symmetry | null;
  readonly #state: Int32Array;

  constructor(model: CompiledModel, findings: Findings, store: Tree, symmetry: Symmetry | null) {
    this.#model = model;
    this.#findings = findings;
    this.#store = store;
    this.#symmetry = symmetry;
    this.#state = new Int32Array(model.words);
  }

  /** Evidence against a state that is reached in `length` steps. */
  watch(index: number, length: number): void {
    this.focus(index);
    for (const [property, evidence] of this.#findings.inState()) {
      this.#record(property, evidence, null, length, false, () => this.#movesTo(index));
      this.focus(index);
    }
  }

  /** Faults of the steps of a state that lies `depth` steps deep, or what is wrong with it when nobody can move. */
  look(index: number, depth: number): void {
    const model = this.#model;
    const faults: Fault[] = [];
    this.#store.read(index, this.#state, 0);
    model.registers[NEXT] = 0;
    successors(model, this.#state, 0, faults);
    const atRest = model.registers[MOVED] === 0;
    for (const fault of faults) {
      const property = checkOf(fault.evidence.kind);
      if (!this.#findings.checks(property)) continue;
      this.focus(index);
      const path = () => movesToFault(model, this.#store, index, this.#symmetry, fault, this.#findings);
      this.#record(property, fault.evidence, fault.actor, depth + 1, true, path);
    }
    if (!atRest) return;
    this.focus(index);
    for (const [property, evidence] of this.#findings.atRest()) {
      this.#record(property, evidence, null, depth, false, () => this.#movesTo(index));
      this.focus(index);
    }
  }

  /** Makes a stored state the current one. */
  focus(index: number): void {
    this.#model.registers[NEXT] = 0;
    this.#store.read(index, this.#state, 0);
    this.#model.load(this.#state, 0);
  }

  #movesTo(index: number): number[] {
    return walkTo(this.#model, this.#store, index, this.#symmetry).moves;
  }

  #record(...args: Parameters<Findings['record']>): void {
    if (this.#findings.record(...args) !== null) this.found = true;
  }
}
