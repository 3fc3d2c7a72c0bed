/**
 * Allocation. A type has a fixed number of slots; freeing leaves a slot poisoned, so that every later access is
 * found. A poisoned slot is handed out again only when nothing points to it, or at once for types that reuse
 * addresses. When no slot is left the model's bounds are too small, which is an error and never a verdict.
 */
import { modelError } from '../lang/errors.ts';
import { nameOf } from '../lang/names.ts';
import type { ObjectType, Shape } from '../lang/object.ts';
import { Violation } from '../lang/violation.ts';
import { FREED, type Identified, LIVE } from './collections.ts';
import type { Layout, LockCell } from './layout.ts';
import type { Memory } from './memory.ts';

export interface Slot {
  readonly view: Identified;
  readonly base: number;
  readonly size: number;
  /** Given out by allocation; otherwise set up by the scenario and only reused by types that reuse addresses. */
  readonly pooled: boolean;
}

export class Heap {
  readonly #layout: Layout;
  readonly #slots = new Map<ObjectType<Shape>, Slot[]>();
  readonly #bySlot = new Map<Identified, Slot>();
  /** Offsets of pointers in the frames in use now; set once control flow is known. */
  framePointers: () => Iterable<number> = () => [];
  actorName: (id: number) => string = String;
  /** What is marked when the pointers in frames are looked at. */
  framesMark = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  register(type: ObjectType<Shape>, slot: Slot): void {
    const slots = this.#slots.get(type) ?? [];
    slots.push(slot);
    this.#slots.set(type, slots);
    this.#bySlot.set(slot.view, slot);
  }

  /** Views of a type that are alive in the current state. */
  *live(type: ObjectType<Shape>): Generator<Identified> {
    for (const slot of this.#slots.get(type) ?? []) if (this.isLive(slot.view)) yield slot.view;
  }

  *all(): Generator<readonly [ObjectType<Shape>, Slot]> {
    for (const [type, slots] of this.#slots) for (const slot of slots) yield [type, slot];
  }

  isLive(view: Identified): boolean {
    const m = this.#layout.memory;
    if (view.$live >= 0 && m.marking) m.read(view.$live);
    return view.$live < 0 || m.bytes[m.at + view.$live] === LIVE;
  }

  allocate(type: ObjectType<Shape>): Identified {
    const m = this.#layout.memory;
    const slots = this.#slots.get(type) ?? [];
    const state = (slot: Slot) => {
      if (m.marking) m.read(slot.view.$live);
      return m.bytes[m.at + slot.view.$live] as number;
    };
    const fresh =
      slots.find((s) => s.pooled && state(s) === 0) ??
      slots.find((s) => state(s) === FREED && (type.reusesAddress || (s.pooled && !this.#isPointedTo(s.view))));
    if (fresh === undefined)
      throw modelError(
        `no slot is left for ${type.name}`,
        undefined,
        `give the scenario more: s.pool(${type.name}, ${slots.filter((s) => s.pooled).length + 1})`,
      );
    if (m.recording) m.write(fresh.view.$live);
    m.bytes[m.at + fresh.view.$live] = LIVE;
    return fresh.view;
  }

  free(view: object | null, actor: string): void {
    if (view === null) return;
    const slot = this.#bySlot.get(view as Identified);
    const name = nameOf(view);
    if (slot === undefined)
      throw modelError(`${name} cannot be freed`, undefined, 'it is permanent or embedded in another object');
    const m = this.#layout.memory;
    const live = m.at + slot.view.$live;
    if (m.marking) m.read(slot.view.$live);
    if (m.bytes[live] === FREED) throw new Violation('double-free', `${name} is freed a second time`, [name], [actor]);
    if (m.bytes[live] !== LIVE)
      throw new Violation('invalid-free', `${name} is freed but was never allocated`, [name], [actor]);
    for (const lock of this.#layout.locks) {
      if (lock.liveness !== slot.view.$live) continue;
      if (m.marking) for (const offset of [...lock.exclusive, ...lock.shared]) m.read(offset);
      const holders = holdersOf(lock, m);
      if (holders.length > 0)
        throw new Violation(
          'invalid-free',
          `${name} is freed while ${lock.name} is held`,
          [name],
          [...new Set([actor, ...holders.map((id) => this.actorName(id))])],
        );
    }
    if (m.recording) for (let i = 0; i < slot.size; i++) m.write(slot.base + i);
    m.bytes.fill(0, m.at + slot.base, m.at + slot.base + slot.size);
    if (m.recording) m.write(slot.view.$live);
    m.bytes[live] = FREED;
  }

  #isPointedTo(view: Identified): boolean {
    const m = this.#layout.memory;
    for (const offset of this.pointers()) if (m.bytes[m.at + offset] === view.$id) return true;
    return false;
  }

  /** Offsets of every pointer in the current state that may hold an object. */
  *pointers(): Generator<number> {
    const m = this.#layout.memory;
    for (const cell of this.#layout.refs) {
      const count = cell.lengthAt < 0 ? 1 : (m.bytes[m.at + cell.lengthAt] as number);
      if (m.marking && cell.lengthAt >= 0) m.read(cell.lengthAt);
      for (let i = 0; i < count; i++) {
        if (m.marking) m.read(cell.offset + i);
        yield cell.offset + i;
      }
    }
    if (m.marking) m.read(this.framesMark);
    yield* this.framePointers();
  }
}

/** Identities of the actors that hold a lock, in either mode. */
function holdersOf(lock: LockCell, m: Memory): number[] {
  const holders = lock.exclusive.map((offset) => m.bytes[m.at + offset] as number).filter((id) => id !== 0);
  for (const offset of lock.shared) {
    const mask = (m.bytes[m.at + offset] as number) | ((m.bytes[m.at + offset + 1] as number) << 8);
    for (let id = 1; id <= 16; id++) if (mask & (1 << (id - 1))) holders.push(id);
  }
  return holders;
}
