/**
 * The statements a procedure body is made of, as plain data. `kit.ts` builds them, `compile/` turns them into
 * program points. `F` is the frame: parameters and locals of the procedure.
 */
import type { Actor, ParamSpec } from './fields.ts';
import type { ObjectType, Shape } from './object.ts';
import type { CallbackType, Procedure } from './procedure.ts';
import type { Source } from './source.ts';
import type { Switch } from './switches.ts';

/** Reads a frame; `self` is the actor that runs. */
export type Reads<F, T> = (f: F, self: Actor) => T;
export type Acts<F> = (f: F, self: Actor) => void;

/** What a blocked actor waits for. */
export interface Waiting<F> {
  /** Decides the kind of a deadlock: lock cycle, lock + wait, lock + flush, self. */
  readonly kind: 'lock' | 'wait' | 'flush' | 'completion' | 'queue' | 'device';
  /** Who must act before the wait ends, where that is known; else the last writer of what the guard reads is named. */
  readonly owners?: Reads<F, Iterable<Actor>>;
  /** The object or lock waited for, for messages. */
  readonly on?: Reads<F, unknown>;
  /** The lock struct this guard wants, so that lock graphs know the edge. */
  readonly lock?: Reads<F, object>;
}

/**
 * What may be said of a step beside its effect. None of it is part of the state, but `sleeps`, `parks` and `idle` are
 * checked.
 */
export interface StepNotes {
  readonly label: string;
  /** The label was made from the statement, not written by the author: repetitions are numbered, not refused. */
  readonly derived?: boolean;
  /** Free text shown in traces; not part of the state. */
  readonly note?: string;
  readonly source?: Source;
  /** The step may sleep: it is an error with a spinlock held. */
  readonly sleeps?: boolean;
  /** The step parks an actor or reads whether one is parked or signalled. */
  readonly parks?: boolean;
  /** What the step reads decides whether its actor goes to sleep: for data races it is read as by one that waits. */
  readonly awaits?: boolean;
  /** Why the step touches several shared fields at once although no lock covers them: see `analyse/coarse.ts`. */
  readonly indivisible?: string;
  /** An actor that blocks here has legally ended. */
  readonly idle?: boolean;
  /** Others see the step from outside, such as an answer that leaves the kernel: its name in the orders of events. */
  readonly event?: string;
  /** What the step is for, where it is there for the sake of other actors and the engine cannot see it. */
  readonly protects?: 'flush' | 'wake-up' | 'notifier';
}

export interface Arm<F> {
  readonly name: string;
  readonly when?: Reads<F, boolean>;
  readonly act?: Acts<F>;
  readonly body: readonly Statement<F>[];
}

/** One statement, as the functions of a kit return it. To be passed on, not to be taken apart. */
export type Statement<F> =
  | (StepNotes & { readonly op: 'step'; readonly act: Acts<F> })
  | (StepNotes & {
      readonly op: 'block';
      readonly guard: Reads<F, boolean>;
      readonly act?: Acts<F>;
      readonly waiting: Waiting<F>;
    })
  | (StepNotes & {
      readonly op: 'branch';
      readonly test: Reads<F, unknown>;
      readonly yes: readonly Statement<F>[];
      readonly no: readonly Statement<F>[];
    })
  | (StepNotes & { readonly op: 'choose'; readonly arms: readonly Arm<F>[]; readonly waiting: Waiting<F> })
  | (StepNotes & {
      readonly op: 'pick';
      readonly from: Reads<F, readonly unknown[]>;
      readonly when?: (f: F, option: never, self: Actor) => boolean;
      readonly act: (f: F, option: never, self: Actor) => void;
      readonly waiting: Waiting<F>;
    })
  | (StepNotes & {
      readonly op: 'attempt';
      /** Name of the failure budget, or null where the step cannot fail. */
      readonly budget: string | null;
      readonly act: Acts<F>;
      readonly orElse: readonly Statement<F>[];
    })
  | (StepNotes & {
      readonly op: 'alloc';
      readonly budget: string | null;
      readonly type: ObjectType<Shape>;
      readonly act: (f: F, fresh: never, self: Actor) => void;
      readonly orElse: readonly Statement<F>[];
    })
  | (StepNotes & { readonly op: 'free'; readonly what: Reads<F, object | null>; readonly act?: Acts<F> })
  | { readonly op: 'local'; readonly act: Acts<F> }
  | {
      readonly op: 'if';
      readonly test: Reads<F, unknown>;
      readonly yes: readonly Statement<F>[];
      readonly no: readonly Statement<F>[];
    }
  | { readonly op: 'loop'; readonly body: readonly Statement<F>[] }
  | { readonly op: 'break' }
  | { readonly op: 'continue' }
  | { readonly op: 'label'; readonly name: string }
  | { readonly op: 'goto'; readonly name: string }
  | {
      readonly op: 'call';
      readonly procedure: () => Procedure<Record<string, ParamSpec>, unknown>;
      readonly args: Reads<F, Record<string, unknown>>;
      readonly receive?: (f: F, result: never) => void;
    }
  | {
      readonly op: 'callback';
      readonly type: CallbackType<Record<string, ParamSpec>, unknown>;
      readonly target: Reads<F, unknown>;
      readonly args: Reads<F, Record<string, unknown>>;
      readonly receive?: (f: F, result: never) => void;
      readonly orElse: readonly Statement<F>[];
    }
  | { readonly op: 'return'; readonly value?: Reads<F, unknown> }
  | {
      readonly op: 'switch';
      readonly on: Switch;
      readonly arms: Readonly<Record<string, readonly Statement<F>[]>>;
    };

/** A procedure's statements, in order. */
export type Body<F> = readonly Statement<F>[];
