/**
 * Depth-first search: goes down the newest state first. It reaches deep states early and needs no level
 * bookkeeping; its counterexamples are not shortest. Complete when it ends without a limit: every reachable state
 * is expanded once.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import { ExactStore } from '../store/exact.ts';
import { grown } from '../store/grown.ts';
import type { Complete } from './explored.ts';
import { checkOf, type Findings } from './findings.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';
import { type Fault, successors } from './successors.ts';

export class DepthFirst implements Strategy, Complete {
  readonly symmetry = null;
  ahead = new Uint8Array(1 << 12);
  readonly store: ExactStore;
  incomplete: string | null = null;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #limits: Limits;
  readonly #stopAtFirst: boolean;
  /** States to expand, the next one last. */
  readonly #stack: number[] = [0];
  /** Move that led to each state, and its depth. */
  #moves = new Int32Array(1 << 12);
  #depths = new Int32Array(1 << 12);
  transitions = 0;
  #deepest = 0;
  #cut = false;
  #done = false;

  constructor(model: CompiledModel, findings: Findings, limits: Limits, stopAtFirst: boolean) {
    this.#model = model;
    this.#findings = findings;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.store = new ExactStore(model.words, model.room + 1);
    model.memory.words.set(model.initial, 0);
    this.store.insert(model.memory.words, 1);
    this.store.parents[0] = -1;
    this.#watch(0, 0);
  }

  get counts(): SearchCounts {
    return {
      states: this.store.count,
      transitions: this.transitions,
      depth: this.#deepest,
      left: this.#stack.length,
      duplicates: this.transitions === 0 ? 0 : 1 - (this.store.count - 1) / this.transitions,
      levels: [],
      memoryBytes: this.store.bytes + this.#moves.byteLength * 3,
    };
  }

  advance(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    for (let n = 0; !this.#done; n++) {
      const index = this.#stack.pop();
      if (index === undefined) {
        this.#done = true;
        if (this.#cut) this.incomplete = 'depth limit';
      } else this.#expand(index);
      if ((n & 255) === 255 && performance.now() >= until) break;
    }
    return !this.#done;
  }

  #expand(index: number): void {
    const model = this.#model;
    const { store } = this;
    const depth = this.#depths[index] as number;
    if (depth >= this.#limits.maxDepth) {
      this.#cut = true;
      return;
    }
    const faults: Fault[] = [];
    model.registers[NEXT] = 0;
    successors(model, store.arena, index * model.words, faults);
    const made = model.registers[NEXT] as number;
    const atRest = model.registers[MOVED] === 0;
    this.transitions += made;
    const moves = model.moves.slice(0, made);
    store.insert(model.memory.words, made);
    this.#reserve(store.count);
    const found = store.found.slice(0, made);
    for (let i = made - 1; i >= 0; i--) {
      const e = found[i] as number;
      if (Math.abs(e) - 1 > index) this.ahead[index] = 1;
      if (e >= 0) continue;
      const child = -e - 1;
      store.parents[child] = index;
      this.#moves[child] = moves[i] as number;
      this.#depths[child] = depth + 1;
      this.#deepest = Math.max(this.#deepest, depth + 1);
      this.#stack.push(child);
    }
    if (this.#findings.watchesStates)
      for (let i = 0; i < made; i++) if ((found[i] as number) < 0) this.#watch(-(found[i] as number) - 1, i);
    for (const fault of faults) {
      const property = checkOf(fault.evidence.kind);
      if (!this.#findings.checks(property)) continue;
      model.load(store.arena, index * model.words);
      this.#record(property, fault.evidence, fault.actor, depth + 1, true, () => [
        ...this.movesTo(index),
        (fault.actor << 16) | fault.choice,
      ]);
    }
    if (atRest) {
      model.load(store.arena, index * model.words);
      for (const [property, evidence] of this.#findings.atRest())
        this.#record(property, evidence, null, depth, false, () => this.movesTo(index));
    }
    if (store.count >= this.#limits.maxStates) this.#stop('limit of states');
    else if (store.bytesWhenGrown > this.#limits.maxMemoryBytes && store.mustGrow(200_000)) this.#stop('memory limit');
  }

  #watch(index: number, slot: number): void {
    const model = this.#model;
    model.memory.at = slot * model.stateBytes;
    for (const [property, evidence] of this.#findings.inState()) {
      this.#record(property, evidence, null, this.#depths[index] as number, false, () => this.movesTo(index));
      model.memory.at = slot * model.stateBytes;
    }
  }

  #record(...args: Parameters<Findings['record']>): void {
    if (this.#findings.record(...args) !== null && this.#stopAtFirst) this.#stop('stopped at the first violation');
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#done = true;
  }

  movesTo(index: number): number[] {
    const path: number[] = [];
    for (let i = index; i > 0; i = this.store.parents[i] as number) path.push(this.#moves[i] as number);
    return path.reverse();
  }

  #reserve(states: number): void {
    this.#moves = grown(this.#moves, states);
    this.#depths = grown(this.#depths, states);
    this.ahead = grown(this.ahead, states);
  }
}
