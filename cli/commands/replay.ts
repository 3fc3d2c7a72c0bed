/** `quiesce replay`: drives one stored schedule through its model. */
import { dirname, join, resolve } from 'node:path';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import { type Replay, replay } from '../../checker/trace/replay.ts';
import { parseSchedule, type Schedule } from '../../checker/trace/schedule.ts';
import { scheduleOfItf } from '../../reports/export/itf.ts';
import { ascii, divergenceText, replayText, replayToJson, splat, verdictFromJson } from '../../reports/index.ts';
import { paint } from '../color.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { readText, shown } from '../files.ts';
import { knownScenario, loadModel } from '../models.ts';
import { variantOf } from './check.ts';

export interface ReplayFlags {
  readonly model?: string;
  readonly variant?: string;
  readonly steps?: boolean;
  readonly json?: boolean;
}

export async function replayCommand(file: string, flags: ReplayFlags, console: Console): Promise<ExitStatus> {
  const schedule = readAnySchedule(file);
  const scenario = await scenarioOf(schedule, flags.model, file);
  const variant = variantOf(scenario, flags.variant ?? schedule.variant);
  const result = replay(scenario, schedule, variant);
  if (flags.json === true) console.out(replayToJson(result));
  else if (result.result === 'diverged') console.out(divergenceText(result.divergence, schedule, variant));
  else if (flags.steps === true) console.out(`${otherText(result)}${replayText(result.counterexample)}`);
  else {
    const context = { scenario: scenario.name, variant, bounds: schedule.bounds };
    const text = splat(result.counterexample, context, { schedule: shown(resolve(file)) });
    console.out(paint(`${otherText(result)}${text}`, console));
  }
  if (result.result !== 'diverged' && result.modelHash !== schedule.modelHash)
    console.note(
      `note: the model has changed since the schedule was stored (${schedule.modelHash} is now ${result.modelHash})`,
    );
  return result.result === 'reproduced' ? 0 : 20;
}

/** A headline for a schedule that ends in another violation than the one it was stored for; else nothing. */
export function otherText(result: Replay): string {
  if (result.result !== 'another violation') return '';
  const { property, signature } = result.counterexample;
  return `ANOTHER VIOLATION: ${property} (${signature}) instead of ${result.wanted}\n`;
}

/** Reads and parses a schedule; errors name the file and the line. */
export function readSchedule(file: string): Schedule {
  return parseSchedule(readText(file), shown(resolve(file)));
}

/** A stored schedule, or an ITF trace that `quiesce export` wrote. */
export function readAnySchedule(file: string): Schedule {
  return file.endsWith('.json') ? scheduleOfItf(readText(file), shown(resolve(file))) : readSchedule(file);
}

/** Is the file a schedule rather than a run? */
export const isSchedule = (file: string): boolean => file.endsWith('.sched') || file.endsWith('.itf.json');

/** The scenario a schedule belongs to: from the user's model file when one is given, else ours. */
export async function scenarioOf(schedule: Schedule, model: string | undefined, file: string): Promise<Scenario> {
  if (model === undefined) {
    const known = await knownScenario(schedule.scenario);
    if (known !== null) return known.scenario;
    throw new QuiesceError('usage', `there is no scenario "${schedule.scenario}"`, {
      hint: `name the model file it belongs to: --model ${modelBeside(file) ?? './my.model.ts'}`,
    });
  }
  const found = (await loadModel(model)).find((f) => f.scenario.name === schedule.scenario);
  if (found === undefined)
    throw new QuiesceError('usage', `${model} exports no scenario "${schedule.scenario}"`, {
      hint: 'the schedule belongs to another model',
    });
  return found.scenario;
}

/**
 * The model file that the verdict beside a schedule names. It is only shown, never loaded on its own: a folder that
 * came by mail must not choose what is run here.
 */
function modelBeside(file: string): string | null {
  try {
    const { options } = verdictFromJson(readText(join(dirname(file), 'verdict.json')));
    return typeof options['model'] === 'string' ? ascii(options['model']) : null;
  } catch {
    return null;
  }
}
