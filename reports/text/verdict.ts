/**
 * A whole verdict as text: the splat of every violation, or what a pass rests on. An incomplete search has its own
 * headline, its reason and what is left, so that it never reads like a proof.
 */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { CoverageEntry, Verdict } from '../../checker/verdict.ts';
import {
  coarseForAReason,
  contextOf,
  entryText,
  extent,
  fieldsText,
  frequency,
  headline,
  incompleteText,
  kindText,
  pairs,
  pctText,
  propertySummary,
  provenText,
  reductionsText,
  stageText,
  storeText,
  tooCoarse,
} from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { analysisLines } from './analysis.ts';
import { cut, facts, WIDTH, wrap } from './lines.ts';
import { splat } from './splat.ts';

export interface VerdictTextOptions {
  /** Paths of the schedules and HTML reports that were written, in the order of the violations. */
  readonly schedules?: readonly string[];
  readonly reports?: readonly string[];
  /** Where the schedule of a confirmed lock cycle or a data race was written, by its signature. */
  readonly analysed?: (signature: string) => string;
  /** Path of the verdict document. */
  readonly verdict?: string;
  /** Entries of a coverage list that are printed before the rest is only counted; 8 when not given. */
  readonly coverageRows?: number;
}

/**
 * The verdict as lines of at most 72 columns, without a line break at the end.
 *
 * @example
 * ```ts
 * import { check, scenarios, verdictText } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'peers-dining');
 * console.log(verdictText(await check(scenario, { variant: 'fixed', bounds: { philosophers: 3 } })).split('   ')[0]); // NO VIOLATION within bounds
 * ```
 */
export function verdictText(verdict: Verdict, options: VerdictTextOptions = {}): string {
  const rows = options.coverageRows ?? 8;
  const lines: string[] = [];
  for (const [i, ce] of verdict.violations.entries())
    lines.push(...violationLines(verdict, ce, options.schedules?.[i], options.reports?.[i]));
  if (verdict.violations.length === 0) {
    lines.push(...facts([headline(verdict), pairs(verdict.bounds, '')], { rest: '  ' }));
    lines.push(...labelled('not complete', incompleteText(verdict)));
  }
  lines.push(...countLines(verdict), ...stageLines(verdict));
  if (verdict.violations.length === 0) lines.push(...trustLines(verdict, rows));
  else if (verdict.reductions.length > 0) lines.push(...labelled('reductions', reductionsText(verdict)));
  if (verdict.analysis !== undefined) lines.push(...analysisLines(verdict.analysis, rows, options.analysed));
  for (const p of verdict.properties)
    if (p.result === 'never reached') lines.push(...wrap(`  never reached: ${p.name} (${p.about})`, { rest: '    ' }));
  lines.push(
    ...facts(['verdict', frequency(verdict), propertySummary(verdict), extent(verdict)], { rest: '          ' }),
  );
  if (verdict.violations.length > 0) lines.push(...labelled('not complete', incompleteText(verdict)));
  lines.push(...expectationLines(verdict));
  if (verdict.violations.length === 0 && options.reports?.[0] !== undefined)
    lines.push(`report    ${options.reports[0]}`);
  if (options.verdict !== undefined) lines.push(`document  ${options.verdict}`);
  return lines.join('\n');
}

function violationLines(verdict: Verdict, ce: Counterexample, schedule?: string, report?: string): string[] {
  const length = `${plural(ce.steps.length, 'step')}, ${plural(ce.switches, 'switch', 'switches')}`;
  const title = cut(`VIOLATION ${kindText(ce)}`, WIDTH - length.length - 2);
  return [
    title.padEnd(WIDTH - length.length) + length,
    ...splat(ce, contextOf(verdict), schedule === undefined ? {} : { schedule }).split('\n'),
    ...(schedule === undefined ? [] : [`schedule  ${schedule}`]),
    ...(report === undefined ? [] : [`report    ${report}`]),
  ];
}

function labelled(label: string, text: string | null): string[] {
  return text === null ? [] : wrap(text, { first: `  ${label}: `, rest: '    ' });
}

function countLines(verdict: Verdict): string[] {
  const c = verdict.counts;
  return facts(
    [
      verdict.complete ? 'complete: queue empty' : '',
      `states ${count(c.states)}`,
      `transitions ${count(c.transitions)}`,
      `depth ${count(c.depth)}`,
      storeText(verdict),
    ],
    { first: '  ', rest: '  ' },
  );
}

/** The stages of an anytime search and what they prove; what PCT walks promise. */
function stageLines(verdict: Verdict): string[] {
  return [
    ...(verdict.stages ?? []).flatMap((stage) => labelled('stage', stageText(stage))),
    ...labelled('proven', provenText(verdict)),
    ...labelled('pct', pctText(verdict)),
  ];
}

function trustLines(verdict: Verdict, rows: number): string[] {
  const c = verdict.coverage;
  return [
    ...labelled('coverage', `${count(c.taken)} of ${plural(c.steps, 'step')} taken`),
    ...entries('never taken', c.neverTaken, rows),
    ...entries('guards never false', [...c.neverBlocked, ...c.neverFalse], rows),
    ...entries('guards never true', c.neverTrue, rows),
    ...coarseLines(verdict, rows),
    ...labelled('reductions', reductionsText(verdict)),
    ...labelled('failures injected', pairs(verdict.failures)),
    ...verdict.scenario.assumptions.flatMap((a) => labelled('assumes', a)),
    ...labelled('assumes', verdict.fairness ?? null),
  ];
}

/** A capped list; every line names its entry in full as far as the width allows. */
function entries(label: string, list: readonly CoverageEntry[], rows: number): string[] {
  if (list.length === 0) return [];
  const hidden = list.length - rows;
  return [
    `  ${label}: ${count(list.length)}`,
    ...list.slice(0, rows).map((e) => cut(`    ${entryText(e)}`)),
    ...(hidden > 0 ? [`    and ${count(hidden)} more`] : []),
  ];
}

/** Steps that are too coarse, each with its fields; those with a reason are only counted. */
function coarseLines(verdict: Verdict, rows: number): string[] {
  const found = tooCoarse(verdict);
  const explained = coarseForAReason(verdict).length;
  const hidden = found.length - rows;
  return [
    ...(found.length === 0 ? [] : [`  too coarse: ${count(found.length)}`]),
    ...found
      .slice(0, rows)
      .flatMap((step) => [
        cut(`    ${entryText(step)}`),
        ...wrap(`touches ${fieldsText(step)}`, { first: '      ', rest: '      ' }),
      ]),
    ...(hidden > 0 ? [`    and ${count(hidden)} more`] : []),
    ...(explained === 0 ? [] : [`  taken as one, with a reason: ${plural(explained, 'step')}`]),
  ];
}

function expectationLines(verdict: Verdict): string[] {
  if (verdict.asExpected === null) return [];
  if (verdict.asExpected) return ['expected  yes'];
  return ['expected  NO', ...verdict.unexpected.flatMap((reason) => wrap(reason, { first: '  ', rest: '    ' }))];
}
