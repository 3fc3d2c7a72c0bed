/**
 * A slow and obvious model checker, to test the fast one against. It shares nothing with the compiler, the searches
 * and the stores: it interprets the statements of a scenario on plain objects and keeps every state as text.
 *
 * Limits: for scenarios of up to a few ten thousand states.
 */
import {
  type Evidence,
  QuiesceError,
  type Scenario,
  type Sometimes,
  Violation,
  type ViolationKind,
} from '../../checker/lang/index.ts';
import { type Move, staysOpen } from './fair-cycles.ts';
import { setUp, type Twin } from './twin-setup.ts';
import { Interpreter } from './twin-steps.ts';
import { type Player, pointersIn } from './twin-world.ts';

/** All violations of one kind against one property. */
export interface Broken {
  readonly property: string;
  readonly kind: ViolationKind;
  /** Steps of a shortest schedule that ends in one. */
  length: number;
  /** The level of a breadth-first search whose expansion first shows one. */
  level: number;
  /** The objects and actors of each of them, as text. */
  readonly about: Set<string>;
}

export interface BruteForce {
  /** Every reachable state was expanded. */
  readonly complete: boolean;
  readonly states: number;
  readonly transitions: number;
  /** States at each distance from the initial one. */
  readonly levels: readonly number[];
  readonly broken: readonly Broken[];
  /** States in which nobody can move and somebody has not ended. */
  readonly deadlocks: number;
  readonly goalsReached: readonly string[];
  readonly goalsMissed: readonly string[];
  /** Some state can be come back to. */
  readonly cyclic: boolean;
  /** The labels of all steps that were taken, with the number of the choice where it is not the first. */
  readonly constructs: readonly string[];
  /** The first state, in breadth-first order, in which actors can never move again, and who they are anywhere. */
  readonly stuck: {
    readonly length: number;
    readonly actors: readonly string[];
    readonly anywhere: readonly (readonly string[])[];
  } | null;
  /** Names of the promises about what comes that can stay open for ever; none unless all was seen. */
  readonly promisesBroken: readonly string[];
}

/** Thrown when a scenario has more states than the caller wants to wait for. */
export class TooLarge extends Error {}

export interface BruteForceOptions {
  readonly bounds?: Readonly<Record<string, number>>;
  readonly maxStates?: number;
  /** Finish the level that shows the first violation and stop there. */
  readonly stopAtFirst?: boolean;
}

