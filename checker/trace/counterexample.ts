/**
 * A counterexample as data: everything a report needs, nothing that must be computed again. All names are those
 * of the scenario; numbers of steps start at 1, state 0 is the initial state.
 */
import type { Source } from '../lang/source.ts';
import type { Evidence } from '../lang/violation.ts';
import type { Branch } from './branches.ts';
import type { Size } from './size.ts';

/** One call on the way from an actor's operation to the step, outermost first. */
export interface Call {
  readonly procedure: string;
  readonly source: Source;
}

/** One value that a step changed. `path` is `iommu.lock.owner`, or `user0:vfio_mm` for a local. */
export interface Change {
  readonly path: string;
  readonly kind: 'added' | 'modified' | 'deleted';
  /** null when the object did not exist before (added) or does not after (deleted). */
  readonly before: string | null;
  readonly after: string | null;
}

/** A lock that an actor holds. */
export interface HeldLock {
  readonly lock: string;
  readonly mode: 'exclusive' | 'shared';
  /** Number of the step that took it. */
  readonly since: number;
}

/** Where an actor stands in a state and what it would do next. */
export interface Standing {
  readonly actor: string;
  readonly role: string;
  /** `running`: its next step can be taken; `blocked`: its guard is false; `ended`: it has legally ended; `idle`: it may stay here for ever. */
  readonly status: 'running' | 'blocked' | 'ended' | 'idle';
  /** Next step, for `running`, `blocked` and `idle`. */
  readonly next: string | null;
  readonly stack: readonly Call[];
  readonly holds: readonly HeldLock[];
  readonly waits: Wait | null;
}

/** What a blocked actor waits for. */
export interface Wait {
  readonly kind: 'lock' | 'wait' | 'flush' | 'completion' | 'queue' | 'device';
  /** The lock or object, for example `iommu.lock`. */
  readonly on: string;
  /** Who must move first: holders of the lock, or who last wrote what the guard reads. */
  readonly owners: readonly string[];
  /** Step since which it is blocked here. */
  readonly since: number;
}

/** One step of a counterexample: who did what, what it changed, and where everybody stands then. */
export interface TraceStep {
  readonly index: number;
  readonly actor: string;
  readonly procedure: string;
  readonly label: string;
  /** The option taken, for steps that choose; `fail` for an injected failure. */
  readonly choice: string | null;
  readonly stack: readonly Call[];
  readonly source: Source;
  readonly note: string | null;
  readonly changes: readonly Change[];
  /** Objects and fields read and written, as paths; what happens-before and data races are computed from. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Locks taken and released by this step. */
  readonly acquires: readonly string[];
  readonly releases: readonly string[];
  /** Every actor after the step, in scenario order. */
  readonly standings: readonly Standing[];
  /** The step belongs to an essential ordering, or is the violating one. */
  readonly essential: boolean;
  /** Hash of the state after the step: the same in every run. */
  readonly fingerprint: string;
}

/** How a schedule was made smaller. */
export interface Shrunk {
  /** As it was found. */
  readonly from: Size;
  /** Why it is locally minimal only; null when it is proven minimal. */
  readonly because: string | null;
}

/** The violation needs step `before` to come before step `after`. */
export interface Ordering {
  readonly before: number;
  readonly after: number;
}

/** Names of values in the initial state, for a reader who wants the whole of it: `path` and `value`. */
export interface Value {
  readonly path: string;
  readonly value: string;
}

/** An edge of an explanatory graph, such as *waits for*. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** A small graph for explanation: nodes are actors and locks. */
export interface ExplanatoryGraph {
  readonly nodes: readonly { readonly id: string; readonly kind: 'actor' | 'lock' | 'condition' }[];
  readonly edges: readonly GraphEdge[];
  /** Nodes on a cycle, in order; empty when there is none. */
  readonly cycle: readonly string[];
}

/** A procedure of the model as it is written: all its steps, taken or not, in the order of the model. */
export interface ModelProcedure {
  readonly procedure: string;
  readonly source: Source;
  readonly steps: readonly string[];
}

/** What a view of the model's author said along the schedule. */
export interface SeenView {
  readonly name: string;
  readonly about: string;
  /** After each step; the first value is that of the initial state. */
  readonly values: readonly string[];
}

/** A schedule that breaks a property, with what is known about why. Replaying `schedule` gives it again. */
export interface Counterexample {
  readonly evidence: Evidence;
  /** Name of the broken property: a built-in one such as `deadlock`, or the scenario's. */
  readonly property: string;
  /** For deadlocks: `lock cycle`, `lock + wait`, `lock + flush`, `self`, `lost wake-up`, ... */
  readonly subkind: string | null;
  /** `deadlock in A / B`: kind and the procedures involved. */
  readonly headline: string;
  /** Eight hex digits over property, roles of actors and objects: equal for equal bugs. */
  readonly signature: string;
  readonly steps: readonly TraceStep[];
  /**
   * For what never comes: number of the step with which a cycle begins that ends in the state before it and can be
   * taken for ever. One more than the steps where everybody may stay in the last state for ever.
   */
  readonly loop?: number;
  readonly initial: readonly Value[];
  readonly initialStandings: readonly Standing[];
  /** Number of times the running actor changes. */
  readonly switches: number;
  /** `proven`: no shorter one exists, and none of this length has fewer switches. */
  readonly minimal: 'proven' | 'shortest' | 'local';
  /** Only where it was made smaller after it was found, by walks or anybody else. */
  readonly shrunk?: Shrunk;
  /** Essential orderings; null when not computed. */
  readonly needed: readonly Ordering[] | null;
  /** Injected failures it needs, by budget name. */
  readonly failures: Readonly<Record<string, number>>;
  /** The race in up to three sentences. */
  readonly story: readonly string[];
  readonly waitFor: ExplanatoryGraph;
  readonly lockOrder: ExplanatoryGraph;
  /** Every procedure that the schedule enters; missing in documents of earlier versions. */
  readonly procedures?: readonly ModelProcedure[];
  /**
   * What could have been done instead, and whether the schedule goes on from there; only where essential
   * orderings were computed, too.
   */
  readonly branches?: readonly Branch[];
  /** Only where the scenario declares views. */
  readonly views?: readonly SeenView[];
  /** The stored schedule, as text. */
  readonly schedule: string;
}
