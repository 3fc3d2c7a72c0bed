/**
 * struct xarray: pointers by small numbers. A slot is empty, reserved (XA_ZERO_ENTRY: taken, but lookups find nothing),
 * live, or a tombstone (a zero entry that is left behind so that its number is not given out again), and has three
 * marks. Its lock is a spinlock.
 *
 * The functions act inside a step, as xas_load() and xas_store() do inside a section of `xa_lock`; the statements are the
 * calls that take the lock themselves.
 *
 * Source: spec 0.2 rule 8. Limits: index 0 is never given out (XA_FLAGS_ALLOC1); nodes of the tree are not modelled; a
 * lookup without the lock is a step of the model that reads one slot.
 */
import {
  type Actor,
  array,
  atomic,
  type Field,
  type FixedArray,
  int,
  modelError,
  oneOf,
  opaque,
  pathOf,
  type Statement,
  struct,
} from '../../checker/lang/index.ts';
import { ENOMEM, ENOSPC } from './errno.ts';
import { group, type Of, type Options } from './options.ts';
import { type Spinlock, spinLock, spinlock, spinUnlock } from './spinlock.ts';

/** Marks of a slot, as bits: XA_MARK_0 to XA_MARK_2. */
export const XA_MARK_0 = 1;
/** XA_MARK_1, as a bit. */
export const XA_MARK_1 = 2;
/** XA_MARK_2, as a bit. */
export const XA_MARK_2 = 4;

/** `reserved` and `tombstone` are zero entries: present for allocation, NULL for a reader. */
export type XaSlotState = 'empty' | 'reserved' | 'live' | 'tombstone';

/** What a step sees of a slot. */
export interface XaSlot<T> {
  state: XaSlotState;
  entry: T | null;
  marks: number;
}

/** What a step sees of an xarray. */
export interface Xarray<T> {
  readonly xa_lock: Spinlock;
  readonly slots: FixedArray<XaSlot<T>>;
}

/** An xarray embedded in an object, with the indices 1 to `most`; slot 0 stays empty. */
export const xarray = <T extends object>(most: number): Field<Xarray<T>> =>
  struct('xarray', {
    xa_lock: spinlock(),
    slots: atomic(
      array(
        struct('xa_slot', {
          state: oneOf('empty', 'reserved', 'live', 'tombstone'),
          entry: opaque<T>(),
          marks: int(0, XA_MARK_0 | XA_MARK_1 | XA_MARK_2),
        }),
        most + 1,
      ),
      'rcu_assign_pointer and rcu_dereference',
    ),
  }) as unknown as Field<Xarray<T>>;

function slotOf<T>(xa: Xarray<T>, id: number): XaSlot<T> {
  if (id < 0 || id >= xa.slots.length)
    throw modelError(`index ${id} is outside of an xarray of ${xa.slots.length}`, undefined, 'declare it larger');
  return xa.slots.at(id);
}

/** xa_load(): the live entry, or NULL for any other slot. */
export function xaLoad<T>(xa: Xarray<T>, id: number): T | null {
  const slot = slotOf(xa, id);
  return slot.state === 'live' ? slot.entry : null;
}

/** State of a slot, as xas_load() and xa_is_zero() tell it. */
export function xaState<T>(xa: Xarray<T>, id: number): XaSlotState {
  return slotOf(xa, id).state;
}

/** xas_store() of an entry, of XA_ZERO_ENTRY (`reserved`, `tombstone`), or of NULL, which also clears the marks. */
export function xaStore<T>(xa: Xarray<T>, id: number, entry: T | 'reserved' | 'tombstone' | null): void {
  const slot = slotOf(xa, id);
  const zero = entry === 'reserved' || entry === 'tombstone';
  if (entry === null) slot.marks = 0;
  slot.state = entry === null ? 'empty' : zero ? (entry as XaSlotState) : 'live';
  slot.entry = entry === null || zero ? null : (entry as T);
}

