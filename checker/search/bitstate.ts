/**
 * Depth-first search that keeps three bits a state (`store/bitstate.ts`), for spaces that fit in no other way. States
 * lie whole on the stack and nowhere else: those on the way to the present one, and beside each the siblings that
 * wait. The order is that of `dfs.ts`, and as long as no state is taken for another so is everything it finds.
 *
 * A counterexample is the stack, so what is reported is always real. A search to the end is no proof: it ends as
 * incomplete, with the share of states it is expected to have seen.
 *
 * Limits: counterexamples are not shortest; stuck actors are not looked for; with a limit of depth, a state that was
 * met at the limit first is not expanded when it is met again on a shorter way.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import { BitstateStore, coverageText } from '../store/bitstate.ts';
import { grown } from '../store/grown.ts';
import { checkOf, type Findings } from './findings.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';
import { type Fault, successors } from './successors.ts';

/** Size of the array of bits when no memory is given. */
export const DEFAULT_BYTES = 64 * 2 ** 20;

/** The part of the memory that the bits take; the stack may take the rest. */
const BITS = 7 / 8;

export class BitstateDepthFirst implements Strategy {
  readonly store: BitstateStore;
  incomplete: string | null = null;
  transitions = 0;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #limits: Limits;
  readonly #stopAtFirst: boolean;
  /** The stack: vector, move that led there and depth of each entry, and whether it was expanded. */
  #states: Int32Array<ArrayBuffer>;
  #moves = new Int32Array(1 << 10);
  #depths = new Int32Array(1 << 10);
  #expanded = new Int32Array(1 << 10);
  #top = 1;
  #waiting = 1;
  #deepest = 0;
  #cut = false;
  #done = false;

  /** @param limits `maxMemoryBytes` is what bits and stack take together; `DEFAULT_BYTES` of bits when there is none. */
  constructor(
    model: CompiledModel,
    findings: Findings,
    limits: Limits,
    stopAtFirst: boolean,
    store = new BitstateStore(model.words, model.room + 1, bytesOf(limits)),
  ) {
    this.store = store;
    this.#model = model;
    this.#findings = findings;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.#states = new Int32Array(model.words << 10);
    this.#states.set(model.initial);
    model.memory.words.set(model.initial, 0);
    store.insert(model.memory.words, 1);
    this.#watch(0, 0, () => []);
  }

  get counts(): SearchCounts {
    const states = this.store.count;
    return {
      states,
      transitions: this.transitions,
      depth: this.#deepest,
      left: this.#waiting,
      duplicates: this.transitions === 0 ? 0 : 1 - (states - 1) / this.transitions,
      levels: [],
      memoryBytes: this.store.bytes + this.#stackBytes,
    };
  }

  get #stackBytes(): number {
    return this.#states.byteLength + this.#moves.byteLength * 3;
  }

  advance(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    for (let n = 0; !this.#done; n++) {
      while (this.#top > 0 && this.#expanded[this.#top - 1] === 1) this.#top--;
      if (this.#top === 0) this.#end();
      else this.#expand(this.#top - 1);
      if ((n & 255) === 255 && performance.now() >= until) break;
    }
    return !this.#done;
  }

  #end(): void {
    const seen = `bitstate: ${coverageText(this.store.coverage)} of the states are expected to be covered`;
    this.#stop(this.#cut ? `depth limit; ${seen}` : seen);
  }

  #expand(entry: number): void {
    const model = this.#model;
    const { store } = this;
    const { words } = model;
    const depth = this.#depths[entry] as number;
    this.#expanded[entry] = 1;
    this.#waiting--;
    if (depth >= this.#limits.maxDepth) {
      this.#cut = true;
      this.#waiting++;
      return;
    }
    const faults: Fault[] = [];
    model.registers[NEXT] = 0;
    successors(model, this.#states, entry * words, faults);
    const made = model.registers[NEXT] as number;
    const atRest = model.registers[MOVED] === 0;
    this.transitions += made;
    store.insert(model.memory.words, made);
    const fresh = store.fresh.slice(0, made);
    const moves = model.moves.slice(0, made);
    for (let i = made - 1; i >= 0; i--) if (fresh[i] === 1) this.#push(i, moves[i] as number, depth + 1);
    if (this.#findings.watchesStates)
      for (let i = 0; i < made; i++)
        if (fresh[i] === 1) this.#watch(i, depth + 1, () => [...this.#way(entry), moves[i] as number]);
    for (const fault of faults) {
      const property = checkOf(fault.evidence.kind);
      if (!this.#findings.checks(property)) continue;
      model.load(this.#states, entry * words);
      this.#record(property, fault.evidence, fault.actor, depth + 1, true, () => [
        ...this.#way(entry),
        (fault.actor << 16) | fault.choice,
      ]);
    }
    if (atRest) {
      model.load(this.#states, entry * words);
      for (const [property, evidence] of this.#findings.atRest())
        this.#record(property, evidence, null, depth, false, () => this.#way(entry));
    }
    if (store.count >= this.#limits.maxStates) this.#stop('limit of states');
    else if (store.bytes + this.#stackBytes > this.#limits.maxMemoryBytes) this.#stop('memory limit, for the stack');
  }

  /** Puts candidate `slot` of the batch onto the stack. */
  #push(slot: number, move: number, depth: number): void {
    const { words, memory } = this.#model;
    const at = this.#top++;
    this.#states = grown(this.#states, this.#top * words);
    this.#moves = grown(this.#moves, this.#top);
    this.#depths = grown(this.#depths, this.#top);
    this.#expanded = grown(this.#expanded, this.#top);
    this.#states.set(memory.words.subarray(slot * words, (slot + 1) * words), at * words);
    this.#moves[at] = move;
    this.#depths[at] = depth;
    this.#expanded[at] = 0;
    this.#waiting++;
    if (depth > this.#deepest) this.#deepest = depth;
  }

  /** The moves to an entry of the stack: those of the expanded entries below it, the last of each depth. */
  #way(entry: number): number[] {
    const way: number[] = [];
    let depth = (this.#depths[entry] as number) + 1;
    for (let i = entry; depth > 1; i--) {
      if (i !== entry && (this.#expanded[i] !== 1 || this.#depths[i] !== depth - 1)) continue;
      depth--;
      way.push(this.#moves[i] as number);
    }
    return way.reverse();
  }

  #watch(slot: number, length: number, moves: () => number[]): void {
    const model = this.#model;
    model.memory.at = slot * model.stateBytes;
    for (const [property, evidence] of this.#findings.inState()) {
      this.#record(property, evidence, null, length, false, moves);
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
}

function bytesOf(limits: Limits): number {
  return limits.maxMemoryBytes === Number.MAX_SAFE_INTEGER ? DEFAULT_BYTES : Math.floor(limits.maxMemoryBytes * BITS);
}
