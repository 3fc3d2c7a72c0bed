/**
 * Persistent sets: in many states it is enough to explore the steps of one actor, because they have nothing to do with
 * anything that the others could do before that actor moves again. What a step has to do with is its footprint, and
 * footprints are not declared but recorded (`footprints.ts`).
 *
 * In state s the steps of actor p may be explored alone when what they touch does not conflict (one writes what the
 * other reads or writes) with the *future* of the others: the union of the footprints of all program points they can
 * come to without p. The walk over program points stops
 *
 * - where an actor cannot pass as long as p holds a lock that it holds in s (`lock-cuts.ts`), unless somebody's future
 *   takes that lock away from p;
 * - at once for an actor that cannot take any step in s, unless somebody's future writes what its guard has just read.
 *
 * The engine adds the cycle condition: p's steps lead to at least one state, and only to states of deeper levels of
 * the breadth-first search; otherwise s is expanded fully. A step that writes what an `always` or `sometimes` property
 * reads is never explored alone.
 *
 * Footprints are those of the search itself. A decision is a function of the state and of a frozen copy of the
 * footprints, so it is the same on every thread; when the search is over and its own footprints would have changed one
 * of its decisions, it is repeated with what it has learned (`learning.ts`).
 *
 * **Why this is sound.** Let R be the states of the last pass and F its footprints. Let w = t1 ... tn be any way on from a
 * state s in R in the full graph; tn may also be a step that is refused or breaks a promise. By induction over n, and
 * for equal n from the deepest level of R upwards:
 *
 * *F contains the footprints of w.* If s was expanded fully, t1 was tried in s and the rest starts in R. If p alone was
 * explored and w contains a step of p, the first is ti: t1 ... t(i-1) are shorter, so their footprints are in F, so they do
 * not conflict with p's steps, so ti can be moved to the front, where it touches the same; the rest starts in R. If w
 * contains no step of p, append w to a step t of p instead: t1 ... t(n-1) run there in the same way, and by induction
 * what then happens at the place of tn is in F. Were it to read something that t writes, F would show that and p would
 * not have been chosen; so it does the same as tn, because a step is a function of what it reads. (Frames are not
 * shared, and where an engine's look into them matters it has a mark.)
 *
 * *What w shows, R shows.* By the same three cases: R contains (1) a state without successors if w ends there, because a
 * w without p would leave p able to move; (2) a step tn with its choice, and the promise that it breaks, because it
 * reads the same after t; (3) a state where an `always` or `sometimes` property has the same value and evidence as after
 * w, because t writes nothing that the property reads, and it is a function of that. The cases end: each either shortens
 * w or goes one level deeper in R.
 *
 * (4) *Actors that are stuck.* If u can move after s in the full graph it can in R, by (2); so nobody seems stuck who is
 * not. If u is stuck at the end of w, then either w is a way in R, or by the third case a state behind the end of w is
 * reached, where u is stuck as well; R is a part of the full graph, so u is stuck there too.
 *
 * So the same deadlocks and end states are found, hence the same leaks and `at-end` violations, the same broken promises of
 * steps (by kind, objects, actors and step), the same violated properties with the same evidence, the same goals, the
 * same actors that can be stuck, and the same steps never taken. *Not* kept: that a counterexample is a shortest one;
 * that a guard was ever false; anything that must hold for infinite schedules. `docs/reductions.md` says it at
 * greater length.
 *
 * (Valmari, Stubborn sets for reduced state space generation, 1989; Godefroid, Partial-order methods for the verification of
 * concurrent systems, 1996; the condition on levels is the queue proviso of Bosnacki and Holzmann, Improving Spin's partial-order
 * reduction for breadth-first search, 2005. Deviations: footprints are learned, the locks held cut the walk.)
 *
 * Cost: one look into a table for each pair of actors and state; tables of a byte for each pair of program points that
 * meet. Limits: one actor's steps, or all: larger sets are not tried.
 */
import { pointsAfter } from '../compile/emit.ts';
import { type CompiledModel, NEXT } from '../compile/model.ts';
import type { Snapshot } from './footprints.ts';
import { LockCuts, type Stop } from './lock-cuts.ts';

/** Tells which steps of a state need to be explored. */
export interface Reducer {
  /**
   * The first actor from number `from` on whose steps alone may be explored in the state at `words[src...]`, provided
   * that they lead to some state and only to states of deeper levels; -1 when there is none. Overwrites the free
   * slot behind the model's batch, nothing else.
   */
  pick(words: Int32Array, src: number, from?: number): number;
}

