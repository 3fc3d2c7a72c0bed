/**
 * Level-synchronous breadth-first search on one or several threads: level d is finished before d + 1 starts, states
 * keep the order (parent, actor, choice), the parent of a state is the least one. So the first violation is a shortest
 * one, and states, counts, parents and counterexamples are the same for every number of threads and every run (see
 * `round.ts` for why). This thread coordinates and works too.
 *
 * When a level shows a violation it is still finished; of those found in it the shortest, then the first, is
 * reported. A thread that dies or throws ends the search as undecided, never as a pass; so does a full memory.
 *
 * Limits: 2^28 states. Threads compile the model themselves, so for more than one the scenario must come from a module
 * they can import.
 */
import type { CompiledModel } from '../../compile/model.ts';
import { QuiesceError } from '../../lang/errors.ts';
import type { Snapshot } from '../../reduce/footprints.ts';
import type { Reducer } from '../../reduce/persistent.ts';
import type { Symmetry } from '../../reduce/symmetry.ts';
import { States } from '../../store/states.ts';
import { type TreeCount, treeCount, treeHasRoom, treeShape, treeWithRoom, uncompressed } from '../../store/tree.ts';
import { type HashText, StoreFull, tupleHash } from '../../store/tuples.ts';
import { type Explored, walkTo } from '../explored.ts';
import { Findings } from '../findings.ts';
import { Reporter } from '../reporter.ts';
import type { RowRound } from '../rows.ts';
import type { Limits, SearchCounts, Strategy } from '../strategy.ts';
import { Crew, type CrewData } from './crew.ts';
import { Lane, mostInHand } from './lane.ts';
import {
  CHUNKS,
  CLAIMS,
  COMMIT_CHUNKS,
  COUNT,
  DONE,
  draw,
  ENTER,
  ENTER_TASKS,
  EXPAND,
  FULL,
  LEVEL_END,
  makeRound,
  ROOM,
  ROUND_FROM,
  ROUND_TO,
  ROWS,
  SET,
  type SharedRound,
} from './round.ts';
import { behavesAsSaved, type Saved } from './saved.ts';
import type { ScenarioModule } from './thread.ts';

export interface BreadthFirstOptions {
  readonly limits: Limits;
  readonly stopAtFirst: boolean;
  readonly symmetry?: Symmetry | null;
  /** Threads, this one included; 1 unless given. */
  readonly workers?: number;
  /** Where the other threads find the scenario, and which of its properties they look at. */
  readonly module?: ScenarioModule;
  readonly properties?: readonly string[] | null;
  /** Leave out steps that persistent sets show to be needless. The model must have been compiled with marks. */
  readonly reduction?: Reduction | null;
  /** Store every state whole: faster, and more memory. */
  readonly uncompressed?: boolean;
  /** Goes on with this search, which must be one of the same model and options. */
  readonly from?: Saved | null;
  /** Keeps the threads when everything was seen, so that `rows` can be asked for; `close` lets them go. */
  readonly follow?: boolean;
  /** For tests: slots of the table at the start, states of a chunk, and the hash. */
  readonly slots?: number;
  readonly chunkStates?: number;
  readonly hash?: HashText;
  /**
   * For tests: instead of threads, so many lanes on this one, which do the tasks of a phase in an order drawn by
   * `random` (from 0 to 1), each on a lane drawn by it. What threads may do in any order is then tried in many.
   */
  readonly shuffle?: { readonly lanes: number; readonly random: () => number };
}

/** A reducer, and what other threads need to make the same one and to add to the same footprints. */
export interface Reduction {
  readonly reducer: Reducer;
  readonly buffer: ArrayBufferLike;
  readonly snapshot: Snapshot;
}

/** Numbers of states at which the words of the vectors are dealt anew. */
const DEALS = [2000, 16_000, 128_000];

