/**
 * Sorted runs on disk: records of a few words, in the order of the hash of their first words, then of these words
 * themselves. Equal keys are neighbours in every run, whichever run they lie in, so runs are merged and compared by
 * reading each once from front to back.
 *
 * A run has a fence for every `FENCE` records, the hash of the first of them, so that a single key can be found by
 * reading a few pages.
 *
 * Limits: 2^32 - 1 records of a run.
 */
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemError, writeAll } from './checkpoint.ts';
import { type HashText, wordsAt } from './tuples.ts';

const FENCE = 256;
/** Bytes that a reader or writer holds. */
const PIECE = 2 ** 16;
/** Pages kept by those who look single keys up. */
const PAGES = 512;

/** The order of keys of `words` words. */
export interface Order {
  readonly words: number;
  /** The hash of the key at `array[at...]`, from 0 to 2^32 - 1. */
  readonly hash: (array: Int32Array, at: number) => number;
}

export function makeOrder(words: number, hash: HashText): Order {
  const hashOf = new Function(
    'a',
    'at',
    `'use strict'; ${hash(wordsAt(words, 'a', 'at'))} return x >>> 0;`,
  ) as Order['hash'];
  return { words, hash: hashOf };
}

/** Compares keys of equal hashes. */
export function compareKeys(words: number, a: Int32Array, i: number, b: Int32Array, j: number): number {
  for (let k = 0; k < words; k++) {
    const d = (a[i + k] as number) - (b[j + k] as number);
    if (d !== 0) return d;
  }
  return 0;
}

/** A finished run. */
export interface Run {
  readonly path: string;
  /** Words of a record, its key first. */
  readonly width: number;
  readonly count: number;
  readonly fences: Uint32Array;
}

export function removeRun(run: Run): void {
  rmSync(run.path, { force: true });
}

/** There is no room on the disk for what is to be spilled. What was there before is as it was. */
export class DiskFull extends Error {
  constructor(path: string) {
    super(`disk full: no room in ${dirname(path)}`);
  }
}

/** Writes words to the end of a file, a piece at a time; throws `DiskFull` where there is no room for them. */
export class WordWriter {
  readonly #path: string;
  readonly #file: number;
  readonly #buffer = new Int32Array(PIECE);
  readonly #bytes = new Uint8Array(this.#buffer.buffer);
  #used = 0;

  /** @param flags `a` to go on with a file, `w` to make it anew. */
  constructor(path: string, flags: 'a' | 'w') {
    this.#path = path;
    this.#file = openOrTell(path, flags);
  }

