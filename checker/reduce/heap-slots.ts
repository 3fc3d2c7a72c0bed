/**
 * The slots of a pool differ in name only, so in which order objects were allocated must not multiply states. This
 * numbers the objects of each pool in the order in which pointers lead to them: from the bytes outside the pools in
 * the order of the vector, then from the objects so found, and so on. Live objects that nothing leads to come last,
 * the least content first. A freed slot that nobody points to any more becomes one that was never used, because
 * allocation treats the two alike.
 *
 * Sound because no step depends on which slot an object has: allocation takes any slot that is free and not pointed
 * to, and steps follow pointers. What a closure may do besides, such as take the first of a pool's objects, is looked
 * for on sampled states (`confirm.ts`). Types that reuse addresses are left alone: there a stale pointer may meet the
 * new object, and which slot is reused matters.
 *
 * The numbering is one for all states that differ in slots only. (Iosif, Symmetry reductions for model checking of
 * concurrent dynamic software, 2004, numbers reachable objects likewise. Deviation: what is not reachable stays, since
 * a leak is a finding; where several such objects look alike, each is tried as the first and the least result taken.)
 */
import { FREED, LIVE } from '../compile/collections.ts';
import type { Slot } from '../compile/heap.ts';
import type { CompiledModel } from '../compile/model.ts';
import type { ObjectType, Shape } from '../lang/object.ts';
import { type Names, OBJECT } from './names.ts';

interface Pool {
  /** Identity of each slot, and where it lies. */
  readonly ids: readonly number[];
  readonly slots: readonly Slot[];
}

/** More bytes than this are looked at in a loop. */
const UNROLL = 500;

export class HeapSlots {
  /** Slots that are folded. */
  readonly size: number;
  /** Offsets of the bytes of all folded slots. */
  readonly bytes: readonly number[];
  readonly #names: Names;
  readonly #pools: readonly Pool[];
  /** By identity: number of the pool plus one, and the slot. */
  readonly #poolOf = new Uint8Array(256);
  readonly #slotOf: (Slot | null)[] = Array.from({ length: 256 }, () => null);
  /** Bytes outside the folded slots that may name an object. */
  readonly #roots: Int32Array;
  /** By identity of a slot: its bytes that may name an object. */
  readonly #links: Int32Array[] = Array.from({ length: 256 }, () => new Int32Array(0));
  /** By identity: the one it gets, 0 while it has none. */
  readonly #to = new Uint8Array(256);
  /** By identity: 1 for a slot that has none yet. */
  readonly #open = new Uint8Array(256);
  /** Used slots that have none yet. */
  #left = 0;
  readonly #ids: readonly number[];
  readonly #liveness: readonly number[];
  readonly #scan: (bytes: Uint8Array, base: number) => boolean;
  /** For each pool how many of its identities were given out. */
  readonly #given: Uint8Array;
  /** Slots in the order in which they were found. */
  readonly #found = new Uint8Array(256);
  #count = 0;
  readonly #stateBytes: number;
  readonly #map = new Uint8Array(256);
  readonly #actors = Uint8Array.from({ length: 256 }, (_, i) => i);
  readonly #copy: Uint8Array;

