/**
 * The corpus in one run: every variant of every scenario with what was found and what was expected, as a document and as
 * lines of text.
 */
import type { Expectation } from '../checker/lang/scenario.ts';
import type { ViolationKind } from '../checker/lang/violation.ts';
import type { Outcome } from '../checker/verdict.ts';
import type { Measured } from './markdown/corpus.ts';
import { count, duration, plural } from './numbers.ts';
import { ascii, cut, wrap } from './text/lines.ts';

/** One variant of a scenario. */
export interface CorpusResult {
  readonly scenario: string;
  readonly variant: string;
  readonly expected: Expectation;
  /** `failed`: there is no verdict, see `unexpected`. */
  readonly outcome: Outcome | 'failed';
  readonly states: number;
  readonly depth: number;
  /** The first violation; null where there is none. */
  readonly violation: {
    readonly kind: ViolationKind;
    readonly property: string;
    readonly signature: string;
    readonly steps: number;
  } | null;
  readonly asExpected: boolean;
  /** Why not, in one sentence each. */
  readonly unexpected: readonly string[];
}

/** What `quiesce corpus --json` prints. */
export interface CorpusRun {
  readonly schema: 'quiesce.corpus/1';
  readonly tool: { readonly name: 'quiesce'; readonly version: string };
  /** In the order of the names of scenarios, variants as they are declared. */
  readonly results: readonly CorpusResult[];
  /** Every variant that was asked for has a result: nothing interrupted the run. */
  readonly complete: boolean;
  /** The smallest bounds of each bug, by scenario and variant, where they were asked for. */
  readonly needs?: Readonly<Record<string, Measured['needs']>>;
  /** The only part in which two runs of the same input differ. */
  readonly timing: {
    readonly seconds: number;
    /** Searches that ran side by side. */
    readonly jobs: number;
    /** Seconds of each result. */
    readonly results: readonly number[];
  };
}

/** Width of the lines about a run. */
const CORPUS_WIDTH = 100;

/** How wide the columns must be for these variants. */
export function corpusColumns(names: readonly { readonly scenario: string; readonly variant: string }[]): {
  readonly scenario: number;
  readonly variant: number;
} {
  return {
    scenario: Math.max(0, ...names.map((n) => n.scenario.length)),
    variant: Math.max(0, ...names.map((n) => n.variant.length)),
  };
}

/** `ok     vfio-init-leak  posted  protocol in 31  1,204  0.12 s`; what was not expected on lines of its own. */
export function corpusLine(result: CorpusResult, seconds: number, columns: ReturnType<typeof corpusColumns>): string {
  const found =
    result.violation === null ? result.outcome : `${result.violation.kind} in ${count(result.violation.steps)}`;
  const line = [
    result.asExpected ? 'ok   ' : 'WRONG',
    ascii(result.scenario).padEnd(columns.scenario),
    ascii(result.variant).padEnd(columns.variant),
    found.padEnd(22),
    count(result.states).padStart(10),
    duration(seconds).padStart(7),
  ].join('  ');
  const why = result.unexpected.flatMap((text) =>
    wrap(text, { first: '       ', rest: '         ', width: CORPUS_WIDTH }),
  );
  return [cut(line, Number.POSITIVE_INFINITY), ...why].join('\n');
}

/** What the run says as a whole. */
export function corpusSummary(run: CorpusRun): string {
  const { results, timing } = run;
  const wrong = results.filter((r) => !r.asExpected);
  const violated = results.filter((r) => r.outcome === 'violated').length;
  const holds = results.filter((r) => r.outcome === 'holds').length;
  const states = results.reduce((sum, r) => sum + r.states, 0);
  const slowest = results
    .map((r, i) => ({ name: `${r.scenario} ${r.variant}`, seconds: timing.results[i] ?? 0 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 3)
    .map((r) => `${r.name} ${duration(r.seconds)}`);
  const lines = [
    `${plural(results.length, 'variant')} of ${plural(new Set(results.map((r) => r.scenario)).size, 'scenario')}: ` +
      `${count(violated)} violated, ${count(holds)} hold; ${count(states)} states`,
    `${duration(timing.seconds)}, ${plural(timing.jobs, 'search', 'searches')} at a time; slowest: ${slowest.join(', ')}`,
    wrong.length === 0
      ? `every verdict ${run.complete ? '' : 'so far '}is the expected one`
      : `NOT AS EXPECTED: ${wrong.map((r) => `${r.scenario} ${r.variant}`).join(', ')}`,
  ];
  if (!run.complete) lines.push('interrupted: the other variants were not searched');
  return lines.flatMap((text) => wrap(text, { rest: '  ', width: CORPUS_WIDTH })).join('\n');
}
