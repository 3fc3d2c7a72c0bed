/** One line a verdict: the table at the end of a run over many scenarios. */
import type { Verdict } from '../../checker/verdict.ts';
import { count, duration } from '../numbers.ts';
import { cut } from './lines.ts';

/**
 * `scenario variant verdict states depth time expected`, columns as wide as they must be. `times` adds the time,
 * which is the only thing in it that two runs do not share.
 */
export function summaryTable(verdicts: readonly Verdict[], options: { times?: boolean } = {}): string {
  const rows = verdicts.map((v) => [
    v.scenario.name,
    v.variant,
    resultWord(v),
    count(v.counts.states),
    count(v.counts.depth),
    ...(options.times ? [duration(v.timing.seconds)] : []),
    v.asExpected === null ? '-' : v.asExpected ? 'yes' : 'NO',
  ]);
  const titles = ['scenario', 'variant', 'verdict', 'states', 'depth', ...(options.times ? ['time'] : []), 'expected'];
  const right = new Set(['states', 'depth', 'time']);
  const widths = titles.map((t, i) => Math.max(t.length, ...rows.map((r) => (r[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cut(
      cells
        .map((c, i) => (right.has(titles[i] ?? '') ? c.padStart(widths[i] ?? 0) : c.padEnd(widths[i] ?? 0)))
        .join('  '),
      Number.POSITIVE_INFINITY,
    );
  return [line(titles), line(titles.map((_, i) => '-'.repeat(widths[i] ?? 0))), ...rows.map(line)].join('\n');
}

/** `deadlock, 15 steps`, `holds`, `undecided`. */
export function resultWord(verdict: Verdict): string {
  if (verdict.outcome !== 'violated') return verdict.outcome;
  const first = verdict.violations[0];
  if (first === undefined) return 'goal never reached';
  const more = verdict.violations.length > 1 ? ` +${count(verdict.violations.length - 1)}` : '';
  return `${first.evidence.kind} in ${count(first.steps.length)}${more}`;
}
