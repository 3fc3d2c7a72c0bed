/** `quiesce report`: the reports of an earlier run, from the document it wrote. Nothing is searched again. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { QuiesceError } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';
import {
  growDocumentFromJson,
  growthText,
  html,
  isGrowDocument,
  needsText,
  suiteHtml,
  verdictFromJson,
  verdictText,
} from '../../reports/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, readText, shown, writeWhole } from '../files.ts';
import { packageVersion } from '../package.ts';
import { historyIn, UNDECIDED, writeReports } from '../run-folder.ts';

export interface ReportFlags {
  readonly out?: string;
  readonly text?: boolean;
}

export function reportCommand(run: string, flags: ReportFlags, console: Console): ExitStatus {
  const runs = runsIn(run);
  if (runs.length > 0) return suiteReport(run, runs, flags, console);
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
  const name = basename(path, '.json') === UNDECIDED ? UNDECIDED : 'verdict';
  for (const written of writeReports(folder, verdict, name)) console.out(shown(written));
  return 0;
}

/** Folders of runs in a folder that is none itself. */
function runsIn(folder: string): string[] {
  if (!isFolder(folder) || existsSync(join(folder, 'verdict.json')) || existsSync(join(folder, 'document.json')))
    return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'verdict.json')))
    .sort();
}

/** One page of many runs. */
function suiteReport(folder: string, runs: readonly string[], flags: ReportFlags, console: Console): ExitStatus {
  if (flags.text === true)
    throw new QuiesceError('config', 'there is no text of a folder of runs', {
      hint: 'name one run, or leave --text out',
    });
  const out = resolve(flags.out ?? folder);
  const target = out.endsWith('.html') ? out : join(out, 'index.html');
  prepareFolder(dirname(target));
  const entries = runs.map((path) => ({
    verdict: storedVerdict(path).verdict,
    history: historyIn(path)?.results ?? [],
    report: (signature: string | null) => {
      const page = join(resolve(path), `${signature ?? 'verdict'}.html`);
      const href = relative(dirname(target), page);
      return existsSync(page) && /^(\.\.\/)*[\w-][\w./-]*$/.test(href) ? href : null;
    },
  }));
  writeWhole(target, suiteHtml(entries, packageVersion));
  console.out(shown(target));
  return 0;
}

/** The verdict of a run: its folder, or its verdict.json. */
export function storedVerdict(run: string): { readonly verdict: Verdict; readonly path: string } {
  const path = isFolder(run) ? join(run, documentIn(run)) : run;
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

/** The document of a run's folder: that of a check, else that of a growth. */
function documentIn(folder: string): string {
  const found = ['verdict.json', 'document.json'].find((name) => existsSync(join(folder, name)));
  if (found !== undefined) return found;
  throw new QuiesceError('usage', `there is no run in ${shown(folder)}`, {
    hint: 'quiesce check and grow leave one in runs/<scenario>-<variant>',
  });
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