/** Mistakes that tests make on purpose, to see that they are noticed. */
export interface Mistakes {
  /** Take it that steps which may be refused read nothing. */
  readonly forgetGuards?: boolean;
  /** Take it that who is blocked stays so. */
  readonly neverWake?: boolean;
  /** Stop walks at locks that the chosen actor does not hold. */
  readonly cutAnyLock?: boolean;
  /** Explore alone what properties can see. */
  readonly forgetProperties?: boolean;
}

const FREE = 1;
const CONFLICT = 2;

export class PersistentSets implements Reducer {
  readonly #model: CompiledModel;
  readonly #snapshot: Snapshot;
  readonly #mistakes: Mistakes;
  readonly #programs: Programs;
  /** By row: a property reads what the step writes. */
  readonly #visible: Uint8Array;
  readonly #tables = new Map<number, Tables>();
  readonly #uncut: Tables;
  /** The ones that were used last. */
  #last: Tables | null = null;
  /** Row of each actor in the state that is looked at; -1 where it has ended. */
  readonly #at: Int32Array;
  /** Of that state: 0 not known, 1 may move, 2 may not. */
  readonly #blocked: Uint8Array;

  /**
   * @param programs what is known of the model without footprints; may be shared by all that are made for it.
   * @param mistakes for tests only.
   */
  constructor(model: CompiledModel, snapshot: Snapshot, programs = new Programs(model), mistakes: Mistakes = {}) {
    this.#model = model;
    this.#snapshot = mistakes.forgetGuards ? withoutGuards(snapshot, programs) : snapshot;
    this.#programs = programs;
    this.#mistakes = mistakes;
    const { properties } = snapshot.layout;
    const { words, reads, writes } = snapshot;
    this.#visible = Uint8Array.from(programs.next, (_, row) =>
      !mistakes.forgetProperties && meets(writes, row * words, reads, properties * words, words) ? 1 : 0,
    );
    this.#at = new Int32Array(model.actors.length);
    this.#blocked = new Uint8Array(model.actors.length);
    this.#uncut = this.#tablesOf(mistakes.cutAnyLock ? -1 : 0);
  }

  pick(words: Int32Array, src: number, from = 0): number {
    const at = this.#at;
    const n = at.length;
    this.#stand(words, src);
    this.#blocked.fill(0);
    const table = this.#uncut;
    for (let p = from; p < n; p++) {
      const row = at[p] as number;
      if (row < 0 || this.#visible[row] === 1) continue;
      const conflicts = table.conflictsOf(row);
      let u = 0;
      for (; u < n; u++) {
        const other = at[u] as number;
        if (u === p || other < 0) continue;
        let known = conflicts[other] as number;
        if (known === 0) known = table.conflict(row, other);
        if (known === CONFLICT) break;
      }
      if (u === n || this.#despite(p, u, words, src)) return p;
    }
    return -1;
  }

  /**
   * Would every decision made so far be the same with these footprints? Then the search that asked for them is the one
   * that would be made with them.
   */
  agreesWith(snapshot: Snapshot): boolean {
    const other = new PersistentSets(this.#model, snapshot, this.#programs, this.#mistakes);
    if (this.#visible.some((v, row) => v !== other.#visible[row])) return false;
    for (const [cut, table] of this.#tables) if (!table.agreesWith(other.#tablesOf(cut))) return false;
    return true;
  }

  /** Notes where everybody stands. */
  #stand(words: Int32Array, src: number): void {
    const { rowOf } = this.#snapshot.layout;
    const at = this.#at;
    const { actors } = this.#model;
    for (let a = 0; a < actors.length; a++) {
      const { pcOffset, pcBytes, points } = actors[a] as (typeof actors)[number];
      let pc = byteAt(words, src, pcOffset);
      if (pcBytes === 2) pc |= byteAt(words, src, pcOffset + 1) << 8;
      at[a] = pc < points.length ? (rowOf[a] as number) + pc : -1;
    }
  }

  /** May p be explored alone although it conflicts with what u could do if nothing stopped it? */
  #despite(p: number, u: number, words: Int32Array, src: number): boolean {
    const at = this.#at;
    // The sets below are words.
    if (at.length > 31) return false;
    let held = this.#heldBy(p, words, src);
    if (held === 0 && !this.#isBlocked(u, words, src)) return false;
    const row = at[p] as number;
    for (;;) {
      const table = this.#tablesOf(this.#mistakes.cutAnyLock ? -1 : held);
      // Cheap first: mostly somebody who can move is in the way.
      for (let v = 0; v < at.length; v++) {
        const other = at[v] as number;
        if (v === p || other < 0 || table.conflict(row, other) === FREE) continue;
        if (!this.#isBlocked(v, words, src)) return false;
      }
      // Who can move counts, and who could be woken by somebody that counts.
      let counted = 0;
      for (let v = 0; v < at.length; v++)
        if (v !== p && (at[v] as number) >= 0 && !this.#isBlocked(v, words, src)) counted |= 1 << v;
      for (let grew = !this.#mistakes.neverWake; grew; ) {
        grew = false;
        for (let v = 0; v < at.length; v++) {
          if (v === p || (at[v] as number) < 0 || counted & (1 << v)) continue;
          for (let w = 0; w < at.length; w++)
            if (counted & (1 << w) && table.wakes(at[w] as number, at[v] as number)) {
              counted |= 1 << v;
              grew = true;
              break;
            }
        }
      }
      let taken = 0;
      for (let v = 0; v < at.length; v++)
        if (counted & (1 << v)) {
          if (table.conflict(row, at[v] as number) === CONFLICT) return false;
          taken |= table.takes(at[v] as number);
        }
      if ((taken & held) === 0) return true;
      held &= ~taken;
    }
  }

  /** Locks that the actor holds. */
  #heldBy(p: number, words: Int32Array, src: number): number {
    const id = this.#model.actors[p]?.view.$id;
    const { owners } = this.#programs.cuts;
    let held = 0;
    for (let i = 0; i < owners.length; i++) if (byteAt(words, src, owners[i] as number) === id) held |= 1 << i;
    return held;
  }

  /** Can the actor take no step? Trying it leaves the marks of its guards, as in the search. */
  #isBlocked(u: number, words: Int32Array, src: number): boolean {
    const known = this.#blocked[u] as number;
    if (known !== 0) return known === 2;
    let blocked = this.#programs.canRefuse[this.#at[u] as number] === 1;
    if (blocked) {
      const model = this.#model;
      const { memory: m } = model;
      const slot = model.registers[NEXT] as number;
      const arity =
        model.actors[u]?.points[(this.#at[u] as number) - (this.#snapshot.layout.rowOf[u] as number)]?.arity;
      m.at = slot * model.stateBytes;
      for (let choice = 0; blocked && choice < (arity as number); choice++) {
        for (let k = 0; k < model.words; k++) m.words[slot * model.words + k] = words[src + k] as number;
        try {
          blocked = model.run(u, choice) < 0;
        } catch {
          blocked = false;
        }
      }
      m.row = this.#snapshot.layout.aside * this.#snapshot.layout.width;
      m.self = 0;
    }
    this.#blocked[u] = blocked ? 2 : 1;
    return blocked;
  }

  #tablesOf(cut: number): Tables {
    const last = this.#last;
    if (last?.cut === cut) return last;
    let tables = this.#tables.get(cut);
    if (tables === undefined) {
      tables = new Tables(this.#snapshot, this.#programs, cut);
      this.#tables.set(cut, tables);
    }
    this.#last = tables;
    return tables;
  }
}

/** What is known of the programs of a model without running them. By row of the footprints. */
export class Programs {
  readonly cuts: LockCuts;
  /** Rows that an actor may stand at next. */
  readonly next: readonly (readonly number[])[];
  /** What stops it here. */
  readonly stops: readonly Stop[];
  /** The step here may be refused. */
  readonly canRefuse: Uint8Array;

  constructor(model: CompiledModel) {
    this.cuts = new LockCuts(model);
    const points = model.actors.flatMap((a) => a.points.map((point) => ({ point, actor: a.index })));
    const rowOf = model.marks?.rowOf ?? [];
    this.next = points.map(({ point, actor }) => pointsAfter(point).map((p) => (rowOf[actor] as number) + p.pc));
    this.stops = points.map(({ point, actor }) => this.cuts.at(point, actor));
    this.canRefuse = Uint8Array.from(points, ({ point }) =>
      ['block', 'choose', 'pick'].includes(point.statement.op) ? 1 : 0,
    );
  }
}

/** What is known of pairs of program points while somebody holds the locks of `cut`. Filled as it is asked for. */
class Tables {
  readonly #snapshot: Snapshot;
  readonly #programs: Programs;
  readonly cut: number;
  /** By row: what the actor may read, then what it may write, from there on. */
  readonly #futures: (Int32Array | undefined)[] = [];
  readonly #conflicts: (Uint8Array | undefined)[] = [];
  readonly #wakes: (Uint8Array | undefined)[] = [];
  readonly #takes = new Map<number, number>();

  constructor(snapshot: Snapshot, programs: Programs, cut: number) {
    this.#snapshot = snapshot;
    this.#programs = programs;
    this.cut = cut;
  }

  /** For the step at `row`, by the row of the other: what is known so far. */
  conflictsOf(row: number): Uint8Array {
    let known = this.#conflicts[row];
    if (known === undefined) {
      known = new Uint8Array(this.#programs.next.length);
      this.#conflicts[row] = known;
    }
    return known;
  }

  /** Does the step at `row` conflict with anything that an actor at `other` may do? */
  conflict(row: number, other: number): number {
    const known = this.#conflicts[row] ?? this.conflictsOf(row);
    if (known[other] !== 0) return known[other] as number;
    const { words, reads, writes } = this.#snapshot;
    const future = this.#future(other);
    const at = row * words;
    // Two steps may both change their own frames in either order.
    const found =
      meets(writes, at, future, 0, words) ||
      meets(reads, at, future, words, words) ||
      meets(writes, at, future, words, words, this.#snapshot.layout.frames);
    known[other] = found ? CONFLICT : FREE;
    return known[other];
  }

  /** Might an actor at `from` write what the step at `sleeper` has been seen to read? */
  wakes(from: number, sleeper: number): boolean {
    let known = this.#wakes[sleeper];
    if (known === undefined) {
      known = new Uint8Array(this.#programs.next.length);
      this.#wakes[sleeper] = known;
    }
    if (known[from] === 0) {
      const { words, reads } = this.#snapshot;
      known[from] = meets(reads, sleeper * words, this.#future(from), words, words) ? CONFLICT : FREE;
    }
    return known[from] === CONFLICT;
  }

  /** Which locks might an actor at `from` take from their holders? */
  takes(from: number): number {
    let locks = this.#takes.get(from);
    if (locks === undefined) {
      const { words } = this.#snapshot;
      const future = this.#future(from);
      locks = 0;
      for (const [i, mark] of this.#programs.cuts.strangers.entries())
        if ((future[words + (mark >> 5)] as number) & (1 << (mark & 31))) locks |= 1 << i;
      this.#takes.set(from, locks);
    }
    return locks;
  }

  agreesWith(other: Tables): boolean {
    for (const [row, known] of this.#conflicts.entries())
      if (known?.some((c, u) => c !== 0 && c !== other.conflict(row, u))) return false;
    for (const [sleeper, known] of this.#wakes.entries())
      if (known?.some((c, from) => c !== 0 && (c === CONFLICT) !== other.wakes(from, sleeper))) return false;
    for (const [from, locks] of this.#takes) if (locks !== other.takes(from)) return false;
    return true;
  }

  #future(row: number): Int32Array {
    const known = this.#futures[row];
    if (known !== undefined) return known;
    const { words, reads, writes } = this.#snapshot;
    const future = new Int32Array(2 * words);
    const seen = new Set([row]);
    for (const r of seen) {
      const stop = this.#programs.stops[r] as Stop;
      const stops = stop.locks & this.cut;
      for (let i = 0; i < words; i++) {
        future[i] = (future[i] as number) | ((reads[r * words + i] as number) & ~this.#ownersIn(stops, i));
        if (stops === 0) future[words + i] = (future[words + i] as number) | (writes[r * words + i] as number);
      }
      if (stops === 0) for (const after of this.#programs.next[r] as readonly number[]) seen.add(after);
      else for (const live of stop.looks) future[live >> 5] = (future[live >> 5] as number) | (1 << (live & 31));
    }
    this.#futures[row] = future;
    return future;
  }

  /** Bits of word `i` that stand for the owners of these locks: who stops there reads them and does nothing. */
  #ownersIn(locks: number, i: number): number {
    let bits = 0;
    for (const [k, owner] of this.#programs.cuts.owners.entries())
      if (locks & (1 << k) && owner >> 5 === i) bits |= 1 << (owner & 31);
    return bits;
  }
}

function byteAt(words: Int32Array, src: number, offset: number): number {
  return ((words[src + (offset >> 2)] as number) >>> ((offset & 3) << 3)) & 255;
}

function withoutGuards(snapshot: Snapshot, programs: Programs): Snapshot {
  const reads = snapshot.reads.slice();
  programs.canRefuse.forEach((can, row) => {
    if (can === 1) reads.fill(0, row * snapshot.words, (row + 1) * snapshot.words);
  });
  return { ...snapshot, reads };
}

/** Have two sets of marks, each so many words long, one in common, leaving out `except`? */
function meets(a: Int32Array, at: number, b: Int32Array, from: number, words: number, except = -1): boolean {
  for (let i = 0; i < words; i++) {
    let common = (a[at + i] as number) & (b[from + i] as number);
    if (except >> 5 === i) common &= ~(1 << (except & 31));
    if (common !== 0) return true;
  }
  return false;
}
