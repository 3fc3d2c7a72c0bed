/**
 * What a search has found: violations, one for each signature, goals that were reached.
 *
 * A signature is made from the state in which a violation shows, or from the state and the step that broke a promise,
 * never from the way there. So every search, store and reduction gives one bug the same signature, and a shrunk
 * schedule keeps it. It holds the property, the kind, the roles of the objects (their names without numbers) and
 *
 * - of a step that breaks a promise: its program point, and the roles of the other actors that the evidence names;
 * - of a state that a property refuses: the roles of the actors that the evidence names. Where they stand is left out,
 *   because a broken property often stays broken while everybody walks on;
 * - of a deadlock or of stuck actors: the core of `analyse/blocked.ts` instead of all who are blocked, because whoever
 *   waits behind it is blocked too.
 *
 * Limits: two bugs that fail in one way have one signature, whichever race leads there: their schedules and essential
 * orderings tell them apart.
 */
import { createHash } from 'node:crypto';
import { blockedCore } from '../analyse/blocked.ts';
import type { CompiledModel } from '../compile/model.ts';
import { modelError, QuiesceError } from '../lang/errors.ts';
import { roleOf } from '../lang/names.ts';
import { type Always, type AtEnd, isLiveness, type Liveness, type Property, type Sometimes } from '../lang/property.ts';
import { type Evidence, nullFollowedBy, Violation, violated, violationKinds } from '../lang/violation.ts';

/** Names of the checks that are always made, unless `properties` leaves them out. */
export const builtIn = {
  deadlock: 'in no reachable state is everybody blocked while somebody has not ended',
  stuck: 'no actor can reach a state from which it never moves again, short of its end',
  memory: 'no use after free, double free, invalid free, NULL dereference or corrupted list',
  refcount: 'no reference count underflows or is raised from zero',
  locking: 'no lock is released by a stranger, held at return, or held with spinning while sleeping',
  leak: 'at the end every allocated object is freed or can be reached',
  model: 'what the steps of the model assert themselves: isolation, protocol, assertions',
} as const;

export type BuiltIn = keyof typeof builtIn;

/** The built-in check that a kind of violation thrown by a step belongs to. */
export function checkOf(kind: Evidence['kind']): BuiltIn {
  switch (kind) {
    case 'use-after-free':
    case 'double-free':
    case 'invalid-free':
    case 'null-dereference':
    case 'list-corruption':
      return 'memory';
    case 'refcount':
      return 'refcount';
    case 'sleep-in-atomic':
    case 'lock-misuse':
      return 'locking';
    case 'leak':
      return 'leak';
    case 'deadlock':
      return 'deadlock';
    case 'stuck':
      return 'stuck';
    default:
      return 'model';
  }
}

/** One violation and how to reach it: the moves from the initial state, the last one faulty when `fault` is set. */
export interface Finding {
  readonly property: string;
  readonly evidence: Evidence;
  readonly signature: string;
  /** Steps of the counterexample. */
  readonly length: number;
  /** `actor << 16 | choice`, from the initial state. */
  moves: readonly number[];
  /** The last move is a step that broke a promise, rather than one that led to a bad state. */
  readonly fault: boolean;
  /** For what never comes: the moves from this one on are a cycle, taken for ever; none when everybody stays. */
  loop?: number;
}

export class Findings {
  readonly violations: Finding[] = [];
  readonly reached = new Set<string>();
  readonly always: readonly Always[];
  readonly atEnd: readonly AtEnd[];
  #sometimes: Sometimes[];
  readonly goals: readonly Sometimes[];
  /** Promises about whole schedules, which no look at one state can decide. */
  readonly live: readonly Liveness[];
  readonly #checks: ReadonlySet<string>;
  readonly #signatures = new Set<string>();
  readonly #model: CompiledModel;

  /** @param only names of built-in checks and properties to look at; all when null. */
  constructor(model: CompiledModel, only: readonly string[] | null) {
    const wanted = (name: string) => only === null || only.includes(name);
    this.#model = model;
    this.#checks = new Set(Object.keys(builtIn).filter(wanted));
    for (const { name } of model.properties)
      if (name in builtIn)
        throw modelError(`property "${name}" has the name of a built-in check`, model.scenario.name, 'rename it');
    const own = model.properties.filter((p) => wanted(p.name)).map(guarded);
    this.always = own.filter((p) => p.kind === 'always');
    this.atEnd = own.filter((p) => p.kind === 'at-end');
    this.goals = own.filter((p) => p.kind === 'sometimes');
    this.live = own.filter(isLiveness);
    this.#sometimes = [...this.goals];
  }

  checks(name: BuiltIn): boolean {
    return this.#checks.has(name);
  }

  /** Is there anything to evaluate in each new state? */
  get watchesStates(): boolean {
    return this.always.length > 0 || this.#sometimes.length > 0;
  }

