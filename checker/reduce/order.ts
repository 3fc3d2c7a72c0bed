/**
 * Brings the blocks of one group into ascending order, in place: by program counters and plain bytes, then by the names
 * inside a block, then by who outside names one of its parts. Names are compared as the first block would hold them,
 * so that the order does not depend on which block is which.
 *
 * Blocks that compare as equal are equal, and may stand either way round, unless some name leads from one block into
 * another; `symmetry.ts` looks for those.
 *
 * Cost: where program counters alone decide and are in order, reading them; text is generated for the layout of the
 * group, as `store/words.ts` does for the width of a state.
 */
import type { CompiledModel } from '../compile/model.ts';
import type { Atom, Group, Groups, Path } from './blocks.ts';
import type { HeapSlots } from './heap-slots.ts';
import { ACTOR, MASK, MASK_HIGH, type Names, OBJECT, PLAIN } from './names.ts';

/** Bits of what `sort` returns. */
export const TIE = 1;
export const MOVED = 2;

/** Texts of more bytes than this become loops. */
const UNROLL = 96;

interface Emitted {
  /** Bits of `TIE` and `MOVED`. */
  sort(bytes: Uint8Array, base: number): number;
  /** After a `sort` that moved blocks: the identity that each actor went to. */
  readonly actors: Uint8Array;
  /** Negative, zero or positive as one block is less than another. */
  compare(bytes: Uint8Array, base: number, a: number, b: number): number;
}

export interface BlockOrder extends Emitted {
  /** Ways to exchange equal blocks of a state that is in order. */
  repetitions(bytes: Uint8Array, base: number): number;
}

/** Where the bytes of each part of the model lie. */
export function bytesOf(model: CompiledModel, atom: Atom): number[] {
  const run = (from: number, bytes: number) => Array.from({ length: bytes }, (_, i) => from + i);
  if (atom > 0) {
    const place = model.places[atom - 1];
    if (place === undefined) throw new Error(`no object ${atom}`);
    return [...run(place.base, place.size), ...(place.live < 0 ? [] : [place.live])];
  }
  const a = model.actors[-atom - 2];
  if (a === undefined) throw new Error(`no actor ${-atom - 1}`);
  return [
    ...run(a.pcOffset, a.pcBytes),
    ...run(a.frameBase, a.frameEnd - a.frameBase),
    ...(a.view.$flags < 0 ? [] : [a.view.$flags]),
  ];
}

/** The atom that a name stands for. */
export const atomOf = (kind: number, name: number): Atom => (kind === OBJECT ? name : -1 - name);

/** Does one path lead to the other, so that the two keep their places relative to each other in every permutation? */
export function together(a: Path, b: Path): boolean {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i]?.group !== b[i]?.group || a[i]?.block !== b[i]?.block) return false;
  return true;
}

export class Orders {
  readonly #model: CompiledModel;
  readonly #names: Names;
  readonly #groups: Groups;
  readonly #heap: HeapSlots;
  /** Numbers of what names mean to a block, the same in every block. */
  readonly #meanings = new Map<string, number>();

  constructor(model: CompiledModel, names: Names, groups: Groups, heap: HeapSlots) {
    this.#model = model;
    this.#names = names;
    this.#groups = groups;
    this.#heap = heap;
  }

