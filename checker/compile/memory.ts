/**
 * The bytes that views look at. A buffer holds a batch of state vectors; `at` is where the current one begins.
 * Steps run on the current one, in place.
 *
 * When `recording` is on, every access leaves its byte offset in `reads` or `writes`: the footprint of the step.
 * Only instrumented models (replay, explanation, audit) record so. Models that are searched with persistent sets mark
 * instead (`marking`): one byte for each row and state byte, see `marks.ts`. All others run the same steps without it.
 */
import { modelError } from '../lang/errors.ts';
import type { Actor } from '../lang/fields.ts';
import type { Params, Procedure } from '../lang/procedure.ts';
import type { Identified } from './collections.ts';

/** What part of a step runs, so that an access which does not belong there is found. */
export type Phase = 'free' | 'guard' | 'fused';

export const BUFFER_BYTES = 1 << 20;

export class Memory {
  readonly buffer = new ArrayBuffer(BUFFER_BYTES);
  readonly bytes = new Uint8Array(this.buffer);
  readonly words = new Int32Array(this.buffer);
  /** Byte offset of the current state vector. */
  at = 0;
  recording = false;
  phase: Phase = 'free';
  /** What bytes index into: identity to object, actor and callback. Entry 0 is null. */
  readonly views: (Identified | null)[] = [null];
  readonly actors: (Actor | null)[] = [null];
  readonly callbacks: (Procedure<Params, unknown> | null)[] = [null];
  readonly reads = new Set<number>();
  readonly writes = new Set<number>();
  /** In models with marks, always: accesses leave marks in the tables below, from byte `row` on. */
  marking = false;
  row = 0;
  /** Identity of the actor whose step runs. */
  self = 0;
  readMarks: Uint8Array = new Uint8Array(0);
  writeMarks: Uint8Array = new Uint8Array(0);
  /** For each byte of the state, what else is marked when an actor changes a name in it that is not its own. */
  strangers = new Uint16Array(0);

  /** Notes a read of the shared byte at `offset`. */
  read(offset: number): void {
    if (this.marking) {
      this.readMarks[this.row + offset] = 1;
      return;
    }
    if (this.phase === 'fused') throw sharedInFused();
    this.reads.add(offset);
  }

  /** Notes a write of the shared byte at `offset`. */
  write(offset: number): void {
    if (this.marking) {
      this.writeMarks[this.row + offset] = 1;
      return;
    }
    if (this.phase === 'fused') throw sharedInFused();
    if (this.phase === 'guard') throw modelError('a guard writes shared memory', undefined, 'move the write to `do`');
    this.writes.add(offset);
  }

  forget(): void {
    this.reads.clear();
    this.writes.clear();
  }
}

function sharedInFused() {
  return modelError(
    'shared memory is touched between two steps',
    undefined,
    'when, local, call arguments and return values may use parameters and locals only: read the value into a local in a labelled step, or use k.test',
  );
}
