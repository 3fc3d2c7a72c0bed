/**
 * Breadth-first search on several threads. The result is that of the sequential search to the byte: counts, order
 * of states, parents, counterexamples (see `shared.ts` for why). This thread coordinates and works too.
 *
 * A thread that dies or throws ends the search as undecided, never as a pass. Limits: the threads compile the model
 * themselves, so the scenario must come from a module they can import.
 */
import { Worker } from 'node:worker_threads';
import type { CompiledModel } from '../../compile/model.ts';
import { MOVED, NEXT } from '../../compile/model.ts';
import type { Symmetry } from '../../reduce/symmetry.ts';
import { hashText, sameFunction, sameText } from '../../store/words.ts';
import { type Explored, movesToFault, type StateStore, walkTo } from '../explored.ts';
import { checkOf, type Findings } from '../findings.ts';
import type { Limits, SearchCounts, Strategy } from '../strategy.ts';
import { type Fault, successors } from '../successors.ts';
import { Lane } from './lane.ts';
import {
  BASE,
  CHUNKS,
  COMMIT_CHUNKS,
  COUNT,
  DONE,
  EXPAND,
  EXPAND_CHUNKS,
  FAILED,
  GOALS,
  GROW,
  JOINED,
  KIND,
  makeRound,
  makeStore,
  PARTS,
  PHASE,
  ROUND_FROM,
  ROUND_TO,
  SET,
  SETTLE,
  type SharedRound,
  type SharedStore,
  STOP,
  STORE,
  TICKET,
  taskOf,
  ticket,
} from './shared.ts';

/** How a thread finds the scenario: the module that exports it (alone, in an object or in an array) and its name. */
export interface ScenarioModule {
  readonly url: string;
  readonly name: string;
}

/** What a thread is started with. */
export interface ThreadData {
  readonly module: ScenarioModule;
  readonly variant: string;
  readonly bounds: Readonly<Record<string, number>>;
  readonly properties: readonly string[] | null;
  readonly symmetry: boolean;
  readonly hash: string;
  readonly round: SharedRound;
  readonly store: SharedStore;
  readonly taken: Uint8Array;
  readonly refused: Uint8Array;
}

const LOAD = 0.6;

export class ParallelBreadthFirst implements Strategy, Explored {
  readonly levelStarts: number[] = [0, 1];
  transitions = 0;
  readonly symmetry: Symmetry | null;
  unreduced: number;
  incomplete: string | null = null;
  readonly store: SharedStates;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #limits: Limits;
  readonly #stopAtFirst: boolean;
  readonly #round: SharedRound;
  readonly #lane: Lane;
  readonly #threads: Worker[] = [];
  readonly #taken: Uint8Array;
  readonly #refused: Uint8Array;
  /** First state that is not in a round yet. */
  #next = 0;
  #found = false;
  #over = false;
  #phase: 'idle' | 'expand' | 'settle' = 'idle';
  #tasks = 0;
  /** Chunks settled and waiting to be committed, and the number of states before them. */
  #pending = 0;

  constructor(
    model: CompiledModel,
    findings: Findings,
    limits: Limits,
    stopAtFirst: boolean,
    workers: number,
    module: ScenarioModule,
    properties: readonly string[] | null,
    symmetry: Symmetry | null = null,
  ) {
    this.symmetry = symmetry;
    this.#model = model;
    this.#findings = findings;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.#round = makeRound(model.words, model.branching);
    this.store = new SharedStates(model.words, this.#round.chunkRoom);
    const first = model.initial.slice();
    symmetry?.canonicalise(new Uint8Array(first.buffer), 0);
    this.unreduced = symmetry?.orbit(new Uint8Array(first.buffer), 0) ?? 1;
    this.store.insertFirst(first);
    this.#lane = new Lane(model, findings, this.#round, this.store.shared, symmetry);
    this.#taken = new Uint8Array(new SharedArrayBuffer(model.taken.length));
    this.#refused = new Uint8Array(new SharedArrayBuffer(model.refused.length));
    model.load(model.initial, 0);
    this.#watch(0, 0);
    for (let i = 1; i < workers; i++) {
      const data: ThreadData = {
        module,
        variant: model.variantName,
        bounds: model.bounds,
        properties,
        symmetry: symmetry !== null,
        hash: model.hash,
        round: this.#round,
        store: this.store.shared,
        taken: this.#taken,
        refused: this.#refused,
      };
      const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: data });
      worker.on('error', (error) => this.#threadFailed(error));
      worker.on('exit', (code) => {
        if (code !== 0) this.#threadFailed(new Error(`exit status ${code}`));
      });
      worker.unref();
      this.#threads.push(worker);
    }
  }