  of(group: Group): BlockOrder {
    const k = group.blocks.length;
    const offsets = group.blocks.map((atoms) => atoms.flatMap((atom) => bytesOf(this.#model, atom)));
    const parts = (group.blocks[0] as readonly Atom[]).flatMap((atom, p) => bytesOf(this.#model, atom).map(() => p));
    const emitted = this.#emit(group, offsets, parts);
    return {
      ...emitted,
      repetitions: (bytes, base) => {
        let ways = 1;
        let run = 1;
        for (let b = 0; b + 1 < k; b++) {
          run = emitted.compare(bytes, base, b, b + 1) === 0 ? run + 1 : 1;
          ways *= run;
        }
        return ways;
      },
    };
  }

  #emit(group: Group, offsets: readonly number[][], parts: readonly number[]): Emitted {
    const names = this.#names;
    const k = offsets.length;
    const [first] = offsets as [number[]];
    const n = first.length;
    const counters = new Set(
      this.#model.actors.flatMap((a) => (a.pcBytes === 1 ? [a.pcOffset] : [a.pcOffset, a.pcOffset + 1])),
    );
    const kinds = first.map((offset) => names.kind(offset));
    const plain = [...first.keys()].filter((j) => kinds[j] === PLAIN);
    plain.sort((a, b) => Number(counters.has(first[b] as number)) - Number(counters.has(first[a] as number)) || a - b);
    const key = plain.slice(0, 4);

    const scope = new Map<string, unknown>();
    const value = (stem: string, x: unknown) => {
      const name = `${stem}${scope.size}`;
      scope.set(name, x);
      return name;
    };
    const O = value('offsets', Int32Array.from(offsets.flat()));
    const text: string[] = [];
    const differ = 'if (x !== y) return x - y;';

    // The rest of the plain bytes, program counters before all others: then both blocks hold names at the same places.
    const rest = plain.slice(4);
    const take = (j: string) =>
      `x = bytes[base + ${O}[a * ${n} + ${j}]]; y = bytes[base + ${O}[b * ${n} + ${j}]]; ${differ}`;
    if (rest.length <= UNROLL) text.push(...rest.map((j) => take(String(j))));
    else text.push(`for (const j of ${value('plain', Int32Array.from(rest))}) { ${take('j')} }`);

    for (const [j, kind] of kinds.entries()) {
      if (kind === PLAIN || kind === MASK_HIGH) continue;
      const part = parts[j] as number;
      const at = (block: string) => `${O}[${block} * ${n} + ${j}]`;
      if (kind === OBJECT || kind === ACTOR) {
        const table = value('meaning', this.#meaningTable(group, part, kind));
        text.push(
          `x = ${table}[a << 8 | bytes[base + ${at('a')}]]; y = ${table}[b << 8 | bytes[base + ${at('b')}]]; ${differ}`,
        );
      } else {
        const read = value('read', this.#reader(group, part, kind));
        text.push(`x = ${read}(bytes, base, ${at('a')}, a); y = ${read}(bytes, base, ${at('b')}, b); ${differ}`);
      }
    }

    const indexTables = new Map<number, string>();
    const indexTable = (kind: number) => {
      const known = indexTables.get(kind) ?? value('index', partIndices(group, kind));
      indexTables.set(kind, known);
      return known;
    };
    for (const offset of this.#seenFrom(group)) {
      const kind = names.kind(offset);
      if (kind === OBJECT || kind === ACTOR) {
        const table = indexTable(kind);
        text.push(
          `v = bytes[base + ${offset}]; if (v !== 0) { x = ${table}[a << 8 | v]; y = ${table}[b << 8 | v]; ${differ} }`,
        );
      } else {
        const read = value('among', this.#among(group, offset));
        text.push(`x = ${read}(bytes, base, a); y = ${read}(bytes, base, b); ${differ}`);
      }
    }

    const keyOf = (b: number) =>
      key.length === 0 ? '0' : key.map((j, i) => `bytes[base + ${offsets[b]?.[j]}] << ${24 - 8 * i}`).join(' | ');
    const each = <T>(f: (b: number) => T) => Array.from({ length: k }, (_, b) => f(b));
    const objects = value(
      'objects',
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    const actors = value(
      'actors',
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    const scratch = value('scratch', new Uint8Array(k * n));
    const renames = value('names', names);
    const identity = (atom: Atom) => (atom > 0 ? atom : -1 - atom);
    const movesNames = (group.blocks[0] as readonly Atom[]).flatMap((atom, p) => {
      const ids = group.blocks.map((block) => identity(block[p] as Atom));
      const from = value('from', Uint8Array.from(ids));
      return each((b) => `${atom > 0 ? objects : actors}[${from}[i${b}]] = ${ids[b]};`);
    });
    const movesBytes =
      k * n <= UNROLL
        ? [
            ...each((b) => `const p${b} = i${b} * ${n};`),
            ...[...first.keys()].map(
              (j) =>
                `{ ${each((b) => `const m${b} = bytes[base + ${O}[p${b} + ${j}]];`).join(' ')} ${each((b) => `bytes[base + ${offsets[b]?.[j]}] = m${b};`).join(' ')} }`,
            ),
          ]
        : [
            `for (let i = 0; i < ${k * n}; i++) ${scratch}[i] = bytes[base + ${O}[i]];`,
            `for (let b = 0; b < ${k}; b++) { const from = [${each((b) => `i${b}`).join(', ')}][b]; if (from !== b) for (let j = 0; j < ${n}; j++) bytes[base + ${O}[b * ${n} + j]] = ${scratch}[from * ${n} + j]; }`,
          ];
    const swaps: string[] = [];
    for (let pass = k - 1; pass > 0; pass--)
      for (let q = 0; q < pass; q++)
        swaps.push(
          `if (k${q} > k${q + 1} || (k${q} === k${q + 1} && (c = compare(bytes, base, i${q}, i${q + 1})) >= 0)) {
            if (k${q} === k${q + 1} && c === 0) t = ${TIE};
            else { c = k${q}; k${q} = k${q + 1}; k${q + 1} = c; c = i${q}; i${q} = i${q + 1}; i${q + 1} = c; }
          }`,
        );
    const body = `'use strict';
      function compare(bytes, base, a, b) { let x = 0, y = 0, v = 0; ${text.join('\n')} return 0; }
      function whole(bytes, base, a, b) { const x = keyOf(bytes, base, a), y = keyOf(bytes, base, b); return x !== y ? x - y : compare(bytes, base, a, b); }
      function keyOf(bytes, base, b) { switch (b) { ${each((b) => `case ${b}: return ${keyOf(b)};`).join(' ')} } }
      function move(bytes, base, ${each((b) => `i${b}`).join(', ')}) { ${movesBytes.join('\n')} ${movesNames.join('\n')} ${names.renameText(objects, actors, renames)} }
      function sort(bytes, base) {
        ${each((b) => `let k${b} = ${keyOf(b)};`).join(' ')}
        if (${each((b) => (b === 0 ? 'true' : `k${b - 1} < k${b}`)).join(' && ')}) return 0;
        ${each((b) => `let i${b} = ${b};`).join(' ')} let t = 0, c = 0;
        ${swaps.join('\n')}
        if (${each((b) => `i${b} === ${b}`).join(' && ')}) return t;
        move(bytes, base, ${each((b) => `i${b}`).join(', ')});
        return t | ${MOVED};
      }
      return { sort, compare: whole, actors: ${actors} };`;
    return new Function(...scope.keys(), body)(...scope.values()) as Emitted;
  }

  /** What a name in part `part` of a block means to that block: `[block << 8 | name]`. */
  #meaningTable(group: Group, part: number, kind: number): Uint16Array {
    const table = new Uint16Array(group.blocks.length << 8);
    group.blocks.forEach((atoms, b) => {
      for (let name = 1; name < 256; name++)
        table[(b << 8) | name] = this.#meaning(group, atoms[part] as Atom, kind, name);
    });
    return table;
  }

  /** A number that is the same for what corresponds in another block, and differs for what does not. */
  #meaning(group: Group, holder: Atom, kind: number, name: number): number {
    const { pathOf, template } = this.#groups;
    const atom = atomOf(kind, name);
    const from = pathOf(holder);
    const to = pathOf(atom);
    const level = from.findIndex((at) => at.group === group);
    const slot = kind === OBJECT ? this.#heap.typeOf(name) : 0;
    const text =
      slot !== 0
        ? `heap ${slot}`
        : together(from, to)
          ? `same ${template(atom, Math.min(level + 1, to.length))}`
          : `other ${template(atom, to.length)}`;
    const number = this.#meanings.get(text) ?? this.#meanings.size + 1;
    this.#meanings.set(text, number);
    return number;
  }

  /** Reads a set of actors, or a byte that is a name at some program points only. */
  #reader(group: Group, part: number, kind: number) {
    const names = this.#names;
    const actors = this.#meaningTable(group, part, ACTOR);
    if (kind !== MASK) {
      const objects = this.#meaningTable(group, part, OBJECT);
      return (bytes: Uint8Array, base: number, offset: number, b: number): number => {
        const value = bytes[base + offset] as number;
        const held = names.kindIn(bytes, base, offset);
        return held === OBJECT
          ? (objects[(b << 8) | value] as number)
          : held === ACTOR
            ? (actors[(b << 8) | value] as number)
            : value;
      };
    }
    const { pathOf, template } = this.#groups;
    // A member in another block counts, but not who it is; the others are given as the first block would have them.
    const images = group.blocks.map((atoms) =>
      Array.from({ length: 16 }, (_, bit) => {
        const holder = pathOf(atoms[part] as Atom);
        const member = pathOf(-2 - bit);
        const level = holder.findIndex((at) => at.group === group);
        return together(holder, member) ? 2 ** (-template(-2 - bit, Math.min(level + 1, member.length)) - 2) : 2 ** 32;
      }),
    );
    return (bytes: Uint8Array, base: number, offset: number, b: number): number => {
      const mask = names.mask(bytes, base, offset);
      let sum = 0;
      for (let bit = 0; bit < 16; bit++) if (mask & (1 << bit)) sum += images[b]?.[bit] as number;
      return sum;
    };
  }

  /** Offsets of the names outside the group that keep their places while its blocks change theirs. */
  #seenFrom(group: Group): number[] {
    const { pathOf } = this.#groups;
    const around = pathOf(group.blocks[0]?.[0] as Atom);
    const outer = around.slice(
      0,
      around.findIndex((at) => at.group === group),
    );
    const named = new Set(this.#names.offsets);
    const moving = new Set<number>(this.#heap.bytes);
    for (const other of this.#groups.all)
      for (const atom of other.blocks.flat()) for (const i of bytesOf(this.#model, atom)) moving.add(i);
    const result = [...named].filter((offset) => !moving.has(offset));
    for (const { group: ancestor, block } of outer)
      for (const atom of ancestor.blocks[block] as readonly Atom[])
        if (pathOf(atom).length <= outer.length && pathOf(atom).at(-1)?.group === ancestor)
          result.push(...bytesOf(this.#model, atom).filter((offset) => named.has(offset)));
    return result;
  }

  /** Which parts of block b a set of actors holds, or a byte that is a name at some program points only. */
  #among(group: Group, offset: number) {
    const names = this.#names;
    const actors = partIndices(group, ACTOR);
    if (names.kind(offset) === MASK)
      return (bytes: Uint8Array, base: number, b: number): number => {
        const mask = names.mask(bytes, base, offset);
        let sum = 0;
        for (let bit = 0; bit < 16; bit++) {
          const index = actors[(b << 8) | (bit + 1)] as number;
          if (index !== 0 && mask & (1 << bit)) sum += 2 ** index;
        }
        return sum;
      };
    const objects = partIndices(group, OBJECT);
    return (bytes: Uint8Array, base: number, b: number): number => {
      const held = names.kindIn(bytes, base, offset);
      const name = bytes[base + offset] as number;
      return held === OBJECT
        ? (objects[(b << 8) | name] as number)
        : held === ACTOR
          ? (actors[(b << 8) | name] as number)
          : 0;
    };
  }
}

/** `[block << 8 | name]`: one more than the position of the named part in the block, zero when it is elsewhere. */
function partIndices(group: Group, kind: number): Uint8Array {
  const table = new Uint8Array(group.blocks.length << 8);
  group.blocks.forEach((atoms, b) => {
    for (let name = 1; name < 256; name++) table[(b << 8) | name] = atoms.indexOf(atomOf(kind, name)) + 1;
  });
  return table;
}
