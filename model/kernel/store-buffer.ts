/**
 * Store buffers: memory under total store order (TSO). What a CPU stores waits in its buffer until it becomes visible,
 * in order; what it loads it finds in its own buffer first. An actor of its own, the buffer, makes stores visible one by
 * one, at any time. smp_mb() waits until the buffer is empty.
 *
 * A scenario switches it on by giving each CPU a buffer and its actor; all other models are sequentially consistent.
 * Only what goes through `bufferedStore` and `bufferedLoad` is delayed: accesses of devices, and writes to device
 * registers, which have no place in a store buffer, are visible at once. Who needs a register write to come after
 * earlier stores must wait for them, as writel() does and writel_relaxed() does not.
 *
 * Source: Sewell, Sarkar, Owens, Zappa Nardelli, Myreen: x86-TSO, Communications of the ACM 53 (7), 2010, without
 * locked instructions: an atomic that implies a full barrier is a barrier, the access, and a barrier.
 * Limits: loads are not reordered with loads, nor stores with stores; a model that needs that says so in its steps.
 */
import {
  atomic,
  constant,
  machine,
  object,
  patch,
  ring,
  type Statement,
  u8,
  type ViewOf,
} from '../../checker/lang/index.ts';
import { labelled, type Of, type Options } from './options.ts';

/** Stores that one CPU may have under way. */
const CAPACITY = 4;

const source = patch('x86-TSO')();

/** Why its fields are marked. */
const ownBuffer = 'the hardware of one CPU';

/** The store buffer of one CPU: stores that others do not see yet, oldest first. */
export const StoreBuffer = object(
  'store_buffer',
  {
    /** Locations, by their place in the list that the actor of the buffer has, and values; oldest first. */
    locations: atomic(ring(u8(), CAPACITY), ownBuffer),
    values: atomic(ring(u8(), CAPACITY), ownBuffer),
  },
  { permanent: true, source },
);
export type StoreBuffer = ViewOf<typeof StoreBuffer>;

/** A place in memory that is accessed through store buffers, made in a scenario's set-up from the objects it lies in. */
export interface Location {
  load(): number;
  store(value: number): void;
}

/** A CPU: its buffer, and the memory all CPUs share. */
export interface Cpu {
  readonly buffer: StoreBuffer;
  readonly memory: readonly Location[];
}

/** Why a store is one step, and a load. */
const oneStore = 'location and value are one entry of the buffer';
const oneLoad = 'a load looks into the own buffer and then at memory, and is one access for everybody else';

/** A plain store, for use inside a step. A full buffer is a mistake of the model: see `smpMb`. */
export function bufferedStore({ buffer }: Cpu, location: number, value: number): void {
  buffer.locations.push(location);
  buffer.values.push(value);
}

/** A plain load, for use inside a step: the newest own store that is under way, or what memory holds. */
export function bufferedLoad({ buffer, memory }: Cpu, location: number): number {
  for (let i = buffer.locations.length - 1; i >= 0; i--)
    if (buffer.locations.at(i) === location) return buffer.values.at(i);
  return (memory[location] as Location).load();
}

/** WRITE_ONCE() through the buffer of the CPU. */
export function storeOnce<F>(
  cpu: Of<F, Cpu>,
  location: number,
  value: Of<F, number>,
  options: Options & { readonly label: string },
): Statement<F> {
  return {
    op: 'step',
    indivisible: oneStore,
    ...labelled('WRITE_ONCE', null, options),
    act: (f, self) => bufferedStore(cpu(f, self), location, value(f, self)),
  };
}

/** READ_ONCE() through the buffer of the CPU; `assign` receives the value. */
export function loadOnce<F>(
  cpu: Of<F, Cpu>,
  location: number,
  assign: (f: F, value: number) => void,
  options: Options & { readonly label: string },
): Statement<F> {
  return {
    op: 'step',
    indivisible: oneLoad,
    ...labelled('READ_ONCE', null, options),
    act: (f, self) => assign(f, bufferedLoad(cpu(f, self), location)),
  };
}

/** smp_mb(): everything stored before is visible before anything after it is done. */
export function smpMb<F>(cpu: Of<F, Cpu>, options: Options = {}): Statement<F> {
  return {
    op: 'block',
    ...labelled('smp_mb', null, options),
    guard: (f, self) => cpu(f, self).buffer.locations.length === 0,
    waiting: { kind: 'device', on: (f, self) => cpu(f, self).buffer },
  };
}

/** The actor of one buffer. */
export const storeBuffer = machine(
  'store_buffer',
  {
    source,
    params: { buffer: StoreBuffer, memory: constant<readonly Location[]>() },
    states: ['draining'],
    indivisible: 'a store leaves the buffer in the instant in which it becomes visible',
  },
  [
    {
      label: 'the oldest store becomes visible',
      from: 'draining',
      to: 'draining',
      when: (f) => f.buffer.locations.length > 0,
      do: (f) => {
        const location = f.buffer.locations.shift();
        (f.memory[location] as Location).store(f.buffer.values.shift());
      },
    },
  ],
);
