/**
 * Views of lists, rings, arrays and actor sets. Their bytes lie inside the object that embeds them; the object's
 * accessor checks that it is alive before it hands the view out.
 */
import { modelError } from '../lang/errors.ts';
import type { Actor, ActorSet, FixedArray, List, Ring } from '../lang/fields.ts';
import { nameOf } from '../lang/names.ts';
import { Violation } from '../lang/violation.ts';
import { markStrangers } from './marks.ts';
import type { Memory } from './memory.ts';

/** What the compiler knows of an object's view: identity and where its liveness byte is (-1: permanent). */
export interface Identified {
  readonly $id: number;
  readonly $live: number;
}

export const FREED = 2;
export const LIVE = 1;

/** Throws unless the object is alive; `part` says what was about to be touched. */
export function touch(memory: Memory, view: Identified, part: string): void {
  if (view.$live < 0) return;
  if (memory.recording) memory.read(view.$live);
  if (memory.bytes[memory.at + view.$live] !== LIVE) dead(memory, view, part);
}

export function dead(memory: Memory, view: Identified, part: string): never {
  const name = nameOf(view);
  if (memory.bytes[memory.at + view.$live] === FREED)
    throw new Violation('use-after-free', `${part} of ${name} is accessed after ${name} was freed`, [name]);
  throw modelError(`${part} of ${name} is accessed before ${name} was allocated`);
}

/** Reads and writes one scalar value at a byte offset. */
export interface Codec<T> {
  get(offset: number): T;
  set(offset: number, value: T): void;
}

/** Bytes: length, then identities of the nodes in order. */
export class ListView<T extends Identified> implements List<T> {
  readonly #m: Memory;
  readonly #base: number;
  readonly #capacity: number;
  readonly #views: readonly (T | null)[];

  constructor(memory: Memory, base: number, capacity: number, views: readonly (T | null)[]) {
    this.#m = memory;
    this.#base = base;
    this.#capacity = capacity;
    this.#views = views;
  }

