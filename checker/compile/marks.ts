/**
 * Marks: the footprints of steps in a form that costs one store an access and that several threads may write at
 * once. Two tables of bytes, one for reads and one for writes, have a row for each program point of each actor; a step
 * sets the bytes of its row that stand for the state bytes it touches, whether it is taken, refused or breaks a
 * promise. What the engine looks at on behalf of a step (liveness, allocation, budgets, who holds which lock) is marked
 * as well. A mark is never taken back.
 *
 * Frames and program counters belong to one actor and leave no marks. Two things that others may learn of an actor
 * have marks of their own, behind those of the state:
 *
 * - `frames`: an allocation that looks for a slot nobody points to reads the pointers in everybody's frames.
 * - one for each byte with the holder of a lock: "a stranger changed who holds it". Whether an actor holds a lock *itself*
 *   can be changed by others only in this way, so taking a lock does not disturb an actor that merely asserts that it
 *   holds none.
 */
import type { FieldSpec } from '../lang/fields.ts';
import type { LockCell } from './layout.ts';
import type { Memory } from './memory.ts';

/** What accessors record: nothing, sets of offsets (`instrumented`), or marks. */
export type Recording = 'nothing' | 'footprint' | 'marks';

/** Where marks lie in the tables. */
export interface MarkLayout {
  /** Marks of a row: one for each byte of the state, then the others. */
  readonly width: number;
  /** Rows in all; the last two belong to no step. */
  readonly rows: number;
  /** First row of each actor. Its program points have one row each. */
  readonly rowOf: readonly number[];
  /** Row of the properties that are evaluated in every state. */
  readonly properties: number;
  /** Row of everything that is no part of the search: checks of end states, explanations. */
  readonly aside: number;
  /** Mark that stands for the pointers in frames. */
  readonly frames: number;
  /** Bytes of the state with the holder of a lock, and the mark for a stranger's change of each. */
  readonly holders: readonly { readonly offset: number; readonly stranger: number; readonly shared: boolean }[];
}

/** Lays out the marks of a model whose actors have so many program points. */
export function layOutMarks(stateBytes: number, points: readonly number[], locks: readonly LockCell[]): MarkLayout {
  const rowOf: number[] = [];
  let rows = 0;
  for (const n of points) {
    rowOf.push(rows);
    rows += n;
  }
  const frames = stateBytes;
  const holders = locks
    .flatMap((lock) => [
      ...lock.exclusive.map((offset) => ({ offset, shared: false })),
      ...lock.shared.map((offset) => ({ offset, shared: true })),
    ])
    .map((h, i) => ({ ...h, stranger: frames + 1 + i }));
  return {
    width: frames + 1 + holders.length,
    rows: rows + 2,
    rowOf,
    properties: rows,
    aside: rows + 1,
    frames,
    holders,
  };
}

/** Prepares a memory for marking, with tables of its own. */
export function beginMarking(m: Memory, layout: MarkLayout): void {
  m.marking = true;
  m.recording = true;
  m.readMarks = new Uint8Array(layout.rows * layout.width);
  m.writeMarks = new Uint8Array(layout.rows * layout.width);
  m.row = layout.aside * layout.width;
  m.strangers = Uint16Array.from({ length: layout.frames }, (_, offset) => offset);
  for (const { offset, stranger } of layout.holders) m.strangers[offset] = stranger;
}

/**
 * Program text that records an access to the field at `place`. In a setter it stands where `e` is what will be
 * stored, if the field names an actor.
 */
export function fieldMark(recording: Recording, kind: 'read' | 'write', place: string, spec?: FieldSpec): string {
  switch (recording) {
    case 'nothing':
      return '';
    case 'footprint':
      return `if (m.recording) m.${kind}(${place});`;
    case 'marks': {
      if (kind === 'read') return `m.readMarks[m.row + ${place}] = 1;`;
      if (spec?.kind !== 'actor') return `m.writeMarks[m.row + ${place}] = 1;`;
      // Whether it is a stranger who changes the name depends on the name that stands there: that is a read.
      return `{ const p = ${place}, o = m.bytes[m.at + p]; m.readMarks[m.row + p] = 1; m.writeMarks[m.row + p] = 1;
        if ((o !== 0 && o !== m.self) || (e !== 0 && e !== m.self)) m.writeMarks[m.row + m.strangers[p]] = 1; }`;
    }
  }
}

/** Marks that the set of actors at `offset` becomes `mask`, where that adds or removes anybody but the one that runs. */
export function markStrangers(m: Memory, offset: number, mask: number): void {
  m.read(offset);
  const old = (m.bytes[m.at + offset] as number) | ((m.bytes[m.at + offset + 1] as number) << 8);
  const own = m.self === 0 ? 0 : 1 << (m.self - 1);
  if (((old ^ mask) & ~own) !== 0) m.write(m.strangers[offset] as number);
}