  get forward(): Int32Array {
    return this.store.shared.forward;
  }

  get #depth(): number {
    return this.levelStarts.length - 2;
  }

  get counts(): SearchCounts {
    const states = this.store.count;
    const levels = this.levelStarts.slice(1).map((start, i) => start - (this.levelStarts[i] as number));
    return {
      states,
      transitions: this.transitions,
      depth: this.#depth,
      left: states - this.#next,
      duplicates: this.transitions === 0 ? 0 : 1 - (states - 1) / this.transitions,
      levels,
      memoryBytes: this.store.bytes,
    };
  }

  movesTo(index: number): number[] {
    return walkTo(this.#model, this.store, index, this.symmetry).moves;
  }

  advance(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    while (!this.#over) {
      if (this.#phase === 'idle') this.#startExpand();
      else if (!this.#work(until)) break;
      else if (this.#phase === 'expand') this.#startSettle();
      else this.#afterSettle();
      if (performance.now() >= until) break;
    }
    return !this.#over;
  }

  /** Begins a phase and wakes the threads. */
  #start(kind: number, tasks: number): void {
    const control = this.#round.control;
    control[KIND] = kind;
    this.#tasks = tasks;
    Atomics.store(control, DONE, 0);
    Atomics.store(control, TICKET, ticket((control[PHASE] as number) + 1, tasks));
    Atomics.add(control, PHASE, 1);
    Atomics.notify(control, PHASE);
  }

  /** Works on the phase until it is done (true), or the time is up while others still work, or one has failed. */
  #work(until: number): boolean {
    const control = this.#round.control;
    for (
      let task = taskOf(Atomics.add(control, TICKET, 1));
      task >= 0;
      task = taskOf(Atomics.add(control, TICKET, 1))
    ) {
      this.#lane.task(task);
      Atomics.add(control, DONE, 1);
    }
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (done === this.#tasks) return true;
      if (Atomics.load(control, FAILED) !== 0) {
        this.#stop('a worker thread failed');
        return false;
      }
      if (performance.now() >= until) return false;
      Atomics.wait(control, DONE, done, 1);
    }
  }

  #startExpand(): void {
    const control = this.#round.control;
    const levelEnd = this.levelStarts[this.levelStarts.length - 1] as number;
    const from = this.#next;
    const to = Math.min(levelEnd, from + CHUNKS * this.#round.chunkStates);
    const chunks = Math.ceil((to - from) / this.#round.chunkStates);
    control[SET] = 1 - (control[SET] as number);
    control[ROUND_FROM] = from;
    control[ROUND_TO] = to;
    control[EXPAND_CHUNKS] = chunks;
    control[COMMIT_CHUNKS] = this.#pending;
    this.#next = to;
    this.#phase = 'expand';
    this.#start(EXPAND, this.#pending + chunks);
  }

  #startSettle(): void {
    this.#afterCommit();
    const control = this.#round.control;
    const set = this.#round.sets[control[SET] as 0 | 1];
    const chunks = control[EXPAND_CHUNKS] as number;
    let made = 0;
    for (let c = 0; c < chunks; c++) made += set.starts[c * (PARTS + 1) + PARTS] as number;
    this.transitions += made;
    if (this.store.mustGrow(made)) {
      this.store.makeRoom(made);
      this.#lane.grow(this.store.shared);
      for (const thread of this.#threads) thread.postMessage(this.store.shared);
      Atomics.add(control, STORE, 1);
      control[COUNT] = this.store.count;
      this.#start(GROW, PARTS);
      if (!this.#work(Number.POSITIVE_INFINITY)) return;
    }
    for (let c = 0; c < chunks; c++)
      for (let i = 0; i < (set.flaggedCount[c] as number); i++)
        this.#look(set.flagged[c * this.#round.chunkStates + i] as number);
    this.#phase = 'settle';
    this.#start(SETTLE, PARTS);
  }

  #afterSettle(): void {
    const control = this.#round.control;
    const set = this.#round.sets[control[SET] as 0 | 1];
    const chunks = control[EXPAND_CHUNKS] as number;
    control[BASE] = this.store.count;
    let fresh = 0;
    for (let c = 0; c < chunks; c++) {
      const base = c * this.#round.chunkRoom;
      const made = set.starts[c * (PARTS + 1) + PARTS] as number;
      let n = 0;
      for (let i = 0; i < made; i++) if (set.found[base + i] === -1 - (base + i)) n++;
      set.fresh[c] = n;
      fresh += n;
    }
    this.#pending = chunks;
    this.store.count += fresh;
    const levelEnd = this.levelStarts[this.levelStarts.length - 1] as number;
    if (this.#next === levelEnd) this.#endLevel();
    else {
      this.#phase = 'idle';
      this.#checkLimits();
    }
  }

  /** The level is expanded: its last round is committed before the next level begins. */
  #endLevel(): void {
    const control = this.#round.control;
    // Commit alone: an expand phase without chunks.
    control[SET] = 1 - (control[SET] as number);
    control[COMMIT_CHUNKS] = this.#pending;
    control[EXPAND_CHUNKS] = 0;
    this.#start(EXPAND, this.#pending);
    if (!this.#work(Number.POSITIVE_INFINITY)) return;
    this.#afterCommit();
    this.#phase = 'idle';
    const count = this.store.count;
    if (this.#found && this.#stopAtFirst) {
      if (count > this.#next) this.levelStarts.push(count);
      this.#stop('stopped at the first violation');
    } else if (count === this.#next) this.#end();
    else {
      this.levelStarts.push(count);
      if (this.#depth >= this.#limits.maxDepth) this.#stop('depth limit');
      else this.#checkLimits();
    }
  }

  #checkLimits(): void {
    if (this.store.count >= this.#limits.maxStates) this.#stop('limit of states');
    else if (this.store.bytes * 3 > this.#limits.maxMemoryBytes && this.store.mustGrow(200_000))
      this.#stop('memory limit');
  }

  /** New states that a thread found to violate a property are looked at again, in order. */
  #afterCommit(): void {
    const { badStates, badCount, chunkRoom, control } = this.#round;
    for (let c = 0; c < this.#pending; c++) {
      for (let i = 0; i < (badCount[c] as number); i++) {
        const index = badStates[c * chunkRoom + i] as number;
        this.#focus(index);
        this.#watch(index, this.#depth + 1);
      }
      badCount[c] = 0;
      this.unreduced += this.#round.orbits[c] as number;
    }
    this.#pending = 0;
    const goals = Atomics.load(control, GOALS);
    this.#findings.goals.forEach((goal, i) => {
      if (goals & (1 << i)) this.#findings.reached.add(goal.name);
    });
  }

  #watch(index: number, length: number): void {
    for (const [property, evidence] of this.#findings.inState())
      if (this.#findings.record(property, evidence, null, length, false, () => this.movesTo(index)) !== null)
        this.#found = true;
  }

  /** Faults of a source, or what is wrong with it when nobody can move. */
  #look(index: number): void {
    const model = this.#model;
    const faults: Fault[] = [];
    model.registers[NEXT] = 0;
    successors(model, this.store.arena, index * model.words, faults);
    const atRest = model.registers[MOVED] === 0;
    for (const fault of faults) {
      const property = checkOf(fault.evidence.kind);
      if (!this.#findings.checks(property)) continue;
      this.#focus(index);
      const path = () => movesToFault(model, this.store, index, this.symmetry, fault, this.#findings);
      if (this.#findings.record(property, fault.evidence, fault.actor, this.#depth + 1, true, path) !== null)
        this.#found = true;
    }
    if (!atRest) return;
    this.#focus(index);
    for (const [property, evidence] of this.#findings.atRest()) {
      if (this.#findings.record(property, evidence, null, this.#depth, false, () => this.movesTo(index)) !== null)
        this.#found = true;
      this.#focus(index);
    }
  }

  #focus(index: number): void {
    this.#model.registers[NEXT] = 0;
    this.#model.load(this.store.arena, index * this.#model.words);
  }

  #threadFailed(error: Error): void {
    Atomics.store(this.#round.control, FAILED, 1);
    if (!this.#over) this.#stop(`a worker thread failed: ${error.message}`);
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#end();
  }

  /** Stops the threads and gathers their coverage. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    const control = this.#round.control;
    this.#start(STOP, 0);
    const deadline = performance.now() + 2000;
    while (Atomics.load(control, DONE) < Atomics.load(control, JOINED) && performance.now() < deadline)
      Atomics.wait(control, DONE, Atomics.load(control, DONE), 1);
    const { taken, refused } = this.#model;
    for (let i = 0; i < taken.length; i++) {
      taken[i] = (taken[i] as number) | (this.#taken[i] as number);
      refused[i] = (refused[i] as number) | (this.#refused[i] as number);
    }
  }
}

type Lookup = (w: Int32Array, n: number, s: SharedStore, found: Int32Array) => void;

/** The states of a parallel search: shared arrays and a look-up. */
export class SharedStates implements StateStore {
  shared: SharedStore;
  count = 0;
  readonly found: Int32Array;
  readonly #words: number;
  readonly #lookup: Lookup;
  readonly #hash: (w: Int32Array) => number;

  constructor(words: number, batch: number) {
    this.#words = words;
    this.shared = makeStore(words, 1 << 20, 1 << 10);
    this.found = new Int32Array(Math.max(batch, 1 << 16));
    this.#hash = new Function('w', `'use strict'; const d = 0; ${hashText(words)} return x;`) as (
      w: Int32Array,
    ) => number;
    this.#lookup = makeLookup(words);
  }

  get arena(): Int32Array {
    return this.shared.arena;
  }

  get parents(): Int32Array {
    return this.shared.parents;
  }

  /** Bytes in use: what is reserved and not touched costs nothing. */
  get bytes(): number {
    return this.count * (this.#words + 2) * 4 + this.shared.table.byteLength;
  }

  insertFirst(initial: Int32Array): void {
    const hash = this.#hash(initial);
    const { arena, parents, table, partSlots } = this.shared;
    const slot = (hash >>> 26) * partSlots + (hash & (partSlots - 1));
    table[2 * slot] = hash;
    table[2 * slot + 1] = 1;
    arena.set(initial);
    parents[0] = -1;
    this.count = 1;
  }

  lookup(words: Int32Array, count: number): void {
    this.#lookup(words, count, this.shared, this.found);
  }

  mustGrow(more: number): boolean {
    const { capacity, partSlots } = this.shared;
    return this.count + more > capacity || this.count + more > LOAD * PARTS * partSlots;
  }

  /** A larger store for `more` states besides those there are; the lanes move the contents. */
  makeRoom(more: number): void {
    const wanted = this.count + more;
    let { capacity, partSlots } = this.shared;
    while (capacity < wanted) capacity *= 8;
    while (LOAD * PARTS * partSlots < wanted) partSlots *= 2;
    this.shared = makeStore(this.#words, capacity, partSlots, this.shared);
  }
}

function makeLookup(words: number): Lookup {
  return new Function(`'use strict';
    ${sameFunction(words)}
    return function lookup(w, n, s, found) {
      const { arena, table, partSlots } = s, mask = partSlots - 1;
      for (let i = 0, d = 0; i < n; i++, d += ${words}) {
        ${hashText(words)}
        const base = (x >>> 26) * partSlots;
        let p = x & mask;
        for (;;) {
          const e = table[2 * (base + p) + 1];
          if (e === 0) { found[i] = 0; break; }
          if (table[2 * (base + p)] === x) {
            const a = (e - 1) * ${words};
            if (${sameText(words, 'arena', 'a', 'w', 'd')}) { found[i] = e; break; }
          }
          p = (p + 1) & mask;
        }
      }
    };`)() as Lookup;
}
