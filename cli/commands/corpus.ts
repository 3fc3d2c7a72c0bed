/**
 * `quiesce corpus`: every variant of every scenario, as posted and as repaired, several searches side by side. It
 * succeeds when every verdict is the one that is declared. `--needs` also looks for the smallest bounds of each bug, and
 * `--update` writes what was found into docs/corpus.md and the file it is made from.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { nearest, QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import {
  type CorpusResult,
  type CorpusRun,
  corpusColumns,
  corpusLine,
  corpusPage,
  corpusSummary,
  corpusToJson,
  type Measured,
  measuredNeeds,
  needsLine,
} from '../../reports/index.ts';
import { corpus, corpusIds } from '../../scenarios/corpus.ts';
import { scenarios } from '../../scenarios/index.ts';
import type { Console } from '../console.ts';
import type { Job } from '../corpus/job.ts';
import { runJobs } from '../corpus/pool.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, shown, writeWhole } from '../files.ts';
import { onInterrupt } from '../interrupt.ts';
import { packageRoot, packageVersion } from '../package.ts';

export interface CorpusFlags {
  readonly jobs?: number;
  readonly needs?: boolean;
  readonly update?: boolean;
  readonly json?: boolean;
  readonly out: string;
}

/** What the last `--update` measured, by scenario and variant. */
const measuredFile = join(packageRoot, 'scenarios', 'measured.json');
const page = join(packageRoot, 'docs', 'corpus.md');

type Variant = Pick<Job, 'scenario' | 'variant'>;

export async function corpusCommand(
  names: readonly string[],
  flags: CorpusFlags,
  console: Console,
): Promise<ExitStatus> {
  const chosen = choose(names);
  const out = resolve(flags.out);
  const removeEmptyFolder = prepareFolder(out);
  const interrupt = onInterrupt(console);
  const jobs = flags.jobs ?? availableParallelism();
  try {
    const run = await searchAll(chosen, out, jobs, interrupt.signal, (line) => {
      if (flags.json !== true) console.out(line);
    });
    const wantsNeeds = (flags.needs === true || flags.update === true) && run.complete;
    const found = wantsNeeds ? await needsOf(run, out, jobs, interrupt.signal, console) : null;
    if (flags.json === true) console.out(corpusToJson(found === null ? run : { ...run, needs: found.needs }));
    else console.out(corpusSummary(run));

    const wrong = run.results.filter((r) => !r.asExpected).length + (found?.failed ?? 0);
    if (interrupt.status !== null) return interrupt.status;
    if (wrong > 0) {
      if (flags.update === true)
        console.error('quiesce: nothing was updated, because not every verdict is as expected');
      return 20;
    }
    if (flags.update === true && found !== null) update(run, found.needs, console);
    return 0;
  } finally {
    interrupt.release();
    removeEmptyFolder();
  }
}

/** The scenarios of these names; all when none is given. */
function choose(names: readonly string[]): readonly Scenario[] {
  for (const name of names)
    if (!scenarios.some((s) => s.name === name)) {
      const near = nearest(
        name,
        scenarios.map((s) => s.name),
      );
      throw new QuiesceError('usage', `there is no scenario "${name}"`, {
        hint: near === undefined ? 'quiesce list shows them all' : `did you mean ${near}?`,
      });
    }
  const sorted = [...scenarios].sort((a, b) => (a.name < b.name ? -1 : 1));
  return names.length === 0 ? sorted : sorted.filter((s) => names.includes(s.name));
}

async function searchAll(
  chosen: readonly Scenario[],
  out: string,
  jobs: number,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<CorpusRun> {
  const variants: readonly Variant[] = chosen.flatMap((s) =>
    Object.keys(s.variants).map((variant) => ({ scenario: s.name, variant })),
  );
  const columns = corpusColumns(variants);
  const results: CorpusResult[] = [];
  const seconds: number[] = [];
  const started = performance.now();
  const complete = await runJobs(
    variants.map((v) => ({ ...v, task: 'check', out })),
    jobs,
    signal,
    (answer, i) => {
      const at = variants[i] as Variant;
      const result =
        answer.task === 'check'
          ? answer.result
          : failure(chosen, at, answer.task === 'failed' ? answer.message : 'the thread gave another answer');
      const took = answer.task === 'needs' ? 0 : answer.seconds;
      results.push(result);
      seconds.push(took);
      tell(corpusLine(result, took, columns));
    },
  );
  return {
    schema: 'quiesce.corpus/1',
    tool: { name: 'quiesce', version: packageVersion },
    results,
    complete,
    timing: { seconds: (performance.now() - started) / 1000, jobs, results: seconds },
  };
}

function failure(chosen: readonly Scenario[], { scenario, variant }: Variant, message: string): CorpusResult {
  const { expect } = (chosen.find((s) => s.name === scenario) as Scenario).variants[
    variant
  ] as Scenario['variants'][string];
  return {
    scenario,
    variant,
    expected: expect,
    outcome: 'failed',
    states: 0,
    depth: 0,
    violation: null,
    asExpected: false,
    unexpected: [message],
  };
}

/** The smallest bounds of every bug of the run that has a counterexample. */
async function needsOf(run: CorpusRun, out: string, jobs: number, signal: AbortSignal, console: Console) {
  const variants = run.results.filter((r) => r.violation !== null);
  const needs: Record<string, Measured['needs']> = {};
  let failed = 0;
  await runJobs(
    variants.map(({ scenario, variant }) => ({ task: 'needs', scenario, variant, out })),
    jobs,
    signal,
    (answer, i) => {
      const { scenario, variant } = variants[i] as CorpusResult;
      if (answer.task === 'needs') {
        const measured = measuredNeeds(answer.needs);
        needs[`${scenario} ${variant}`] = measured;
        console.note(`${scenario} ${variant}  needs ${needsLine(measured)}`);
        return;
      }
      failed++;
      console.error(`quiesce: needs of ${scenario} ${variant}: ${answer.task === 'failed' ? answer.message : 'none'}`);
    },
  );
  return { needs, failed };
}

/** What was measured; nothing before the first update. */
export function readMeasured(): Readonly<Record<string, Measured>> {
  try {
    return JSON.parse(readFileSync(measuredFile, 'utf8')) as Record<string, Measured>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** The page about the corpus: what is declared, and what was measured last. */
export function corpusText(measured: Readonly<Record<string, Measured>> = readMeasured()): string {
  const sorted = [...scenarios].sort((a, b) => (a.name < b.name ? -1 : 1));
  return corpusPage({
    entries: corpus,
    scenarios: sorted,
    idsOf: corpusIds,
    measured,
  });
}

function update(run: CorpusRun, needs: Readonly<Record<string, Measured['needs']>>, console: Console): void {
  const before = readMeasured();
  const now = Object.fromEntries(
    run.results.map((r, i): [string, Measured] => {
      const name = `${r.scenario} ${r.variant}`;
      return [name, { seconds: Math.round((run.timing.results[i] ?? 0) * 10) / 10, needs: needs[name] ?? null }];
    }),
  );
  // Of scenarios that were not asked for what was known stays; what no longer exists goes.
  const merged = { ...before, ...now };
  const names = scenarios.flatMap((s) => Object.keys(s.variants).map((variant) => `${s.name} ${variant}`)).sort();
  const kept = names.flatMap((name) => (merged[name] === undefined ? [] : [[name, merged[name]] as const]));
  writeWhole(measuredFile, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
  writeWhole(page, corpusText(Object.fromEntries(kept)));
  console.note(`written: ${shown(measuredFile)}, ${shown(page)}`);
}
