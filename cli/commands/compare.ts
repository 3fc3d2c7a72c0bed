/** `quiesce compare`: variants of a scenario side by side. */
import { type Comparison, compare } from '../../checker/compare.ts';
import { QuiesceError } from '../../checker/lang/index.ts';
import { comparisonToJson } from '../../reports/comparison-json.ts';
import { comparisonText } from '../../reports/text/compare.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { findScenario } from '../models.ts';
import { progressLine } from '../progress.ts';
import { boundsOf, variantOf } from './check.ts';

export interface CompareFlags {
  readonly a?: string;
  readonly b?: string;
  readonly matrix?: boolean;
  readonly bound?: Readonly<Record<string, number>>;
  readonly workers?: number;
  readonly time?: number;
  readonly mustDiffer?: boolean;
  readonly json?: boolean;
}

export async function compareCommand(given: string, flags: CompareFlags, console: Console): Promise<ExitStatus> {
  const { scenario, module } = await findScenario(given);
  const names = Object.keys(scenario.variants);
  const a = variantOf(scenario, flags.a);
  const repaired = names.find((name) => name !== a && scenario.variants[name]?.expect.verdict === 'holds');
  const other = flags.b ?? repaired ?? names.find((name) => name !== a);
  if (other === undefined)
    throw new QuiesceError('usage', `${scenario.name} has one variant only`, { hint: 'there is nothing to compare' });
  const b = variantOf(scenario, other);
  if (a === b) throw new QuiesceError('config', `--a and --b are both ${a}`, { hint: 'name two variants' });
  const chosen = flags.matrix === true ? names : [a, b];
  const bounds = boundsOf(scenario, a, flags.bound);
  const line = progressLine(console);
  const interrupt = onInterrupt(console);
  let comparison: Comparison;
  try {
    comparison = await compare(scenario, chosen, bounds, {
      module,
      signal: interrupt.signal,
      onProgress: (progress) => line.show(progress),
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      ...(flags.time === undefined ? {} : { maxSeconds: flags.time }),
    });
  } finally {
    line.clear();
    interrupt.release();
  }
  if (flags.json === true) console.out(comparisonToJson(comparison).trimEnd());
  else console.out(comparisonText(comparison));
  if (interrupt.status !== null) return interrupt.status;
  if (comparison.verdicts.some((v) => v.outcome === 'undecided')) return 152;
  const outcomes = new Set(comparison.verdicts.map((v) => v.outcome));
  return flags.mustDiffer === true && outcomes.size === 1 ? 20 : 0;
}