  #read(slot: number): number {
    const m = this.#m;
    if (m.recording) m.read(this.#base + slot);
    return m.bytes[m.at + this.#base + slot] as number;
  }

  #write(slot: number, value: number): void {
    const m = this.#m;
    if (m.recording) m.write(this.#base + slot);
    m.bytes[m.at + this.#base + slot] = value;
  }

  #node(position: number): T {
    return this.#views[this.#read(1 + position)] as T;
  }

  #indexOf(node: T): number {
    const length = this.#read(0);
    for (let i = 0; i < length; i++) if (this.#read(1 + i) === node.$id) return i;
    return -1;
  }

  get length(): number {
    return this.#read(0);
  }

  get first(): T | null {
    return this.#read(0) === 0 ? null : this.#node(0);
  }

  next(node: T): T | null {
    touch(this.#m, node, 'list link');
    const i = this.#indexOf(node);
    if (i < 0)
      throw new Violation('list-corruption', `${nameOf(node)} is followed on ${nameOf(this)} but not linked there`, [
        nameOf(node),
        nameOf(this),
      ]);
    return i + 1 < this.#read(0) ? this.#node(i + 1) : null;
  }

  prev(node: T): T | null {
    touch(this.#m, node, 'list link');
    const i = this.#indexOf(node);
    if (i < 0)
      throw new Violation('list-corruption', `${nameOf(node)} is followed on ${nameOf(this)} but not linked there`, [
        nameOf(node),
        nameOf(this),
      ]);
    return i > 0 ? this.#node(i - 1) : null;
  }

  addFirst(node: T): void {
    this.#insert(0, node);
  }

  add(node: T): void {
    this.#insert(this.#read(0), node);
  }

  #insert(position: number, node: T): void {
    touch(this.#m, node, 'list link');
    if (this.#views[node.$id] !== node)
      throw modelError(
        `${nameOf(node)} cannot be linked into ${nameOf(this)}`,
        undefined,
        'it is embedded in another object: link that one',
      );
    const length = this.#read(0);
    if (this.#indexOf(node) >= 0)
      throw new Violation('list-corruption', `${nameOf(node)} is added to ${nameOf(this)} twice`, [
        nameOf(node),
        nameOf(this),
      ]);
    if (length === this.#capacity)
      throw modelError(
        `list ${nameOf(this)} is longer than its capacity of ${this.#capacity}`,
        undefined,
        'raise the capacity',
      );
    for (let i = length; i > position; i--) this.#write(1 + i, this.#read(i));
    this.#write(1 + position, node.$id);
    this.#write(0, length + 1);
    if (position > 0) touch(this.#m, this.#node(position - 1), 'list link');
    if (position < length) touch(this.#m, this.#node(position + 1), 'list link');
  }

  remove(node: T): void {
    touch(this.#m, node, 'list link');
    const i = this.#indexOf(node);
    if (i < 0)
      throw new Violation('list-corruption', `${nameOf(node)} is removed from ${nameOf(this)} but not linked there`, [
        nameOf(node),
        nameOf(this),
      ]);
    const length = this.#read(0);
    if (i > 0) touch(this.#m, this.#node(i - 1), 'list link');
    if (i + 1 < length) touch(this.#m, this.#node(i + 1), 'list link');
    for (let k = i; k + 1 < length; k++) this.#write(1 + k, this.#read(2 + k));
    this.#write(length, 0);
    this.#write(0, length - 1);
  }

  has(node: T): boolean {
    return this.#indexOf(node) >= 0;
  }

  find(predicate: (node: T) => boolean): T | null {
    for (const node of this) if (predicate(node)) return node;
    return null;
  }

  clear(): void {
    for (let i = this.#read(0); i >= 0; i--) this.#write(i, 0);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#read(0); i++) {
      const node = this.#node(i);
      touch(this.#m, node, 'list link');
      yield node;
    }
  }
}

/** Bytes: length, then the elements from the oldest. */
export class RingView<T> implements Ring<T> {
  readonly #m: Memory;
  readonly #base: number;
  readonly #codec: Codec<T>;
  readonly capacity: number;

  constructor(memory: Memory, base: number, capacity: number, codec: Codec<T>) {
    this.#m = memory;
    this.#base = base;
    this.capacity = capacity;
    this.#codec = codec;
  }

  get length(): number {
    if (this.#m.recording) this.#m.read(this.#base);
    return this.#m.bytes[this.#m.at + this.#base] as number;
  }

  set #length(value: number) {
    if (this.#m.recording) this.#m.write(this.#base);
    this.#m.bytes[this.#m.at + this.#base] = value;
  }

  get full(): boolean {
    return this.length === this.capacity;
  }

  get first(): T | null {
    return this.length === 0 ? null : this.#codec.get(this.#base + 1);
  }

  push(value: T): void {
    const length = this.length;
    if (length === this.capacity)
      throw modelError(
        `ring ${nameOf(this)} overflows its ${this.capacity} entries`,
        undefined,
        'test `full` first, as the hardware does',
      );
    this.#codec.set(this.#base + 1 + length, value);
    this.#length = length + 1;
  }

  shift(): T {
    return this.removeAt(0);
  }

  removeAt(index: number): T {
    const value = this.at(index);
    const length = this.length;
    for (let i = index; i + 1 < length; i++) this.#codec.set(this.#base + 1 + i, this.#codec.get(this.#base + 2 + i));
    if (this.#m.recording) this.#m.write(this.#base + length);
    this.#m.bytes[this.#m.at + this.#base + length] = 0;
    this.#length = length - 1;
    return value;
  }

  at(index: number): T {
    if (!(index >= 0 && index < this.length)) throw modelError(`ring ${nameOf(this)} has no entry ${index}`);
    return this.#codec.get(this.#base + 1 + index);
  }

  clear(): void {
    while (this.length > 0) this.removeAt(this.length - 1);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/** An array of scalars. */
export class ScalarArrayView<T> implements FixedArray<T> {
  readonly #base: number;
  readonly #codec: Codec<T>;
  readonly length: number;

  constructor(base: number, length: number, codec: Codec<T>) {
    this.#base = base;
    this.length = length;
    this.#codec = codec;
  }

  at(index: number): T {
    this.#check(index);
    return this.#codec.get(this.#base + index);
  }

  set(index: number, value: T): void {
    this.#check(index);
    this.#codec.set(this.#base + index, value);
  }

  #check(index: number): void {
    if (!(index >= 0 && index < this.length))
      throw modelError(`array ${nameOf(this)} of ${this.length} has no element ${index}`);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/** An array of embedded structs or collections. */
export class ViewArrayView<T> implements FixedArray<T> {
  readonly #elements: readonly T[];
  readonly length: number;

  constructor(elements: readonly T[]) {
    this.#elements = elements;
    this.length = elements.length;
  }

  at(index: number): T {
    const element = this.#elements[index];
    if (element === undefined) throw modelError(`array ${nameOf(this)} of ${this.length} has no element ${index}`);
    return element;
  }

  set(): void {
    throw modelError(`elements of ${nameOf(this)} are embedded: assign their fields`);
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#elements[Symbol.iterator]();
  }
}

/** Bytes: a two-byte mask. */
export class ActorSetView implements ActorSet {
  readonly #m: Memory;
  readonly #base: number;
  readonly #actors: readonly (Actor | null)[];

  constructor(memory: Memory, base: number, actors: readonly (Actor | null)[]) {
    this.#m = memory;
    this.#base = base;
    this.#actors = actors;
  }

  get #mask(): number {
    const m = this.#m;
    if (m.recording) m.read(this.#base);
    return (m.bytes[m.at + this.#base] as number) | ((m.bytes[m.at + this.#base + 1] as number) << 8);
  }

  set #mask(value: number) {
    const m = this.#m;
    if (m.recording) m.write(this.#base);
    if (m.marking) markStrangers(m, this.#base, value);
    m.bytes[m.at + this.#base] = value & 255;
    m.bytes[m.at + this.#base + 1] = value >> 8;
  }

  get size(): number {
    let bits = this.#mask;
    let count = 0;
    for (; bits !== 0; bits &= bits - 1) count++;
    return count;
  }

  has(actor: Actor): boolean {
    return (this.#mask & bitOf(actor)) !== 0;
  }

  add(actor: Actor): void {
    this.#mask |= bitOf(actor);
  }

  delete(actor: Actor): void {
    this.#mask &= ~bitOf(actor);
  }

  clear(): void {
    this.#mask = 0;
  }

  *[Symbol.iterator](): Iterator<Actor> {
    const mask = this.#mask;
    for (let i = 0; i < 16; i++) if (mask & (1 << i)) yield this.#actors[i + 1] as Actor;
  }
}

function bitOf(actor: Actor): number {
  const id = (actor as unknown as Identified).$id;
  if (id > 16) throw modelError('an actor set holds at most the first 16 actors', actor.name, 'lower the bounds');
  return 1 << (id - 1);
}