/** Explores every state of one variant. Throws what a malformed model throws. */
export function bruteForce(scenario: Scenario, variant: string, options: BruteForceOptions = {}): BruteForce {
  const twin = setUp(scenario, variant, options.bounds);
  const { world } = twin;
  const interpreter = new Interpreter(twin);
  interpreter.start();

  const numbers = new Map<string, number>();
  const states: (readonly string[])[] = [];
  const distance: number[] = [];
  const successors: number[][] = [];
  const moves: Move[][] = [];
  /** Who could move in each state. */
  const able: Set<number>[] = [];
  /** For each promise about what comes, whether each state makes it and keeps it. */
  const live = twin.properties.filter((p) => p.kind === 'eventually' || p.kind === 'leads-to');
  const made = live.map((): boolean[] => []);
  const kept = live.map((): boolean[] => []);
  const now = { ended: (actor: unknown) => (actor as Player).operation === (actor as Player).program.length };
  /** Who may move in each state, or need not. */
  const satisfied: Set<string>[] = [];
  const broken = new Map<string, Broken>();
  const goals = new Map(twin.properties.filter((p) => p.kind === 'sometimes').map((p) => [p.name, p]));
  const goalsReached: string[] = [];
  const taken = new Set<string>();
  let transitions = 0;
  let deadlocks = 0;

  const report = (property: string, evidence: Evidence, length: number, level: number): void => {
    const key = `${property}: ${evidence.kind}`;
    const known = broken.get(key) ?? { property, kind: evidence.kind, length, level, about: new Set() };
    known.length = Math.min(known.length, length);
    known.level = Math.min(known.level, level);
    known.about.add(aboutText(evidence));
    broken.set(key, known);
  };

  const arrive = (d: number): number => {
    const state = world.snapshot();
    const text = state.join('\n');
    const known = numbers.get(text);
    if (known !== undefined) return known;
    const number = states.push(state) - 1;
    if (number >= (options.maxStates ?? Number.POSITIVE_INFINITY)) throw new TooLarge();
    numbers.set(text, number);
    distance.push(d);
    for (const p of twin.properties)
      if (p.kind === 'always') {
        const evidence = p.check();
        if (evidence !== null) report(p.name, evidence, d, Math.max(0, d - 1));
      }
    for (const [i, p] of live.entries()) {
      made[i]?.push(p.kind === 'eventually' ? number === 0 : p.from(now));
      kept[i]?.push(p.kind === 'eventually' ? p.holds(now) : p.to(now));
    }
    for (const [name, goal] of goals)
      if (isReached(goal)) {
        goals.delete(name);
        goalsReached.push(name);
      }
    return number;
  };

  arrive(0);
  let complete = true;
  for (let s = 0; s < states.length; s++) {
    const state = states[s] as readonly string[];
    const d = distance[s] as number;
    if (options.stopAtFirst && [...broken.values()].some((b) => b.level < d)) {
      complete = false;
      break;
    }
    const next: number[] = [];
    const here: Move[] = [];
    const ableHere = new Set<number>();
    const content = new Set<string>();
    let moved = false;
    world.restore(state);
    for (const player of world.players) {
      if (interpreter.rests(player)) content.add(player.name);
      const choices = interpreter.choices(player);
      const place = interpreter.place(player);
      for (let choice = 0; choice < choices; choice++) {
        try {
          // A guard that refuses may only have read, so the state is still the same.
          if (!interpreter.take(player, choice)) continue;
          transitions++;
          next.push(arrive(d + 1));
          here.push({ actor: player.number, to: next[next.length - 1] as number });
          taken.add(choice === 0 ? place : `${place} (choice ${choice})`);
        } catch (thrown) {
          world.forget();
          world.restore(state);
          const evidence = evidenceOf(thrown, player, interpreter);
          report(propertyOf(evidence.kind), evidence, d + 1, d);
        }
        world.restore(state);
        moved = true;
        ableHere.add(player.number);
        content.add(player.name);
      }
    }
    if (!moved) {
      const waiting = world.players.filter((p) => !interpreter.rests(p)).map((p) => p.name);
      if (waiting.length > 0) {
        deadlocks++;
        report('deadlock', { kind: 'deadlock', message: '', objects: [], actors: waiting }, d, d);
      } else {
        const leaked = leakIn(twin);
        if (leaked !== null) report('leak', { kind: 'leak', message: '', objects: [leaked], actors: [] }, d, d);
        for (const p of twin.properties)
          if (p.kind === 'at-end') {
            const evidence = p.check();
            if (evidence !== null) report(p.name, evidence, d, d);
          }
      }
    }
    // Where the schedule ends, by a deadlock or a broken promise, nobody is called stuck on top of that.
    if (next.length === 0) for (const player of world.players) content.add(player.name);
    successors.push(next);
    moves.push(here);
    able.push(ableHere);
    satisfied.push(content);
  }

  const levels: number[] = [];
  for (const d of distance) levels[d] = (levels[d] ?? 0) + 1;
  return {
    complete: complete && !(options.stopAtFirst && broken.size > 0),
    states: states.length,
    transitions,
    levels,
    broken: [...broken.values()],
    deadlocks,
    goalsReached,
    goalsMissed: [...goals.keys()],
    cyclic: isCyclic(successors),
    constructs: [...taken],
    stuck: complete
      ? findStuck(
          world.players.map((p) => p.name),
          successors,
          satisfied,
          distance,
        )
      : null,
    promisesBroken: complete
      ? live
          .filter((_, i) => {
            const fair = world.players.filter((p) => p.fair).map((p) => p.number);
            const is = (marks: boolean[][]) => (s: number) => marks[i]?.[s] === true;
            return staysOpen({ moves, able, fair }, is(made), is(kept));
          })
          .map((p) => p.name)
      : [],
  };
}

