/**
 * Random walks from the initial state: many schedules, none of them remembered. A policy chooses among the steps
 * that can be taken; `random.ts` and `pct.ts` are the policies. Walks prove nothing: without a violation the
 * verdict is undecided.
 */
import seedrandom from 'seedrandom';
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { checkOf, type Findings } from './findings.ts';
import type { PctBound } from './pct.ts';
import type { SearchCounts, Strategy } from './strategy.ts';
import { type Fault, successors } from './successors.ts';

export interface WalkPolicy {
  /** A new walk begins. */
  begin(random: () => number): void;
  /** The position, in `moves`, of the step to take; each is `actor << 16 | choice`. */
  choose(moves: readonly number[], step: number, random: () => number): number;
  /** The walk ended after so many steps. */
  end(steps: number): void;
  /** With which probability its walks find a bug, for policies that promise one. */
  bound?(): PctBound;
}

export interface WalkLimits {
  readonly runs: number;
  readonly maxDepth: number;
}

export class Walks implements Strategy {
  incomplete: string | null = null;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #policy: WalkPolicy;
  readonly #limits: WalkLimits;
  readonly #stopAtFirst: boolean;
  readonly #random: () => number;
  #runs = 0;
  #steps = 0;
  #deepest = 0;
  #done = false;

  constructor(
    model: CompiledModel,
    findings: Findings,
    policy: WalkPolicy,
    limits: WalkLimits,
    seed: string,
    stopAtFirst: boolean,
  ) {
    this.#model = model;
    this.#findings = findings;
    this.#policy = policy;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.#random = seedrandom(seed);
  }

  get counts(): SearchCounts {
    return {
      states: this.#steps + this.#runs,
      transitions: this.#steps,
      depth: this.#deepest,
      left: this.#limits.runs - this.#runs,
      duplicates: 0,
      levels: [],
      memoryBytes: this.#model.memory.bytes.byteLength,
    };
  }

  /** What the policy promises; null when it promises nothing. */
  get bound(): PctBound | null {
    return this.#policy.bound?.() ?? null;
  }

  advance(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    while (!this.#done) {
      this.#walk();
      this.#runs++;
      if (this.#runs >= this.#limits.runs && !this.#done) this.#stop(`${this.#runs} walks are not the whole space`);
      if (performance.now() >= until) break;
    }
    return !this.#done;
  }

  #walk(): void {
    const model = this.#model;
    const { words } = model;
    const state = model.initial.slice();
    const path: number[] = [];
    this.#policy.begin(this.#random);
    this.#watch(state, path);
    while (!this.#done && path.length < this.#limits.maxDepth) {
      const faults: Fault[] = [];
      model.registers[NEXT] = 0;
      successors(model, state, 0, faults);
      const made = model.registers[NEXT] as number;
      const moves: number[] = Array.from(model.moves.subarray(0, made));
      for (const fault of faults) moves.push((fault.actor << 16) | fault.choice);
      if (moves.length === 0) {
        model.load(state, 0);
        for (const [property, evidence] of this.#findings.atRest())
          this.#record(property, evidence, null, path.length, false, () => [...path]);
        break;
      }
      const chosen = this.#policy.choose(moves, path.length, this.#random);
      const move = moves[chosen] as number;
      path.push(move);
      this.#steps++;
      const fault = faults[chosen - made];
      if (fault !== undefined) {
        const property = checkOf(fault.evidence.kind);
        model.load(state, 0);
        if (this.#findings.checks(property))
          this.#record(property, fault.evidence, fault.actor, path.length, true, () => [...path]);
        break;
      }
      state.set(model.memory.words.subarray(chosen * words, (chosen + 1) * words));
      this.#watch(state, path);
    }
    this.#deepest = Math.max(this.#deepest, path.length);
    this.#policy.end(path.length);
  }

  #watch(state: Int32Array, path: readonly number[]): void {
    if (!this.#findings.watchesStates) return;
    this.#model.load(state, 0);
    for (const [property, evidence] of this.#findings.inState())
      this.#record(property, evidence, null, path.length, false, () => [...path]);
  }

  #record(...args: Parameters<Findings['record']>): void {
    if (this.#findings.record(...args) !== null && this.#stopAtFirst) this.#stop('stopped at the first violation');
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#done = true;
  }
}
