/**
 * Properties a scenario may add to the built-in checks. A property returns evidence, never a boolean.
 */
import type { Evidence } from './violation.ts';

export interface Always {
  readonly kind: 'always';
  readonly name: string;
  readonly about: string;
  /** Evaluated in every state; evidence means violated there, null means it holds. */
  readonly check: () => Evidence | null;
}

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

export type Property = Always | Sometimes | AtEnd;

/** Holds in every reachable state. Cost: one call for each new state. */
export function always(name: string, about: string, check: () => Evidence | null): Always {
  return { kind: 'always', name, about, check };
}

/** A goal that must be reachable, so that a pass is not vacuous. Cost: one call for each new state until reached. */
export function sometimes(name: string, about: string, reached: () => boolean): Sometimes {
  return { kind: 'sometimes', name, about, reached };
}

/** Holds at quiescence: nobody can move and everybody has ended where it may. */
export function atEnd(name: string, about: string, check: () => Evidence | null): AtEnd {
  return { kind: 'at-end', name, about, check };
}
