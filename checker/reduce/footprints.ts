/**
 * What the steps of a model were seen to touch: the tables of marks (`compile/marks.ts`) as a whole, which may lie on
 * shared memory so that several threads add to them, and a frozen copy of them as sets of bits, which decides what a
 * search may leave out.
 */

import type { MarkLayout } from '../compile/marks.ts';
import type { CompiledModel } from '../compile/model.ts';
import { modelError } from '../lang/errors.ts';
import type { SymmetricMarks } from './symmetric-marks.ts';

/** The marks of all threads of a search. They only grow. */
export class Footprints {
  readonly layout: MarkLayout;
  /** What the tables lie on; give it to the threads that shall add to the same ones. */
  readonly buffer: ArrayBufferLike;
  readonly #reads: Uint8Array;
  readonly #writes: Uint8Array;
  readonly #framed: readonly boolean[];

  /** From now on the model marks in these tables. It must have been compiled with `marks`. */
  constructor(model: CompiledModel, buffer?: ArrayBufferLike) {
    if (model.marks === null) throw modelError('a model without marks leaves no footprints', model.scenario.name);
    this.layout = model.marks;
    const size = this.layout.rows * this.layout.width;
    this.buffer = buffer ?? new SharedArrayBuffer(2 * size);
    this.#reads = new Uint8Array(this.buffer, 0, size);
    this.#writes = new Uint8Array(this.buffer, size, size);
    this.#framed = model.actors.map((a) =>
      a.points.some((p) => {
        for (let f: typeof p.frame | null = p.frame; f !== null; f = f.caller)
          if (f.slots.some((slot) => slot.spec.kind === 'ref')) return true;
        return false;
      }),
    );
    const { memory } = model;
    memory.readMarks = this.#reads;
    memory.writeMarks = this.#writes;
    memory.row = this.layout.aside * this.layout.width;
  }

  /** Number of marks, without those that belong to no search. Equal numbers of one search mean equal marks. */
  get size(): number {
    const end = this.layout.aside * this.layout.width;
    let n = 0;
    for (let i = 0; i < end; i++) n += (this.#reads[i] as number) + (this.#writes[i] as number);
    return n;
  }

  /** A copy as it is now, with what `symmetric` adds. */
  freeze(symmetric: SymmetricMarks | null = null): Snapshot {
    const readTable = this.#reads.slice();
    const writeTable = this.#writes.slice();
    symmetric?.close(readTable, writeTable);
    const { width, rows, rowOf, frames } = this.layout;
    const words = (width + 31) >> 5;
    const pack = (table: Uint8Array): Int32Array => {
      const bits = new Int32Array(rows * words);
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < width; i++)
          if (table[row * width + i] === 1) {
            const at = row * words + (i >> 5);
            bits[at] = (bits[at] as number) | (1 << (i & 31));
          }
      return bits;
    };
    const reads = pack(readTable);
    const writes = pack(writeTable);
    // A step moves its actor on, and with that changes which of its pointers count.
    rowOf.forEach((first, actor) => {
      const end = rowOf[actor + 1] ?? this.layout.properties;
      for (let row = first; this.#framed[actor] && row < end; row++) {
        const at = row * words + (frames >> 5);
        writes[at] = (writes[at] as number) | (1 << (frames & 31));
      }
    });
    return { layout: this.layout, words, reads, writes };
  }
}

/** Marks at one moment: for each row a set of bits, `words` words long. */
export interface Snapshot {
  readonly layout: MarkLayout;
  readonly words: number;
  readonly reads: Int32Array;
  readonly writes: Int32Array;
}
