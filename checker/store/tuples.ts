/**
 * Interned tuples: equal tuples of 32-bit words get one number, from 0 on in the order in which they were first met.
 * The arrays lie on shared memory and several threads may intern at once: a tuple is written first, then its number is
 * published with a compare-and-swap on the slot of the table. Two threads that meet the same new tuple at the same
 * moment leave a number unused, so numbers are equal for equal tuples but not the same on every run; nothing that a
 * search tells may depend on them.
 *
 * Cost a tuple: its words and 5 to 11 bytes of table at a load of at most 3/4. Growing is for one thread while the others
 * rest. Limits: 2^28 tuples.
 */
/** Words of `TupleArrays.control`. */
export const TUPLES = 0; // numbers given out
export const MASK = 1; // slots in use minus one

/** What the threads share. The table is reserved larger than it is used, so that it can double in place. */
export interface TupleArrays {
  readonly width: number;
  readonly data: Int32Array;
  readonly slots: Int32Array;
  readonly control: Int32Array;
  /** Tuples that `data` and `slots` have room for. */
  readonly capacity: number;
}

const MOST = 2 ** 28;
const STEP = 16;
const LOAD = 0.75;

/** There is no room for more states: the search ends undecided. */
export class StoreFull extends Error {}

/** Zeroed words that threads share. Pages that nobody touches cost no memory. */
export const sharedInts = (count: number): Int32Array => new Int32Array(sharedBytes(count * 4).buffer);

/** As `sharedInts`. */
export function sharedBytes(count: number): Uint8Array {
  try {
    return new Uint8Array(new SharedArrayBuffer(count));
  } catch {
    throw new StoreFull(`no memory for ${Math.round(count / 2 ** 20)} MiB more`);
  }
}

/** Room for `capacity` tuples. */
export function makeTuples(width: number, capacity: number, slots = 1 << 8): TupleArrays {
  const control = sharedInts(2);
  control[MASK] = slots - 1;
  return {
    width,
    data: sharedInts(capacity * width),
    slots: sharedInts(Math.max(slots, 2 * capacity)),
    control,
    capacity,
  };
}

export const tupleCount = (t: TupleArrays): number => Atomics.load(t.control, TUPLES);

/** Can `more` tuples be added without growing? */
export function hasRoom(t: TupleArrays, more: number): boolean {
  const wanted = tupleCount(t) + more;
  return wanted <= t.capacity && wanted <= LOAD * ((t.control[MASK] as number) + 1);
}

/** Makes room for `more` tuples: the same arrays with a larger table, or larger ones. */
export function withRoom(t: TupleArrays, more: number, hash: HashText): TupleArrays {
  const count = tupleCount(t);
  const wanted = count + more;
  let next = t;
  if (wanted > t.capacity) {
    if (wanted > MOST) throw new StoreFull(`limit of the store: ${MOST} values of a part of the states`);
    let capacity = t.capacity;
    while (capacity < wanted) capacity *= STEP;
    next = makeTuples(t.width, Math.min(capacity, MOST), (t.control[MASK] as number) + 1);
    next.data.set(t.data.subarray(0, count * t.width));
    next.control[TUPLES] = count;
  }
  let slots = (t.control[MASK] as number) + 1;
  // What the table holds, not all that was written: a thread that came second left its copy of a tuple behind.
  const published = t.slots.slice(0, slots);
  while (wanted > LOAD * slots) slots *= 2;
  next.slots.fill(0, 0, slots);
  next.control[MASK] = slots - 1;
  publish(next, published, hash);
  return next;
}

/** What makes a table of tuples again; see `savedTuples`. */
export interface SavedTuples {
  readonly count: number;
  readonly capacity: number;
  readonly slots: number;
  readonly data: Int32Array;
  /** A bit for each number that stands for a tuple; the others were left unused. */
  readonly used: Uint8Array;
}

/** The tuples as they are now; `data` is not copied. */
export function savedTuples(t: TupleArrays): SavedTuples {
  const count = tupleCount(t);
  const slots = (t.control[MASK] as number) + 1;
  const used = new Uint8Array(Math.ceil(count / 8));
  for (let p = 0; p < slots; p++) {
    const number = (t.slots[p] as number) - 1;
    if (number >= 0) used[number >> 3] = (used[number >> 3] as number) | (1 << (number & 7));
  }
  return { count, capacity: t.capacity, slots, data: t.data.subarray(0, count * t.width), used };
}

