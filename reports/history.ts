/**
 * What became of one form, run after run, as it is kept beside its newest verdict: a result for each stretch of runs that
 * said the same of the same model. As for a verdict, keys have one order and reading checks every field.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Outcome, Verdict } from '../checker/verdict.ts';
import { flag, list, named, number, orNull, parse, read, record, type Shape, text, word } from './shapes.ts';

/** Older results are dropped. */
const MOST_RESULTS = 40;

/** Runs in a row that said the same of the same model at the same bounds. */
export interface PastResult {
  readonly outcome: Outcome;
  readonly complete: boolean;
  readonly asExpected: boolean | null;
  readonly modelHash: string;
  readonly bounds: Readonly<Record<string, number>>;
  /** Signatures of its violations. */
  readonly signatures: readonly string[];
  /** When the first of the runs ended, and the last. */
  readonly first: string;
  readonly last: string;
  readonly runs: number;
}

/** What `check` keeps as `history.json`. */
export interface History {
  readonly schema: 'quiesce.history/1';
  readonly scenario: string;
  readonly variant: string;
  /** The oldest first. */
  readonly results: readonly PastResult[];
}

export const historyShape: Shape<History> = record<History>({
  schema: word('quiesce.history/1'),
  scenario: text,
  variant: text,
  results: list(
    record<PastResult>({
      outcome: word('violated', 'holds', 'undecided'),
      complete: flag,
      asExpected: orNull(flag),
      modelHash: text,
      bounds: named(number),
      signatures: list(text),
      first: text,
      last: text,
      runs: number,
    }),
  ),
});

/** The history with one more run; null is that of a form that was never run. */
export function withRun(history: History | null, verdict: Verdict): History {
  const { date } = verdict.timing;
  const said = {
    outcome: verdict.outcome,
    complete: verdict.complete,
    asExpected: verdict.asExpected,
    modelHash: verdict.modelHash,
    bounds: verdict.bounds,
    signatures: verdict.violations.map((v) => v.signature),
  };
  const results = history?.results ?? [];
  const newest = results.at(-1);
  const same = newest !== undefined && isDeepStrictEqual({ ...newest, ...said }, newest);
  const result = same
    ? { ...newest, last: date, runs: newest.runs + 1 }
    : { ...said, first: date, last: date, runs: 1 };
  return {
    schema: 'quiesce.history/1',
    scenario: verdict.scenario.name,
    variant: verdict.variant,
    results: [...(same ? results.slice(0, -1) : results), result].slice(-MOST_RESULTS),
  };
}

export function historyToJson(history: History): string {
  return `${JSON.stringify(history, null, 1)}\n`;
}

const stored = {
  what: 'a stored history',
  hint: 'histories are written by `quiesce check`, one history.json a run; without it a new one begins',
};

/** Throws `QuiesceError` (code `usage`) that names the first field that is wrong, or that it is no JSON. */
export function historyFromJson(json: string): History {
  return read(historyShape, parse(json, stored), stored);
}
