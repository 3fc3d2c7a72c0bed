/**
 * Scenarios: systems, switches, actors' programs, bounds, properties and the verdict that is expected.
 */
import { modelError } from './errors.ts';
import type { Actor } from './fields.ts';
import type { ObjectType, ParamValues, Shape, View } from './object.ts';
import type { CallbackType, Params, Procedure } from './procedure.ts';
import type { Property } from './property.ts';
import type { Source } from './source.ts';
import type { Setting } from './switches.ts';
import type { ViolationKind } from './violation.ts';

/** How many of everything: devices, mms, requests. Whole numbers; the command line may override each. */
export type Bounds = Readonly<Record<string, number>>;

/** One call of a public operation by a task: `does(unbindProcess, { iommu, mm })`. */
export interface Operation {
  readonly procedure: Procedure<Params, unknown>;
  readonly args: Readonly<Record<string, unknown>>;
}

/** One call of a public operation, for the program of a task. Parameters are checked by the compiler. */
export function does<P extends Params, R>(procedure: Procedure<P, R>, args: ParamValues<P>): Operation {
  return { procedure: procedure as never, args };
}

/** What an actor is besides its program; a fair task unless told otherwise. */
export interface ActorOptions {
  readonly role?: 'task' | 'irq' | 'worker' | 'hardware' | 'timer';
  /**
   * False for an actor that may stop at any step for ever although it could go on, such as a device that need not ask
   * or a process that need not exit. Others do not, not even where they may rest. Only promises about the future make
   * a difference between the two.
   */
  readonly fair?: boolean;
}

/** Slots of one heap type; iterates over the live ones. */
export interface Pool<T> extends Iterable<T> {
  readonly type: string;
}

/** Blocks that a scenario calls interchangeable: every two of them, or all at once along a ring. */
export interface Interchange {
  readonly blocks: readonly (readonly object[])[];
  readonly by: 'exchange' | 'rotation';
}

/** What the author of a model wants to see of a state beside its values, told along a schedule by the report. */
export interface StateView {
  readonly name: string;
  readonly about: string;
  /** A number, a word, a truth value, an object or actor by its name, or null. */
  readonly show: () => unknown;
}

/** What a scenario's `setup` builds with. Objects are real views: assign their fields to set the initial state. */
export interface Setup<B extends Bounds> {
  readonly bounds: B;
  /** The value the variant gives to a switch. */
  setting<V extends string>(aSwitch: { readonly name: string; readonly values: readonly V[] }): V;
  object<S extends Shape>(type: ObjectType<S>, name: string, init?: Partial<View<S>>): View<S>;
  /** `count` objects named `stem0`, `stem1`, ... */
  objects<S extends Shape>(
    type: ObjectType<S>,
    stem: string,
    count: number,
    init?: (index: number) => Partial<View<S>>,
  ): View<S>[];
  /** Room for `slots` allocations of a type at a time. */
  pool<S extends Shape>(type: ObjectType<S>, slots: number): Pool<View<S>>;
  /** An actor that runs the operations in order and ends. */
  task(name: string, operations: readonly Operation[], options?: ActorOptions): Actor;
  /** An actor that runs one procedure or machine. */
  actor<P extends Params, R>(
    name: string,
    procedure: Procedure<P, R>,
    args: ParamValues<P>,
    options?: ActorOptions,
  ): Actor;
  /** The procedures a callback type may stand for here. */
  implementations<P extends Params, R>(type: CallbackType<P, R>, procedures: readonly Procedure<P, R>[]): void;
  /** How often each injected failure may happen, by budget name. Zero, the default, means never. */
  failures(budgets: Readonly<Record<string, number>>): void;
  property(...properties: readonly Property[]): void;
  /**
   * Something worth seeing that is no field: how many bonds live, whether a teardown is under way. It is evaluated in
   * every state of a schedule that is reported, and shown with its history; a search never calls it, so it costs
   * nothing there. Where it breaks a promise itself (the object is freed) the report says so.
   */
  view(name: string, about: string, show: StateView['show']): void;
  /**
   * Blocks of objects and actors that play the same role: exchanging one block with another, part by part, changes
   * nothing but names. A search with symmetry then looks at one of all such states. Blocks of one call have the same
   * length and their parts the same types and programs; several calls combine. `by: 'rotation'` is for blocks in a
   * ring, of which each may take the place of the next as long as all do.
   */
  interchangeable(
    blocks: readonly (readonly (object | Actor)[])[],
    options?: { readonly by?: Interchange['by'] },
  ): void;
  /** The objects of these types may be allocated at the end without anything leading to them. */
  mayOutlive(...types: readonly ObjectType<Shape>[]): void;
}

/** The verdict a variant is expected to have, with exact counts. */
export type Expectation =
  | {
      readonly verdict: 'holds';
      readonly states: number;
      readonly depth: number;
    }
  | {
      readonly verdict: 'violated';
      readonly kind: ViolationKind;
      /** Name of the property, for the scenario's own properties. */
      readonly property?: string;
      /** Steps of a shortest counterexample. */
      readonly length: number;
      /** States found when the level of the first violation is finished. */
      readonly states: number;
    };

