/**
 * Steps that are too coarse. A step of a model is indivisible, and real actors are not: a step that touches two shared
 * fields hides what others could do between the two accesses.
 *
 * A field is one value of the state as a reader knows it: a scalar, a list, a queue, an element of an array, or the life
 * of an object (freeing it is one access, with everything inside, and conflicts with every use of it). An access to a
 * field is *open* when another actor was seen to access it too, one of the two writes, and no lock was held in both
 * accesses, in exclusive mode at least once. A step is too coarse when one execution of it makes open accesses to two
 * fields or more. With at most one of them, whatever others do in between could as well come before or after: the step
 * is as good as its pieces (Lipton, Reduction: a method of proving properties of parallel programs, 1975).
 *
 * No field: parameters and locals, which are the actor's own; the owner of a lock, because taking and releasing one
 * commutes with what its holder does; whether an actor sleeps, which is the scheduler's; an object that nobody but its
 * allocator has touched yet. Reading and writing one field in one step counts once, as a read-modify-write: so
 * `refcount_dec_and_test`, `xchg` and the like are never too coarse by themselves, and `x = x + 1` is not found either.
 *
 * A step that is coarse on purpose says why in its notes, `{ indivisible: 'both are in one 64-bit store' }`, and a machine
 * does so for all its transitions.
 *
 * Limits: it knows the executions it is shown. Locks are told apart by instance; being ordered by a wait, a flush or
 * RCU instead of a lock counts as open.
 */
import { LIVE } from '../compile/collections.ts';
import type { Point } from '../compile/flow.ts';
import { actorName, type CompiledModel } from '../compile/model.ts';

/** One field that a coarse step touches, and somebody who could come in between. */
export interface OpenAccess {
  /** Path of the field, `smmu.cd[1].valid`. */
  readonly field: string;
  readonly access: 'read' | 'write';
  /** Another actor that accesses it without a lock in common, and its step, `procedure/label`. */
  readonly other: string;
  readonly step: string;
}

export interface CoarseStep {
  /** An actor that was seen to take the step. */
  readonly actor: string;
  readonly procedure: string;
  readonly label: string;
  readonly choice: string | null;
  /** Two or more. */
  readonly fields: readonly OpenAccess[];
  /** Why it is one step all the same, in the model's words; null when the model gives no reason. */
  readonly because: string | null;
}

/** Bytes that one step read and wrote. */
export interface Touched {
  readonly reads: ReadonlySet<number>;
  readonly writes: ReadonlySet<number>;
}

/** Locks that an actor holds, by number, each with its mode; see `Sharing.locksOf`. */
export type LockSet = readonly { readonly lock: number; readonly exclusive: boolean }[];

interface Access {
  readonly actor: number;
  readonly write: boolean;
  readonly locks: LockSet;
  readonly place: string;
}

interface Execution {
  readonly actor: number;
  readonly point: Point;
  readonly choice: number;
  readonly locks: LockSet;
  /** Field to whether it was written. */
  readonly fields: ReadonlyMap<number, boolean>;
}

/** Collects who touches what, with which locks, and tells which steps are too coarse. */
export class Sharing {
  readonly #model: CompiledModel;
  /** Field of each byte, as an index into `cells`; -1 for what is none. */
  readonly #fieldAt: Int32Array;
  /** Field that stands for the life of the object with this liveness byte. */
  readonly #lifeAt = new Map<number, number>();
  readonly #accesses = new Map<number, Map<string, Access>>();
  readonly #executions = new Map<string, Execution>();
  /** Who allocated an object that nobody else has touched, by liveness byte; of the walk under way. */
  readonly #fresh = new Map<number, number>();

  constructor(model: CompiledModel) {
    this.#model = model;
    this.#fieldAt = new Int32Array(model.stateBytes).fill(-1);
    const lockNames = model.locks.map((lock) => `${lock.name}.`);
    model.cells.forEach((cell, i) => {
      if (cell.liveness === cell.offset) this.#lifeAt.set(cell.offset, i);
      if (lockNames.some((name) => cell.path.startsWith(name))) return;
      this.#fieldAt.fill(i, cell.offset, cell.offset + cell.bytes);
    });
  }

  /** Begins a walk from the initial state, in which no object is fresh. */
  begin(): void {
    this.#fresh.clear();
  }

