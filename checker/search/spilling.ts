/**
 * A breadth-first search that goes on with its states on disk when its memory is full. What it finds is the same;
 * only limits of states and memory may end it elsewhere.
 *
 * Limits: on disk it runs on one thread, and writes no checkpoints: the last one from before is kept.
 */
import type { CompiledModel } from '../compile/model.ts';
import { DiskFull } from '../store/runs.ts';
import type { BreadthFirst } from './breadth/bfs.ts';
import type { Saved } from './breadth/saved.ts';
import { ExternalBreadthFirst } from './external.ts';
import type { Findings } from './findings.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';

export interface SpillOptions {
  /** An existing folder in which a folder for the files is made. */
  readonly folder: string;
}

/** Bytes of the program itself, which count, too. */
const PROGRAM_BYTES = 160 * 2 ** 20;
const LEAST_BUFFER = 2 ** 16;
const MOST_BUFFER = 2 ** 25;

/** How much the store of a search in memory may take: of what is left beside the program, half, since it grows by copies. */
export const memoryBeforeSpill = (limit: number): number => Math.max(limit / 8, (limit - PROGRAM_BYTES) / 2);

export class Spilling implements Strategy {
  /** The search that is under way. */
  search: BreadthFirst | ExternalBreadthFirst;
  readonly findings: Findings;
  /** Level at which it went to disk; null as long as it is in memory. */
  spilledAtLevel: number | null = null;
  readonly #model: CompiledModel;
  readonly #limits: Limits;
  readonly #stopAtFirst: boolean;
  readonly #options: SpillOptions;
  /** Why it could not go to disk. */
  #refused: string | null = null;

  /** @param search with `memoryBeforeSpill` as its limit of memory. */
  constructor(
    model: CompiledModel,
    findings: Findings,
    search: BreadthFirst,
    limits: Limits,
    stopAtFirst: boolean,
    options: SpillOptions,
  ) {
    this.#model = model;
    this.findings = findings;
    this.search = search;
    this.#limits = limits;
    this.#stopAtFirst = stopAtFirst;
    this.#options = options;
  }

  get counts(): SearchCounts {
    return this.search.counts;
  }

  get incomplete(): string | null {
    const { incomplete } = this.search;
    return incomplete !== null && this.#refused !== null ? `${incomplete}; ${this.#refused}` : incomplete;
  }

  advance(milliseconds: number): boolean {
    if (this.search.advance(milliseconds)) return true;
    if (this.spilledAtLevel !== null || this.search.incomplete !== 'memory limit') return false;
    return this.#spill(this.search as BreadthFirst);
  }

  /** As `BreadthFirst.save`; null on disk. */
  save(): Saved | null {
    return this.spilledAtLevel === null ? (this.search as BreadthFirst).save() : null;
  }

  /** False when there is no room for the states: the search has then ended where its memory was full. */
  #spill(search: BreadthFirst): boolean {
    const saved = search.save();
    if (saved === null) throw new Error('a search at its limit of memory cannot be saved');
    try {
      this.search = new ExternalBreadthFirst(this.#model, this.findings, saved, search.store, {
        limits: this.#limits,
        stopAtFirst: this.#stopAtFirst,
        symmetry: search.symmetry,
        folder: this.#options.folder,
        bufferBytes: Math.max(LEAST_BUFFER, Math.min(MOST_BUFFER, this.#limits.maxMemoryBytes / 16)),
        roundStates: search.roundStates,
      });
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.#refused = error.message;
      return false;
    }
    this.spilledAtLevel = search.counts.depth;
    return true;
  }

  /** Gives the search up, so that its threads end. */
  close(because: string): void {
    if (this.spilledAtLevel === null) (this.search as BreadthFirst).close(because);
  }

  /** Removes what lies on disk. */
  release(): void {
    if (this.search instanceof ExternalBreadthFirst) this.search.release();
  }
}