/** A named set of switches and the verdict that is expected with it. */
export interface Variant<B extends Bounds = Bounds> {
  readonly about: string;
  readonly settings?: readonly Setting[];
  /** Bounds that differ from the scenario's. */
  readonly bounds?: Partial<Readonly<Record<keyof B, number>>>;
  /** Entries of the bug corpus, where they are not those of the scenario. */
  readonly corpus?: string;
  readonly expect: Expectation;
}

/** What `scenario` takes. */
export interface ScenarioSpec<B extends Bounds> {
  readonly title: string;
  /** What races with what, in a few sentences of kernel words. */
  readonly about: string;
  /** Systems it is made of: `sva`, `vfio`, ... */
  readonly systems: readonly string[];
  readonly source: Source;
  /**
   * Entries of the bug corpus, such as `#1` or `#3, #22`; `guard 3` for a case that must not be reported; `new` for what
   * was found here first. The words are those of the corpus that the scenario belongs to.
   */
  readonly corpus?: string;
  readonly bounds: B;
  /** What is taken for granted and would change the verdict if it were not so. */
  readonly assumptions?: readonly string[];
  readonly variants: Readonly<Record<string, Variant<NoInfer<B>>>>;
  readonly setup: (s: Setup<B>) => void;
}

/** A declared scenario: what `check`, `grow` and `replay` take. */
export interface Scenario {
  readonly kind: 'scenario';
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly systems: readonly string[];
  readonly source: Source;
  readonly corpus: string | undefined;
  readonly bounds: Bounds;
  readonly assumptions: readonly string[];
  readonly variants: Readonly<Record<string, Variant>>;
  /** Made by the explorer: nothing is expected of its variants. */
  readonly generated?: true;
  readonly setup: (s: Setup<any>) => void;
}

/**
 * Declares a scenario. Its name is what `quiesce check` takes.
 *
 * A model file exports it; `quiesce check ./file.ts` finds it there. [The modelling guide](modelling-guide.md) makes one step by step.
 *
 * @example
 * ```ts
 * import { atEnd, check, does, int, object, patch, procedure, scenario, violated } from 'quiesce';
 *
 * const source = patch('an example')('drivers/toy/count.c');
 * const Counter = object('counter', { value: int(0, 9) }, { permanent: true });
 * const increment = procedure(
 *   'increment',
 *   { source, params: { counter: Counter }, locals: { seen: int(0, 9) } },
 *   (k) => [
 *     k.step('seen = counter->value', (f) => { f.seen = f.counter.value; }),
 *     k.step('counter->value = seen + 1', (f) => { f.counter.value = f.seen + 1; }),
 *   ],
 * );
 * const lost = scenario('lost-update', {
 *   title: 'two increments',
 *   about: 'Two tasks read and write a counter without a lock.',
 *   systems: ['toy'],
 *   source,
 *   bounds: { tasks: 2 },
 *   variants: { posted: { about: 'no lock', expect: { verdict: 'violated', kind: 'assertion', length: 4, states: 12 } } },
 *   setup: (s) => {
 *     const counter = s.object(Counter, 'counter');
 *     const tasks = Array.from({ length: s.bounds.tasks }, (_, i) => s.task(`task${i}`, [does(increment, { counter })]));
 *     s.property(atEnd('counted', 'every increment counts', () =>
 *       counter.value === tasks.length ? null : violated('assertion', 'an increment is lost', { objects: ['counter'] })));
 *   },
 * });
 * const verdict = await check(lost);
 * console.log(verdict.outcome, verdict.violations[0].steps.length, verdict.asExpected); // violated 4 true
 * ```
 */
export function scenario<B extends Bounds>(name: string, spec: ScenarioSpec<B>): Scenario {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw modelError(`scenario name "${name}" is not lower-case words joined by dashes`);
  for (const bound of Object.keys(spec.bounds))
    if (!/^[A-Za-z_]\w*$/.test(bound)) throw modelError(`bound "${bound}" of scenario ${name} is not a plain word`);
  for (const variant of Object.keys(spec.variants))
    if (!/^[a-z0-9][a-z0-9-]*$/.test(variant))
      throw modelError(`variant "${variant}" of scenario ${name} is not lower-case words joined by dashes`);
  if (Object.keys(spec.variants).length === 0) throw modelError(`scenario ${name} has no variant`);
  return {
    kind: 'scenario',
    name,
    title: spec.title,
    about: spec.about,
    systems: spec.systems,
    source: spec.source,
    corpus: spec.corpus,
    bounds: spec.bounds as Bounds,
    assumptions: spec.assumptions ?? [],
    variants: spec.variants as Record<string, Variant>,
    setup: spec.setup,
  };
}