  constructor(model: CompiledModel, names: Names) {
    this.#names = names;
    this.#stateBytes = model.stateBytes;
    const byType = new Map<ObjectType<Shape>, Slot[]>();
    for (const [type, slot] of model.heap.all())
      if (slot.pooled && !type.reusesAddress) byType.set(type, [...(byType.get(type) ?? []), slot]);
    this.#pools = [...byType.values()].map((slots) => ({ slots, ids: slots.map((s) => s.view.$id) }));
    const bytes: number[] = [];
    this.#pools.forEach((pool, p) => {
      for (const slot of pool.slots) {
        this.#poolOf[slot.view.$id] = p + 1;
        this.#slotOf[slot.view.$id] = slot;
        bytes.push(slot.view.$live, ...Array.from({ length: slot.size }, (_, i) => slot.base + i));
      }
    });
    this.bytes = bytes;
    this.size = this.#pools.reduce((n, pool) => n + pool.ids.length, 0);
    this.#given = new Uint8Array(this.#pools.length);
    const inside = new Set(bytes);
    const mayName = (offset: number) => names.kind(offset) === OBJECT || names.kind(offset) === -1;
    this.#roots = names.offsets.filter((offset) => !inside.has(offset) && mayName(offset));
    for (const { slots } of this.#pools)
      for (const { view, base, size } of slots)
        this.#links[view.$id] = names.offsets.filter((o) => o >= base && o < base + size && mayName(o));
    this.#ids = this.#pools.flatMap((pool) => pool.ids);
    this.#liveness = this.#pools.flatMap((pool) => pool.slots.map((slot) => slot.view.$live));
    this.#scan = this.#emitScan();
    this.#copy = new Uint8Array(model.stateBytes);
    for (let i = 0; i < 256; i++) this.#map[i] = i;
  }

  /** Number of the pool that a name belongs to, from 1 on; 0 for any other object. */
  typeOf(name: number): number {
    return this.#poolOf[name] as number;
  }

  /** Renumbers the slots of the state at `base`, in place. */
  fold(bytes: Uint8Array, base: number): void {
    const used = this.#used(bytes, base);
    if (used === 0) return;
    for (let i = 0; i < this.#ids.length; i++) {
      const id = this.#ids[i] as number;
      this.#to[id] = 0;
      this.#open[id] = 1;
    }
    this.#given.fill(0);
    this.#count = 0;
    this.#left = used;
    if (!this.#scan(bytes, base)) {
      this.#follow(bytes, base, 0);
      if (this.#left > 0) {
        const lost = this.#lost(bytes, base);
        if (lost.length > 0) {
          this.#foldLost(bytes, base, lost);
          return;
        }
      }
    }
    this.#apply(bytes, base);
  }

  /** Slots that are or were allocated. */
  #used(bytes: Uint8Array, base: number): number {
    const liveness = this.#liveness;
    let used = 0;
    for (let i = 0; i < liveness.length; i++) if (bytes[base + (liveness[i] as number)] !== 0) used++;
    return used;
  }

  /**
   * Text that looks at every byte outside the slots that may name one, until all used slots are found; true when they
   * are.
   */
  #emitScan(): (bytes: Uint8Array, base: number) => boolean {
    const look = (offset: string) =>
      `if (open[bytes[base + ${offset}]] !== 0 && visit(bytes, base, ${offset})) return true;`;
    const text =
      this.#roots.length <= UNROLL
        ? [...this.#roots].map((offset) => look(String(offset))).join('\n')
        : `for (let i = 0; i < roots.length; i++) { const o = roots[i]; ${look('o')} }`;
    return new Function(
      'open',
      'roots',
      'visit',
      `'use strict'; return function scan(bytes, base) { ${text} return false; };`,
    )(this.#open, this.#roots, (bytes: Uint8Array, base: number, offset: number) => this.#visit(bytes, base, offset));
  }

  /** Gives the slot that the byte names its identity, if it really holds a name now; true when none is left. */
  #visit(bytes: Uint8Array, base: number, offset: number): boolean {
    if (this.#names.kindIn(bytes, base, offset) === OBJECT) this.#give(bytes[base + offset] as number);
    return this.#left === 0;
  }

  #give(name: number): void {
    const p = (this.#poolOf[name] as number) - 1;
    const next = this.#given[p] as number;
    this.#to[name] = (this.#pools[p] as Pool).ids[next] as number;
    this.#given[p] = next + 1;
    this.#found[this.#count++] = name;
    this.#open[name] = 0;
    this.#left--;
  }

  /** Follows the pointers of the slots found from position `from` on. */
  #follow(bytes: Uint8Array, base: number, from: number): void {
    for (let q = from; q < this.#count; q++) {
      const links = this.#links[this.#found[q] as number] as Int32Array;
      for (let i = 0; i < links.length; i++) {
        const name = bytes[base + (links[i] as number)] as number;
        if (this.#open[name] !== 0) this.#give(name);
      }
    }
  }

  /** Live slots that no pointer led to. */
  #lost(bytes: Uint8Array, base: number): number[] {
    const lost: number[] = [];
    for (const { ids, slots } of this.#pools)
      for (let i = 0; i < ids.length; i++)
        if (this.#to[ids[i] as number] === 0 && bytes[base + (slots[i] as Slot).view.$live] === LIVE)
          lost.push(ids[i] as number);
    return lost;
  }

  /** Gives identities to what nothing leads to, in the way that makes the least vector. */
  #foldLost(bytes: Uint8Array, base: number, lost: readonly number[]): void {
    let least: Uint8Array | null = null;
    const attempt = (left: readonly number[]): void => {
      if (left.length === 0) {
        const image = bytes.slice(base, base + this.#stateBytes);
        this.#apply(image, 0);
        if (least === null || compareBytes(image, least) < 0) least = image;
        return;
      }
      const contents = left.map((id) => this.#content(bytes, base, id));
      const first = contents.reduce((a, b) => (compareBytes(b, a) < 0 ? b : a));
      const saved = { to: this.#to.slice(), given: this.#given.slice(), count: this.#count, left: this.#left };
      left.forEach((id, i) => {
        if (compareBytes(contents[i] as Uint8Array, first) !== 0) return;
        this.#give(id);
        this.#follow(bytes, base, saved.count);
        attempt(left.filter((other) => this.#to[other] === 0));
        this.#to.set(saved.to);
        this.#given.set(saved.given);
        this.#count = saved.count;
        this.#left = saved.left;
        for (const slot of this.#ids) this.#open[slot] = Number(this.#to[slot] === 0);
      });
    };
    attempt(lost);
    if (least !== null) bytes.set(least, base);
  }

  /** Pool and bytes of a slot, with names as far as they are known. */
  #content(bytes: Uint8Array, base: number, id: number): Uint8Array {
    const slot = this.#slotOf[id] as Slot;
    const content = new Uint8Array(2 * slot.size + 1);
    content[0] = this.#poolOf[id] as number;
    content.set(bytes.subarray(base + slot.base, base + slot.base + slot.size), 1);
    for (const offset of this.#links[id] as Int32Array) {
      const at = 1 + offset - slot.base;
      const name = content[at] as number;
      const pool = this.#poolOf[name] as number;
      if (pool === 0) continue;
      content[at] = this.#to[name] as number;
      // Not known yet: its pool, in the second half, tells it apart from none at all.
      if (content[at] === 0) content[slot.size + at] = pool;
    }
    return content;
  }

  /** Moves the slots that have an identity to it; all others become unused. */
  #apply(bytes: Uint8Array, base: number): void {
    let changed = false;
    for (const { ids, slots } of this.#pools)
      for (let i = 0; i < ids.length; i++) {
        const to = this.#to[ids[i] as number] as number;
        changed ||= to === 0 ? bytes[base + (slots[i] as Slot).view.$live] === FREED : to !== ids[i];
      }
    if (!changed) return;
    const copy = this.#copy;
    copy.set(bytes.subarray(base, base + this.#stateBytes));
    for (let i = 0; i < this.bytes.length; i++) bytes[base + (this.bytes[i] as number)] = 0;
    for (const { ids, slots } of this.#pools)
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i] as number;
        const to = this.#to[id] as number;
        this.#map[id] = to === 0 ? id : to;
        if (to === 0) continue;
        const from = slots[i] as Slot;
        const place = this.#slotOf[to] as Slot;
        for (let j = 0; j < from.size; j++) bytes[base + place.base + j] = copy[from.base + j] as number;
        bytes[base + place.view.$live] = copy[from.view.$live] as number;
      }
    this.#names.rename(bytes, base, this.#map, this.#actors);
  }
}

/** Negative, zero or positive as the first differing byte says; of vectors of different length the shorter is less. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}