export function aboutText(evidence: Pick<Evidence, 'objects' | 'actors'>): string {
  return `${evidence.objects.join(', ')} by ${evidence.actors.join(', ')}`;
}

/** Is there a way from some state back to it? What has no predecessor left is taken away again and again. */
function isCyclic(successors: readonly (readonly number[])[]): boolean {
  const before = successors.map(() => 0);
  for (const next of successors) for (const t of next) (before[t] as number)++;
  const work = before.flatMap((n, s) => (n === 0 ? [s] : []));
  for (const s of work)
    for (const t of successors[s] as readonly number[]) if (--(before[t] as number) === 0) work.push(t);
  return work.length < successors.length;
}

/** The first state from which some actor can never move again. */
function findStuck(
  names: readonly string[],
  successors: readonly (readonly number[])[],
  satisfied: readonly ReadonlySet<string>[],
  distance: readonly number[],
): BruteForce['stuck'] {
  // For each actor, all states from which one can be reached where it moves or need not.
  const good = names.map((name) => {
    const before: number[][] = successors.map(() => []);
    successors.forEach((next, s) => {
      for (const t of next) (before[t] as number[]).push(s);
    });
    const found = new Set<number>();
    const work = satisfied.flatMap((who, s) => (who.has(name) ? [s] : []));
    for (let s = work.pop(); s !== undefined; s = work.pop()) {
      if (found.has(s)) continue;
      found.add(s);
      work.push(...(before[s] as number[]));
    }
    return found;
  });
  const stuckIn = successors.map((_, s) => names.filter((_name, i) => !(good[i] as Set<number>).has(s)));
  const first = stuckIn.findIndex((actors) => actors.length > 0);
  if (first < 0) return null;
  return { length: distance[first] as number, actors: stuckIn[first] as string[], anywhere: stuckIn };
}

/** Name of an allocated object that nothing leads to. */
function leakIn(twin: Twin): string | null {
  const { world } = twin;
  const reached = new Set<number>();
  const work: number[] = world.things.filter((t) => !t.pooled && t.life === 'live').map((t) => t.number);
  for (const player of world.players) for (const frame of player.stack) work.push(...world.framePointers(frame));
  for (let n = work.pop(); n !== undefined; n = work.pop()) {
    const thing = world.things[n];
    if (thing === undefined || reached.has(n)) continue;
    reached.add(n);
    work.push(...pointersIn(thing.type.shape, thing.data));
  }
  const leaked = world.things.find(
    (t) => t.pooled && t.life === 'live' && !reached.has(t.number) && !twin.mayOutlive.has(t.type),
  );
  return leaked?.name ?? null;
}

/** What looks at a freed object, or behind a NULL pointer, is not reached there. */
function isReached(goal: Sometimes): boolean {
  try {
    return goal.reached();
  } catch (thrown) {
    if (thrown instanceof Violation || followsNull(thrown)) return false;
    throw thrown;
  }
}

const followsNull = (thrown: unknown): thrown is TypeError =>
  thrown instanceof TypeError && /^Cannot (?:read|set) properties of null /.test(thrown.message);

function evidenceOf(thrown: unknown, player: Player, interpreter: Interpreter): Evidence {
  if (thrown instanceof Violation) {
    const e = thrown.evidence;
    return e.actors.length > 0 ? e : { ...e, actors: [player.name] };
  }
  if (followsNull(thrown))
    return { kind: 'null-dereference', message: thrown.message, objects: [], actors: [player.name] };
  if (thrown instanceof TooLarge) throw thrown;
  throw new QuiesceError('model-threw', String(thrown), { where: interpreter.place(player), cause: thrown });
}

/** The check that a kind of violation thrown by a step belongs to. */
function propertyOf(kind: ViolationKind): string {
  const checks: Record<string, readonly ViolationKind[]> = {
    memory: ['use-after-free', 'double-free', 'invalid-free', 'null-dereference', 'list-corruption'],
    refcount: ['refcount'],
    locking: ['sleep-in-atomic', 'lock-misuse'],
    leak: ['leak'],
    deadlock: ['deadlock'],
    stuck: ['stuck'],
  };
  return Object.keys(checks).find((name) => checks[name]?.includes(kind)) ?? 'model';
}