  /**
   * Records a violation unless one of the same signature is known. The current state of the memory must be the
   * state it was found in. Returns the finding when it is new.
   */
  record(
    property: string,
    evidence: Evidence,
    actor: number | null,
    length: number,
    fault: boolean,
    moves: () => readonly number[],
  ): Finding | null {
    const signature = this.signature(property, evidence, actor);
    if (this.#signatures.has(signature)) return null;
    this.#signatures.add(signature);
    const finding: Finding = { property, evidence, signature, length, moves: moves(), fault };
    this.violations.push(finding);
    return finding;
  }

  /** What an earlier part of the search found. */
  resume(violations: readonly Finding[], reached: readonly string[]): void {
    for (const finding of violations) {
      if (this.#signatures.has(finding.signature)) continue;
      this.#signatures.add(finding.signature);
      this.violations.push(finding);
    }
    for (const name of reached) this.reached.add(name);
    this.#sometimes = this.#sometimes.filter((goal) => !this.reached.has(goal.name));
  }

  /** Evidence against `always` properties in the current state; goals that it reaches are noted. */
  *inState(): Generator<readonly [string, Evidence]> {
    for (const p of this.always) {
      // Each time, because the search may have used the model in between.
      this.#markAsProperty();
      const evidence = p.check();
      if (evidence !== null) yield [p.name, evidence];
    }
    if (this.#sometimes.length > 0) {
      this.#markAsProperty();
      this.#sometimes = this.#sometimes.filter((goal) => {
        if (goal.reached()) this.reached.add(goal.name);
        // What it reads must not depend on who reached it when.
        return this.#model.marks !== null || !this.reached.has(goal.name);
      });
    }
  }

  /** In a model with marks, what is read now is what properties read. */
  #markAsProperty(): void {
    const { marks, memory } = this.#model;
    if (marks !== null) memory.row = marks.properties * marks.width;
  }

  /** Evidence against the current state, in which nobody can move. */
  *atRest(): Generator<readonly [string, Evidence]> {
    const model = this.#model;
    if (model.marks !== null) model.memory.row = model.marks.aside * model.marks.width;
    if (!model.resting()) {
      if (this.checks('deadlock')) yield ['deadlock', this.#deadlock()];
      return;
    }
    if (this.checks('leak')) {
      const leak = model.leak();
      if (leak !== null) yield ['leak', leak];
    }
    for (const p of this.atEnd) {
      const evidence = p.check();
      if (evidence !== null) yield [p.name, evidence];
    }
  }

  #deadlock(): Evidence {
    const stuck = this.#model.actors.filter((a) => !this.#model.rests(a.index)).map((a) => a.view.name);
    return violated('deadlock', `${listOf(stuck)} can never move again`, { actors: stuck });
  }

  /**
   * Equal for equal bugs: see the head of this file. The current state of the memory must be the one the evidence is
   * about; `actor` is the one whose step broke the promise, null where the state itself does.
   */
  signature(property: string, evidence: Evidence, actor: number | null): string {
    const model = this.#model;
    const roles = (names: readonly string[]) => names.map(roleOf).sort();
    const parts = [property, evidence.kind, ...roles(evidence.objects), '|'];
    if (evidence.kind === 'deadlock' || evidence.kind === 'stuck') {
      const blocked = model.actors.filter((a) => evidence.actors.includes(a.view.name));
      parts.push(
        ...blockedCore(
          model,
          blocked.map((a) => a.index),
        ),
      );
    } else if (actor !== null) {
      const who = model.actors[actor];
      const point = who?.points[model.pc(actor)];
      parts.push(point ? `${point.procedure}/${point.label}` : 'ended');
      parts.push(...roles(evidence.actors.filter((name) => name !== who?.view.name)));
    } else parts.push(...roles(evidence.actors));
    return signatureOf(parts);
  }
}

/** Eight hex digits over the parts that tell two bugs apart. */
export function signatureOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);
}

/** The property, with what its own code throws told as an error of the model. */
function guarded(p: Property): Property {
  const error = (what: string, hint: string, cause?: unknown) =>
    new QuiesceError('model-threw', `property "${p.name}" ${what}`, { hint, cause });
  const tell = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      const what = cause instanceof Violation ? `breaks a promise itself: ${cause.message}` : `threw ${String(cause)}`;
      throw error(what, 'it is evaluated in every state, also when an object is freed or a pointer is NULL', cause);
    }
  };
  if (p.kind === 'sometimes') return { ...p, reached: () => tell(() => reachedHere(p)) };
  if (p.kind === 'eventually') return { ...p, holds: (now) => tell(() => p.holds(now)) };
  if (p.kind === 'leads-to')
    return { ...p, from: (now) => tell(() => p.from(now)), to: (now) => tell(() => p.to(now)) };
  const check = (): Evidence | null => {
    const evidence = tell(p.check);
    const kind = (evidence as Evidence | null | undefined)?.kind;
    if (evidence === null || (kind !== undefined && kind in violationKinds)) return evidence;
    throw error(`gives ${String(evidence)}`, 'it must give null where it holds, else violated(kind, message)');
  };
  return { ...p, check };
}

/**
 * A goal that looks at what is freed, or follows a NULL pointer, is not reached there. Were it an error, it would be one
 * only where the goal had not been reached before, which depends on the order of the search.
 */
function reachedHere(goal: Sometimes): boolean {
  try {
    return goal.reached();
  } catch (thrown) {
    if (thrown instanceof Violation || nullFollowedBy(thrown) !== null) return false;
    throw thrown;
  }
}

/** Evidence that actors can never move again, although others go on. */
export function stuckEvidence(actors: readonly string[]): Evidence {
  return violated('stuck', `${listOf(actors)} can never move again although others go on`, { actors });
}

export function listOf(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? 'nobody';
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
