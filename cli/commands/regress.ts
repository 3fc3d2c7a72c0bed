/**
 * `quiesce regress`: drives every stored schedule of a folder. Each must show the violation it was stored for; one that
 * does not is told with its first divergence. `--verdicts` then searches the variants that no schedule decides, `--update`
 * writes anew what merely moved, `--add` stores what is missing.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { junit } from '../../reports/export/junit.ts';
import { regressToJson } from '../../reports/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { writeWhole } from '../files.ts';
import { onInterrupt } from '../interrupt.ts';
import { loadModel } from '../models.ts';
import { packageRoot } from '../package.ts';
import { suiteOfExpected, suitesOfStored } from '../regress/junit.ts';
import { type Searcher, withSearcher } from '../regress/search.ts';
import { driveAll, type Finder, finder, namesIn, type Stored, schedulesIn } from '../regress/stored.ts';
import { add, update } from '../regress/update.ts';

export interface RegressFlags {
  readonly model?: string;
  readonly verdicts?: boolean;
  readonly update?: boolean;
  readonly add?: boolean;
  readonly json?: boolean;
  readonly junit?: string;
}

/** The schedules that come with quiesce. */
export const ownRegressions: string = join(packageRoot, 'scenarios', 'regressions');

export async function regressCommand(
  given: string | undefined,
  flags: RegressFlags,
  console: Console,
): Promise<ExitStatus> {
  refuse(flags);
  const folder = given === undefined ? ownRegressions : resolve(given);
  const find = await finder(flags.model);
  if (flags.add === true) {
    const stored = existsSync(folder) ? await driveAll(folder, namesIn(folder), find) : [];
    const scenarios = await allScenarios(flags.model);
    return withSearcher(console, (search) => add(folder, scenarios, stored, search, console));
  }
  const names = schedulesIn(folder);
  const { stored, interrupted } = await driven(folder, names, find, console);
  if (flags.update === true && interrupted === null)
    return withSearcher(console, (search) => update(stored, search, console));
  const failed = stored.filter((s) => s.result === 'failed').length;
  const signs = { reproduced: 'ok  ', moved: 'ok  ', failed: 'FAIL' } as const;
  if (flags.json !== true) {
    for (const s of stored) console.out(`${signs[s.result]}  ${s.text}`);
    const rest = interrupted === null ? '' : `, ${names.length - stored.length} not driven: interrupted`;
    console.out(`${stored.length - failed} reproduced, ${failed} failed${rest}`);
    if (interrupted !== null) return interrupted;
    if (flags.model === undefined && stored.some((s) => s.schedule !== null && s.scenario === null))
      console.note('a scenario of your own is found with --model <file>');
    const moved = stored.filter((s) => s.result === 'moved').length;
    if (moved > 0)
      console.note(
        `${moved} of them ${moved === 1 ? 'was' : 'were'} stored for another model; --update writes them anew`,
      );
  }
  const verdicts: Verdict[] = [];
  const scenarios = flags.verdicts === true && interrupted === null ? await allScenarios(flags.model) : [];
  const status = await withSearcher(console, (search) =>
    searchTheRest(scenarios, stored, search, (verdict) => {
      verdicts.push(verdict);
      if (flags.json !== true) console.out(lineOf(verdict));
    }),
  );
  const passed = interrupted === null && status === 0 && failed === 0 && verdicts.every((v) => v.asExpected === true);
  if (flags.json === true)
    console.out(
      regressToJson({
        schema: 'quiesce.regress/1',
        results: [
          ...stored.map(({ file, result, text }) => ({ file, result, text })),
          ...verdicts.map((v) => ({
            file: null,
            result: v.asExpected === true ? ('as expected' as const) : ('failed' as const),
            text: lineOf(v),
          })),
        ],
        passed,
      }),
    );
  if (flags.junit !== undefined)
    writeWhole(resolve(flags.junit), junit([...suitesOfStored(stored, flags.model), ...verdicts.map(suiteOfExpected)]));
  if (interrupted !== null) return interrupted;
  if (status !== 0) return status;
  return passed ? 0 : 20;
}

/** Drives the schedules; the status of the signal that ended it early, else null. */
async function driven(
  folder: string,
  names: readonly string[],
  find: Finder,
  console: Console,
): Promise<{ readonly stored: readonly Stored[]; readonly interrupted: ExitStatus | null }> {
  const interrupt = onInterrupt(console);
  try {
    const stored = await driveAll(folder, names, find, interrupt.signal);
    return { stored, interrupted: interrupt.status };
  } finally {
    interrupt.release();
  }
}

function refuse(flags: RegressFlags): void {
  const writes = flags.update === true ? '--update' : flags.add === true ? '--add' : null;
  if (writes === null) return;
  for (const [flag, given] of Object.entries({
    json: flags.json === true,
    junit: flags.junit !== undefined,
    verdicts: flags.verdicts === true,
    add: flags.add === true && writes !== '--add',
  }))
    if (given)
      throw new QuiesceError('config', `--${flag} has no effect with ${writes}`, {
        hint: `${writes} first, then regress --${flag}`,
      });
}

async function allScenarios(model: string | undefined): Promise<readonly Scenario[]> {
  if (model !== undefined) return (await loadModel(model)).map((f) => f.scenario);
  return (await import('../../scenarios/index.ts')).scenarios;
}

/** Searches every variant of which no schedule has shown the expected violation. */
async function searchTheRest(
  scenarios: readonly Scenario[],
  stored: readonly Stored[],
  search: Searcher,
  tell: (verdict: Verdict) => void,
): Promise<ExitStatus> {
  for (const scenario of scenarios)
    for (const variant of Object.keys(scenario.variants)) {
      const shown = stored.some(
        ({ result, schedule }) =>
          result !== 'failed' && schedule?.scenario === scenario.name && schedule.variant === variant,
      );
      if (shown) continue;
      const verdict = await search(scenario, { variant, explain: false });
      if (verdict === null) return 0;
      tell(verdict);
    }
  return 0;
}

function lineOf(verdict: Verdict): string {
  const name = `${verdict.scenario.name} ${verdict.variant}`;
  if (verdict.asExpected === true) return `ok    ${name}  ${verdict.outcome}, as expected`;
  return `FAIL  ${name}  ${verdict.outcome}: ${verdict.unexpected.join('; ')}`;
}
