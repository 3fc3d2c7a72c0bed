/**
 * Preemption-bounded search (Musuvathi and Qadeer, Iterative context bounding, PLDI 2007): first every schedule
 * without a preemption, then those with one, two, and so on. A preemption is a switch away from an actor that could
 * have gone on. Most races need few, so the simplest counterexamples come first.
 *
 * A node is a state together with the actor that moved last; each is expanded once, at the least number of
 * preemptions that reaches it. What costs one more is put aside until the bound is raised. When nothing is put aside
 * the whole space was seen, so without a bound the search is complete.
 *
 * Deviation: the paper counts executions and stores no states; here states are stored, so the bound is exact.
 * Limits: up to as many nodes as states times actors; counterexamples have the fewest preemptions, not the fewest
 * steps.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import { ExactStore } from '../store/exact.ts';
import { grown } from '../store/grown.ts';
import type { Complete } from './explored.ts';
import { checkOf, type Findings } from './findings.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';
import { evidenceOf, type Fault, successors } from './successors.ts';

const NOBODY = 0xffff;

export class PreemptionBounded implements Strategy, Complete {
  readonly symmetry = null;
  readonly ahead = null;
  incomplete: string | null = null;
  /** Called when a bound is done, from 0 on: every schedule with up to so many preemptions was searched. */
  onBound: (bound: number) => void = () => {};
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #limits: Limits;
  readonly #stopAtFirst: boolean;
  readonly #bound: number;
  /** Nodes: the words of the state and one word for the actor that moved last. */
  readonly #nodes: ExactStore;
  /** States alone, for their number and for properties of states. */
  readonly store: ExactStore;
  /** The first node of each state. */
  readonly #nodeOf: number[] = [];
  readonly #node: Int32Array;
  #moves = new Int32Array(1 << 12);
  #lengths = new Int32Array(1 << 12);
  /** Nodes to expand at this bound, then those put aside for the next one: parent and move. */
  #queue: number[] = [];
  #aside: { parent: number; move: number }[] = [];
  #current = 0;
  transitions = 0;
  #deepest = 0;
  #done = false;

  /** @param bound the greatest number of preemptions; Infinity for all. */
  constructor(model: CompiledModel, findings: Findings, limits: Limits, stopAtFirst: boolean, bound: number) {
    this.#model = model;
    this.#findings = findings;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.#bound = bound;
    this.#nodes = new ExactStore(model.words + 1, 1);
    // Successors of a state are looked up together when stuck actors are searched for.
    this.store = new ExactStore(model.words, model.branching + 1);
    this.#node = new Int32Array(model.words + 1);
    this.#visit(model.initial, NOBODY, -1, -1);
  }

  get counts(): SearchCounts {
    const states = this.store.count;
    return {
      states,
      transitions: this.transitions,
      depth: this.#deepest,
      left: this.#queue.length + this.#aside.length,
      duplicates: this.transitions === 0 ? 0 : Math.max(0, 1 - (states - 1) / this.transitions),
      levels: [],
      memoryBytes: this.#nodes.bytes + this.store.bytes + this.#moves.byteLength * 2,
    };
  }

  advance(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    for (let n = 0; !this.#done; n++) {
      const node = this.#queue.pop();
      if (node === undefined) this.#raise();
      else this.#expand(node);
      if ((n & 63) === 63 && performance.now() >= until) break;
    }
    return !this.#done;
  }

  /** Everything with the present number of preemptions was searched: goes on with one more. */
  #raise(): void {
    this.onBound(this.#current);
    if (this.#aside.length === 0) this.#done = true;
    else if (this.#current >= this.#bound)
      this.#stop(`only schedules with at most ${this.#bound} ${this.#bound === 1 ? 'preemption' : 'preemptions'}`);
    else {
      this.#current++;
      const aside = this.#aside;
      this.#aside = [];
      for (const { parent, move } of aside) this.#take(parent, move);
    }
  }

  /** Takes a move that was put aside. */
  #take(parent: number, move: number): void {
    const model = this.#model;
    const at = parent * (model.words + 1);
    const actor = move >> 16;
    const choice = move & 0xffff;
    model.load(this.#nodes.arena, at);
    try {
      model.run(actor, choice);
    } catch (thrown) {
      const state = this.#nodes.arena.slice(at, at + model.words);
      model.registers[NEXT] = 0;
      this.#fault({ actor, choice, evidence: evidenceOf(model, thrown, actor, state, 0) }, state, parent);
      return;
    }
    this.#visit(model.memory.words.slice(0, model.words), actor, parent, move);
  }

  /** A step of the node's state broke a promise. */
  #fault(fault: Fault, state: Int32Array, node: number): void {
    const property = checkOf(fault.evidence.kind);
    if (!this.#findings.checks(property)) return;
    this.#model.load(state, 0);
    this.#record(property, fault.evidence, fault.actor, (this.#lengths[node] as number) + 1, true, () => [
      ...this.#path(node),
      (fault.actor << 16) | fault.choice,
    ]);
  }

  /** Adds a node unless it is known. */
  #visit(state: Int32Array, last: number, parent: number, move: number): void {
    const node = this.#node;
    node.set(state);
    node[state.length] = last;
    this.#nodes.insert(node, 1);
    if ((this.#nodes.found[0] as number) > 0) return;
    const index = this.#nodes.count - 1;
    this.#reserve(index + 1);
    this.#nodes.parents[index] = parent;
    this.#moves[index] = move;
    const length = parent < 0 ? 0 : (this.#lengths[parent] as number) + 1;
    this.#lengths[index] = length;
    this.#deepest = Math.max(this.#deepest, length);
    this.#queue.push(index);
    this.store.insert(state, 1);
    if ((this.store.found[0] as number) < 0) this.#nodeOf.push(index);
    if ((this.store.found[0] as number) < 0 && this.#findings.watchesStates) {
      this.#model.load(state, 0);
      for (const [property, evidence] of this.#findings.inState()) {
        this.#record(property, evidence, null, length, false, () => this.#path(index));
        this.#model.load(state, 0);
      }
    }
  }

  #expand(index: number): void {
    const model = this.#model;
    const { words } = model;
    const at = index * (words + 1);
    const last = this.#nodes.arena[at + words] as number;
    const faults: Fault[] = [];
    model.registers[NEXT] = 0;
    successors(model, this.#nodes.arena, at, faults);
    const made = model.registers[NEXT] as number;
    const atRest = model.registers[MOVED] === 0;
    const moves = model.moves.slice(0, made);
    const batch = model.memory.words.slice(0, made * words);
    this.transitions += made;
    const goesOn = moves.some((move) => move >> 16 === last) || faults.some((fault) => fault.actor === last);
    const preempts = (actor: number) => goesOn && actor !== last;
    const state = this.#nodes.arena.slice(at, at + words);
    for (const fault of faults) {
      const move = (fault.actor << 16) | fault.choice;
      if (preempts(fault.actor)) this.#aside.push({ parent: index, move });
      else this.#fault(fault, state, index);
    }
    if (atRest) {
      model.load(state, 0);
      for (const [property, evidence] of this.#findings.atRest())
        this.#record(property, evidence, null, this.#lengths[index] as number, false, () => this.#path(index));
    }
    for (let i = made - 1; i >= 0; i--) {
      const move = moves[i] as number;
      if (preempts(move >> 16)) this.#aside.push({ parent: index, move });
      else this.#visit(batch.subarray(i * words, (i + 1) * words), move >> 16, index, move);
    }
    if (this.store.count >= this.#limits.maxStates) this.#stop('limit of states');
    else if (this.#nodes.bytesWhenGrown > this.#limits.maxMemoryBytes && this.#nodes.mustGrow(100_000))
      this.#stop('memory limit');
  }

  #record(...args: Parameters<Findings['record']>): void {
    if (this.#findings.record(...args) !== null && this.#stopAtFirst) this.#stop('stopped at the first violation');
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#done = true;
  }

  movesTo(state: number): number[] {
    return this.#path(this.#nodeOf[state] as number);
  }

  #path(index: number): number[] {
    const path: number[] = [];
    for (let i = index; i > 0; i = this.#nodes.parents[i] as number) path.push(this.#moves[i] as number);
    return path.reverse();
  }

  #reserve(nodes: number): void {
    this.#moves = grown(this.#moves, nodes);
    this.#lengths = grown(this.#lengths, nodes);
  }
}
