/**
 * A promise that is broken. Steps, guards and properties report it by throwing or returning one; it names the
 * kind, the objects and the actors, so that a reader and a signature can tell two violations apart.
 */
export const violationKinds = {
  deadlock: 'nobody can move although somebody has not finished',
  stuck: 'an actor can never move again although others go on',
  'use-after-free': 'an object was read or written after it was freed',
  'double-free': 'an object was freed twice',
  'invalid-free': 'something was freed that was never allocated, or is still in use',
  refcount: 'a reference count went below zero, or up from zero',
  'null-dereference': 'a NULL pointer was followed',
  leak: 'an object is still allocated at the end and nothing leads to it',
  'sleep-in-atomic': 'a step that may sleep ran with a spinlock held',
  'lock-misuse': 'a lock was released by somebody who does not hold it, or was still held at return',
  'list-corruption': 'a list node was added twice, or removed while on no list',
  'data-race': 'two accesses to one field, one of them a write, that nothing orders',
  isolation: 'a DMA, translation or page-request answer reached the wrong address space',
  protocol: 'an ordering that the interface promises was broken',
  assertion: 'an assertion of the model failed',
  liveness: 'what must come at last never comes, although every actor gets its turn',
  unreached: 'a goal that must be reachable was never reached',
} as const;

/** Kinds of violations; `quiesce explain <kind>` tells what each means. */
export type ViolationKind = keyof typeof violationKinds;

/**
 * What a property found. `null` stands for "holds here".
 * `objects` and `actors` are names as they appear in the trace.
 */
export interface Evidence {
  readonly kind: ViolationKind;
  /** One sentence without a full stop, in kernel words. */
  readonly message: string;
  readonly objects: readonly string[];
  readonly actors: readonly string[];
}

/** Thrown inside a step or guard; the search turns it into a counterexample that ends with that step. */
export class Violation extends Error {
  readonly evidence: Evidence;

  constructor(kind: ViolationKind, message: string, objects: readonly string[] = [], actors: readonly string[] = []) {
    super(message);
    this.name = 'Violation';
    this.evidence = { kind, message, objects, actors };
  }
}

const nullFollowed = /^Cannot (?:read|set) properties of null \((?:reading|setting) '\$?([^']+)'\)/;

/** The field that was looked for behind a NULL pointer, when this was thrown for that; else null. */
export function nullFollowedBy(thrown: unknown): string | null {
  return thrown instanceof TypeError ? (nullFollowed.exec(thrown.message)?.[1] ?? null) : null;
}

/**
 * Evidence against a property.
 *
 * @example
 * ```ts
 * import { violated } from 'quiesce';
 *
 * const evidence = violated('isolation', 'dev0 read a page of mm1', { objects: ['mm1'], actors: ['dev0'] });
 * console.log(evidence.kind, evidence.objects); // isolation [ 'mm1' ]
 * ```
 */
export function violated(
  kind: ViolationKind,
  message: string,
  about: { objects?: readonly string[]; actors?: readonly string[] } = {},
): Evidence {
  return { kind, message, objects: about.objects ?? [], actors: about.actors ?? [] };
}