export class BreadthFirst implements Strategy, Explored {
  readonly levelStarts: number[] = [0, 1];
  transitions = 0;
  readonly symmetry: Symmetry | null;
  /** States that the stored ones stand for. */
  unreduced: number;
  incomplete: string | null = null;
  readonly store: States;
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #options: BreadthFirstOptions;
  readonly #round: SharedRound;
  readonly #lane: Lane;
  /** The others of this thread, for tests. */
  readonly #moreLanes: readonly Lane[];
  readonly #crew: Crew;
  readonly #reporter: Reporter;
  readonly #alone: boolean;
  /** First state that is not in a round yet. */
  #next = 0;
  #over = false;
  /** The search is over, and its threads wait for phases of rows. */
  #kept = false;
  #atLimit = false;
  #expanding = false;
  #deals = 0;
  /** Candidates that all lanes may have in their hands, and what the last round added. */
  #inHand: number;
  #lastFresh = 0;
  #tuples: TreeCount = { leaves: 0, pairs: 0 };
  /** Chunks expanded and waiting to be committed. */
  #pending = 0;

  constructor(model: CompiledModel, findings: Findings, options: BreadthFirstOptions) {
    const symmetry = options.symmetry ?? null;
    const hash = options.hash ?? tupleHash;
    const shape = options.uncompressed === true ? uncompressed(model.words) : treeShape(model.words);
    this.symmetry = symmetry;
    this.#model = model;
    this.#findings = findings;
    this.#options = options;
    const workers = options.workers ?? 1;
    const lanes = options.shuffle?.lanes ?? workers;
    this.#alone = lanes === 1;
    this.#round = makeRound({
      root: shape.root,
      branching: model.branching,
      symmetric: symmetry !== null,
      goals: findings.goals.length,
      alone: this.#alone,
      promises: options.follow === true ? findings.live.length : 0,
      chunkStates: options.chunkStates,
    });
    this.store = new States(
      {
        shape,
        provisional: 2 * this.#round.room,
        branching: model.branching,
        hash,
        ...(options.slots === undefined ? {} : { slots: options.slots }),
      },
      model.room + 1,
    );
    this.#reporter = new Reporter(model, findings, this.store, symmetry);
    const from = options.from ?? null;
    const first = model.initial.slice();
    symmetry?.canonicalise(new Uint8Array(first.buffer), 0);
    this.unreduced = symmetry?.orbit(new Uint8Array(first.buffer), 0) ?? 1;
    if (from === null) this.store.addFirst(first);
    else this.#restore(from);
    this.#inHand = mostInHand(model, lanes);
    const makeLane = (findings: Findings) =>
      new Lane(model, {
        findings,
        round: this.#round,
        arrays: this.store.arrays,
        symmetry,
        hash,
        lanes,
        grow: (states) => this.#growAlone(states),
        reducer: options.reduction?.reducer ?? null,
      });
    this.#lane = makeLane(findings);
    // As a thread does, they know only what they have reached themselves.
    const ownFindings = () => new Findings(model, options.properties ?? null);
    this.#moreLanes =
      options.shuffle === undefined ? [] : Array.from({ length: lanes - 1 }, () => makeLane(ownFindings()));
    this.#lane.states = this.store.count;
    this.#crew = new Crew(model, this.#round, workers - 1);
    if (from === null) this.#reporter.watch(0, 0);
    else this.#checkWhereItWas();
    for (let i = 1; i < workers && !this.#over; i++) this.#startThread(options.module as ScenarioModule);
  }

  /**
   * The search as it is now, its arrays not copied: to be written before it goes on. Finishes the round that is under
   * way. Null when the search is over, unless a limit ended it: then it could go on.
   */
  save(): Saved | null {
    this.#orStop(() => {
      while (!this.#over && this.#expanding && this.#work(Number.POSITIVE_INFINITY)) this.#afterRound();
      if (!this.#over) this.#commitAll();
    });
    if (this.#over && !this.#atLimit) return null;
    const { taken, refused } = this.#model;
    const either = (own: Uint8Array, all: Uint8Array) => own.map((bit, i) => bit | (all[i] as number));
    return {
      states: this.store.save(),
      levelStarts: [...this.levelStarts],
      transitions: this.transitions,
      unreduced: this.unreduced,
      next: this.#next,
      found: this.#reporter.found,
      violations: [...this.#findings.violations],
      reached: [...this.#findings.reached],
      deals: this.#deals,
      lastFresh: this.#lastFresh,
      tuples: this.#tuples,
      taken: either(taken, this.#crew.taken),
      refused: either(refused, this.#crew.refused),
    };
  }

  /** Takes up a saved search. */
  #restore(from: Saved): void {
    this.store.restore(from.states);
    this.levelStarts.splice(0, 2, ...from.levelStarts);
    this.transitions = from.transitions;
    this.unreduced = from.unreduced;
    this.#next = from.next;
    this.#reporter.found = from.found;
    this.#deals = from.deals;
    this.#lastFresh = from.lastFresh;
    this.#tuples = from.tuples;
    this.#findings.resume(from.violations, from.reached);
    if (!behavesAsSaved(this.#model, this.symmetry, this.store, from.next))
      throw new QuiesceError('config', 'the model does not behave as it did when the checkpoint was written', {
        hint: 'something that its steps call has changed: start the search anew',
      });
    const add = (own: Uint8Array, saved: Uint8Array) => {
      for (let i = 0; i < own.length; i++) own[i] = (own[i] as number) | (saved[i] as number);
    };
    add(this.#model.taken, from.taken);
    add(this.#model.refused, from.refused);
  }

  /** A limit that a saved search has reached already ends it at once. */
  #checkWhereItWas(): void {
    if (this.#next === this.levelStarts[this.levelStarts.length - 2]) this.#checkDepth();
    if (!this.#over) this.#checkLimits();
  }

  #startThread(module: ScenarioModule): void {
    const model = this.#model;
    const { properties, workers, reduction } = this.#options;
    const data: CrewData = {
      module,
      variant: model.variantName,
      bounds: model.bounds,
      properties: properties ?? null,
      symmetry: this.symmetry !== null,
      hash: model.hash,
      lanes: workers ?? 1,
      reduction: reduction == null ? null : { buffer: reduction.buffer, snapshot: reduction.snapshot },
      arrays: this.store.arrays,
    };
    this.#crew.start(data, (because) => {
      if (!this.#over) this.#stop(because);
    });
  }

  /** Were steps left out? Then counterexamples need not be shortest. */
  get reduced(): boolean {
    return this.#options.reduction != null;
  }

  /** States that are expanded in one round, at most. */
  get roundStates(): number {
    return CHUNKS * this.#round.chunkStates;
  }

  /** For each state, whether one of its successors has a greater index: see `stuck.ts`. */
  get ahead(): Uint8Array | Uint16Array {
    return this.store.arrays.successors;
  }

  /** Level that is being expanded. */
  get #depth(): number {
    return this.levelStarts.length - 2;
  }

  get #levelEnd(): number {
    return this.levelStarts[this.levelStarts.length - 1] as number;
  }

  get counts(): SearchCounts {
    const states = this.store.count;
    const levels = this.levelStarts.slice(1).map((start, i) => start - (this.levelStarts[i] as number));
    return {
      states,
      transitions: this.transitions,
      depth: this.#depth,
      left: states - (this.#expanding ? (this.#round.control[ROUND_FROM] as number) : this.#next),
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
    this.#orStop(() => {
      do {
        if (this.#expanding && !this.#work(until)) break;
        if (this.#expanding) this.#afterRound();
        if (!this.#over && !this.#expanding) this.#startRound();
      } while (!this.#over && performance.now() < until);
    });
    return !this.#over;
  }

  /**
   * The rows of the states from `from` on, as many as a round has: in `follow` mode, when everything was seen; null
   * otherwise. Or why they cannot be had.
   */
  rows(from: number): RowRound | string | null {
    const { control, rows, chunkStates, chunkRoom } = this.#round;
    if (!this.#kept || rows === null) return null;
    const to = Math.min(this.store.count, from + this.roundStates);
    control[ROUND_FROM] = from;
    control[ROUND_TO] = to;
    this.#crew.begin(ROWS, Math.ceil((to - from) / chunkStates));
    if (!this.#work(Number.POSITIVE_INFINITY)) return this.incomplete ?? 'a worker thread failed';
    return { ...rows, from, to, chunkStates, chunkRoom };
  }

  /** Gives the search up, so that its threads end; it may be in the middle of a round. */
  close(because: string): void {
    if (!this.#over) this.#stop(because);
    this.#kept = false;
    this.#crew.end();
  }

  /** A full memory ends the search as undecided. */
  #orStop(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      if (!(thrown instanceof StoreFull)) throw thrown;
      this.#stop(thrown.message);
    }
  }

  /** Works on the phase until it is done (true), or the time is up while others still work, or one has failed. */
  #work(until: number): boolean {
    const control = this.#round.control;
    if (this.#options.shuffle !== undefined) {
      this.#workShuffled(this.#options.shuffle.random);
      return true;
    }
    for (let task = draw(control); task >= 0; task = draw(control)) {
      this.#lane.task(task);
      Atomics.add(control, DONE, 1);
    }
    const done = this.#crew.wait(until);
    if (typeof done === 'string') this.#stop(done);
    return done === true;
  }

  /** Does all tasks of the phase, in some order, on some lanes. */
  #workShuffled(random: () => number): void {
    const lanes = [this.#lane, ...this.#moreLanes];
    const tasks = Array.from({ length: this.#crew.tasks }, (_, task) => task);
    while (tasks.length > 0) {
      const [task] = tasks.splice(Math.floor(random() * tasks.length), 1);
      lanes[Math.floor(random() * lanes.length)]?.task(task as number);
    }
  }

  /** Expands the next states of the level and commits the round before. */
  #startRound(): void {
    const control = this.#round.control;
    const { chunkStates } = this.#round;
    const from = this.#next;
    const to = Math.min(this.#levelEnd, from + CHUNKS * chunkStates);
    // Four times what the last round brought.
    const { leaves, pairs } = treeCount(this.store.arrays.tree);
    this.#growTree({ leaves: 4 * (leaves - this.#tuples.leaves), pairs: 4 * (pairs - this.#tuples.pairs) });
    this.#tuples = { leaves, pairs };
    // What waits to be committed is counted already.
    const guess = this.#inHand + Math.min((to - from) * this.#model.branching, 2 * this.#lastFresh);
    if (!this.store.hasRoom(guess)) this.#growStates(guess);
    if (this.#over) return;
    control[SET] = 1 - (control[SET] as number);
    control[ROUND_FROM] = from;
    control[ROUND_TO] = to;
    control[LEVEL_END] = this.#levelEnd;
    control[COMMIT_CHUNKS] = this.#pending;
    this.#next = to;
    this.#expanding = true;
    this.#startChunks(this.#pending + Math.ceil((to - from) / chunkStates));
  }

  #startChunks(tasks: number): void {
    const control = this.#round.control;
    control[FULL] = 0;
    control[CLAIMS] = 0;
    control[ROOM] = this.store.room;
    this.#crew.begin(EXPAND, tasks);
  }

  /** Chunks were given up: begins the round again with more room. */
  #repeatRound(chunks: number): void {
    const control = this.#round.control;
    const room = control[ROOM] as number;
    this.#afterCommit();
    control[COMMIT_CHUNKS] = 0;
    this.#inHand *= 2;
    this.#growTree();
    this.#growStates(2 * Math.max(this.#inHand, room));
    if (!this.#over) this.#startChunks(chunks);
  }

  /** The words of the vectors are dealt by what they tell in the states found so far. */
  #dealAgain(): void {
    if (this.#deals === DEALS.length || this.store.count < (DEALS[this.#deals] as number)) return;
    this.#deals++;
    if (this.store.dealAgain()) this.#share();
  }

  /** The only lane needs room in the middle of a round. */
  #growAlone(states: number): void {
    const counted = this.store.count;
    this.store.count = states;
    this.#growTree(treeCount(this.store.arrays.tree));
    if (!this.store.hasRoom(this.#inHand)) {
      const empty = this.store.makeRoom(Math.max(this.#inHand, this.#lastFresh));
      this.#share();
      if (empty) this.#lane.enter(0, states);
    }
    this.#round.control[CLAIMS] = 0;
    this.#round.control[ROOM] = this.store.room;
    this.store.count = counted;
  }

  #growTree(spare?: TreeCount): void {
    const { shape, arrays, hash } = this.store;
    if (treeHasRoom(shape, arrays.tree, this.#inHand, spare)) return;
    this.store.setTree(treeWithRoom(shape, arrays.tree, this.#inHand, spare, hash));
    this.#share();
  }

  /** A larger table. What is not committed refers to slots of the old one, so it is committed first. */
  #growStates(more: number): void {
    this.#commitAll();
    if (this.#over) return;
    const empty = this.store.makeRoom(more);
    this.#share();
    if (!empty) return;
    const control = this.#round.control;
    control[COUNT] = this.store.count;
    this.#crew.begin(ENTER, ENTER_TASKS);
    this.#work(Number.POSITIVE_INFINITY);
  }

  /** Hands the arrays to all lanes. */
  #share(): void {
    this.#lane?.bind(this.store.arrays);
    for (const lane of this.#moreLanes) lane.bind(this.store.arrays);
    this.#crew.give(this.store.arrays);
  }

  #afterRound(): void {
    const control = this.#round.control;
    const { chunkStates } = this.#round;
    const chunks = Math.ceil(((control[ROUND_TO] as number) - (control[ROUND_FROM] as number)) / chunkStates);
    if (control[FULL] === 1) {
      this.#repeatRound(chunks);
      return;
    }
    this.#expanding = false;
    this.#afterCommit();
    const set = this.#round.sets[control[SET] as 0 | 1];
    const before = this.store.count;
    for (let c = 0; c < chunks; c++) {
      this.transitions += set.made[c] as number;
      set.firsts[c] = this.store.count;
      this.store.count += set.fresh[c] as number;
    }
    this.#lastFresh = this.store.count - before;
    for (let c = 0; c < chunks; c++)
      for (let i = 0; i < (set.flaggedCount[c] as number); i++)
        this.#reporter.look(set.flagged[c * chunkStates + i] as number, this.#depth);
    this.#pending = chunks;
    // One lane alone commits as it goes.
    if (this.#alone) this.#afterCommit();
    if (this.#next === this.#levelEnd) this.#endLevel();
    else this.#checkLimits();
  }

  /** Commits what waits: an expand phase without chunks. */
  #commitAll(): void {
    if (this.#pending === 0) return;
    const control = this.#round.control;
    control[SET] = 1 - (control[SET] as number);
    control[COMMIT_CHUNKS] = this.#pending;
    this.#crew.begin(EXPAND, this.#pending);
    if (this.#work(Number.POSITIVE_INFINITY)) this.#afterCommit();
  }

  /** The level is expanded: its last round is committed before the next level begins. */
  #endLevel(): void {
    this.#commitAll();
    if (this.#over) return;
    const count = this.store.count;
    if (this.#reporter.found && this.#options.stopAtFirst) {
      if (count > this.#next) this.levelStarts.push(count);
      this.#stop('stopped at the first violation');
    } else if (count === this.#next) this.#end();
    else {
      this.levelStarts.push(count);
      this.#dealAgain();
      this.#checkDepth();
      if (!this.#over) this.#checkLimits();
    }
  }

  #checkDepth(): void {
    if (this.#depth >= this.#options.limits.maxDepth) this.#stopAtLimit('depth limit');
  }

  #checkLimits(): void {
    const { maxStates, maxMemoryBytes } = this.#options.limits;
    if (this.store.count >= maxStates) this.#stopAtLimit('limit of states');
    else if (this.store.bytesWhenGrown > maxMemoryBytes && !this.store.hasRoom(200_000))
      this.#stopAtLimit('memory limit');
  }

  /** With more of it the search could go on; so what waits is committed. */
  #stopAtLimit(reason: string): void {
    this.#commitAll();
    if (this.#over) return;
    this.#atLimit = true;
    this.#stop(reason);
  }

  /** New states that a thread found to violate a property are looked at again, in order. */
  #afterCommit(): void {
    const { badStates, badCount, chunkRoom, goals, orbits } = this.#round;
    this.#findings.goals.forEach((goal, i) => {
      if (Atomics.load(goals, i >> 5) & (1 << (i & 31))) this.#findings.reached.add(goal.name);
    });
    for (let c = 0; c < this.#pending; c++) {
      for (let i = 0; i < (badCount[c] as number); i++)
        this.#reporter.watch(badStates[c * chunkRoom + i] as number, this.#depth + 1);
      badCount[c] = 0;
      this.unreduced += orbits[c] as number;
    }
    this.#pending = 0;
  }

  #stop(reason: string): void {
    this.incomplete = reason;
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#kept = this.#options.follow === true && this.incomplete === null;
    if (!this.#kept) this.#crew.end();
    this.#crew.collect();
  }
}
