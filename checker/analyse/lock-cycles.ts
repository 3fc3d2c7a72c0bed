/**
 * Predicted lock cycles: who wants which lock while holding which others, over all states that a search stored, and the
 * cycles this makes (Havelund, Using runtime analysis to guide model checking of Java programs, 2000, with the gate locks
 * and modes of Linux lockdep). A cycle of the graph is a suspicion: its parts were seen in different states. It becomes a
 * finding only when one state is found that has all of them at once, in which none of its actors can ever move again.
 *
 * A *want* is an actor at a step that waits for a lock, with the locks it holds there, by instance. Two wants can stand
 * side by side unless both hold one lock (a gate) in modes that exclude each other. Wants make a cycle when each is of
 * another actor, all can stand side by side pairwise, and each wants what the next one holds, in modes that exclude each
 * other: readers do not exclude readers. An actor that wants a lock which it holds itself is a cycle of one.
 *
 * Each cycle is then searched for as a goal among the stored states: `confirmed` with the shortest way when the search
 * was breadth-first, `impossible` when all states within the bounds were stored, else `undecided`.
 *
 * Limits: a lock that is only tried holds others up but is never waited for. The mode of a step is what it was first seen to
 * take; one that never succeeded counts as exclusive. Cycles through completions, flushes and wake-ups are
 * no lock cycles: the checks for deadlocks and stuck actors find them.
 */
import type { Point } from '../compile/flow.ts';
import { actorName, type CompiledModel, NEXT } from '../compile/model.ts';
import { roleOf } from '../lang/names.ts';
import { violated } from '../lang/violation.ts';
import type { Complete } from '../search/explored.ts';
import { signatureOf } from '../search/findings.ts';
import type { Outcome } from '../trace/verify.ts';

/** How a lock is held or wanted: by one alone, or for reading among others. */
export type LockMode = 'exclusive' | 'shared';

/** An actor that stands where it waits for a lock, or is about to take it. Locks and actors by number. */
export interface Want {
  readonly actor: number;
  readonly lock: number;
  readonly mode: LockMode;
  readonly holds: readonly { readonly lock: number; readonly mode: LockMode }[];
  /** Where it stands, `procedure/label`. */
  readonly place: string;
}

/** One part of a cycle: the actor holds one lock and wants another, which the next part's actor holds. */
export interface CyclePart {
  readonly actor: string;
  readonly holds: string;
  readonly held: LockMode;
  readonly wants: string;
  readonly wanted: LockMode;
  /** Where it wants it, `procedure/label`. */
  readonly step: string;
}

/** A cycle of the lock-order graph, and whether its parts can meet in one state. */
export interface LockCycle {
  readonly result: 'confirmed' | 'impossible' | 'undecided';
  readonly parts: readonly CyclePart[];
  /** Steps `actor: procedure/label [choice]` to a state in which the cycle is closed; null unless confirmed. */
  readonly steps: readonly string[] | null;
  /** Signature of its stored schedule; only where it is confirmed. */
  readonly signature?: string;
}

/** The order in which locks are taken, over all stored states. */
export interface LockOrder {
  /** Each pair of a held and a wanted lock, with an actor and where it stood, `procedure/label`. */
  readonly pairs: readonly {
    readonly held: string;
    readonly wanted: string;
    readonly actor: string;
    readonly step: string;
  }[];
  readonly cycles: readonly LockCycle[];
  /** Cycles whose parts exclude each other by a lock that both hold are not listed; this says that there are some. */
  readonly gated: boolean;
  /** There may be more cycles: looking for them took too long. */
  readonly cut: boolean;
}

/** A cycle as wants, each of which wants what the next one holds; the one of the least actor first. */
export type Cycle = readonly Want[];

/** Steps of the enumeration of cycles before it is cut. */
const MOST_STEPS = 500_000;

const excludes = (a: LockMode, b: LockMode): boolean => a === 'exclusive' || b === 'exclusive';

/** In which way the want holds a lock; null when it does not. */
function held(want: Want, lock: number): LockMode | null {
  return want.holds.find((h) => h.lock === lock)?.mode ?? null;
}

/** Can the two stand where they are at the same time? */
function canMeet(a: Want, b: Want): boolean {
  return a.holds.every(({ lock, mode }) => {
    const other = held(b, lock);
    return other === null || !excludes(mode, other);
  });
}

/** Is the lock that `a` wants one that `b` holds and will not let it have? */
function waitsFor(a: Want, b: Want): boolean {
  const mode = held(b, a.lock);
  return mode !== null && excludes(a.mode, mode);
}

/** Equal for cycles of the same actors and locks. */
export function keyOf(cycle: Cycle): string {
  return cycle.map((w, i) => `${w.actor}:${(cycle[(i + cycle.length - 1) % cycle.length] as Want).lock}`).join(' ');
}