/** The lowest empty index, which is reserved now, or -ENOSPC. Tombstones are not given out. */
export function xaReserveLowest<T>(xa: Xarray<T>): number {
  for (let id = 1; id < xa.slots.length; id++)
    if (xa.slots.at(id).state === 'empty') {
      xaStore(xa, id, 'reserved');
      return id;
    }
  return -ENOSPC;
}

/** xa_find(): the first index from `from` on with a live entry, and with the mark where one is given; 0 when none is left. */
export function xaFind<T>(xa: Xarray<T>, from: number, mark = 0): number {
  for (let id = Math.max(from, 1); id < xa.slots.length; id++) {
    const slot = xa.slots.at(id);
    if (slot.state === 'live' && (mark === 0 || (slot.marks & mark) !== 0)) return id;
  }
  return 0;
}

/** xa_set_mark(): nothing happens on a slot without a live entry. */
export function xaSetMark<T>(xa: Xarray<T>, id: number, mark: number): void {
  const slot = slotOf(xa, id);
  if (slot.state === 'live') slot.marks |= mark;
}

/** xa_clear_mark(). */
export function xaClearMark<T>(xa: Xarray<T>, id: number, mark: number): void {
  slotOf(xa, id).marks &= ~mark;
}

/** xa_get_mark(). */
export function xaGetMark<T>(xa: Xarray<T>, id: number, mark: number): boolean {
  return (slotOf(xa, id).marks & mark) !== 0;
}

/** xa_empty(): reserved slots and tombstones count as entries. */
export function xaEmpty<T>(xa: Xarray<T>): boolean {
  for (const slot of xa.slots) if (slot.state !== 'empty') return false;
  return true;
}

/** The array as C names it, from the path of its accessor. */
function named<F, T>(fn: string, xa: Of<F, Xarray<T>>, options: Options): Options {
  const { as, label, ...notes } = options;
  return { ...notes, label: label ?? `${fn}(&${as ?? pathOf(xa) ?? 'xa'})` };
}

export interface XaLockOptions<F> extends Options {
  /** Reads and writes under the lock in the instant it is taken. */
  readonly do?: (f: F, self: Actor) => void;
}

/** xa_lock(). */
export function xaLock<F, T>(xa: Of<F, Xarray<T>>, options: XaLockOptions<F> = {}): Statement<F> {
  const { do: act, ...rest } = options;
  return derived(
    spinLock((f: F, self) => xa(f, self).xa_lock, { ...named('xa_lock', xa, rest), ...(act ? { do: act } : {}) }),
    rest,
  );
}

/** xa_unlock(). */
export function xaUnlock<F, T>(xa: Of<F, Xarray<T>>, options: Options = {}): Statement<F> {
  return derived(
    spinUnlock((f: F, self) => xa(f, self).xa_lock, named('xa_unlock', xa, options)),
    options,
  );
}

/** A label that was made here is numbered where it is repeated, not refused. */
function derived<F>(statement: Statement<F>, options: Options): Statement<F> {
  return { ...statement, derived: options.derived ?? options.label === undefined } as Statement<F>;
}

/**
 * xa_alloc() of XA_ZERO_ENTRY: reserves the lowest index under the lock. `assign` receives it, -ENOSPC when all are taken,
 * or -ENOMEM when the scenario's budget `xa_alloc` lets the allocation of memory fail.
 */
export function xaAlloc<F, T>(
  xa: Of<F, Xarray<T>>,
  assign: (f: F, id: number) => void,
  options: Options = {},
): Statement<F> {
  const { label = 'xa_alloc', ...notes } = named('xa_alloc', xa, options);
  const inside = { ...notes, derived: true };
  return group<F>(
    {
      op: 'attempt',
      ...inside,
      label,
      budget: 'xa_alloc',
      act: () => {},
      orElse: [{ op: 'local', act: (f) => assign(f, -ENOMEM) }, { op: 'break' }],
      sleeps: true,
    },
    xaLock(xa, { ...inside, label: `xa_lock in ${label}`, do: (f, self) => assign(f, xaReserveLowest(xa(f, self))) }),
    xaUnlock(xa, { ...inside, label: `xa_unlock in ${label}` }),
  );
}
