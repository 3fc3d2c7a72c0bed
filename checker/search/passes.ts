/**
 * A breadth-first search with persistent sets: passes of one search, each with the footprints that were known when it
 * began, until one has learned nothing that would have changed it (`reduce/persistent.ts`).
 *
 * The first passes go to a few levels only and then deeper, so that what is to be learned is learned where it costs
 * little. Where a pass ends does not depend on time or threads, so that the last one is the same on every run: its
 * footprints are. A violation that any pass finds is a real one.
 */
import type { Learning } from '../reduce/learning.ts';
import type { PersistentSets } from '../reduce/persistent.ts';
import type { BreadthFirst } from './breadth/bfs.ts';
import type { Finding, Findings } from './findings.ts';
import type { SearchCounts, Strategy } from './strategy.ts';

/** Levels of the first pass; each stage goes so many times deeper. */
const FIRST = 12;
const DEEPER = 2;
/** Starting threads is not worth it for fewer levels. */
const DEEP = 48;

export interface PassesInput {
  readonly learning: Learning;
  /** The depth limit that was asked for; infinite without one. */
  readonly maxDepth: number;
  readonly stopAtFirst: boolean;
  /** Threads of the last stage. */
  readonly workers: number;
  /** Makes the search of one pass, which looks at its own findings. */
  readonly make: (reducer: PersistentSets, findings: Findings, maxDepth: number, workers: number) => BreadthFirst;
  readonly findings: () => Findings;
}

export class Passes implements Strategy {
  /** The search of the present pass, and what it has found. */
  search: BreadthFirst;
  findings: Findings;
  readonly #input: PassesInput;
  /** What passes before this one have found, by signature; and the goals that they reached. */
  readonly #earlier = new Map<string, Finding>();
  readonly #reached = new Set<string>();
  #depth: number;
  /** Number of marks when the stage began. */
  #known: number;

  constructor(input: PassesInput) {
    this.#input = input;
    this.#depth = Math.min(FIRST, input.maxDepth);
    this.#known = input.learning.footprints.size;
    this.findings = input.findings();
    this.search = this.#begin();
  }

  get counts(): SearchCounts {
    return this.search.counts;
  }

  get incomplete(): string | null {
    return this.search.incomplete;
  }

  advance(milliseconds: number): boolean {
    if (this.search.advance(milliseconds)) return true;
    const { learning, maxDepth, stopAtFirst } = this.#input;
    const { incomplete } = this.search;
    if (incomplete !== null && incomplete !== 'depth limit') return this.#endEarly();
    const shallow = incomplete !== null && this.#depth < maxDepth;
    if (stopAtFirst && this.findings.violations.length > 0) return false;
    // What other threads have asked for is not known here: any new mark may matter to them.
    const repeat = this.#workers === 1 ? learning.mustRepeat : learning.hasLearned;
    if (!repeat && !shallow) return false;
    if (!repeat) {
      // Where nothing new came, the rest is hoped to be like it.
      const { size } = learning.footprints;
      this.#depth = size === this.#known ? maxDepth : Math.min(maxDepth, this.#depth * DEEPER);
      this.#known = size;
    }
    for (const finding of this.findings.violations)
      if (!this.#earlier.has(finding.signature)) this.#earlier.set(finding.signature, finding);
    for (const goal of this.findings.reached) this.#reached.add(goal);
    this.findings = this.#input.findings();
    this.search = this.#begin();
    return true;
  }

  /** Gives the present pass up. */
  close(because: string): void {
    this.search.close(because);
    this.#endEarly();
  }

  /** A pass that saw everything has found all that was found before; one that was cut short need not have. */
  #endEarly(): false {
    this.findings.resume([...this.#earlier.values()], [...this.#reached]);
    this.findings.violations.sort((a, b) => a.length - b.length);
    return false;
  }

  get #workers(): number {
    return this.#depth >= DEEP ? this.#input.workers : 1;
  }

  #begin(): BreadthFirst {
    return this.#input.make(this.#input.learning.begin(), this.findings, this.#depth, this.#workers);
  }
}
