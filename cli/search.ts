/**
 * One search as the command line runs it: progress on stderr, Ctrl-C, files written. Used by every command that
 * searches.
 */
import { type CheckOptions, check } from '../checker/check.ts';
import type { Scenario } from '../checker/lang/index.ts';
import type { Verdict } from '../checker/verdict.ts';
import type { Console } from './console.ts';
import type { EventLog } from './events.ts';
import type { ExitStatus } from './exit.ts';
import { prepareFolder } from './files.ts';
import { onInterrupt } from './interrupt.ts';
import { progressLine } from './progress.ts';
import { type RunFiles, runFolder, writeRun } from './run-folder.ts';

export interface SearchResult {
  readonly verdict: Verdict;
  readonly files: RunFiles;
  /** 130 or 143 when a signal ended the search. */
  readonly interrupted: ExitStatus | null;
}

/** How a search is told. */
export interface Telling {
  /** Told once the search is under way, so that an option that is wrong is told alone. */
  readonly heading: string;
  readonly events?: EventLog | null;
  /** The file the scenario comes from, as it was typed. */
  readonly model?: string | null;
  /** Told where the files cannot be written: what was found must not be lost with them. */
  readonly unwritten: (verdict: Verdict) => void;
}

/** Checks one variant and writes its files under `out`. */
export async function search(
  scenario: Scenario,
  options: CheckOptions & { readonly variant: string },
  out: string,
  console: Console,
  { heading, events = null, model = null, unwritten }: Telling,
): Promise<SearchResult> {
  const folder = runFolder(out, scenario.name, options.variant);
  const removeEmptyFolder = prepareFolder(folder);
  const line = progressLine(console);
  const interrupt = onInterrupt(console);
  let begun = false;
  const begin = () => {
    if (!begun) console.note(heading);
    begun = true;
  };
  try {
    events?.start(scenario, options);
    const checked = await check(scenario, {
      ...options,
      signal: interrupt.signal,
      onProgress: (progress) => {
        begin();
        line.show(progress);
        events?.progress(progress);
      },
      ...news(options, () => {
        begin();
        line.clear();
      }),
    });
    begin();
    line.clear();
    // A scenario of a user's own is found again through its file only.
    const verdict = model === null ? checked : { ...checked, options: { ...checked.options, model } };
    const files = written(folder, verdict, unwritten);
    events?.end(verdict, files);
    return { verdict, files, interrupted: verdict.complete ? null : interrupt.status };
  } finally {
    line.clear();
    interrupt.release();
    removeEmptyFolder();
  }
}

function written(folder: string, verdict: Verdict, unwritten: Telling['unwritten']): RunFiles {
  try {
    return writeRun(folder, verdict);
  } catch (error) {
    unwritten(verdict);
    throw error;
  }
}

/** What is told while the search runs, with the progress line out of the way. */
function news(options: CheckOptions, clear: () => void): Pick<CheckOptions, 'onViolation' | 'onStage'> {
  const { onViolation, onStage } = options;
  return {
    ...(onViolation === undefined
      ? {}
      : {
          onViolation: (counterexample) => {
            clear();
            onViolation(counterexample);
          },
        }),
    ...(onStage === undefined
      ? {}
      : {
          onStage: (stage) => {
            clear();
            onStage(stage);
          },
        }),
  };
}
