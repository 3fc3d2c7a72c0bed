/** What a thread of the corpus run is asked, and what it answers. */
import type { Needs } from '../../checker/grow/needs.ts';
import type { CorpusResult } from '../../reports/index.ts';

export interface Job {
  /** `check`: search the variant and write its files; `needs`: look for the smallest bounds of its bug. */
  readonly task: 'check' | 'needs';
  readonly scenario: string;
  readonly variant: string;
  /** Folder for the files of the run. */
  readonly out: string;
}

export type Answer =
  | { readonly task: 'check'; readonly result: CorpusResult; readonly seconds: number }
  | { readonly task: 'needs'; readonly needs: Needs }
  | { readonly task: 'failed'; readonly message: string; readonly seconds: number };
