/**
 * Threads outlive the search they were started for: to start one and to load the checker into it takes longer than many
 * a search, and a suite makes hundreds. A search takes what is free and starts what is missing.
 *
 * None of them keeps the process alive. One that has worked on a large search is not kept, since it lets go of shared
 * memory only when its own heap is full.
 */
import { Worker } from 'node:worker_threads';
import type { StateArrays } from '../../store/state-table.ts';
import type { ThreadData } from './thread.ts';

/** Free threads that are kept, and the bytes of a search after which one is not. */
const MOST_FREE = 8;
const LARGE = 64 * 2 ** 20;

const free: Thread[] = [];

const bytesOf = ({ roots, slots }: StateArrays): number => roots.byteLength + slots.byteLength;

/** A free thread, or a new one. */
export const takeThread = (): Thread => free.pop() ?? new Thread();

/** Starts threads that a search will take, so that they are there when its model is. */
export function prepareThreads(count: number): void {
  while (free.length < Math.min(count, MOST_FREE)) free.push(new Thread());
}

export class Thread {
  readonly #worker = new Worker(new URL('./thread.js', import.meta.url));
  #failed: ((because: string) => void) | null = null;
  #bytes = 0;

  constructor() {
    this.#worker.on('message', () => this.#rest());
    this.#worker.on('error', ({ message }) => this.#lost(message));
    this.#worker.on('exit', (code) => this.#lost(`exit status ${code}`));
    this.#worker.unref();
  }

  /** Begins to work on a search. When it dies before the search is over, `failed` is called. */
  begin(data: ThreadData, failed: (because: string) => void): void {
    this.#failed = failed;
    this.#bytes = bytesOf(data.arrays);
    this.#worker.postMessage(data);
  }

  /** Hands over arrays of the search that have grown or were replaced. */
  give(arrays: StateArrays): void {
    this.#bytes = bytesOf(arrays);
    this.#worker.postMessage(arrays);
  }

  /** The search is over for it. */
  #rest(): void {
    this.#failed = null;
    if (this.#bytes < LARGE && free.length < MOST_FREE) free.push(this);
    else void this.#worker.terminate();
  }

  #lost(because: string): void {
    const at = free.indexOf(this);
    if (at >= 0) free.splice(at, 1);
    this.#failed?.(because);
    this.#failed = null;
  }
}
