/**
 * What the explorer knows of a system: its public operations, what the kernel asks of their callers, which failures may
 * be injected, and how a program of such operations is set up. Nothing here says where a bug is.
 */
import type { Bounds, Setting, Setup, Source } from '../checker/lang/index.ts';
import type { Program } from './program.ts';

/** An operation that somebody outside the system may call. */
export interface PublicOperation {
  readonly about: string;
  /** Kinds of the objects it is called with, each a key of `objects`. */
  readonly on: readonly string[];
  /** It may have been done when the search begins; otherwise only actors call it. */
  readonly atStart?: boolean;
  /** Budgets of failures that may happen in it. */
  readonly fails?: readonly string[];
  /** The contract that it breaks by itself: it is drawn only where that one is switched off. */
  readonly breaks?: string;
  /** Drawn only where it is named, because it makes every program large. */
  readonly large?: boolean;
}

/**
 * Something that the kernel states about callers: they hold a reference, do not call two things at a time. A program that
 * breaks it says nothing about the kernel. Without it, one learns what the contract is for.
 */
export interface Contract {
  readonly about: string;
  readonly kept: (program: Program, variant: string) => boolean;
}

/** What `setup` can build of a program, and what its model has room for. Unlike a contract it cannot be switched off. */
export interface Limit {
  readonly about: string;
  readonly kept: (program: Program) => boolean;
}

/** A variant of all scenarios of the system. */
export interface Preset {
  readonly about: string;
  readonly settings: readonly Setting[];
  /** Everything known is repaired: nothing should be found. Other forms are drawn unless one is asked for. */
  readonly repaired?: boolean;
}

/** A system that can be explored: objects, public operations, their contracts, and variants. */
export interface ExplorableSystem {
  readonly name: string;
  readonly about: string;
  readonly systems: readonly string[];
  readonly source: Source;
  /** Kinds of objects, and how many there are at most. */
  readonly objects: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, PublicOperation>>;
  readonly contracts: Readonly<Record<string, Contract>>;
  readonly limits?: readonly Limit[];
  readonly presets: Readonly<Record<string, Preset>>;
  /** Failures that no step injects: `setup` builds them in, such as a queue that is too small. */
  readonly builtIn?: readonly string[];
  readonly setup: (s: Setup<Bounds>, program: Program) => void;
}
