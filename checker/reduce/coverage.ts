/**
 * Coverage under symmetry. A search that looks at one state of each orbit sees a step taken by one of the
 * interchangeable actors and not by the others, although they take it in the states that it left out. So whatever one of
 * them did counts for all, and an option that names a part of one block counts for its counterparts.
 *
 * Exact where the initial state looks the same from every block; otherwise what is said of one of the actors is true of
 * one of them only. Limits: options that a `pick` takes from memory, such as a pool, keep their numbers.
 */
import type { Identified } from '../compile/collections.ts';
import type { CompiledActor, CompiledModel } from '../compile/model.ts';
import type { Permutation } from './permutations.ts';

/** Spreads what was taken and refused over everything that the permutations exchange. */
export function spreadCoverage(model: CompiledModel, generators: readonly Permutation[]): void {
  const images = generators.map((p) => imagesOf(model, p));
  for (const table of [model.taken, model.refused])
    for (let changed = true; changed; ) {
      changed = false;
      for (const image of images)
        image.forEach((to, from) => {
          if (table[from] === 0 || table[to] !== 0) return;
          table[to] = 1;
          changed = true;
        });
    }
}

/** For each entry of the coverage table the one it goes to. */
function imagesOf(model: CompiledModel, p: Permutation): number[] {
  const images = [...model.coverage.keys()];
  for (const a of model.actors) {
    const b = model.actors[(p.actors[a.index + 1] as number) - 1] as CompiledActor;
    a.points.forEach((point, pc) => {
      const from = model.coverageBase[a.index]?.[pc] as number;
      const to = model.coverageBase[b.index]?.[pc] as number;
      const options = point.statement.op === 'pick' ? optionsOf(model, p, a, b, pc) : null;
      for (let i = 0; i < entriesAt(model, from); i++) images[from + i] = to + (options?.[i] ?? i);
    });
  }
  return images;
}

/** Entries of the point whose first entry is `first`. */
function entriesAt(model: CompiledModel, first: number): number {
  const { actor, point } = model.coverage[first] as CompiledModel['coverage'][number];
  let n = 0;
  for (; ; n++) {
    const entry = model.coverage[first + n];
    if (entry?.actor !== actor || entry.point !== point) return n;
  }
}

/** Where each option of a pick goes, when the options are objects known from the start; else null. */
function optionsOf(
  model: CompiledModel,
  p: Permutation,
  a: CompiledActor,
  b: CompiledActor,
  pc: number,
): number[] | null {
  const [here, there] = [a, b].map((who) => {
    const point = who.points[pc];
    if (point?.statement.op !== 'pick') return [];
    model.load(model.initial, 0);
    try {
      return [...point.statement.from(point.frame.view as never, who.view)] as unknown[];
    } catch {
      // It reads what is not there yet.
      return [];
    }
  }) as [unknown[], unknown[]];
  const moved = here.map((option) => {
    if (typeof option !== 'object' || option === null || !('$id' in option)) return there.indexOf(option);
    const image = model.memory.actors.includes(option as never)
      ? model.memory.actors[p.actors[(option as Identified).$id] as number]
      : model.memory.views[p.objects[(option as Identified).$id] as number];
    return there.indexOf(image);
  });
  return moved.length === 0 || moved.includes(-1) ? null : moved;
}