/** All cycles among wants, one for each key, in the order in which they are met. */
export function cyclesOf(
  wants: readonly Want[],
  mostSteps = MOST_STEPS,
): { readonly cycles: ReadonlyMap<string, Cycle>; readonly gated: boolean; readonly cut: boolean } {
  const cycles = new Map<string, Cycle>();
  let gated = false;
  let steps = 0;
  const extend = (chain: readonly Want[]): void => {
    const first = chain[0] as Want;
    const last = chain[chain.length - 1] as Want;
    if (steps++ >= mostSteps) return;
    if (waitsFor(last, first)) {
      const key = keyOf(chain);
      if (!cycles.has(key)) cycles.set(key, chain);
    }
    for (const next of wants) {
      if (next.actor <= first.actor || chain.some((w) => w.actor === next.actor) || !waitsFor(last, next)) continue;
      if (chain.every((w) => canMeet(w, next))) extend([...chain, next]);
      // Told only of a pair, where nothing else is missing.
      else if (chain.length === 1 && waitsFor(next, first)) gated = true;
    }
  };
  for (const want of wants) extend([want]);
  return { cycles, gated, cut: steps >= mostSteps };
}

/** Collects the wants of states one by one. */
export class LockWants {
  readonly wants: Want[] = [];
  readonly #model: CompiledModel;
  readonly #numbers = new Map<string, number>();
  readonly #lockOf: ReadonlyMap<object, number>;
  /** For each actor, which of its program points wait for a lock. */
  readonly #waits: readonly (readonly (Point | null)[])[];
  readonly #modes = new Map<Point, LockMode>();
  /** Wants that were met in one state, by their numbers, and the first state with them. */
  readonly #together = new Map<string, { readonly wants: readonly Want[]; readonly state: number }>();

  constructor(model: CompiledModel) {
    this.#model = model;
    this.#lockOf = new Map(model.locks.map((lock, i) => [lock.view, i]));
    this.#waits = model.actors.map((a) => a.points.map((p) => (lockGuard(p) === null ? null : p)));
  }

