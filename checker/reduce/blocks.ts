/**
 * Groups of blocks that may be exchanged two by two, when they lie side by side or inside one another: threads of a
 * process inside processes, say. Then a state is brought into order group by group, the inner ones first, and no
 * permutation needs to be tried. Rotations, and groups that overlap in any other way, have no such order.
 */
import type { Identified } from '../compile/collections.ts';
import type { CompiledModel } from '../compile/model.ts';

/** Identity of an object, or -1 - identity of an actor. */
export type Atom = number;

export interface Group {
  /** Parts of each block, counterparts at the same position. */
  readonly blocks: readonly (readonly Atom[])[];
}

/** Where an atom lies: groups and blocks, from the outermost in. */
export type Path = readonly { readonly group: Group; readonly block: number }[];

export interface Groups {
  /** Inner groups before those around them. */
  readonly all: readonly Group[];
  /** Number of permutations they make together. */
  readonly order: number;
  pathOf(atom: Atom): Path;
  /** The atom after all blocks on its way have been exchanged with the first one of their group, down to `levels`. */
  template(atom: Atom, levels: number): Atom;
}

/** The groups that a scenario declares; null when they cannot be put in order one by one. */
export function groupsOf(model: CompiledModel): Groups | null {
  const declared: Group[] = [];
  for (const { blocks, by } of model.symmetries) {
    // Two blocks in a ring are two that may be exchanged.
    if (by === 'rotation' && blocks.length > 2) return null;
    if (blocks.length < 2) continue;
    const isActor = (x: object) => model.memory.actors.includes(x as never);
    declared.push({
      blocks: blocks.map((block) =>
        block.map((x) => (isActor(x) ? -1 - (x as Identified).$id : (x as Identified).$id)),
      ),
    });
  }
  // Sorted by size, so that a group comes after every group inside it; ties keep the order of declaration.
  const all = declared.sort((a, b) => a.blocks.flat().length - b.blocks.flat().length);
  for (const [i, inner] of all.entries())
    for (const outer of all.slice(i + 1)) if (!apart(inner, outer) && !inside(inner, outer)) return null;

  const paths = new Map<Atom, { group: Group; block: number }[]>();
  for (const group of all.toReversed())
    group.blocks.forEach((atoms, block) => {
      for (const atom of atoms) {
        const path = paths.get(atom) ?? [];
        path.push({ group, block });
        paths.set(atom, path);
      }
    });
  const pathOf = (atom: Atom): Path => paths.get(atom) ?? [];
  const template = (atom: Atom, levels: number): Atom => {
    let image = atom;
    for (let level = 0; level < levels; level++) {
      const at = pathOf(image)[level];
      if (at === undefined) break;
      image = counterpart(at.group, at.block, 0, image);
    }
    return image;
  };
  if (!isRegular(all, pathOf)) return null;
  return {
    all,
    order: all.reduce((n, group) => n * factorial(group.blocks.length), 1),
    pathOf,
    template,
  };
}

/** The atom that stands in block `to` where `atom` stands in block `from`. */
export function counterpart(group: Group, from: number, to: number, atom: Atom): Atom {
  return group.blocks[to]?.[group.blocks[from]?.indexOf(atom) ?? -1] as Atom;
}

export function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function apart(a: Group, b: Group): boolean {
  const atoms = new Set(b.blocks.flat());
  return !a.blocks.flat().some((atom) => atoms.has(atom));
}

function inside(inner: Group, outer: Group): boolean {
  const atoms = inner.blocks.flat();
  return outer.blocks.some((block) => atoms.every((atom) => block.includes(atom)));
}

/** Whatever is exchangeable inside one block must be so inside all others of its group. */
function isRegular(all: readonly Group[], pathOf: (atom: Atom) => Path): boolean {
  const keyOf = (blocks: readonly (readonly Atom[])[]) =>
    blocks
      .map((b) => b.join())
      .sort()
      .join(';');
  const known = new Set(all.map((group) => keyOf(group.blocks)));
  return all.every((inner) =>
    pathOf(inner.blocks[0]?.[0] as Atom).every(({ group, block }) =>
      group === inner || !inside(inner, group)
        ? true
        : group.blocks.every((_, to) =>
            known.has(keyOf(inner.blocks.map((b) => b.map((atom) => counterpart(group, block, to, atom))))),
          ),
    ),
  );
}
