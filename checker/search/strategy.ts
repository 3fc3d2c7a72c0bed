/**
 * The interface of a search strategy. A strategy is a loop that can be interrupted: `advance` works for about the
 * given time and says whether there is more to do.
 */
export interface Limits {
  readonly maxStates: number;
  readonly maxDepth: number;
  readonly maxMemoryBytes: number;
}

export interface SearchCounts {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** Found and not yet expanded. */
  readonly left: number;
  readonly duplicates: number;
  readonly levels: readonly number[];
  readonly memoryBytes: number;
}

export interface Strategy {
  /** Works for about `milliseconds`. False when the search is over. */
  advance(milliseconds: number): boolean;
  readonly counts: SearchCounts;
  /** Null when the whole space was seen; else why not, in one sentence. */
  readonly incomplete: string | null;
}
