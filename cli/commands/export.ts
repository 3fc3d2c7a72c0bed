/** `quiesce export`: violations of a run, or of one schedule, in the formats of other tools. */
import { dirname, join, resolve } from 'node:path';
import { QuiesceError } from '../../checker/lang/index.ts';
import { replay } from '../../checker/trace/replay.ts';
import type { Verdict } from '../../checker/verdict.ts';
import {
  type Exported,
  type ExportFormat,
  exportedOf,
  exportFormats,
  junit,
  sarifText,
  suiteOf,
  type ViolationFormat,
  violationFormats,
} from '../../reports/export/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, shown, writeWhole } from '../files.ts';
import { packageVersion } from '../package.ts';
import { isSchedule, readAnySchedule, scenarioOf } from './replay.ts';
import { storedVerdict } from './report.ts';

export interface ExportFlags {
  readonly as: readonly ExportFormat[];
  readonly out?: string;
  readonly model?: string;
}

export async function exportCommand(given: string, flags: ExportFlags, console: Console): Promise<ExitStatus> {
  const source = isSchedule(given) ? await ofSchedule(given, flags.model) : ofRun(given);
  const { exported, verdict } = source;
  const folder = resolve(flags.out ?? source.folder);
  const wanted = exportFormats.filter((format) => flags.as.includes(format));
  if (wanted.includes('junit') && verdict === null)
    throw new QuiesceError('config', 'a schedule has no cases for junit', {
      hint: 'export the folder of the run, or use quiesce regress --junit',
    });
  const alone = wanted.filter((f): f is ViolationFormat => f in violationFormats);
  if (alone.length > 0 && exported.violations.length === 0)
    throw new QuiesceError('config', `there is no violation to export as ${alone.join(', ')}`, {
      where: shown(resolve(given)),
      hint: 'a verdict that holds can be exported as sarif or junit',
    });
  prepareFolder(folder);
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeWhole(path, text);
    console.out(shown(path));
  };
  for (const format of wanted) {
    if (format === 'sarif') write('quiesce.sarif', sarifText(exported));
    else if (format === 'junit') write('junit.xml', junit([suiteOf(verdict as Verdict)]));
    else
      for (const ce of exported.violations) {
        const { extension, write: text } = violationFormats[format];
        write(`${ce.signature}.${extension}`, text(ce, exported.context));
      }
  }
  return 0;
}

interface Given {
  readonly exported: Exported;
  readonly verdict: Verdict | null;
  /** Where the files go unless told otherwise. */
  readonly folder: string;
}

function ofRun(given: string): Given {
  const { verdict, path } = storedVerdict(given);
  return { exported: exportedOf(verdict), verdict, folder: dirname(path) };
}

async function ofSchedule(file: string, model: string | undefined): Promise<Given> {
  const schedule = readAnySchedule(file);
  const scenario = await scenarioOf(schedule, model, file);
  const result = replay(scenario, schedule);
  if (result.result === 'diverged')
    throw new QuiesceError('schedule', `the schedule no longer applies: ${result.divergence.reason}`, {
      where: shown(resolve(file)),
      hint: `quiesce replay ${shown(resolve(file))} tells more`,
    });
  const { variant, bounds } = schedule;
  const context = { scenario: schedule.scenario, variant, bounds, model: model ?? null };
  const exported = { context, violations: [result.counterexample], version: packageVersion };
  return { exported, verdict: null, folder: dirname(resolve(file)) };
}
