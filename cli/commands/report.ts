/** `quiesce report`: the reports of an earlier run, from the document it wrote. Nothing is searched again. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { QuiesceError } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';
import {
  growDocumentFromJson,
  growthText,
  html,
  isGrowDocument,
  needsText,
  verdictFromJson,
  verdictText,
} from '../../reports/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, readText, shown, writeWhole } from '../files.ts';
import { writeReports } from '../run-folder.ts';

export interface ReportFlags {
  readonly out?: string;
  readonly text?: boolean;
}

export function reportCommand(run: string, flags: ReportFlags, console: Console): ExitStatus {
  const path = isFolder(run) ? join(run, documentIn(run)) : run;
  const json = readText(path);
  if (isGrowDocument(json)) return growReport(json, path, flags, console);
  const verdict = stored(path, () => verdictFromJson(json));
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

/** The verdict of a run: its folder, or its verdict.json. */
export function storedVerdict(run: string): { readonly verdict: Verdict; readonly path: string } {
  const path = isFolder(run) ? join(run, 'verdict.json') : run;
  const json = readText(path);
  return { verdict: stored(path, () => verdictFromJson(json)), path: resolve(path) };
}

/** A growth is a table; there is no page of it. */
function growReport(json: string, path: string, flags: ReportFlags, console: Console): ExitStatus {
  if (flags.out !== undefined)
    throw new QuiesceError('config', 'there is no HTML report of a growth, so --out has no effect', {
      where: shown(path),
      hint: 'without --out it is printed; each violation on the way has a report beside its schedule',
    });
  const document = stored(path, () => growDocumentFromJson(json));
  console.out(document.schema === 'quiesce.grow/1' ? growthText(document) : needsText(document));
  return 0;
}

/** The document of a folder: that of a check, else that of a growth. */
function documentIn(folder: string): string {
  return !existsSync(join(folder, 'verdict.json')) && existsSync(join(folder, 'document.json'))
    ? 'document.json'
    : 'verdict.json';
}

/** Reads a document; what is wrong with it is told with the file's name. */
function stored<D>(path: string, reading: () => D): D {
  try {
    return reading();
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
