/**
 * Where everything lies in the state vector. Offsets are given out in order of creation; every scalar is one
 * byte whose zero stands for its initial value, so that a cleared frame or object needs no constructor.
 */
import { modelError } from '../lang/errors.ts';
import type { FieldMark } from '../lang/fields.ts';
import type { Memory } from './memory.ts';

/** One value of the state as a reader knows it. */
export interface Cell {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
  /** Offset of the liveness byte of the object it belongs to, or -1. */
  readonly liveness: number;
  /** A frame slot or a shared one. */
  readonly owner: 'shared' | 'frame' | 'engine';
  /** What the model says of unlocked accesses to it. */
  readonly mark?: FieldMark;
  /** Text of the value in the current state of the memory. */
  readonly show: () => string;
}

/** A struct that acts as a lock: its holders are found at these offsets. */
export interface LockCell {
  readonly name: string;
  /** Where the struct begins. */
  readonly base: number;
  readonly spins: boolean;
  readonly liveness: number;
  /** The view, so that a blocked step can name the lock it wants. */
  readonly view: object;
  /** Bytes with the identity of one holder. */
  readonly exclusive: readonly number[];
  /** Two-byte masks of shared holders. */
  readonly shared: readonly number[];
}

/** A place that may hold a reference to an object. Lists and rings say how many of theirs count. */
export interface RefCell {
  readonly offset: number;
  /** Offset of a length byte in front of a run of references, or -1 for a single one. */
  readonly lengthAt: number;
  readonly capacity: number;
}

/** What a byte of the state names; `mask` is the first of two bytes of an actor set. */
export type Identity = 'object' | 'actor' | 'mask';

export class Layout {
  readonly memory: Memory;
  readonly cells: Cell[] = [];
  readonly locks: LockCell[] = [];
  readonly refs: RefCell[] = [];
  /** Numbers of owners: where each lies, and the number that its zero byte stands for. */
  readonly counters: { readonly offset: number; readonly init: number }[] = [];
  /** Bytes that name something: an object, an actor, or (two bytes) a set of actors. */
  readonly identities = new Map<number, Identity>();
  #next = 0;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** Reserves `bytes` and returns where they begin. */
  reserve(bytes: number): number {
    const offset = this.#next;
    this.#next += bytes;
    if (this.#next > 4096)
      throw modelError('the state vector is longer than 4096 bytes', undefined, 'lower the bounds or the capacities');
    return offset;
  }

  /** Moves the end of the vector, for frames that overlay each other. */
  extendTo(offset: number): void {
    if (offset > this.#next) this.reserve(offset - this.#next);
  }

  get end(): number {
    return this.#next;
  }

  /** Bytes of a state vector: a whole number of words, at least one. */
  get stateBytes(): number {
    return Math.max(4, (this.#next + 3) & ~3);
  }
}
