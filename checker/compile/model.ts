/**
 * A compiled model: what the searches run. It owns one memory; a batch of candidate states lies in it, and steps
 * run on them in place.
 */
import type { Actor } from '../lang/fields.ts';
import type { Property } from '../lang/property.ts';
import type { Bounds, Interchange, Scenario, StateView, Variant } from '../lang/scenario.ts';
import type { Evidence } from '../lang/violation.ts';
import type { Point } from './flow.ts';
import type { Heap } from './heap.ts';
import type { Cell, Layout, LockCell } from './layout.ts';
import type { MarkLayout } from './marks.ts';
import type { Memory } from './memory.ts';
import type { ActorView, Place } from './setup.ts';

export interface CompiledActor {
  readonly index: number;
  readonly view: ActorView;
  /** Program points by number; one more number, `points.length`, means ended. */
  readonly points: readonly Point[];
  readonly pcOffset: number;
  readonly pcBytes: 1 | 2;
  /** Where its frames lie. */
  readonly frameBase: number;
  readonly frameEnd: number;
}

/** Registers of `expand`: next free candidate, then actor, choice and whether anything moved. */
export const NEXT = 0;
export const ACTOR = 1;
export const CHOICE = 2;
export const MOVED = 3;

/** One entry of the coverage table. */
export interface CoveragePoint {
  readonly actor: number;
  readonly point: Point;
  readonly choice: number;
  /** A step that tests has two more entries, for what its test gave; null for the step itself. */
  readonly outcome: boolean | null;
}

export interface CompiledModel {
  readonly scenario: Scenario;
  readonly variantName: string;
  readonly variant: Variant;
  readonly bounds: Bounds;
  /** Every switch the model contains and its value. */
  readonly settings: Readonly<Record<string, string>>;
  readonly budgets: Readonly<Record<string, number>>;
  readonly budgetOffsets: ReadonlyMap<string, number>;
  readonly memory: Memory;
  readonly layout: Layout;
  readonly heap: Heap;
  readonly cells: readonly Cell[];
  readonly locks: readonly LockCell[];
  readonly actors: readonly CompiledActor[];
  readonly properties: readonly Property[];
  /** What the author wants to see of a state. */
  readonly views: readonly StateView[];
  /** Every object, by identity from 1 on. */
  readonly places: readonly Place[];
  /** Groups of interchangeable blocks of objects and actors, as the scenario declares them. */
  readonly symmetries: readonly Interchange[];
  /** Words and bytes of a state vector. */
  readonly words: number;
  readonly stateBytes: number;
  /** Candidates that fit into the memory. */
  readonly room: number;
  /** Most successors one state can have. */
  readonly branching: number;
  readonly initial: Int32Array;
  readonly hash: string;
  readonly coverage: readonly CoveragePoint[];
  readonly coverageBase: readonly (readonly number[])[];
  readonly taken: Uint8Array;
  readonly refused: Uint8Array;

  readonly registers: Int32Array;
  /** Actor << 16 | choice of each candidate. */
  readonly moves: Int32Array;
  /**
   * Appends the successors of the state at `words[src...]` to the batch, from actor `actor` and its choice
   * `choice` on; candidate `registers[NEXT]` is left holding the state itself. When a step throws, `registers`
   * tells whose and which it was, and the call may be repeated from the next choice.
   */
  expand(words: Int32Array, src: number, actor: number, choice: number): number;
  /**
   * Appends the successors by the steps of one actor only, from its choice `choice` on; otherwise as `expand`. Only
   * models that were compiled with marks have it.
   */
  expandActor(words: Int32Array, src: number, actor: number, choice: number): number;
  /**
   * Lets the optimiser see every call of a step once, before a long search; see `emit.ts`. The batch must be empty; it
   * costs what a hundred states or so cost.
   */
  rehearse(): void;
  /** Where steps leave their marks, in models that were compiled with them. */
  readonly marks: MarkLayout | null;
  /** Is every actor of the current state ended or at a step where it may stay for ever? */
  resting(): boolean;
  /** Takes one step of the current state in place. -1 when its guard is false. */
  run(actor: number, choice: number): number;
  /** Choices the actor has at its program point in the current state; 0 when it has ended. */
  arity(actor: number): number;
  pc(actor: number): number;
  rests(actor: number): boolean;
  /** Puts the state into slot 0 and makes it the current one. */
  load(words: Int32Array, src: number): void;
  /** Evidence of a leak in the current state, which must be a quiescent one. */
  leak(): Evidence | null;
  /** Locks that an actor holds in the current state. */
  held(actor: Actor): { readonly lock: LockCell; readonly mode: 'exclusive' | 'shared' }[];
}

/** Name of an actor, by its number. */
export const actorName = (model: Pick<CompiledModel, 'actors'>, actor: number): string =>
  model.actors[actor]?.view.name ?? '?';
