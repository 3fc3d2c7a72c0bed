/** `quiesce report`: the reports of an earlier run, from the verdict it wrote. Nothing is searched again. */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { QuiesceError } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { html, verdictFromJson, verdictText } from '../../reports/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, readText, shown, writeWhole } from '../files.ts';
import { writeReports } from '../run-folder.ts';

export interface ReportFlags {
  readonly out?: string;
  readonly text?: boolean;
}

export function reportCommand(run: string, flags: ReportFlags, console: Console): ExitStatus {
  const path = isFolder(run) ? join(run, 'verdict.json') : run;
  const verdict = stored(path);
  if (flags.text === true) {
    console.out(verdictText(verdict));
    return 0;
  }
  if (flags.out?.endsWith('.html')) {
    const target = resolve(flags.out);
    prepareFolder(dirname(target));
    writeWhole(target, html(verdict));
    console.out(shown(target));
    return 0;
  }
  const folder = resolve(flags.out ?? dirname(path));
  prepareFolder(folder);
  for (const written of writeReports(folder, verdict)) console.out(shown(written));
  return 0;
}

/** Reads a verdict; what is wrong with it is told with the file's name. */
function stored(path: string): Verdict {
  try {
    return verdictFromJson(readText(path));
  } catch (error) {
    if (!(error instanceof QuiesceError) || error.where !== undefined) throw error;
    throw new QuiesceError(error.code, error.message, {
      where: shown(path),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
