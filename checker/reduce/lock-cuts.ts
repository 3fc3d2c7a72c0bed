/**
 * Where a program cannot pass while somebody holds a lock: found by running the guard, not by trusting what the step
 * says of itself.
 *
 * The guard of a blocking step runs on a made-up state in which the lock has an owner, and on a frame that knows
 * constants only. When it refuses and has read nothing but the byte with the owner and whether one or two objects are
 * alive, and does not pass with any other values of the latter either, then it passes in no state with that owner,
 * because what it does is a function of what it reads.
 *
 * Limits: locks that are reached through a local or through memory are not known, nor is a semaphore that is held by
 * readers. Both only make the reduction weaker.
 */
import { FREED, LIVE } from '../compile/collections.ts';
import type { Point } from '../compile/flow.ts';
import { type CompiledModel, NEXT } from '../compile/model.ts';

/** Locks beyond this many are not looked at: a set of them is one word. */
const MOST_LOCKS = 31;
const MOST_OBJECTS = 2;

/** What stops an actor at a program point. */
export interface Stop {
  /** A bit for each lock. */
  readonly locks: number;
  /** Bytes that tell whether an object is alive, which the guard may read while it is stopped. */
  readonly looks: readonly number[];
}

export class LockCuts {
  /** Bytes with the owner of a lock; position i is bit i in sets of locks. */
  readonly owners: readonly number[];
  /** For each of them, the mark of a stranger's change. */
  readonly strangers: readonly number[];
  readonly #model: CompiledModel;
  readonly #liveness: ReadonlySet<number>;
  readonly #reads: Uint8Array;
  readonly #writes: Uint8Array;
  /** The last guard that was run asked for what is not constant. */
  #missed = false;

  constructor(model: CompiledModel) {
    this.#model = model;
    const holders = (model.marks?.holders ?? []).filter((h) => !h.shared).slice(0, MOST_LOCKS);
    this.owners = holders.map((h) => h.offset);
    this.strangers = holders.map((h) => h.stranger);
    this.#liveness = new Set(model.places.map((p) => p.live).filter((live) => live >= 0));
    this.#reads = new Uint8Array(model.marks?.width ?? 0);
    this.#writes = new Uint8Array(model.marks?.width ?? 0);
  }

  /** Which locks stop the actor at this point, whoever holds them, itself included. */
  at(point: Point, actor: number): Stop {
    let locks = 0;
    const looks = new Set<number>();
    if (point.statement.op === 'block' && !this.#needsFrame(point, actor))
      for (const [i, owner] of this.owners.entries())
        if (this.#model.actors.every((a) => this.#stops(point, actor, owner, a.view.$id, looks))) locks |= 1 << i;
    return { locks, looks: [...looks] };
  }

  /** Does the guard begin with something that is not constant? */
  #needsFrame(point: Point, actor: number): boolean {
    this.#refuses(point, actor, -1, 0, [], []);
    return this.#missed;
  }

  /** Is there no state in which the guard holds although the byte at `owner` is `id`? Adds where it looks besides. */
  #stops(point: Point, actor: number, owner: number, id: number, looks: Set<number>): boolean {
    if (!this.#refuses(point, actor, owner, id, [], [])) return false;
    const looked = [...this.#liveness].filter((live) => this.#reads[live] === 1);
    if (looked.length > MOST_OBJECTS) return false;
    for (const live of looked) looks.add(live);
    const lives = [LIVE, FREED, 0];
    const combinations = looked.reduce<number[][]>((all, _) => all.flatMap((c) => lives.map((l) => [...c, l])), [[]]);
    return combinations.every(
      (values) =>
        this.#refuses(point, actor, owner, id, looked, values) &&
        this.#reads.every((mark, i) => mark === 0 || i === owner || looked.includes(i)) &&
        !this.#writes.includes(1),
    );
  }

  /** Does it refuse, or break a promise, when every object is alive but those at `looked`, which are as given? */
  #refuses(
    point: Point,
    actor: number,
    owner: number,
    id: number,
    looked: readonly number[],
    values: readonly number[],
  ): boolean {
    const { memory: m, stateBytes, initial, registers, actors } = this.#model;
    const { statement } = point;
    if (statement.op !== 'block') return false;
    const { readMarks, writeMarks, row, at } = m;
    const slot = registers[NEXT] as number;
    m.words.set(initial, slot * this.#model.words);
    m.at = slot * stateBytes;
    for (const live of this.#liveness) m.bytes[m.at + live] = LIVE;
    for (const [i, live] of looked.entries()) m.bytes[m.at + live] = values[i] as number;
    if (owner >= 0) m.bytes[m.at + owner] = id;
    m.readMarks = this.#reads.fill(0);
    m.writeMarks = this.#writes.fill(0);
    m.row = 0;
    const frame = new ConstantFrame(point.frame.constants);
    try {
      const guard = statement.guard as (f: unknown, self: unknown) => unknown;
      return !guard(frame.view, actors[actor]?.view) && !frame.missed;
    } catch {
      return !frame.missed;
    } finally {
      this.#missed = frame.missed;
      m.readMarks = readMarks;
      m.writeMarks = writeMarks;
      m.row = row;
      m.at = at;
    }
  }
}

/** A frame that has nothing but its constants, and notices when something else is asked for. */
class ConstantFrame {
  missed = false;
  readonly view: object;

  constructor(constants: Readonly<Record<string, unknown>>) {
    const miss = (): never => {
      this.missed = true;
      throw new Error('not constant');
    };
    this.view = new Proxy(constants, {
      get: (target, key) => (typeof key === 'string' && Object.hasOwn(target, key) ? target[key] : miss()),
      has: miss,
      ownKeys: miss,
      set: miss,
    });
  }
}
