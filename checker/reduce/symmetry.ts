/**
 * Symmetry reduction: of all states that differ only in the names of interchangeable blocks and of heap slots, one is
 * kept. Candidates are replaced by that form before they are looked up, so the search runs on the quotient;
 * counterexamples are led back to concrete names by re-execution (`explored.ts`).
 *
 * Sound because a declared permutation g maps steps to steps: successors(g s) = g successors(s), and every property
 * has the same value in s and g s. Programs and constants are compared when the reduction is set up; what closures
 * do is compared on sampled states (`confirm.ts`), and a scenario or property that fails is refused by name.
 *
 * Each orbit has one form, found in one of two ways:
 *
 * 1. Blocks that may be exchanged two by two are sorted (`order.ts`). If none are equal, one permutation has been
 *    singled out; if some are, but no name leads from one block into another, any order of the equal ones gives the
 *    same vector. Which case holds does not change under the permutations.
 * 2. Otherwise, and for rotations, every permutation is tried and the least vector taken.
 *
 * In both, the slots of the heap are then numbered as pointers lead to them (`heap-slots.ts`).
 *
 * (Ip and Dill, Better verification through symmetry, 1996. Deviation: no scalarsets; blocks of objects and actors are
 * declared, and names are found in the layout of the state vector.)
 *
 * Cost: a few bytes for each block and candidate in the first way; a few for each permutation in the second.
 * Limits: groups of more than 720 permutations must be of the first kind in every state, so that no byte of a block
 * may name an object or an actor; others are refused.
 */
import type { CompiledModel } from '../compile/model.ts';
import { modelError } from '../lang/errors.ts';
import { type Atom, type Groups, groupsOf } from './blocks.ts';
import { compareBytes, HeapSlots } from './heap-slots.ts';
import { ACTOR, imageOfMask, MASK, MASK_HIGH, Names, OBJECT, PLAIN } from './names.ts';
import { atomOf, type BlockOrder, bytesOf, MOVED, Orders, TIE, together } from './order.ts';
import { closureOf, generatorsOf, MOST_LISTED, type Permutation } from './permutations.ts';

/** Permutations that are confirmed on samples, at most. */
const MOST_SAMPLED = 24;

export class Symmetry {
  /** Number of permutations of blocks; 1 when the scenario declares none. */
  readonly size: number;
  /** Slots of the heap that are folded. */
  readonly slots: number;
  readonly generators: readonly Permutation[];
  readonly names: Names;
  readonly heap: HeapSlots;
  readonly #model: CompiledModel;
  /** All permutations, the identity first; null when they are too many to list. */
  readonly #listed: readonly Permutation[] | null;
  readonly #sources: readonly Int32Array[];
  readonly #orders: readonly BlockOrder[] | null;
  /** Names inside blocks and slots, each with a table of the names that lead into another block. */
  readonly #crossings: readonly Crossing[];
  readonly #telling: Int32Array;
  readonly #scratch: Uint8Array;
  readonly #best: Uint8Array;
  readonly #actors: Uint8Array;
  /** Number of the permutation that led to the least image the last time. */
  #chosen = 0;