/** Equal tuples get the numbers that they had. */
export function restoredTuples(width: number, saved: SavedTuples, hash: HashText): TupleArrays {
  const { count, used } = saved;
  const t = makeTuples(width, saved.capacity, saved.slots);
  t.data.set(saved.data.subarray(0, count * width));
  t.control[TUPLES] = count;
  const published = Int32Array.from({ length: count }, (_, n) => ((used[n >> 3] as number) >> (n & 7)) & 1 && n + 1);
  publish(t, published, hash);
  return t;
}

/** Bytes that are in use. */
export function tupleBytes(t: TupleArrays): number {
  return tupleCount(t) * t.width * 4 + ((t.control[MASK] as number) + 1) * 4;
}

/** Text that leaves the hash of some words, given as expressions, in `x`. */
export type HashText = (words: readonly string[]) => string;

/**
 * The hash that is used: multiply-xor over the words, in four lanes for wide tuples, since each word must otherwise wait
 * for the one before it. Results never depend on it.
 */
export const tupleHash: HashText = (words) => {
  const lanes = words.length < 12 ? ['x'] : ['x', 'x1', 'x2', 'x3'];
  const mix = (lane: string, word: string) =>
    `${lane} = Math.imul(${lane} ^ ${word}, 0x9e3779b1); ${lane} ^= ${lane} >>> 15;`;
  const begin = lanes.map((lane, i) => `${lane} = ${0x7f4a7c15 + i} | 0`);
  const mixed = words.map((word, k) => mix(lanes[k % lanes.length] as string, word));
  const joined = lanes.slice(1).map((lane) => mix('x', lane));
  return `let ${begin.join(', ')}; ${mixed.join(' ')} ${joined.join(' ')} x = Math.imul(x, 0x85ebca6b); x ^= x >>> 13;`;
};

/** The words of `width` at `array[at...]` as expressions. */
export const wordsAt = (width: number, array: string, at: string): string[] =>
  Array.from({ length: width }, (_, k) => `${array}[${at} + ${k}]`);

/** What the text of a look-up does with a tuple that is not known: adds it, alone or beside other threads, or gives -1. */
export type WhenUnknown = 'add' | 'add beside others' | 'give -1';

/**
 * Text of a function `name(v0, v1, ...)` that gives the number of a tuple. It refers to the arrays by `data`, `slots`,
 * `control` and `mask` with the stem in front.
 */
export function internText(name: string, stem: string, width: number, unknown: WhenUnknown, hash: HashText): string {
  const words = Array.from({ length: width }, (_, k) => `v${k}`);
  const same = words.map((v, k) => `${stem}Data[b + ${k}] === ${v}`).join(' && ');
  const write = words.map((v, k) => `${stem}Data[n * ${width} + ${k}] = ${v};`).join(' ');
  const add = {
    add: `const n = ${stem}Control[${TUPLES}]++; ${write} ${stem}Slots[p] = n + 1; return n;`,
    'add beside others': `if (n < 0) { n = Atomics.add(${stem}Control, ${TUPLES}, 1); ${write} }
        e = Atomics.compareExchange(${stem}Slots, p, 0, n + 1);
        if (e === 0) return n;`,
    'give -1': 'return -1;',
  }[unknown];
  const beside = unknown === 'add beside others';
  return `function ${name}(${words.join(', ')}) {
    ${hash(words)}
    ${beside ? 'let n = -1;' : ''}
    for (let p = x & ${stem}Mask; ; p = (p + 1) & ${stem}Mask) {
      ${beside ? 'let' : 'const'} e = ${stem}Slots[p];
      if (e === 0) { ${add} }
      const b = (e - 1) * ${width};
      if (${same}) return e - 1;
    }
  }`;
}

/** Enters tuples, given by their numbers plus one, into the empty table. */
function publish(t: TupleArrays, published: Int32Array, hash: HashText): void {
  const enter = new Function(
    'data',
    'slots',
    'mask',
    'published',
    `'use strict';
    for (let i = 0; i < published.length; i++) {
      const e = published[i];
      if (e === 0) continue;
      const at = (e - 1) * ${t.width};
      ${hash(wordsAt(t.width, 'data', 'at'))}
      let p = x & mask;
      while (slots[p] !== 0) p = (p + 1) & mask;
      slots[p] = e;
    }`,
  ) as (data: Int32Array, slots: Int32Array, mask: number, published: Int32Array) => void;
  enter(t.data, t.slots, t.control[MASK] as number, published);
}