  add(from: Int32Array, at: number, words: number): void {
    if (this.#used + words > this.#buffer.length) this.#flush();
    for (let k = 0; k < words; k++) this.#buffer[this.#used + k] = from[at + k] as number;
    this.#used += words;
  }

  addWord(word: number): void {
    if (this.#used === this.#buffer.length) this.#flush();
    this.#buffer[this.#used++] = word;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  /** Closes the file of a search that has failed. */
  abandon(): void {
    closeSync(this.#file);
  }

  #flush(): void {
    try {
      writeAll(this.#file, this.#bytes.subarray(0, 4 * this.#used));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EDQUOT') throw new DiskFull(this.#path);
      throw systemError('cannot spill to disk', this.#path, error);
    }
    this.#used = 0;
  }
}

/** Writes a run; records must come in order. */
export class RunWriter {
  readonly #path: string;
  readonly #width: number;
  readonly #order: Order;
  readonly #out: WordWriter;
  readonly #fences: number[] = [];
  #count = 0;

  constructor(path: string, width: number, order: Order) {
    this.#path = path;
    this.#width = width;
    this.#order = order;
    this.#out = new WordWriter(path, 'w');
  }

  add(record: Int32Array, at: number): void {
    if (this.#count++ % FENCE === 0) this.#fences.push(this.#order.hash(record, at));
    this.#out.add(record, at, this.#width);
  }

  close(): Run {
    this.#out.close();
    return { path: this.#path, width: this.#width, count: this.#count, fences: Uint32Array.from(this.#fences) };
  }
}

/** Reads words of a file from front to back. */
export class WordReader {
  readonly #path: string;
  readonly #file: number;
  readonly #buffer: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #width: number;
  /** Place in the file of what follows the buffer, in words. */
  #from: number;
  #left: number;
  /** The present record lies at `buffer[at...]`. */
  at = 0;
  #end = 0;

  /** Reads `count` records of `width` words from record `first` on. */
  constructor(path: string, width: number, first: number, count: number, piece: number = PIECE) {
    this.#path = path;
    this.#width = width;
    this.#from = first * width;
    this.#left = count * width;
    this.#buffer = new Int32Array(Math.max(1, Math.floor(Math.min(piece / 4, this.#left) / width)) * width);
    this.#bytes = new Uint8Array(this.#buffer.buffer);
    this.at = -width;
    this.#end = 0;
    this.#file = openOrTell(path, 'r');
  }

  get buffer(): Int32Array {
    return this.#buffer;
  }

  /** Goes to the next record. False when there is none; the file is closed then. */
  next(): boolean {
    this.at += this.#width;
    if (this.at < this.#end) return true;
    if (this.#left === 0) {
      this.close();
      return false;
    }
    const words = Math.min(this.#buffer.length, this.#left);
    readWords(this.#path, this.#file, this.#bytes.subarray(0, 4 * words), 4 * this.#from);
    this.#from += words;
    this.#left -= words;
    this.#end = words;
    this.at = 0;
    return true;
  }

  #closed = false;

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }
}

/** A place in a run. */
export class Cursor {
  readonly reader: WordReader;
  readonly #order: Order;
  /** Hash of the present record; greater than every hash when there is none. */
  hash = 0;

  constructor(run: Run, order: Order, piece: number = PIECE) {
    this.#order = order;
    this.reader = new WordReader(run.path, run.width, 0, run.count, piece);
    this.next();
  }

  get over(): boolean {
    return this.hash === Number.POSITIVE_INFINITY;
  }

  next(): void {
    this.hash = this.reader.next() ? this.#order.hash(this.reader.buffer, this.reader.at) : Number.POSITIVE_INFINITY;
  }

  /** Goes on to the first record that is not before this key; says whether it has the key. */
  seek(hash: number, key: Int32Array): boolean {
    const { reader } = this;
    const { words } = this.#order;
    for (;;) {
      if (this.hash > hash) return false;
      if (this.hash === hash) {
        const c = compareKeys(words, reader.buffer, reader.at, key, 0);
        if (c >= 0) return c === 0;
      }
      this.next();
    }
  }

  close(): void {
    this.reader.close();
  }
}

/** Several runs as one, in order; of equal keys those of an earlier run come first. */
export class Merge {
  readonly #cursors: Cursor[];
  readonly #heap: number[];
  readonly #words: number;

  constructor(runs: readonly Run[], order: Order) {
    const piece = Math.max(2 ** 12, Math.min(PIECE, Math.floor(2 ** 24 / Math.max(1, runs.length))));
    this.#words = order.words;
    this.#cursors = runs.map((run) => new Cursor(run, order, piece));
    this.#heap = this.#cursors.map((_, i) => i).filter((i) => !(this.#cursors[i] as Cursor).over);
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** The cursor with the least record; null when all are over. */
  get least(): Cursor | null {
    const top = this.#heap[0];
    return top === undefined ? null : (this.#cursors[top] as Cursor);
  }

  /** Goes to the next record. */
  next(): void {
    const top = this.#cursors[this.#heap[0] as number] as Cursor;
    top.next();
    if (top.over) {
      const last = this.#heap.pop() as number;
      if (this.#heap.length === 0) return;
      this.#heap[0] = last;
    }
    this.#sink(0);
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close();
  }

  #before(i: number, j: number): boolean {
    const a = this.#cursors[i] as Cursor;
    const b = this.#cursors[j] as Cursor;
    if (a.hash !== b.hash) return a.hash < b.hash;
    const c = compareKeys(this.#words, a.reader.buffer, a.reader.at, b.reader.buffer, b.reader.at);
    return c === 0 ? i < j : c < 0;
  }

  #sink(start: number): void {
    const heap = this.#heap;
    const moved = heap[start] as number;
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1] as number, heap[child] as number)) child++;
      if (!this.#before(heap[child] as number, moved)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = moved;
  }
}

/** Merges runs into one and removes them. */
export function mergeRuns(runs: readonly Run[], path: string, order: Order): Run {
  const out = new RunWriter(path, (runs[0] as Run).width, order);
  const merge = new Merge(runs, order);
  for (let cursor = merge.least; cursor !== null; cursor = merge.least) {
    out.add(cursor.reader.buffer, cursor.reader.at);
    merge.next();
  }
  const merged = out.close();
  for (const run of runs) removeRun(run);
  return merged;
}

/** Collects records in memory, and writes them as a run. Records of equal keys stay in the order in which they came. */
export class Sorter {
  count = 0;
  readonly capacity: number;
  readonly #records: Int32Array;
  readonly #width: number;
  readonly #order: Order;
  /** Hash and number of each record, in one 64-bit word. */
  readonly #keys: BigUint64Array;
  readonly #halves: Uint32Array;

  constructor(width: number, capacity: number, order: Order) {
    this.#width = width;
    this.#order = order;
    this.capacity = capacity;
    this.#records = new Int32Array(capacity * width);
    this.#keys = new BigUint64Array(capacity);
    this.#halves = new Uint32Array(this.#keys.buffer);
  }

  get full(): boolean {
    return this.count === this.capacity;
  }

  /** Adds a record: a key, then one or two words. */
  add(key: Int32Array, at: number, second: number, third = 0): void {
    const to = this.count++ * this.#width;
    const { words } = this.#order;
    for (let k = 0; k < words; k++) this.#records[to + k] = key[at + k] as number;
    this.#records[to + words] = second;
    if (this.#width > words + 1) this.#records[to + words + 1] = third;
  }

  /** Writes what was collected and forgets it. */
  write(path: string): Run {
    const { count } = this;
    const width = this.#width;
    const halves = this.#halves;
    for (let i = 0; i < count; i++) {
      halves[2 * i] = i;
      halves[2 * i + 1] = this.#order.hash(this.#records, i * width);
    }
    this.#keys.subarray(0, count).sort();
    const out = new RunWriter(path, width, this.#order);
    for (let from = 0; from < count; ) {
      let to = from + 1;
      while (to < count && halves[2 * to + 1] === halves[2 * from + 1]) to++;
      if (to - from > 1) this.#sortEqual(from, to);
      for (; from < to; from++) out.add(this.#records, (halves[2 * from] as number) * width);
    }
    this.count = 0;
    return out.close();
  }

  /** Sorts records of one hash by their keys. */
  #sortEqual(from: number, to: number): void {
    const halves = this.#halves;
    const width = this.#width;
    const { words } = this.#order;
    const numbers = Array.from({ length: to - from }, (_, i) => halves[2 * (from + i)] as number);
    numbers.sort((i, j) => compareKeys(words, this.#records, i * width, this.#records, j * width) || i - j);
    numbers.forEach((number, i) => {
      halves[2 * (from + i)] = number;
    });
  }
}

/** Reads single records of a file, wherever they lie, and keeps some pages. */
export class Pages {
  readonly #path: string;
  readonly #width: number;
  readonly #pages = new Map<number, Int32Array>();
  #file: number | null = null;
  /** The page that was asked for last. */
  page: Int32Array = new Int32Array(0);

  constructor(path: string, width: number) {
    this.#path = path;
    this.#width = width;
  }

  /** Reads the page of a record, of which the file has `count`; returns the record's place in `page`. */
  find(record: number, count: number): number {
    const number = Math.floor(record / FENCE);
    const first = number * FENCE;
    const wanted = Math.min(FENCE, count - first);
    let page = this.#pages.get(number);
    if (page === undefined || page.length < wanted * this.#width) {
      if (this.#pages.size >= PAGES) this.#pages.clear();
      this.#file ??= openOrTell(this.#path, 'r');
      page = new Int32Array(wanted * this.#width);
      readWords(this.#path, this.#file, new Uint8Array(page.buffer), 4 * first * this.#width);
      this.#pages.set(number, page);
    }
    this.page = page;
    return (record - first) * this.#width;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#pages.clear();
  }
}

/** Finds a key in a run. */
export class RunLookup {
  readonly run: Run;
  readonly #order: Order;
  readonly #pages: Pages;

  constructor(run: Run, order: Order) {
    this.run = run;
    this.#order = order;
    this.#pages = new Pages(run.path, run.width);
  }

  /** The word behind the key, or -1. */
  find(hash: number, key: Int32Array, at: number): number {
    const { fences, count, width } = this.run;
    const { words } = this.#order;
    // The last fence before the hash: keys of one hash may begin in its page.
    let low = 0;
    let high = fences.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((fences[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    for (let record = Math.max(0, low - 1) * FENCE; record < count; record++) {
      const place = this.#pages.find(record, count);
      const { page } = this.#pages;
      const h = this.#order.hash(page, place);
      if (h < hash) continue;
      if (h > hash) return -1;
      const c = compareKeys(words, page, place, key, at);
      if (c === 0) return (page[place + width - 1] as number) >>> 0;
      if (c > 0) return -1;
    }
    return -1;
  }

  close(): void {
    this.#pages.close();
  }
}

function readWords(path: string, file: number, out: Uint8Array, at: number): void {
  try {
    for (let done = 0; done < out.length; ) {
      const read = readSync(file, out, done, out.length - done, at + done);
      if (read === 0) throw new Error('the file is shorter than it was');
      done += read;
    }
  } catch (error) {
    throw systemError('cannot read what was spilled to disk', path, error);
  }
}

function openOrTell(path: string, flags: 'a' | 'w' | 'r'): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw systemError('cannot spill to disk', path, error);
  }
}
