/**
 * The schedules of a folder, driven through their models: does each still show what it was stored for? A scenario is
 * loaded when a schedule names it, and each of its forms is compiled once, however many schedules it has.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import { Findings } from '../../checker/search/findings.ts';
import { drive, wantedOf } from '../../checker/trace/drive.ts';
import { formatSchedule, type Schedule } from '../../checker/trace/schedule.ts';
import { Simulator } from '../../checker/trace/simulator.ts';
import { plural } from '../../reports/numbers.ts';
import { boundsOf, variantOf } from '../commands/check.ts';
import { readSchedule } from '../commands/replay.ts';
import { shown } from '../files.ts';
import { knownScenario, loadModel } from '../models.ts';

/** A stored schedule and what became of it. */
export interface Stored {
  /** As it is shown. */
  readonly file: string;
  readonly path: string;
  /** `moved`: it shows the violation that it was stored for, although the model is another one by now. */
  readonly result: 'reproduced' | 'moved' | 'failed';
  /** One line. */
  readonly text: string;
  /** Null where the file could not be read. */
  readonly schedule: Schedule | null;
  /** Null where there is none of that name. */
  readonly scenario: Scenario | null;
  /** What to write instead, where the steps are the same ones and only the model has changed. */
  readonly renewed: string | null;
}

/** Finds the scenario of a name; null when there is none. */
export type Finder = (name: string) => Promise<Scenario | null>;

/** Those of the model file; without one, those that come with quiesce. */
export async function finder(model: string | undefined): Promise<Finder> {
  if (model === undefined) return async (name) => (await knownScenario(name))?.scenario ?? null;
  const found = await loadModel(model);
  return async (name) => found.find((f) => f.scenario.name === name)?.scenario ?? null;
}

/** Names of the schedules in a folder, in order. Throws when there is none: nothing replayed is no success. */
export function schedulesIn(folder: string): string[] {
  if (!existsSync(folder)) throw new QuiesceError('usage', `there is no folder ${shown(folder)}`, { where: folder });
  const files = namesIn(folder);
  if (files.length === 0)
    throw new QuiesceError('usage', `there is no schedule in ${shown(folder)}`, {
      hint: 'schedules end in .sched; quiesce regress --add stores those of the scenarios',
    });
  return files;
}

export function namesIn(folder: string): string[] {
  if (!statSync(folder).isDirectory())
    throw new QuiesceError('usage', `${shown(folder)} is no folder`, { hint: 'quiesce replay drives one schedule' });
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sched'))
    .sort();
}

/**
 * Drives every schedule, up to one at which the signal has come. In the order of the names the schedules of one form stand
 * together.
 */
export async function driveAll(
  folder: string,
  names: readonly string[],
  find: Finder,
  signal?: AbortSignal,
): Promise<Stored[]> {
  const stored: Stored[] = [];
  let form: Form | null = null;
  for (const name of names) {
    // Signals are heard between two schedules.
    if (signal !== undefined) await setImmediate();
    if (signal?.aborted) break;
    const path = join(folder, name);
    const file = shown(path);
    let schedule: Schedule | null = null;
    let scenario: Scenario | null = null;
    const failed = (text: string): Stored => ({
      file,
      path,
      result: 'failed',
      text,
      schedule,
      scenario,
      renewed: null,
    });
    try {
      schedule = readSchedule(path);
      scenario = await find(schedule.scenario);
      if (scenario === null) {
        stored.push(failed(`${file}: no scenario "${schedule.scenario}"`));
        continue;
      }
      const key = `${schedule.scenario} ${schedule.variant} ${JSON.stringify(schedule.bounds)}`;
      if (form?.key !== key) form = compileForm(key, scenario, schedule);
      stored.push(driveOne(form, path, schedule));
    } catch (error) {
      if (!(error instanceof QuiesceError)) throw error;
      // The place is mostly a line of the file.
      const where = error.where ?? file;
      const place = where.startsWith(file) ? where : `${file}: ${where}`;
      stored.push(failed(`${place}: ${error.message}`));
    }
  }
  return stored;
}

/** A variant within bounds, ready to be driven. */
interface Form {
  readonly key: string;
  readonly scenario: Scenario;
  readonly simulator: Simulator;
  readonly findings: Findings;
}

function compileForm(key: string, scenario: Scenario, schedule: Schedule): Form {
  const variant = variantOf(scenario, schedule.variant);
  const simulator = new Simulator(scenario, { variant, bounds: schedule.bounds });
  return { key, scenario, simulator, findings: new Findings(simulator.model, null) };
}

function driveOne({ scenario, simulator, findings }: Form, path: string, schedule: Schedule): Stored {
  const file = shown(path);
  const name = `${schedule.scenario} ${schedule.variant} ${schedule.signature}`;
  const told = (result: Stored['result'], text: string, renewed: string | null = null): Stored => ({
    file,
    path,
    result,
    text: `${name}  ${text}`,
    schedule,
    scenario,
    renewed,
  });
  const driven = drive(simulator, findings, schedule);
  if (driven.result === 'diverged') {
    const { line, step, wanted, reason, guard } = driven.divergence;
    return told(
      'failed',
      `${file}:${line}: step ${step}: ${wanted}: ${reason}${guard === null ? '' : `; guard ${guard}`}`,
    );
  }
  const { property, signature, evidence } = driven.outcome;
  if (signature !== schedule.signature)
    return told(
      'failed',
      `${file}: it ends in another violation: ${property} (${signature}) instead of ${wantedOf(schedule)}`,
    );
  if (mustHold(scenario, schedule))
    return told('failed', `${file}: it shows ${wantedOf(schedule)}, and the variant is expected to hold`);
  const size = `${evidence.kind}, ${plural(schedule.moves.length, 'step')}`;
  const { hash } = simulator.model;
  if (hash === schedule.modelHash) return told('reproduced', size);
  return told('moved', `${size}, the model has changed`, formatSchedule({ ...schedule, modelHash: hash }));
}

/** Is the variant expected to hold within the bounds of the schedule? */
function mustHold(scenario: Scenario, schedule: Schedule): boolean {
  if (scenario.generated === true) return false;
  const own = boundsOf(scenario, schedule.variant);
  const same = Object.entries(own).every(([bound, value]) => (schedule.bounds[bound] ?? value) === value);
  return same && scenario.variants[schedule.variant]?.expect.verdict === 'holds';
}
