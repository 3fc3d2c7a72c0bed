/**
 * Collections of the brute-force twin: the documented meaning of lists, rings, arrays and actor sets, on plain
 * arrays. Each part looks up its array anew at every access, because restoring a state replaces the data.
 */
import type { Actor, ActorSet, FixedArray, List, Ring } from '../../checker/lang/index.ts';
import { modelError, nameOf, Violation } from '../../checker/lang/index.ts';

/** How a scalar is kept in plain data and how a step sees it. */
export interface Coder {
  show(raw: unknown): unknown;
  keep(value: unknown): unknown;
}

/** Throws when the object behind a view is not alive. */
export type Touch = (view: object | null, part: string) => void;

/** An intrusive list, kept as the numbers of its nodes. */
export class TwinList implements List<object> {
  readonly #data: () => unknown[];
  readonly #capacity: number;
  readonly #coder: Coder;
  readonly #touch: Touch;

  constructor(data: () => unknown[], capacity: number, coder: Coder, touch: Touch) {
    this.#data = data;
    this.#capacity = capacity;
    this.#coder = coder;
    this.#touch = touch;
  }

  get #nodes(): object[] {
    return this.#data().map((raw) => this.#coder.show(raw) as object);
  }

  #link(node: object | undefined): void {
    if (node !== undefined) this.#touch(node, 'list link');
  }

  /** Position of a node that must be linked. */
  #position(node: object, verb: string): number {
    this.#touch(node, 'list link');
    const i = this.#nodes.indexOf(node);
    if (i < 0) throw this.#corrupted(`${nameOf(node)} is ${verb} ${nameOf(this)} but not linked there`, node);
    return i;
  }

  #corrupted(message: string, node: object): Violation {
    return new Violation('list-corruption', message, [nameOf(node), nameOf(this)]);
  }

  get length(): number {
    return this.#data().length;
  }

  get first(): object | null {
    return this.#nodes[0] ?? null;
  }

  next(node: object): object | null {
    return this.#nodes[this.#position(node, 'followed on') + 1] ?? null;
  }

  prev(node: object): object | null {
    return this.#nodes[this.#position(node, 'followed on') - 1] ?? null;
  }

  addFirst(node: object): void {
    this.#insert(0, node);
  }

  add(node: object): void {
    this.#insert(this.length, node);
  }

  #insert(position: number, node: object): void {
    this.#touch(node, 'list link');
    if (this.#nodes.includes(node)) throw this.#corrupted(`${nameOf(node)} is added to ${nameOf(this)} twice`, node);
    if (this.length === this.#capacity) throw modelError(`list ${nameOf(this)} is longer than its capacity`);
    this.#link(this.#nodes[position - 1]);
    this.#link(this.#nodes[position]);
    this.#data().splice(position, 0, this.#coder.keep(node));
  }

  remove(node: object): void {
    const i = this.#position(node, 'removed from');
    this.#link(this.#nodes[i - 1]);
    this.#link(this.#nodes[i + 1]);
    this.#data().splice(i, 1);
  }

  has(node: object): boolean {
    return this.#nodes.includes(node);
  }

  find(predicate: (node: object) => boolean): object | null {
    for (const node of this) if (predicate(node)) return node;
    return null;
  }

  clear(): void {
    this.#data().length = 0;
  }

  *[Symbol.iterator](): Iterator<object> {
    for (let i = 0; i < this.length; i++) {
      const node = this.#nodes[i] as object;
      this.#touch(node, 'list link');
      yield node;
    }
  }
}

/** A bounded queue, oldest element first. */
export class TwinRing implements Ring<unknown> {
  readonly #data: () => unknown[];
  readonly #coder: Coder;
  readonly capacity: number;

  constructor(data: () => unknown[], capacity: number, coder: Coder) {
    this.#data = data;
    this.#coder = coder;
    this.capacity = capacity;
  }

  get length(): number {
    return this.#data().length;
  }

  get full(): boolean {
    return this.length === this.capacity;
  }

  get first(): unknown {
    return this.length === 0 ? null : this.at(0);
  }

  push(value: unknown): void {
    if (this.full) throw modelError(`ring ${nameOf(this)} overflows`);
    this.#data().push(this.#coder.keep(value));
  }

  shift(): unknown {
    return this.removeAt(0);
  }

  removeAt(index: number): unknown {
    const value = this.at(index);
    this.#data().splice(index, 1);
    return value;
  }

  at(index: number): unknown {
    if (!(index >= 0 && index < this.length)) throw modelError(`ring ${nameOf(this)} has no entry ${index}`);
    return this.#coder.show(this.#data()[index]);
  }

  clear(): void {
    this.#data().length = 0;
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/** A fixed number of scalars. */
export class TwinScalars implements FixedArray<unknown> {
  readonly #data: () => unknown[];
  readonly #coder: Coder;
  readonly length: number;

  constructor(data: () => unknown[], length: number, coder: Coder) {
    this.#data = data;
    this.#coder = coder;
    this.length = length;
  }

  #check(index: number): void {
    if (!(index >= 0 && index < this.length)) throw modelError(`array ${nameOf(this)} has no element ${index}`);
  }

  at(index: number): unknown {
    this.#check(index);
    return this.#coder.show(this.#data()[index]);
  }

  set(index: number, value: unknown): void {
    this.#check(index);
    this.#data()[index] = this.#coder.keep(value);
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/** A fixed number of embedded structs or collections. */
export class TwinElements implements FixedArray<object> {
  readonly #elements: readonly object[];

  constructor(elements: readonly object[]) {
    this.#elements = elements;
  }

  get length(): number {
    return this.#elements.length;
  }

  at(index: number): object {
    const element = this.#elements[index];
    if (element === undefined) throw modelError(`array ${nameOf(this)} has no element ${index}`);
    return element;
  }

  set(): void {
    throw modelError(`elements of ${nameOf(this)} are embedded`);
  }

  [Symbol.iterator](): Iterator<object> {
    return this.#elements[Symbol.iterator]();
  }
}

/** A set of actors, kept as their numbers in ascending order; walking it sees the members it had at the start. */
export class TwinActors implements ActorSet {
  readonly #data: () => unknown[];
  readonly #coder: Coder;

  constructor(data: () => unknown[], coder: Coder) {
    this.#data = data;
    this.#coder = coder;
  }

  get size(): number {
    return this.#data().length;
  }

  has(actor: Actor): boolean {
    return this.#data().includes(this.#coder.keep(actor));
  }

  add(actor: Actor): void {
    if (this.has(actor)) return;
    this.#data().push(this.#coder.keep(actor));
    this.#data().sort((a, b) => (a as number) - (b as number));
  }

  delete(actor: Actor): void {
    const i = this.#data().indexOf(this.#coder.keep(actor));
    if (i >= 0) this.#data().splice(i, 1);
  }

  clear(): void {
    this.#data().length = 0;
  }

  *[Symbol.iterator](): Iterator<Actor> {
    for (const raw of [...this.#data()]) yield this.#coder.show(raw) as Actor;
  }
}
