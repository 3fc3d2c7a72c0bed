/**
 * Breadth-first search that keeps hashes instead of states (`store/compact.ts`): level by level, states in the order
 * (parent, actor, choice), as in `bfs.ts`. As long as no two states have one hash it finds the same states, levels,
 * violations and moves. What it reports is always real: only states that were reached are expanded, and a
 * counterexample is made by taking its moves again from the initial state. What it may miss are states, with the
 * probability that the store tells.
 *
 * Stuck actors cannot be looked for in states that are gone. Instead each state is asked, when it is expanded, for a
 * successor that is not expanded yet. For the few that have none, an end or a state that is not expanded yet is
 * searched for at once (`analyse/ends.ts`). Follow these ways: the numbers of the states only grow, so they lead to an
 * end, where nobody is stuck, or to a state for which nothing was found. Those are kept for `analyse/stuck-behind.ts`.
 *
 * Limits: one thread; the frontier lies in memory, whole; no shortening to the fewest context switches.
 */
import { Ends } from '../analyse/ends.ts';
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import { CompactStore } from '../store/compact.ts';
import { Frontier } from '../store/frontier.ts';
import { Lineage } from '../store/lineage.ts';
import { checkOf, type Findings } from './findings.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';
import { type Fault, successors } from './successors.ts';

const BATCH = 64;
/** States whose successors are all expanded, asked for an end at once. */
const ASK = 256;
/** States without an end that are kept. */
export const MOST_OPEN = 10_000;

/** A state from which no end was found. */
export interface OpenState {
  readonly index: number;
  readonly state: Int32Array;
}

export class CompactBreadthFirst implements Strategy {
  readonly store: CompactStore;
  readonly symmetry: Symmetry | null;
  incomplete: string | null = null;
  transitions = 0;
  /** States that the stored ones stand for. */
  unreduced: number;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #limits: Limits;
  readonly #stopAtFirst: boolean;
  readonly #starts: number[] = [0, 1];
  readonly #frontier: Frontier;
  readonly #lineage: Lineage;
  readonly #from: Int32Array;
  readonly #batch: number;
  readonly #faults: Fault[] = [];
  /** Null when stuck actors are not looked for. */
  readonly #ends: Ends | null;
  readonly #asked: OpenState[] = [];
  readonly #open: OpenState[] = [];
  #tooManyOpen = false;
  #next = 0;
  #found = false;
  #done = false;

  constructor(
    model: CompiledModel,
    findings: Findings,
    limits: Limits,
    stopAtFirst: boolean,
    symmetry: Symmetry | null = null,
    store = new CompactStore(model.words, model.room + 1, findings.checks('stuck')),
  ) {
    this.symmetry = symmetry;
    this.store = store;
    this.#model = model;
    this.#findings = findings;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.#batch = Math.min(BATCH, model.room - model.branching);
    this.#from = new Int32Array(model.room + 1);
    this.#frontier = new Frontier(model.words);
    this.#lineage = new Lineage(model.branching);
    this.#ends = findings.checks('stuck') ? new Ends(model, (slot) => this.#isNewer(slot)) : null;
    model.memory.words.set(model.initial, 0);
    this.#canonicalise(1);
    store.insert(model.memory.words, 1);
    this.#frontier.add(model.memory.words, 0);
    this.unreduced = symmetry?.orbit(model.memory.bytes, 0) ?? 1;
    this.#watch(0, 0);
  }

