/**
 * What a check leaves behind: `runs/<scenario>-<variant>/` with the verdict as JSON, what earlier runs said, and for each
 * violation its schedule and its HTML report.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { analysedSchedules } from '../checker/analyse/analysis.ts';
import { QuiesceError } from '../checker/lang/index.ts';
import type { Sensitivity } from '../checker/sensitivity/sensitivity.ts';
import type { Verdict } from '../checker/verdict.ts';
import { splitName } from '../explore/scenario.ts';
import { type History, historyFromJson, historyToJson, withRun } from '../reports/history.ts';
import { html, verdictFromJson, verdictToJson } from '../reports/index.ts';
import { sensitivityFromJson } from '../reports/sensitivity-json.ts';
import { shown, writeWhole } from './files.ts';
import { tablesOf } from './sensitivity-tables.ts';

export interface RunFiles {
  readonly verdict: string;
  /** HTML reports: one for each violation, or one for a verdict without any. */
  readonly reports: readonly string[];
  /** Schedules, in the order of the violations. */
  readonly schedules: readonly string[];
  /** Path of the schedule of a signature, whether it is there or not. */
  readonly scheduleOf: (signature: string) => string;
}

/** The folder of one scenario's variant. */
export function runFolder(out: string, scenario: string, variant: string): string {
  const generated = splitName(scenario);
  // Its name holds a whole program, which no file system need take.
  const name =
    generated === null
      ? scenario
      : `explore-${generated.system}-${createHash('sha256').update(scenario).digest('hex').slice(0, 8)}`;
  return join(out, `${name}-${variant}`);
}

/**
 * Writes all files of a verdict into its folder. One that decided nothing does not take the place of one that decided the
 * same question: it stands beside it as `undecided.json`, until that is decided again.
 */
export function writeRun(folder: string, verdict: Verdict): RunFiles {
  const name = verdict.outcome === 'undecided' && isDecided(folder, verdict) ? UNDECIDED : 'verdict';
  const scheduleOf = (signature: string) => join(folder, `${signature}.sched`);
  const schedules = verdict.violations.map((v) => {
    const path = scheduleOf(v.signature);
    writeWhole(path, v.schedule);
    return path;
  });
  if (verdict.analysis !== undefined) {
    const form = { ...verdict, scenario: verdict.scenario.name };
    for (const [signature, text] of analysedSchedules(verdict.analysis, form)) writeWhole(scheduleOf(signature), text);
  }
  const reports = writeReports(folder, verdict, name);
  const document = join(folder, `${name}.json`);
  writeWhole(document, verdictToJson(verdict));
  if (name !== UNDECIDED)
    for (const ending of ['json', 'html']) rmSync(join(folder, `${UNDECIDED}.${ending}`), { force: true });
  writeWhole(join(folder, HISTORY), historyToJson(withRun(historyIn(folder), verdict)));
  return { verdict: document, reports, schedules, scheduleOf };
}

const HISTORY = 'history.json';

/** Name of the files of a verdict that left an earlier one in its place. */
export const UNDECIDED = 'undecided';

/** Does the folder hold a verdict that decided this model, with these bounds? */
function isDecided(folder: string, { modelHash }: Verdict): boolean {
  const path = join(folder, 'verdict.json');
  if (!existsSync(path)) return false;
  try {
    const earlier = verdictFromJson(readFileSync(path, 'utf8'));
    return earlier.outcome !== 'undecided' && earlier.modelHash === modelHash;
  } catch {
    // What cannot be read has decided nothing.
    return false;
  }
}

/** What earlier runs of a folder said; null where there is nothing, or nothing that can be read. */
export function historyIn(folder: string): History | null {
  const path = join(folder, HISTORY);
  if (!existsSync(path)) return null;
  try {
    return historyFromJson(readFileSync(path, 'utf8'));
  } catch {
    // What was must not cost what is: the verdict is written, and a new history begins.
    return null;
  }
}

/** Writes the HTML reports of a verdict: `<signature>.html` each, or `<name>.html` where nothing was violated. */
export function writeReports(folder: string, verdict: Verdict, name = 'verdict'): string[] {
  const pages =
    verdict.violations.length === 0
      ? [{ name, text: html(verdict, 0, sensitivityOf(folder, verdict)) }]
      : verdict.violations.map((v, index) => ({
          name: plainSignature(v.signature),
          text: html(verdict, index, { schedule: shown(join(folder, `${v.signature}.sched`)) }),
        }));
  return pages.map(({ name, text }) => {
    const path = join(folder, `${name}.html`);
    writeWhole(path, text);
    return path;
  });
}

/** What was measured of this form with these bounds: in its folder, or with the corpus. */
function sensitivityOf(folder: string, verdict: Verdict): { sensitivity?: Sensitivity } {
  if (verdict.outcome !== 'holds') return {};
  const own = join(folder, 'sensitivity', 'document.json');
  const measured = [
    ...(existsSync(own) ? undamaged(() => [sensitivityFromJson(readFileSync(own, 'utf8'))]) : []),
    ...undamaged(() => tablesOf(verdict.scenario.name)),
  ];
  const same = measured.find(
    ({ bounds, states }) => states === verdict.counts.states && isDeepStrictEqual(bounds, verdict.bounds),
  );
  return same === undefined ? {} : { sensitivity: same };
}

/** A file that was damaged must not cost the verdict its report. */
function undamaged(read: () => readonly Sensitivity[]): readonly Sensitivity[] {
  try {
    return read();
  } catch {
    return [];
  }
}

/** A stored verdict may come from anybody: a signature that is a path would write outside the folder. */
function plainSignature(signature: string): string {
  if (/^[0-9a-f]{1,16}$/.test(signature)) return signature;
  throw new QuiesceError('usage', 'not a stored verdict: a signature is eight hex digits', {
    hint: 'verdicts are written by `quiesce check`, one verdict.json a run',
  });
}