  /** Locks the actor holds in the current state of the memory. */
  locksOf(actor: number): LockSet {
    const view = this.#model.actors[actor]?.view;
    if (view === undefined) return [];
    return this.#model
      .held(view)
      .map(({ lock, mode }) => ({ lock: this.#model.locks.indexOf(lock), exclusive: mode === 'exclusive' }));
  }

  /** Takes note of a step that can be taken, with the locks held before and after it; its result is the current state. */
  note(actor: number, point: Point, choice: number, touched: Touched, before: LockSet, after: LockSet): void {
    const fields = this.#fieldsOf(actor, touched);
    if (fields.size === 0) return;
    // Who uses an object relies on its being alive.
    const relied = new Map([...fields.keys()].map((field) => [this.#lifeOf(field), false] as const));
    const locks = [...before, ...after.filter((a) => !before.some((b) => b.lock === a.lock))];
    const lockKey = locks.map((l) => `${l.lock}${l.exclusive ? 'x' : 's'}`).join();
    const place = `${point.procedure}/${point.label}`;
    for (const [field, write] of [...relied, ...fields]) {
      if (field < 0) continue;
      const known = this.#accesses.get(field) ?? new Map<string, Access>();
      this.#accesses.set(field, known);
      const key = `${actor} ${write} ${lockKey}`;
      if (!known.has(key)) known.set(key, { actor, write, locks, place });
    }
    if (fields.size === 1) return;
    const key = `${actor} ${point.pc} ${choice} ${lockKey} ${[...fields].join()}`;
    if (!this.#executions.has(key)) this.#executions.set(key, { actor, point, choice, locks, fields });
  }

  /** Takes note of the step that a walk goes on with: it may publish an object, or make a fresh one. */
  follow(actor: number, touched: Touched): void {
    const { cells } = this.#model;
    for (const offset of [...touched.reads, ...touched.writes]) {
      const field = this.#fieldAt[offset] as number;
      const life = field < 0 ? -1 : (cells[field]?.liveness ?? -1);
      if (life >= 0 && this.#fresh.get(life) !== actor) this.#fresh.delete(life);
    }
    const { memory } = this.#model;
    for (const offset of touched.writes)
      if (this.#lifeAt.has(offset)) {
        if (memory.bytes[memory.at + offset] === LIVE) this.#fresh.set(offset, actor);
        else this.#fresh.delete(offset);
      }
  }

  /** The field that stands for the life of the object around a field; -1 for what is always there. */
  #lifeOf(field: number): number {
    return this.#lifeAt.get(this.#model.cells[field]?.liveness ?? -1) ?? -1;
  }

  /** Shared fields among the bytes, each with whether it was written. */
  #fieldsOf(actor: number, { reads, writes }: Touched): Map<number, boolean> {
    const { cells } = this.#model;
    const { memory } = this.#model;
    const begun = new Set<number>();
    const ended = new Set<number>();
    for (const offset of writes)
      if (this.#lifeAt.has(offset)) (memory.bytes[memory.at + offset] === LIVE ? begun : ended).add(offset);
    const fields = new Map<number, boolean>();
    const add = (offset: number, write: boolean) => {
      const field = this.#fieldAt[offset] as number;
      const cell = cells[field];
      if (cell === undefined || this.#fresh.get(cell.liveness) === actor || begun.has(cell.liveness)) return;
      if (ended.has(cell.liveness)) fields.set(this.#lifeAt.get(cell.liveness) as number, true);
      // That an object is alive is looked at in every access to it, and is no access of its own.
      else if (cell.liveness !== cell.offset) fields.set(field, write || (fields.get(field) ?? false));
    };
    for (const offset of reads) add(offset, false);
    for (const offset of writes) add(offset, true);
    return fields;
  }

  /** The steps that are too coarse, in the order of their names, each with the execution that touches the most. */
  coarse(): CoarseStep[] {
    const found = new Map<string, CoarseStep>();
    for (const { actor, point, choice, locks, fields } of this.#executions.values()) {
      const open = [...fields].flatMap(([field, write]) => this.#openAccess(actor, field, write, locks));
      if (open.length < 2) continue;
      const step: CoarseStep = {
        actor: this.#nameOf(actor),
        procedure: point.procedure,
        label: point.label,
        choice: point.statement.op === 'pick' ? null : (point.choices[choice] ?? null),
        fields: open,
        because: point.indivisible,
      };
      const key = JSON.stringify([step.procedure, step.label, step.choice]);
      if (open.length > (found.get(key)?.fields.length ?? 0)) found.set(key, step);
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, step]) => step);
  }

  #openAccess(actor: number, field: number, write: boolean, locks: LockSet): OpenAccess[] {
    for (const other of this.#accesses.get(field)?.values() ?? [])
      if (other.actor !== actor && (write || other.write) && !inCommon(locks, other.locks))
        return [
          {
            field: this.#model.cells[field]?.path ?? '?',
            access: write ? 'write' : 'read',
            other: this.#nameOf(other.actor),
            step: other.place,
          },
        ];
    return [];
  }

  #nameOf(actor: number): string {
    return actorName(this.#model, actor);
  }
}

/** Is there a lock that keeps two actors with these locks apart? */
function inCommon(a: LockSet, b: LockSet): boolean {
  return a.some((x) => b.some((y) => x.lock === y.lock && (x.exclusive || y.exclusive)));
}