  get counts(): SearchCounts {
    const states = this.store.count;
    const levels: number[] = [];
    for (let i = 1; i < this.#starts.length; i++)
      levels.push((this.#starts[i] as number) - (this.#starts[i - 1] as number));
    return {
      states,
      transitions: this.transitions,
      depth: this.#depth,
      left: states - this.#next,
      duplicates: this.transitions === 0 ? 0 : 1 - (states - 1) / this.transitions,
      levels,
      memoryBytes: this.store.bytes + this.#beside,
    };
  }

  /**
   * States from which no end was found, after a search to the end: null when there are more than `MOST_OPEN`. Empty
   * means that nobody is ever stuck, unless a state was left out.
   */
  get open(): readonly OpenState[] | null {
    this.#ask();
    return this.#tooManyOpen ? null : this.#open;
  }

  /** Level that is being expanded. */
  get #depth(): number {
    return this.#starts.length - 2;
  }

  /** Bytes beside the store. */
  get #beside(): number {
    return this.#frontier.bytes + this.#lineage.bytes;
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
    const model = this.#model;
    const registers = model.registers;
    const frontier = this.#frontier;
    const levelEnd = this.#starts[this.#starts.length - 1] as number;
    const end = Math.min(levelEnd, this.#next + 4096);
    const from = this.#from;
    registers[NEXT] = 0;
    let batched = 0;
    while (this.#next < end) {
      const index = this.#next++;
      const block = frontier.block(index);
      const at = frontier.offset(index);
      successors(model, block, at, this.#faults);
      if (this.#ends !== null) this.store.mark(block, at);
      const made = registers[NEXT] as number;
      for (let i = batched; i < made; i++) from[i] = index;
      batched = made;
      if (this.#faults.length > 0) this.#reportFaults(index);
      if (registers[MOVED] === 0) this.#atRest(index);
      if (made >= this.#batch) {
        this.#insert(made);
        batched = 0;
      }
    }
    if (batched > 0) this.#insert(batched);
    if (this.#asked.length >= ASK || this.#next === levelEnd) this.#ask();
    if (this.#next === levelEnd) this.#endLevel();
    else this.#checkLimits();
  }

  #insert(made: number): void {
    const { store } = this;
    const model = this.#model;
    const from = this.#from;
    const known = store.count;
    this.#canonicalise(made);
    store.insert(model.memory.words, made);
    this.transitions += made;
    let first = 0;
    for (let i = 0; i < made; i++) {
      if (from[i] !== from[first]) first = i;
      if (store.fresh[i] === 0) continue;
      this.#frontier.add(model.memory.words, i * model.words);
      this.#lineage.add(from[i] as number, i - first);
    }
    model.registers[NEXT] = 0;
    this.#countOrbits(made, store.count - known);
    if (this.#ends !== null) this.#noteOpen(made);
    if (store.count > known && this.#findings.watchesStates)
      for (let i = 0; i < made; i++) {
        const e = store.fresh[i] as number;
        if (e !== 0) this.#watch(e - 1, i);
      }
    this.#frontier.release(this.#next);
  }

  /** Notes the parents of the batch all of whose successors were expanded before. */
  #noteOpen(made: number): void {
    const { store } = this;
    const { words } = this.#model;
    for (let i = 0; i < made; ) {
      const index = this.#from[i] as number;
      let later = false;
      for (; i < made && this.#from[i] === index; i++)
        later ||= store.fresh[i] !== 0 || !store.isMarked(store.slots[i] as number);
      if (later) continue;
      const at = this.#frontier.offset(index);
      this.#asked.push({ index, state: this.#frontier.block(index).slice(at, at + words) });
    }
  }

  /** Asks the noted states for an end and keeps those without one. */
  #ask(): void {
    for (const noted of this.#asked.splice(0)) {
      if (this.#tooManyOpen || this.#ends === null || this.#ends.reachable(noted.state)) continue;
      if (this.#open.length < MOST_OPEN) this.#open.push(noted);
      else this.#tooManyOpen = true;
    }
  }

  /** Is the state in a slot of the batch known and not expanded yet? */
  #isNewer(slot: number): boolean {
    const { memory, words } = this.#model;
    if (this.symmetry === null) return this.store.isUnmarked(memory.words, slot * words);
    return this.store.isUnmarked(this.#formOf(memory.words.subarray(slot * words, (slot + 1) * words)), 0);
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
      if (store.fresh[i] !== 0) this.unreduced += symmetry.orbit(bytes, i * this.#model.stateBytes);
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
        this.#movesToFault(index, fault),
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

  /** Puts a state of the frontier behind the batch, where nothing is overwritten, and makes it the current one. */
  #focus(index: number): void {
    const model = this.#model;
    const slot = model.registers[NEXT] as number;
    const at = this.#frontier.offset(index);
    model.memory.words.set(this.#frontier.block(index).subarray(at, at + model.words), slot * model.words);
    model.memory.at = slot * model.stateBytes;
    model.memory.phase = 'free';
  }

  #record(...args: Parameters<Findings['record']>): void {
    if (this.#findings.record(...args) !== null) this.#found = true;
  }

  #endLevel(): void {
    const { count } = this.store;
    if (this.#found && this.#stopAtFirst) {
      if (count > this.#next) this.#starts.push(count);
      this.#stop('stopped at the first violation');
    } else if (count === this.#next) this.#done = true;
    else {
      this.#starts.push(count);
      if (this.#depth >= this.#limits.maxDepth) this.#stop('depth limit');
      else this.#checkLimits();
    }
  }

  #checkLimits(): void {
    const { store } = this;
    const most = this.#limits.maxMemoryBytes;
    if (store.count >= this.#limits.maxStates) this.#stop('limit of states');
    else if (store.bytes + this.#beside > most) this.#stop('memory limit');
    else if (store.bytesWhenGrown + this.#beside > most && store.mustGrow(200_000)) this.#stop('memory limit');
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#done = true;
  }

  /** Moves from the initial state to the state of this number. */
  movesTo(index: number): number[] {
    return this.#walkTo(index).moves;
  }

  /**
   * The moves to a state and a step that breaks a promise there. With symmetry the step is looked for in the concrete
   * state, where other actors may play the parts.
   */
  #movesToFault(index: number, fault: Fault): number[] {
    const { moves, state, form } = this.#walkTo(index);
    const move = (f: Fault) => (f.actor << 16) | f.choice;
    if (this.symmetry === null) return [...moves, move(fault)];
    const model = this.#model;
    return this.#aside(() => {
      const faults: Fault[] = [];
      successors(model, state, 0, faults);
      const signature = (f: Fault, words: Int32Array) => {
        model.load(words, 0);
        return this.#findings.signature(checkOf(f.evidence.kind), f.evidence, f.actor);
      };
      const wanted = signature(fault, form);
      return [...moves, move(faults.find((f) => signature(f, state) === wanted) ?? fault)];
    });
  }

  /**
   * Takes the way to a state again: with symmetry beside the least images, which the search went along, the concrete
   * states, so that names do not change on the way.
   */
  #walkTo(index: number): { readonly moves: number[]; readonly state: Int32Array; readonly form: Int32Array } {
    const model = this.#model;
    return this.#aside(() => {
      let state: Int32Array = model.initial.slice();
      let form = this.#formOf(state);
      const moves: number[] = [];
      for (const candidate of this.#lineage.way(index)) {
        const wanted = this.#formOf(this.#successorsOf(form)[candidate] as Int32Array);
        const next = this.#successorsOf(state);
        const made = model.moves.slice(0, next.length);
        const k = next.findIndex((s) => same(this.#formOf(s), wanted));
        if (k < 0) throw new Error(`the way to state ${index} is lost`);
        state = next[k] as Int32Array;
        form = wanted;
        moves.push(made[k] as number);
      }
      return { moves, state, form };
    });
  }

  #successorsOf(state: Int32Array): Int32Array[] {
    const model = this.#model;
    const { words } = model;
    model.registers[NEXT] = 0;
    successors(model, state, 0, []);
    const made = model.registers[NEXT] as number;
    return Array.from({ length: made }, (_, i) => model.memory.words.slice(i * words, (i + 1) * words));
  }

  /** The least image of a state. */
  #formOf(state: Int32Array): Int32Array {
    const form = Int32Array.from(state);
    this.symmetry?.canonicalise(new Uint8Array(form.buffer), 0);
    return form;
  }

  /** Runs something that uses the batch and leaves the one under way as it was. */
  #aside<T>(run: () => T): T {
    const { memory, moves, registers } = this.#model;
    const kept = { words: memory.words.slice(), moves: moves.slice(), registers: registers.slice(), at: memory.at };
    registers[NEXT] = 0;
    const result = run();
    memory.words.set(kept.words);
    moves.set(kept.moves);
    registers.set(kept.registers);
    memory.at = kept.at;
    memory.phase = 'free';
    return result;
  }
}

function same(a: Int32Array, b: Int32Array): boolean {
  return a.every((word, k) => word === b[k]);
}
