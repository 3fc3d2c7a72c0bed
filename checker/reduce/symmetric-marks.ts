/**
 * Footprints for a search that folds symmetric states: what one actor was seen to touch, every actor that may take its
 * place would touch likewise, at the place that goes with it.
 *
 * With symmetry the states of R (`persistent.ts`) stand for others, and a way on from one of those was seen under other
 * names only. The argument there needs the footprints of all of them: the marks are closed under the permutations that
 * generate the others, and the slots of a pool have all marks in common. An allocation finds a slot that was used and
 * forgotten where the folded state has one that was never used, and then looks at all pointers; so it is marked as
 * if it did so every time.
 */

import type { MarkLayout } from '../compile/marks.ts';
import type { CompiledModel } from '../compile/model.ts';
import type { Permutation } from './permutations.ts';
import type { Symmetry } from './symmetry.ts';

export class SymmetricMarks {
  readonly #layout: MarkLayout;
  /** For each generator: the row and the mark that each goes to. */
  readonly #maps: readonly { readonly rows: Int32Array; readonly marks: Int32Array }[];
  /** Marks that the slots of a pool have in common. */
  readonly #alike: readonly (readonly number[])[];
  /** What allocations read, by row. */
  readonly #allocations: readonly { readonly row: number; readonly reads: readonly number[] }[];

  constructor(model: CompiledModel, symmetry: Symmetry) {
    const layout = model.marks as MarkLayout;
    this.#layout = layout;
    const strangers = new Map(layout.holders.map((h) => [h.offset, h.stranger]));
    this.#maps = symmetry.generators.map((p) => mapOf(model, layout, symmetry, p, strangers));
    const alike: number[][] = [];
    const live = new Map<unknown, number[]>();
    if (symmetry.slots > 0)
      for (const [type, slots] of pools(model)) {
        const size = slots[0]?.size ?? 0;
        const together = (offsets: readonly number[]): void => {
          alike.push([...offsets]);
          const marks = offsets.flatMap((offset) => strangers.get(offset) ?? []);
          if (marks.length > 1) alike.push(marks);
        };
        for (let i = 0; i < size; i++) together(slots.map((s) => s.base + i));
        const lives = slots.map((s) => s.view.$live);
        together(lives);
        live.set(type, lives);
      }
    this.#alike = alike;
    const pointers = model.layout.refs.flatMap((cell) => [
      ...(cell.lengthAt < 0 ? [] : [cell.lengthAt]),
      ...Array.from({ length: cell.capacity }, (_, i) => cell.offset + i),
    ]);
    this.#allocations = model.actors.flatMap((a) =>
      a.points.flatMap(({ statement, pc }) => {
        const lives = statement.op === 'alloc' ? live.get(statement.type) : undefined;
        if (lives === undefined) return [];
        return [{ row: (layout.rowOf[a.index] as number) + pc, reads: [...lives, ...pointers, layout.frames] }];
      }),
    );
  }

  /** Adds what is missing to tables of marks. */
  close(reads: Uint8Array, writes: Uint8Array): void {
    const { width } = this.#layout;
    // One that was never tried has no footprint yet.
    for (const { row, reads: also } of this.#allocations)
      if (reads.subarray(row * width, (row + 1) * width).includes(1)) for (const i of also) reads[row * width + i] = 1;
    for (let grew = true; grew; ) {
      grew = false;
      for (const table of [reads, writes]) {
        for (const map of this.#maps) if (this.#permute(table, map)) grew = true;
        if (this.#unite(table)) grew = true;
      }
    }
  }

  #permute(table: Uint8Array, { rows, marks }: { readonly rows: Int32Array; readonly marks: Int32Array }): boolean {
    const { width } = this.#layout;
    let grew = false;
    for (let row = 0; row < rows.length; row++)
      for (let i = 0; i < width; i++) {
        if (table[row * width + i] === 0) continue;
        const to = (rows[row] as number) * width + (marks[i] as number);
        if (table[to] === 1) continue;
        table[to] = 1;
        grew = true;
      }
    return grew;
  }

  #unite(table: Uint8Array): boolean {
    const { width, rows } = this.#layout;
    let grew = false;
    for (let at = 0; at < rows * width; at += width)
      for (const marks of this.#alike) {
        const set = marks.filter((i) => table[at + i] === 1).length;
        if (set === 0 || set === marks.length) continue;
        for (const i of marks) table[at + i] = 1;
        grew = true;
      }
    return grew;
  }
}

/** Slots of each type whose order of allocation does not matter. */
function pools(model: CompiledModel) {
  const slots = new Map<unknown, { base: number; size: number; view: { $live: number } }[]>();
  for (const [type, slot] of model.heap.all())
    if (slot.pooled && !type.reusesAddress) slots.set(type, [...(slots.get(type) ?? []), slot]);
  return slots;
}

function mapOf(
  model: CompiledModel,
  layout: MarkLayout,
  symmetry: Symmetry,
  p: Permutation,
  strangers: ReadonlyMap<number, number>,
): { rows: Int32Array; marks: Int32Array } {
  const rows = Int32Array.from({ length: layout.rows }, (_, row) => row);
  for (const a of model.actors) {
    const to = (p.actors[a.view.$id] as number) - 1;
    for (let pc = 0; pc < a.points.length; pc++)
      rows[(layout.rowOf[a.index] as number) + pc] = (layout.rowOf[to] as number) + pc;
  }
  const marks = Int32Array.from({ length: layout.width }, (_, mark) => mark);
  symmetry.names.sources(p).forEach((source, offset) => {
    marks[source] = offset;
    const from = strangers.get(source);
    const to = strangers.get(offset);
    if (from !== undefined && to !== undefined) marks[from] = to;
  });
  return { rows, marks };
}
