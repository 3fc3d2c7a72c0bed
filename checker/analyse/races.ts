/**
 * Data races: two accesses to one field by different actors, one of them a write, that nothing orders, as seen along
 * walks of the model. What is told is exact: in this schedule these two accesses came in this order, and none of the edges
 * below leads from the first to the second, so that nothing kept them from coming the other way round or at once. What is
 * not told is no promise: other schedules were not looked at, and an edge that happened to be there may hide a race.
 *
 * What orders (docs/analyses.md says the same in a page):
 *
 * - the steps of one actor;
 * - giving a lock up, before taking it (a reader is ordered after writers, a writer after both);
 * - the writes of what a waiting step reads, before that step: completions, wake-ups, queues of work, flushes, requests
 *   of hardware. A step waits when it has a guard, or when its notes say that it decides about sleeping (`awaits`);
 * - lowering a reference count, before the step that lowers it to zero. Raising one orders nothing;
 * - a write of a field marked `atomic`, before a read of it.
 *
 * No accesses of their own: fields marked `racy` or `atomic`, whose access the model calls intended; what hardware does,
 * which has no part in the memory model of the compiler; locks, reference counts and whether an actor sleeps; an object
 * that nobody but its allocator has touched; whether an object is alive, which is checked at every access anyway.
 */
import seedrandom from 'seedrandom';
import { LIVE } from '../compile/collections.ts';
import type { Point } from '../compile/flow.ts';
import { actorName, type CompiledModel } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import { violated } from '../lang/violation.ts';
import { signatureOf } from '../search/findings.ts';
import { formatMove } from '../trace/schedule.ts';
import { actorOf, choiceOf, type Simulator, type StepResult } from '../trace/simulator.ts';
import type { Outcome } from '../trace/verify.ts';
import { HappensBefore } from './happens-before.ts';

/** One of the two accesses of a race. */
export interface RacingAccess {
  readonly actor: string;
  readonly access: 'read' | 'write';
  /** Number of the step in the schedule, from 1 on, and what it is, `procedure/label`. */
  readonly step: number;
  readonly place: string;
}

/** Two accesses that nothing orders in one schedule, the shortest one that showed them. */
export interface DataRace {
  /** Path of the field, `dev0.bond.active`. */
  readonly field: string;
  readonly first: RacingAccess;
  readonly second: RacingAccess;
  /** Steps `actor: procedure/label [choice]` up to the second access. */
  readonly steps: readonly string[];
  /** Signature of its stored schedule; missing in documents of earlier versions. */
  readonly signature?: string;
}

/** What the walks saw. */
export interface Races {
  readonly walks: number;
  readonly steps: number;
  /** One for each field and pair of steps, names without their numbers. */
  readonly found: readonly DataRace[];
}

/** How much is looked at: about a second of work. */
export interface RaceOptions {
  readonly walks?: number;
  /** Most steps of all walks together, and of one. */
  readonly steps?: number;
  readonly length?: number;
}

const DEFAULTS = { walks: 400, steps: 40_000, length: 600 };

/** Walks the instrumented model of the simulator and collects the races it sees. The walks are the same every time. */
export function findRaces(simulator: Simulator, options: RaceOptions = {}): Races {
  const walks = options.walks ?? DEFAULTS.walks;
  const most = options.steps ?? DEFAULTS.steps;
  const length = options.length ?? DEFAULTS.length;
  const random = seedrandom('races');
  const found = new Map<string, DataRace>();
  const fields = new Fields(simulator.model);
  let steps = 0;
  let walked = 0;
  for (; walked < walks && steps < most; walked++) {
    // Every other walk lets an actor go on for a while, so that whole operations stand beside each other.
    const stay = walked % 2 === 0 ? 0 : 0.85;
    const walk = new Walk(simulator, fields, found);
    while (steps < most && walk.length < length && walk.step(random, stay)) steps++;
  }
  return { walks: walked, steps, found: [...found.values()].sort(byPlace) };
}

const byPlace = (a: DataRace, b: DataRace): number =>
  a.field < b.field ? -1 : a.field > b.field ? 1 : a.steps.length - b.steps.length;

/** What each byte of the state is to a race: a number of a field, with what is known of it. */
class Fields {
  readonly model: CompiledModel;
  /** Index into `model.cells` of each byte; -1 for what is no field. */
  readonly at: Int32Array;
  /** Bytes that count owners. */
  readonly counters: ReadonlyMap<number, number>;
  /** Life bytes. */
  readonly lives = new Set<number>();
  /** Bytes of a lock: what holds it has edges of its own. */
  readonly locked: Uint8Array;

  constructor(model: CompiledModel) {
    this.model = model;
    this.at = new Int32Array(model.stateBytes).fill(-1);
    this.locked = new Uint8Array(model.stateBytes);
    this.counters = new Map(model.layout.counters.map((c) => [c.offset, c.init]));
    const lockNames = model.locks.map((lock) => `${lock.name}.`);
    model.cells.forEach((cell, i) => {
      if (cell.liveness === cell.offset) this.lives.add(cell.offset);
      this.at.fill(i, cell.offset, cell.offset + cell.bytes);
      if (lockNames.some((name) => cell.path.startsWith(name)))
        this.locked.fill(1, cell.offset, cell.offset + cell.bytes);
    });
  }

