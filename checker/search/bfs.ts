/**
 * Level-synchronous breadth-first search: level d is finished before d + 1 starts, states keep the order (parent,
 * actor, choice), the parent of a state is the least one. So the first violation is a shortest one, and counts and
 * counterexamples are the same on every run.
 *
 * When a level shows a violation it is still finished; of those found in it the shortest, then the first, is
 * reported. Limits: exact store in memory.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import { ExactStore } from '../store/exact.ts';
import { grown } from '../store/grown.ts';
import { type Explored, movesToFault, walkTo } from './explored.ts';
import { checkOf, type Findings } from './findings.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';
import { type Fault, successors } from './successors.ts';

const BATCH = 64;

export class BreadthFirst implements Strategy, Explored {
  readonly store: ExactStore;
  /** First state of each level; the last entry is where the next level begins. */
  readonly levelStarts: number[] = [0, 1];
  /** For each state the greatest index among its successors plus one, 0 without any: see `stuck.ts`. */
  forward = new Int32Array(1 << 12);
  transitions = 0;
  readonly symmetry: Symmetry | null;
  /** States that the stored ones stand for. */
  unreduced: number;
  incomplete: string | null = null;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #limits: Limits;
  readonly #stopAtFirst: boolean;
  readonly #from: Int32Array;
  readonly #batch: number;
  readonly #faults: Fault[] = [];
  #next = 0;
  #found = false;
  #done = false;

  constructor(
    model: CompiledModel,
    findings: Findings,
    limits: Limits,
    stopAtFirst: boolean,
    store = new ExactStore(model.words, model.room + 1),
    symmetry: Symmetry | null = null,
  ) {
    this.symmetry = symmetry;
    this.#model = model;
    this.#findings = findings;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.#batch = Math.min(BATCH, model.room - model.branching);
    this.#from = new Int32Array(model.room + 1);
    this.store = store;
    model.memory.words.set(model.initial, 0);
    this.#canonicalise(1);
    this.store.insert(model.memory.words, 1);
    this.store.parents[0] = -1;
    this.unreduced = symmetry?.orbit(model.memory.bytes, 0) ?? 1;
    model.memory.at = 0;
    this.#watch(0, 0);
  }

  get counts(): SearchCounts {
    const states = this.store.count;
    const levels: number[] = [];
    for (let i = 1; i < this.levelStarts.length; i++)
      levels.push((this.levelStarts[i] as number) - (this.levelStarts[i - 1] as number));
    return {
      states,
      transitions: this.transitions,
      depth: this.#depth,
      left: states - this.#next,
      duplicates: this.transitions === 0 ? 0 : 1 - (states - 1) / this.transitions,
      levels,
      memoryBytes: this.store.bytes + this.forward.byteLength,
    };
  }

  /** Level that is being expanded. */
  get #depth(): number {
    return this.levelStarts.length - 2;
  }

  advance(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    while (!this.#done) {
      this.#expandSome();
      if (this.#done || performance.now() >= until) break;
    }
    return !this.#done;
  }

  /** Expands up to a few thousand states of the current level. */
  #expandSome(): void {
    const { store } = this;
    const model = this.#model;
    const registers = model.registers;
    const levelEnd = this.levelStarts[this.levelStarts.length - 1] as number;
    const end = Math.min(levelEnd, this.#next + 4096);
    const words = model.words;
    const from = this.#from;
    const faults = this.#faults;
    this.forward = grown(this.forward, levelEnd);
    registers[NEXT] = 0;
    let batched = 0;
    while (this.#next < end) {
      const index = this.#next++;
      successors(model, store.arena, index * words, faults);
      const made = registers[NEXT] as number;
      for (let i = batched; i < made; i++) from[i] = index;
      batched = made;
      if (faults.length > 0) this.#reportFaults(index);
      if (registers[MOVED] === 0) this.#atRest(index);
      if (made >= this.#batch) {
        this.#insert(made);
        batched = 0;
      }
    }
    if (batched > 0) this.#insert(batched);
    if (this.#next === levelEnd) this.#endLevel();
    else this.#checkLimits();
  }

  #insert(made: number): void {
    const { store } = this;
    const from = this.#from;
    const known = store.count;
    this.#canonicalise(made);
    store.insert(this.#model.memory.words, made);
    this.transitions += made;
    const found = store.found;
    const parents = store.parents;
    const forward = this.forward;
    for (let i = 0; i < made; i++) {
      let e = found[i] as number;
      const parent = from[i] as number;
      if (e < 0) {
        e = -e;
        parents[e - 1] = parent;
      }
      if (e > (forward[parent] as number)) forward[parent] = e;
    }
    this.#model.registers[NEXT] = 0;
    this.#countOrbits(made, store.count - known);
    if (store.count > known && this.#findings.watchesStates)
      for (let i = 0; i < made; i++) {
        const e = found[i] as number;
        if (e < 0) this.#watch(-e - 1, i);
      }
  }

  /** With symmetry, replaces the candidates by their least images. */
  #canonicalise(made: number): void {
    const { symmetry } = this;
    if (symmetry === null) return;
    const { bytes } = this.#model.memory;
    for (let i = 0; i < made; i++) symmetry.canonicalise(bytes, i * this.#model.stateBytes);
  }

  #countOrbits(made: number, fresh: number): void {
    const { symmetry, store } = this;
    if (symmetry === null) {
      this.unreduced += fresh;
      return;
    }
    const { bytes } = this.#model.memory;
    for (let i = 0; i < made; i++)
      if ((store.found[i] as number) < 0) this.unreduced += symmetry.orbit(bytes, i * this.#model.stateBytes);
  }

  /** Looks at a new state, which lies in a slot of the batch. */
  #watch(index: number, slot: number): void {
    const model = this.#model;
    model.memory.at = slot * model.stateBytes;
    for (const [property, evidence] of this.#findings.inState()) {
      const length = index === 0 ? 0 : this.#depth + 1;
      this.#record(property, evidence, null, length, false, () => this.movesTo(index));
      model.memory.at = slot * model.stateBytes;
    }
  }

  #reportFaults(index: number): void {
    for (const fault of this.#faults.splice(0)) {
      const property = checkOf(fault.evidence.kind);
      if (!this.#findings.checks(property)) continue;
      this.#focus(index);
      this.#record(property, fault.evidence, fault.actor, this.#depth + 1, true, () =>
        movesToFault(this.#model, this.store, index, this.symmetry, fault, this.#findings),
      );
    }
  }

  #atRest(index: number): void {
    this.#focus(index);
    for (const [property, evidence] of this.#findings.atRest()) {
      this.#record(property, evidence, null, this.#depth, false, () => this.movesTo(index));
      this.#focus(index);
    }
  }

  /** Puts a stored state behind the batch, where nothing is overwritten, and makes it the current one. */
  #focus(index: number): void {
    const model = this.#model;
    const slot = model.registers[NEXT] as number;
    const { words } = model;
    model.memory.words.set(this.store.arena.subarray(index * words, (index + 1) * words), slot * words);
    model.memory.at = slot * model.stateBytes;
    model.memory.phase = 'free';
  }

  #record(...args: Parameters<Findings['record']>): void {
    const saved = this.#model.registers[NEXT] as number;
    if (this.#findings.record(...args) !== null) this.#found = true;
    this.#model.registers[NEXT] = saved;
  }

  #endLevel(): void {
    const count = this.store.count;
    if (this.#found && this.#stopAtFirst) {
      if (count > this.#next) this.levelStarts.push(count);
      this.#stop('stopped at the first violation');
    } else if (count === this.#next) this.#done = true;
    else {
      this.levelStarts.push(count);
      if (this.#depth >= this.#limits.maxDepth) this.#stop('depth limit');
      else this.#checkLimits();
    }
  }

  #checkLimits(): void {
    const { store } = this;
    if (store.count >= this.#limits.maxStates) this.#stop('limit of states');
    else if (store.bytesWhenGrown > this.#limits.maxMemoryBytes && store.mustGrow(200_000)) this.#stop('memory limit');
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#done = true;
  }

  movesTo(index: number): number[] {
    return walkTo(this.#model, this.store, index, this.symmetry).moves;
  }
}
