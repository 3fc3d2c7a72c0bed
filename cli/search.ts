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

/** Checks one variant and writes its files under `out`. `model` is the file it comes from, as it was typed. */
export async function search(
  scenario: Scenario,
  options: CheckOptions & { readonly variant: string },
  out: string,
  console: Console,
  events: EventLog | null = null,
  model: string | null = null,
): Promise<SearchResult> {
  const folder = runFolder(out, scenario.name, options.variant);
  const removeEmptyFolder = prepareFolder(folder);
  const line = progressLine(console);
  const interrupt = onInterrupt(console);
  try {
    events?.start(scenario, options);
    const checked = await check(scenario, {
      ...options,
      signal: interrupt.signal,
      onProgress: (progress) => {
        line.show(progress);
        events?.progress(progress);
      },
      ...news(options, () => line.clear()),
    });
    line.clear();
    // A scenario of a user's own is found again through its file only.
    const verdict = model === null ? checked : { ...checked, options: { ...checked.options, model } };
    const files = writeRun(folder, verdict);
    events?.end(verdict, files);
    return { verdict, files, interrupted: verdict.complete ? null : interrupt.status };
  } finally {
    line.clear();
    interrupt.release();
    removeEmptyFolder();
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