  /** The field of a byte when its accesses can race, else -1. */
  racing(offset: number): number {
    const field = this.at[offset] as number;
    const cell = this.model.cells[field];
    if (cell === undefined || cell.owner !== 'shared' || cell.mark !== undefined) return -1;
    return this.counters.has(offset) || cell.liveness === cell.offset ? -1 : field;
  }

  /** Are accesses to the byte ordered among themselves, as those of an atomic variable with acquire and release? */
  orders(offset: number): boolean {
    const cell = this.model.cells[this.at[offset] as number];
    // Bytes that are no field are the scheduler's.
    return cell === undefined || cell.mark?.how === 'atomic';
  }
}

/** What was done at one step of a walk, for a report about it. */
interface Done {
  readonly actor: number;
  readonly place: string;
  readonly text: string;
}

/** What stands in the `property` line of the schedule of a data race. */
export const DATA_RACE = 'data race';

/** The races whose second access is the last of these moves, as violations. The simulator is left where they end. */
export function racesAtEnd(simulator: Simulator, moves: readonly number[]): Outcome[] {
  const found = new Map<string, DataRace>();
  const walk = new Walk(simulator, new Fields(simulator.model), found);
  if (!moves.every((move) => walk.take(actorOf(move), choiceOf(move)) === 'moved')) return [];
  return [...found.values()]
    .filter(({ steps }) => steps.length === moves.length)
    .map(({ field, first, second, signature }) => {
      const told = [first, second].map((a) => `${a.access} by ${a.actor} in ${a.place} (step ${a.step})`);
      const evidence = violated('data-race', `nothing orders two accesses to ${field}: ${told.join(' and ')}`, {
        objects: [field],
        actors: [first.actor, second.actor],
      });
      return { property: DATA_RACE, evidence, signature: signature as string };
    });
}

class Walk {
  readonly #sim: Simulator;
  readonly #fields: Fields;
  readonly #found: Map<string, DataRace>;
  readonly #order: HappensBefore;
  readonly #done: Done[] = [];
  /** Who allocated an object that nobody else has touched, by life byte. */
  readonly #fresh = new Map<number, number>();
  #last = -1;

  constructor(sim: Simulator, fields: Fields, found: Map<string, DataRace>) {
    this.#sim = sim;
    this.#fields = fields;
    this.#found = found;
    this.#order = new HappensBefore(sim.model.actors.length);
    sim.state = sim.model.initial.slice();
  }

  get length(): number {
    return this.#done.length;
  }

  /** Takes a step drawn by `random`, of the actor of the last one with probability `stay`. False at the end. */
  step(random: () => number, stay: number): boolean {
    const sim = this.#sim;
    const n = sim.model.actors.length;
    const again = this.#last >= 0 && random() < stay;
    const from = Math.floor(random() * n);
    const turn = again ? [this.#last] : [];
    for (let i = 0; i < n; i++) turn.push((from + i) % n);
    for (const actor of turn) {
      const point = sim.point(actor);
      if (point === null) continue;
      const first = Math.floor(random() * point.arity);
      for (let i = 0; i < point.arity; i++) {
        const choice = (first + i) % point.arity;
        const result = this.take(actor, choice);
        if (result === 'blocked') continue;
        // What breaks a promise is told by the search.
        if (result === 'fault') return false;
        this.#last = actor;
        return true;
      }
    }
    return false;
  }

  /** Takes one step, and looks which accesses nothing orders with it. */
  take(actor: number, choice: number): StepResult['result'] {
    const sim = this.#sim;
    const point = sim.point(actor);
    if (point === null) return 'blocked';
    const before = sim.state;
    const text = formatMove({
      actor: this.#name(actor),
      procedure: point.procedure,
      label: point.label,
      choice: sim.choiceName(point, actor, choice),
    });
    const held = this.#held(actor);
    const result = take(sim, actor, choice);
    if (result === 'moved') this.#note(actor, point, text, held, before);
    return result;
  }

  #name(actor: number): string {
    return actorName(this.#sim.model, actor);
  }

  #held(actor: number): ReadonlyMap<number, boolean> {
    const { model } = this.#sim;
    this.#sim.focus();
    const view = model.actors[actor]?.view;
    if (view === undefined) return new Map();
    return new Map(model.held(view).map((h) => [model.locks.indexOf(h.lock), h.mode === 'exclusive']));
  }

  #note(actor: number, point: Point, text: string, before: ReadonlyMap<number, boolean>, old: Int32Array): void {
    const { model, footprint } = this.#sim;
    const fields = this.#fields;
    const after = this.#held(actor);
    const acquires: number[] = [];
    const releases: number[] = [];
    for (const [lock, exclusive] of after) {
      if (before.has(lock)) continue;
      acquires.push(channel(lock, 'writers'));
      if (exclusive) acquires.push(channel(lock, 'readers'));
    }
    for (const [lock, exclusive] of before)
      if (!after.has(lock)) releases.push(channel(lock, exclusive ? 'writers' : 'readers'));