  /** Takes note of the state at `words[src...]`, which has this number. */
  note(words: Int32Array, src: number, state: number): void {
    const model = this.#model;
    model.load(words, src);
    const here: number[] = [];
    for (const { index } of model.actors) {
      const point = this.#waits[index]?.[model.pc(index)] ?? null;
      const number = point === null ? -1 : this.#wantAt(index, point, words, src);
      if (number >= 0) here.push(number);
    }
    if (here.length === 0) return;
    const key = here.join();
    if (!this.#together.has(key)) this.#together.set(key, { wants: here.map((n) => this.wants[n] as Want), state });
  }

  /** Cycles that stand in one of the states, with the first of them. */
  met(): ReadonlyMap<string, { readonly cycle: Cycle; readonly state: number }> {
    const met = new Map<string, { cycle: Cycle; state: number }>();
    for (const { wants, state } of this.#together.values())
      for (const [key, cycle] of cyclesOf(wants).cycles)
        if (state < (met.get(key)?.state ?? Number.POSITIVE_INFINITY)) met.set(key, { cycle, state });
    return met;
  }

  /** Number of the actor's want; -1 when it holds nothing, so that nobody waits for it. */
  #wantAt(actor: number, point: Point, words: Int32Array, src: number): number {
    const model = this.#model;
    const view = model.actors[actor]?.view;
    if (view === undefined) return -1;
    const locks = model.held(view);
    if (locks.length === 0) return -1;
    const lock = this.#lockAt(point, view);
    if (lock === null) return -1;
    const mode = this.#modes.get(point) ?? this.#learnMode(actor, point, lock, words, src);
    const holds = locks.map((h) => ({ lock: model.locks.indexOf(h.lock), mode: h.mode }));
    const text = holds.map((h) => `${h.lock}${h.mode}`).join();
    const key = `${actor} ${point.pc} ${lock} ${mode} ${text}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.wants.length);
    return this.wants.push({ actor, lock, mode, holds, place: `${point.procedure}/${point.label}` }) - 1;
  }

  #lockAt(point: Point, self: object): number | null {
    try {
      return this.#lockOf.get(lockGuard(point)?.(point.frame.view as never, self as never) as object) ?? null;
    } catch {
      // The step itself breaks a promise here, such as following a pointer to what was freed.
      return null;
    }
  }

  /** Takes the step, if it can be taken here, and looks how the lock is held then. */
  #learnMode(actor: number, point: Point, lock: number, words: Int32Array, src: number): LockMode {
    const model = this.#model;
    let mode: LockMode | undefined;
    try {
      if (model.run(actor, 0) >= 0) {
        const view = model.actors[actor]?.view as never;
        mode = model.held(view).find((h) => h.lock === model.locks[lock])?.mode;
      }
    } catch {
      model.registers[NEXT] = 0;
    }
    model.load(words, src);
    if (mode !== undefined) this.#modes.set(point, mode);
    return mode ?? 'exclusive';
  }
}

/** The lock a step waits for, as its statement tells it. */
function lockGuard({ statement }: Point): ((f: never, self: never) => object) | null {
  return 'waiting' in statement ? (statement.waiting.lock ?? null) : null;
}

/** States looked at between two breaks. */
const SLICE = 20_000;

/** The wants of all states that the search stored, and why not of all of them. Cost: one look at each state. */
export async function lockWants(
  model: CompiledModel,
  search: Pick<Complete, 'store'>,
  pause: () => Promise<string | null>,
): Promise<{ readonly wants: LockWants; readonly because: string | null }> {
  const wants = new LockWants(model);
  const state = new Int32Array(model.words);
  for (let i = 0; i < search.store.count; i++) {
    search.store.read(i, state, 0);
    wants.note(state, 0, i);
    const because = i % SLICE === SLICE - 1 ? await pause() : null;
    if (because !== null) return { wants, because };
  }
  return { wants, because: null };
}

/** The parts of a cycle in names. */
function partsOf(model: CompiledModel, cycle: Cycle): CyclePart[] {
  const nameOf = (lock: number) => model.locks[lock]?.name ?? '?';
  return cycle.map((want, i) => {
    const { lock } = cycle[(i + cycle.length - 1) % cycle.length] as Want;
    return {
      actor: actorName(model, want.actor),
      holds: nameOf(lock),
      held: held(want, lock) ?? 'exclusive',
      wants: nameOf(want.lock),
      wanted: want.mode,
      step: want.place,
    };
  });
}

/** What stands in the `property` line of the schedule of a confirmed cycle. */
export const LOCK_CYCLE = 'lock cycle';

/** A closed cycle as a violation. Its signature is made of roles and places, so that it is that of the same bug. */
function cycleOutcome(parts: readonly CyclePart[]): Outcome {
  const said = parts.map((p) => `${p.actor} holds ${p.holds} and wants ${p.wants}`).join(', ');
  const evidence = violated('deadlock', said, {
    objects: [...new Set(parts.map((p) => p.wants))],
    actors: parts.map((p) => p.actor),
  });
  const roles = parts.map((p) => [p.actor, p.holds, p.held, p.wants, p.wanted].map(roleOf).concat(p.step).join(' '));
  const signature = signatureOf([LOCK_CYCLE, ...roles.sort()]);
  return { property: LOCK_CYCLE, evidence, signature };
}

/** The cycles that are closed at the end of these states, which follow each other. */
export function closedCycles(model: CompiledModel, states: readonly Int32Array[]): Outcome[] {
  const wants = new LockWants(model);
  // Modes are learned on the way. What is closed stays closed.
  for (const [i, state] of states.entries()) wants.note(state, 0, i);
  return [...wants.met().values()].map(({ cycle }) => cycleOutcome(partsOf(model, cycle)));
}

/**
 * The order of locks in these wants, and its cycles.
 *
 * @param complete they are those of all states within the bounds, of which none stands for another.
 * @param wayTo the steps to a state, as text.
 */
export function lockOrder(
  model: CompiledModel,
  collected: LockWants,
  complete: boolean,
  wayTo: (state: number) => readonly string[],
): LockOrder {
  const nameOf = (lock: number) => model.locks[lock]?.name ?? '?';
  const who = (actor: number) => actorName(model, actor);
  const pairs = new Map<string, LockOrder['pairs'][number]>();
  for (const want of collected.wants)
    for (const h of want.holds) {
      const key = `${h.lock} ${want.lock}`;
      if (!pairs.has(key))
        pairs.set(key, { held: nameOf(h.lock), wanted: nameOf(want.lock), actor: who(want.actor), step: want.place });
    }
  const { cycles: predicted, gated, cut } = cyclesOf(collected.wants);
  const met = collected.met();
  // What stands in a state is a cycle of the graph as well, but the enumeration may have been cut before it.
  const all = new Map([...[...met].map(([key, m]) => [key, m.cycle] as const), ...predicted]);
  const cycles = [...all].map(([key, chain]): LockCycle => {
    const state = met.get(key)?.state;
    const parts = partsOf(model, met.get(key)?.cycle ?? chain);
    if (state === undefined) return { result: complete ? 'impossible' : 'undecided', parts, steps: null };
    return { result: 'confirmed', parts, steps: wayTo(state), signature: cycleOutcome(parts).signature };
  });
  const rank = { confirmed: 0, undecided: 1, impossible: 2 };
  return {
    pairs: [...pairs.values()],
    cycles: cycles.sort((a, b) => rank[a.result] - rank[b.result]),
    gated,
    cut,
  };
}
