/**
 * `quiesce showcase`, which `npm start` runs: the headline scenarios as they were posted and as repaired, and a
 * table at the end. It succeeds when every verdict is the one the scenario declares.
 */
import { resolve } from 'node:path';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { summaryTable } from '../../reports/index.ts';
import { scenarios } from '../../scenarios/index.ts';
import { paint } from '../color.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { shown } from '../files.ts';
import { builtIn } from '../models.ts';
import type { RunFiles } from '../run-folder.ts';
import { search } from '../search.ts';
import { boundsOf, heading, verdictWithPaths } from './check.ts';

/** One of each kind of bug; the first is the deadlock that quiesce was made for. */
export const headlines: readonly string[] = [
  'vfio-detach-vs-mm-exit',
  'smmu-flush-vs-priq',
  'iopf-worker-mmput',
  'sva-unbind-all-vs-exits',
];

/** The first form that is violated and the form that is called fixed. */
function forms(scenario: Scenario): string[] {
  const names = Object.keys(scenario.variants);
  const violated = names.find((name) => scenario.variants[name]?.expect.verdict === 'violated');
  return [violated, 'fixed'].filter((name) => name !== undefined && names.includes(name)) as string[];
}

export interface ShowcaseFlags {
  readonly workers?: number;
  readonly out: string;
}

export async function showcaseCommand(flags: ShowcaseFlags, console: Console): Promise<ExitStatus> {
  const out = resolve(flags.out);
  const verdicts: Verdict[] = [];
  const reports: string[] = [];
  const threads = (scenario: Scenario) =>
    flags.workers === undefined ? {} : { workers: flags.workers, module: builtIn(scenario).module };
  for (const name of headlines) {
    const scenario = scenarios.find((s) => s.name === name);
    if (scenario === undefined) throw new QuiesceError('config', `the headline scenario ${name} does not exist`);
    console.out(`${name}: ${scenario.title}\n`);
    for (const variant of forms(scenario)) {
      const print = (verdict: Verdict, files: RunFiles | null) =>
        console.out(paint(`${verdictWithPaths(verdict, files)}\n`, console));
      const { verdict, files, interrupted } = await search(scenario, { variant, ...threads(scenario) }, out, console, {
        heading: heading(scenario, variant, boundsOf(scenario, variant)),
        unwritten: (lost) => print(lost, null),
      });
      print(verdict, files);
      if (interrupted !== null) return interrupted;
      verdicts.push(verdict);
      reports.push(...files.reports);
    }
  }
  console.out(summaryTable(verdicts, { times: true }));
  console.out(`\nreports to open in a browser:\n${reports.map((path) => `  ${shown(path)}`).join('\n')}`);
  const wrong = verdicts.filter((v) => v.asExpected !== true);
  if (wrong.length === 0) return 0;
  console.error(`quiesce: ${wrong.length} of ${verdicts.length} verdicts are not the expected ones`);
  return 20;
}