    const oldBytes = new Uint8Array(old.buffer, old.byteOffset, old.byteLength);
    const newBytes = new Uint8Array(this.#sim.state.buffer, this.#sim.state.byteOffset, this.#sim.state.byteLength);
    this.#renew(actor, newBytes, footprint.writes);
    const waits = waitsAt(point);
    const hardware = model.actors[actor]?.view.role === 'hardware';
    const reads: number[] = [];
    const writes: number[] = [];
    for (const offset of footprint.reads) {
      if (fields.locked[offset] === 1) continue;
      const field = fields.racing(offset);
      if (waits || fields.orders(offset)) acquires.push(data(fields, offset));
      else if (field >= 0 && !hardware && !this.#isFresh(field, actor)) reads.push(field);
    }
    for (const offset of footprint.writes) {
      if (fields.locked[offset] === 1) continue;
      const field = fields.racing(offset);
      const init = fields.counters.get(offset);
      if (init === undefined) releases.push(data(fields, offset));
      else {
        const counter = (bytes: Uint8Array) => ((bytes[offset] as number) + init) & 255;
        if (counter(newBytes) < counter(oldBytes)) releases.push(data(fields, offset));
        if (counter(newBytes) === 0) acquires.push(data(fields, offset));
      }
      if (field >= 0 && !hardware && !this.#isFresh(field, actor)) writes.push(field);
    }
    this.#done.push({ actor, place: `${point.procedure}/${point.label}`, text });
    for (const race of this.#order.take({ actor, acquires, reads, writes, releases }))
      this.#tell(race.variable, race.step, race.wrote, race.writes);
    this.#touch(actor, footprint.reads, footprint.writes);
  }

  /** Objects that this step gave out: their fields are new variables, and the allocator's own for now. */
  #renew(actor: number, bytes: Uint8Array, writes: ReadonlySet<number>): void {
    const { cells } = this.#sim.model;
    for (const offset of writes) {
      if (!this.#fields.lives.has(offset)) continue;
      if (bytes[offset] === LIVE) this.#fresh.set(offset, actor);
      else this.#fresh.delete(offset);
      cells.forEach((cell, i) => {
        if (cell.liveness === offset) this.#order.forget(i);
      });
    }
  }

  #isFresh(field: number, actor: number): boolean {
    return this.#fresh.get(this.#sim.model.cells[field]?.liveness ?? -1) === actor;
  }

  /** What somebody else touches is its allocator's no more. */
  #touch(actor: number, reads: ReadonlySet<number>, writes: ReadonlySet<number>): void {
    for (const set of [reads, writes])
      for (const offset of set) {
        const life = this.#sim.model.cells[this.#fields.at[offset] as number]?.liveness ?? -1;
        if (life >= 0 && this.#fresh.get(life) !== actor) this.#fresh.delete(life);
      }
  }

  #tell(field: number, step: number, wrote: boolean, writes: boolean): void {
    const first = this.#done[step] as Done;
    const second = this.#done[this.#done.length - 1] as Done;
    const path = this.#sim.model.cells[field]?.path ?? '?';
    const key = [path.replace(/\d+/g, '#'), ...[`${first.place} ${wrote}`, `${second.place} ${writes}`].sort()].join(
      '\n',
    );
    const known = this.#found.get(key);
    if (known !== undefined && known.steps.length <= this.#done.length) return;
    const access = ({ actor, place }: Done, n: number, write: boolean): RacingAccess => ({
      actor: this.#name(actor),
      access: write ? 'write' : 'read',
      step: n,
      place,
    });
    this.#found.set(key, {
      field: path,
      first: access(first, step + 1, wrote),
      second: access(second, this.#done.length, writes),
      steps: this.#done.map((d) => d.text),
      signature: signatureOf([DATA_RACE, key]),
    });
  }
}

/**
 * Takes a step. Walks go on where a property is broken and the search stops; what the model did not reckon with there, such
 * as a list that is full, ends the walk as a broken promise does.
 */
function take(sim: Simulator, actor: number, choice: number): StepResult['result'] {
  try {
    return sim.step(actor, choice).result;
  } catch (error) {
    if (error instanceof QuiesceError && error.code === 'model-threw') return 'fault';
    throw error;
  }
}

/** Does what the step reads decide whether its actor may go on? */
function waitsAt({ statement: s }: Point): boolean {
  return 'waiting' in s || ('awaits' in s && s.awaits === true);
}

/** Numbers of the channels of locks are negative, those of data are not. */
function channel(lock: number, of: 'writers' | 'readers'): number {
  return -1 - 2 * lock - (of === 'readers' ? 1 : 0);
}

function data(fields: Fields, offset: number): number {
  const field = fields.at[offset] as number;
  // Bytes that are no field have channels behind those of the fields.
  return field >= 0 ? field : fields.model.cells.length + offset;
}
