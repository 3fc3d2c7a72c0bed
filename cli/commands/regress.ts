/**
 * `quiesce regress`: replays every stored schedule of a folder. Each must reproduce its violation; one that does not
 * is told with its first divergence. `--update` writes the folder anew from the scenarios' expected violations.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { check } from '../../checker/check.ts';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import { replay } from '../../checker/trace/replay.ts';
import { plural } from '../../reports/numbers.ts';
import { scenarios } from '../../scenarios/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, shown, writeWhole } from '../files.ts';
import { onInterrupt } from '../interrupt.ts';
import { loadModel } from '../models.ts';
import { packageRoot } from '../package.ts';
import { progressLine } from '../progress.ts';
import { variantOf } from './check.ts';
import { readSchedule } from './replay.ts';

export interface RegressFlags {
  readonly model?: string;
  readonly update?: boolean;
  readonly json?: boolean;
}

/** The schedules that come with quiesce. */
export const ownRegressions: string = join(packageRoot, 'scenarios', 'regressions');

interface Outcome {
  readonly file: string;
  readonly result: 'reproduced' | 'failed';
  readonly text: string;
}

export async function regressCommand(
  given: string | undefined,
  flags: RegressFlags,
  console: Console,
): Promise<ExitStatus> {
  const folder = given === undefined ? ownRegressions : resolve(given);
  const models = flags.model === undefined ? scenarios : (await loadModel(flags.model)).map((f) => f.scenario);
  if (flags.update === true) {
    if (flags.json === true)
      throw new QuiesceError('config', '--json has no effect with --update', {
        hint: 'update first, then regress --json',
      });
    return update(folder, models, console);
  }
  const outcomes = schedulesIn(folder).map((file) => replayOne(join(folder, file), models));
  const failed = outcomes.filter((o) => o.result === 'failed').length;
  if (flags.json === true) console.out(JSON.stringify(outcomes, null, 2));
  else {
    for (const o of outcomes) console.out(`${o.result === 'reproduced' ? 'ok  ' : 'FAIL'}  ${o.text}`);
    console.out(`${outcomes.length - failed} reproduced, ${failed} failed`);
  }
  return failed === 0 ? 0 : 20;
}

function schedulesIn(folder: string): string[] {
  if (!existsSync(folder)) throw new QuiesceError('usage', `there is no folder ${shown(folder)}`, { where: folder });
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sched'))
    .sort();
  // Nothing replayed must not look like everything reproduced.
  if (files.length === 0)
    throw new QuiesceError('usage', `there is no schedule in ${shown(folder)}`, {
      hint: 'schedules end in .sched; quiesce regress --update writes those of the scenarios',
    });
  return files;
}

function replayOne(path: string, models: readonly Scenario[]): Outcome {
  const file = shown(path);
  try {
    const schedule = readSchedule(path);
    const scenario = models.find((s) => s.name === schedule.scenario);
    if (scenario === undefined) return { file, result: 'failed', text: `${file}: no scenario "${schedule.scenario}"` };
    const result = replay(scenario, schedule, variantOf(scenario, schedule.variant));
    const name = `${schedule.scenario} ${schedule.variant} ${schedule.signature}`;
    if (result.result === 'reproduced') {
      const { steps, headline } = result.counterexample;
      return { file, result: 'reproduced', text: `${name}  ${headline}, ${plural(steps.length, 'step')}` };
    }
    if (result.result === 'another violation') {
      const { property, signature } = result.counterexample;
      return {
        file,
        result: 'failed',
        text: `${name}  ${file}: it ends in another violation: ${property} (${signature}) instead of ${result.wanted}`,
      };
    }
    const d = result.divergence;
    const guard = d.guard === null ? '' : `; guard ${d.guard}`;
    return {
      file,
      result: 'failed',
      text: `${name}  ${file}:${d.line}: step ${d.step}: ${d.wanted}: ${d.reason}${guard}`,
    };
  } catch (error) {
    if (!(error instanceof QuiesceError)) throw error;
    return {
      file,
      result: 'failed',
      text: `${file}: ${error.message}${error.where === undefined ? '' : ` (${error.where})`}`,
    };
  }
}

/** Searches every variant that is expected to be violated and stores what it finds; files of old schedules go. */
async function update(folder: string, models: readonly Scenario[], console: Console): Promise<ExitStatus> {
  prepareFolder(folder);
  const line = progressLine(console);
  const interrupt = onInterrupt(console);
  const texts = new Map<string, string>();
  try {
    for (const scenario of models)
      for (const [variant, { expect }] of Object.entries(scenario.variants)) {
        if (expect.verdict !== 'violated') continue;
        const verdict = await check(scenario, { variant, signal: interrupt.signal, onProgress: line.show });
        line.clear();
        // An interrupted update writes nothing: the folder stays what it was.
        if (interrupt.status !== null) return interrupt.status;
        for (const v of verdict.violations) texts.set(`${scenario.name}.${variant}.${v.signature}.sched`, v.schedule);
      }
  } finally {
    line.clear();
    interrupt.release();
  }
  for (const name of readdirSync(folder)) if (name.endsWith('.sched') && !texts.has(name)) rmSync(join(folder, name));
  for (const [name, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) writeWhole(join(folder, name), text);
  console.out(`${plural(texts.size, 'schedule')} written to ${shown(folder)}`);
  return 0;
}