  constructor(model: CompiledModel) {
    this.#model = model;
    this.names = new Names(model);
    this.heap = new HeapSlots(model, this.names);
    this.slots = this.heap.size;
    this.generators = generatorsOf(model);
    refuseMasks(model, this.generators);
    this.#listed = closureOf(model, this.generators);
    const groups = groupsOf(model);
    if (groups === null && this.#listed === null)
      throw modelError(
        `more than ${MOST_LISTED} permutations`,
        model.scenario.name,
        'declare fewer interchangeable blocks, or such that every two may be exchanged',
      );
    this.size = this.#listed?.length ?? groups?.order ?? 1;
    const orders = groups && new Orders(model, this.names, groups, this.heap);
    this.#orders = groups && orders && groups.all.map((group) => orders.of(group));
    this.#crossings = groups === null ? [] : this.#crossingsOf(groups);
    if (this.#listed === null) this.#refuseCrossings();
    this.#sources = (this.#listed ?? []).map((p) => this.names.sources(p));
    this.#telling = this.#tellingBytes();
    this.#scratch = new Uint8Array(model.stateBytes);
    this.#best = new Uint8Array(model.stateBytes);
    this.#actors = new Uint8Array(model.memory.actors.length);
  }

  /** Does it fold anything at all? */
  get folds(): boolean {
    return this.size > 1 || this.slots > 0;
  }

  /**
   * What a verdict says of the reduction, given the number of states that were kept and that of those they stand for,
   * the sum of `orbit`. A factor is known where every state of an orbit can be reached, which is so when the initial
   * state looks the same from every block; how many states differ in heap slots only is never counted.
   */
  reductions(states: number, unreduced: number): { readonly name: string; readonly factor: number | null }[] {
    const { size, slots } = this;
    return [
      ...(size > 1
        ? [{ name: `symmetry (${size} permutations)`, factor: this.#startsAlike() ? unreduced / states : null }]
        : []),
      ...(slots > 0 ? [{ name: `symmetry of ${slots} heap slots`, factor: null }] : []),
    ];
  }

  #startsAlike(): boolean {
    const formOf = (image: Uint8Array) => {
      this.heap.fold(image, 0);
      return image.join();
    };
    const { initial, stateBytes } = this.#model;
    const start = new Uint8Array(initial.buffer, initial.byteOffset, stateBytes);
    const form = formOf(start.slice());
    return this.generators.every((p) => formOf(this.apply(start, 0, p)) === form);
  }

  /** Permutations to be confirmed on samples: those that generate the others, and some of the others. */
  get sampled(): readonly Permutation[] {
    const others = (this.#listed ?? []).slice(1).filter((p) => !this.generators.includes(p));
    return [...this.generators, ...others].slice(0, Math.max(MOST_SAMPLED, this.generators.length));
  }

  /**
   * Replaces the state at byte `base` by the form that stands for its orbit. Returns what `orbit` would, or 0 when that
   * was not found out on the way.
   */
  canonicalise(bytes: Uint8Array, base: number): number {
    const orders = this.#orders;
    if (orders !== null) {
      let seen = 0;
      for (let i = 0; i < orders.length; i++) seen |= (orders[i] as BlockOrder).sort(bytes, base);
      if ((seen & TIE) === 0 || !this.#crosses(bytes, base)) {
        if (this.slots > 0) this.heap.fold(bytes, base);
        return seen & TIE ? 0 : this.size;
      }
    }
    return this.#least(bytes, base);
  }

  /**
   * The same, and tells who is who: entry i of the answer is the identity, in the form, of the actor that had identity i.
   * It is valid until the next call.
   */
  canonicaliseActors(bytes: Uint8Array, base: number): Uint8Array {
    const map = this.#actors;
    for (let i = 0; i < map.length; i++) map[i] = i;
    const follow = (next: Uint8Array) => {
      for (let i = 0; i < map.length; i++) map[i] = next[map[i] as number] as number;
    };
    const orders = this.#orders;
    if (orders !== null) {
      let seen = 0;
      for (const order of orders) {
        const result = order.sort(bytes, base);
        if (result & MOVED) follow(order.actors);
        seen |= result;
      }
      if ((seen & TIE) === 0 || !this.#crosses(bytes, base)) {
        if (this.slots > 0) this.heap.fold(bytes, base);
        return map;
      }
    }
    this.#least(bytes, base);
    const listed = this.#listed as readonly Permutation[];
    follow((listed[this.#chosen] as Permutation).actors);
    return map;
  }

  /**
   * Number of different states that the permutations of blocks make of the state at `base`; states that differ in heap
   * slots only count as one.
   */
  orbit(bytes: Uint8Array, base: number): number {
    if (this.size === 1) return 1;
    const scratch = this.#scratch;
    for (let i = 0; i < scratch.length; i++) scratch[i] = bytes[base + i] as number;
    const orders = this.#orders;
    if (orders === null) return this.#least(scratch, 0);
    let seen = 0;
    for (const order of orders) seen |= order.sort(scratch, 0);
    if ((seen & TIE) === 0) return this.size;
    if (this.#crosses(scratch, 0)) return this.#least(scratch, 0);
    return orders.reduce((n, order) => n / order.repetitions(scratch, 0), this.size);
  }

  /** The image of the state at `base` under one permutation, as a new vector. */
  apply(bytes: Uint8Array, base: number, p: Permutation): Uint8Array {
    return this.names.image(bytes, base, p);
  }

  /** Does a name in a block lead into another block or to a heap slot, or one in a slot to a block? */
  #crosses(bytes: Uint8Array, base: number): boolean {
    for (const { offset, kind, objects, actors } of this.#crossings) {
      const name = bytes[base + offset] as number;
      const held = kind < 0 ? this.names.kindIn(bytes, base, offset) : kind;
      if (held === MASK) {
        const mask = this.names.mask(bytes, base, offset);
        for (let bit = 0; bit < 16; bit++) if (mask & (1 << bit) && actors[bit + 1] === 1) return true;
      } else if (held === OBJECT ? objects[name] === 1 : held === ACTOR && actors[name] === 1) return true;
    }
    return false;
  }

  #crossingsOf(groups: Groups): Crossing[] {
    const holders = new Map<number, Atom>();
    for (const group of groups.all)
      for (const atom of group.blocks.flat())
        for (const offset of bytesOf(this.#model, atom)) holders.set(offset, atom);
    const tables = new Map<Atom | null, Pick<Crossing, 'objects' | 'actors'>>();
    const inBlock = (atom: Atom) => groups.pathOf(atom).length > 0;
    const tablesOf = (holder: Atom | null) => {
      const known = tables.get(holder);
      if (known !== undefined) return known;
      const leads = (kind: number) =>
        Uint8Array.from({ length: 256 }, (_, name) => {
          if (name === 0) return 0;
          const atom = atomOf(kind, name);
          if (holder === null) return Number(inBlock(atom));
          if (kind === OBJECT && this.heap.typeOf(name) !== 0) return 1;
          return Number(!together(groups.pathOf(holder), groups.pathOf(atom)));
        });
      const made = { objects: leads(OBJECT), actors: leads(ACTOR) };
      tables.set(holder, made);
      return made;
    };
    const inSlots = new Set(this.heap.bytes);
    const crossings: Crossing[] = [];
    for (const offset of this.names.offsets) {
      const holder = holders.get(offset) ?? (inSlots.has(offset) ? null : undefined);
      if (holder !== undefined) crossings.push({ offset, kind: this.names.kind(offset), ...tablesOf(holder) });
    }
    return crossings;
  }

  /** Too many permutations to try them all: then no name may ever make it necessary. */
  #refuseCrossings(): void {
    const crossing = this.#crossings.find(({ objects, actors }) => objects.includes(1) || actors.includes(1));
    if (crossing === undefined) return;
    const cell = this.#model.cells.find((c) => c.offset <= crossing.offset && crossing.offset < c.offset + c.bytes);
    throw modelError(
      `more than ${MOST_LISTED} permutations, and ${cell?.path ?? 'a frame'} may name a part of another block`,
      this.#model.scenario.name,
      'declare fewer interchangeable blocks',
    );
  }

  /** Replaces the state by its least image; returns the number of different images. */
  #least(bytes: Uint8Array, base: number): number {
    return this.slots === 0 ? this.#leastBytes(bytes, base) : this.#leastFolded(bytes, base);
  }

  /** Without a heap: images are compared byte by byte, the most telling first, and most are given up at once. */
  #leastBytes(bytes: Uint8Array, base: number): number {
    const best = this.#best;
    const order = this.#telling;
    const n = order.length;
    for (let i = 0; i < best.length; i++) best[i] = bytes[base + i] as number;
    let stabiliser = 1;
    this.#chosen = 0;
    for (let g = 1; g < this.size; g++) {
      let k = 0;
      let difference = 0;
      for (; k < n && difference === 0; k++) {
        const i = order[k] as number;
        difference = this.#imageByte(bytes, base, g, i) - (best[i] as number);
      }
      if (difference > 0) continue;
      if (difference === 0) {
        stabiliser++;
        continue;
      }
      for (k = 0; k < n; k++) best[order[k] as number] = this.#imageByte(bytes, base, g, order[k] as number);
      this.#chosen = g;
      stabiliser = 1;
    }
    if (this.#chosen !== 0) bytes.set(best, base);
    return this.size / stabiliser;
  }

  /** Byte i of the image of the state at `base` under permutation number g. */
  #imageByte(bytes: Uint8Array, base: number, g: number, i: number): number {
    const source = (this.#sources[g] as Int32Array)[i] as number;
    const value = bytes[base + source] as number;
    if (value === 0 && this.names.kind(source) !== MASK && this.names.kind(source) !== MASK_HIGH) return 0;
    const p = (this.#listed as readonly Permutation[])[g] as Permutation;
    switch (this.names.kindIn(bytes, base, source)) {
      case OBJECT:
        return p.objects[value] as number;
      case ACTOR:
        return p.actors[value] as number;
      case MASK:
        return imageOfMask(this.names.mask(bytes, base, source), p.actors) & 255;
      case MASK_HIGH:
        return imageOfMask(this.names.mask(bytes, base, source - 1), p.actors) >> 8;
      default:
        return value;
    }
  }

  /** Bytes that some permutation changes: program counters, then what moves, then what only holds names. */
  #tellingBytes(): Int32Array {
    const counters = new Set(this.#model.actors.map((a) => a.pcOffset));
    const moved: number[] = [];
    const named: number[] = [];
    for (let i = 0; i < this.#model.stateBytes; i++)
      if (this.#sources.some((sources) => sources[i] !== i)) moved.push(i);
      else if (this.names.kind(i) !== PLAIN) named.push(i);
    moved.sort((a, b) => Number(counters.has(b)) - Number(counters.has(a)) || a - b);
    return Int32Array.from([...moved, ...named]);
  }

  #leastFolded(bytes: Uint8Array, base: number): number {
    const best = this.#best;
    let stabiliser = 0;
    (this.#listed as readonly Permutation[]).forEach((p, g) => {
      const image = this.names.image(bytes, base, p);
      this.heap.fold(image, 0);
      const order = g === 0 ? -1 : compareBytes(image, best);
      if (order < 0) {
        best.set(image);
        this.#chosen = g;
        stabiliser = 1;
      } else if (order === 0) stabiliser++;
    });
    bytes.set(best, base);
    return this.size / stabiliser;
  }
}

interface Crossing {
  readonly offset: number;
  /** What the byte holds; -1 when the program point decides. */
  readonly kind: number;
  /** By name: 1 when it leads across. */
  readonly objects: Uint8Array;
  readonly actors: Uint8Array;
}

/** A set of actors has room for the first sixteen, so none of them may be exchanged with a later one. */
function refuseMasks(model: CompiledModel, generators: readonly Permutation[]): void {
  if (![...model.layout.identities.values()].includes('mask')) return;
  for (const { actors } of generators)
    for (let id = 1; id <= 16; id++)
      if ((actors[id] ?? id) > 16)
        throw modelError(
          `${model.memory.actors[id]?.name} is interchangeable with an actor that no set of actors can hold`,
          model.scenario.name,
          'declare the interchangeable actors before all others',
        );
}
