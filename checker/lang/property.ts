/**
 * Properties a scenario may add to the built-in checks. What must hold in a state returns evidence, never a boolean;
 * what must come is told by the schedule on which it never does.
 */
import type { Actor } from './fields.ts';
import type { Evidence } from './violation.ts';

/** A promise about every reachable state. */
export interface Always {
  readonly kind: 'always';
  readonly name: string;
  readonly about: string;
  /** Evaluated in every state; evidence means violated there, null means it holds. */
  readonly check: () => Evidence | null;
}

/** A goal: what must be possible, so that a pass is not vacuous. */
export interface Sometimes {
  readonly kind: 'sometimes';
  readonly name: string;
  readonly about: string;
  /** The verdict fails unless this is true in at least one reachable state. */
  readonly reached: () => boolean;
}

/** Evaluated in states where nothing can move and everybody has legally ended. */
export interface AtEnd {
  readonly kind: 'at-end';
  readonly name: string;
  readonly about: string;
  readonly check: () => Evidence | null;
}

/** What a promise about the future may ask of the present state besides objects. */
export interface Now {
  /** The actor has run its program to the end. */
  ended(actor: Actor): boolean;
}

/** What a promise about the future is about; it is named when the promise is broken and makes its signature. */
export interface Concerns {
  readonly objects?: readonly string[];
  readonly actors?: readonly string[];
}

/** A promise about every fair schedule from the start. */
export interface Eventually {
  readonly kind: 'eventually';
  readonly name: string;
  readonly about: string;
  readonly holds: (now: Now) => boolean;
  readonly concerns: Concerns;
}

/** A promise about every fair schedule from each state in which `from` is true. */
export interface LeadsTo {
  readonly kind: 'leads-to';
  readonly name: string;
  readonly about: string;
  readonly from: (now: Now) => boolean;
  readonly to: (now: Now) => boolean;
  readonly concerns: Concerns;
}

/** Properties of whole schedules rather than states. */
export type Liveness = Eventually | LeadsTo;

/** Any property that a scenario may declare. */
export type Property = Always | Sometimes | AtEnd | Liveness;

/** Is it a property of whole schedules, decided by a pass of its own? */
export function isLiveness(p: Property): p is Liveness {
  return p.kind === 'eventually' || p.kind === 'leads-to';
}

/** Holds in every reachable state. Cost: one call for each new state. */
export function always(name: string, about: string, check: () => Evidence | null): Always {
  return { kind: 'always', name, about, check };
}

/**
 * A goal that must be reachable, so that a pass is not vacuous. Where it looks at a freed object or follows a NULL
 * pointer it is not reached. Cost: one call for each new state until reached.
 */
export function sometimes(name: string, about: string, reached: () => boolean): Sometimes {
  return { kind: 'sometimes', name, about, reached };
}

/** Holds at quiescence: nobody can move and everybody has ended where it may. */
export function atEnd(name: string, about: string, check: () => Evidence | null): AtEnd {
  return { kind: 'at-end', name, about, check };
}

/**
 * Something that comes at last, whatever the schedule, if every actor gets its turn. Schedules are taken to be weakly
 * fair: an actor that from some point on could move in every state does move again and again. It says nothing of an actor that can move
 * only now and then, such as one that loses a contended lock each time, and nothing of actors declared with
 * `fair: false`.
 *
 * Cost: one call for each state, and a second pass over the finished search. Limits: exhaustive searches without
 * reductions only; a schedule that ends because another promise is broken on it does not count.
 */
export function eventually(
  name: string,
  about: string,
  holds: (now: Now) => boolean,
  concerns: Concerns = {},
): Eventually {
  return { kind: 'eventually', name, about, holds, concerns };
}

/**
 * Whenever `from` is true, `to` is true then or later, under the same fairness and with the same limits as
 * `eventually`. `about` says what never comes when it is broken.
 */
export function leadsTo(
  name: string,
  about: string,
  from: (now: Now) => boolean,
  to: (now: Now) => boolean,
  concerns: Concerns = {},
): LeadsTo {
  return { kind: 'leads-to', name, about, from, to, concerns };
}
