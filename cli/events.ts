/**
 * `--events`: newline-separated JSON, one object a line, for programs that follow a search while it runs. The kinds
 * are `start`, `progress`, `violation` and `end`; keys are never renamed within a major version.
 */
import type { CheckOptions, Progress } from '../checker/check.ts';
import type { Scenario } from '../checker/lang/index.ts';
import type { Verdict } from '../checker/verdict.ts';
import type { Console } from './console.ts';
import type { RunFiles } from './run-folder.ts';

export interface EventLog {
  start(scenario: Scenario, options: CheckOptions): void;
  progress(progress: Progress): void;
  end(verdict: Verdict, files: RunFiles): void;
}

/** Writes events to stdout. */
export function eventLog(console: Console): EventLog {
  const write = (event: string, data: object) => console.out(JSON.stringify({ event, ...data }));
  return {
    start: (scenario, options) =>
      write('start', {
        schema: 'quiesce.events/1',
        scenario: scenario.name,
        variant: options.variant ?? null,
        bounds: options.bounds ?? {},
      }),
    progress: (progress) => write('progress', progress),
    end: (verdict, files) => {
      for (const [i, v] of verdict.violations.entries())
        write('violation', {
          kind: v.evidence.kind,
          property: v.property,
          headline: v.headline,
          signature: v.signature,
          steps: v.steps.length,
          switches: v.switches,
          schedule: files.schedules[i] ?? null,
          report: files.reports[i] ?? null,
        });
      write('end', {
        outcome: verdict.outcome,
        complete: verdict.complete,
        counts: verdict.counts,
        asExpected: verdict.asExpected,
        verdict: files.verdict,
        timing: verdict.timing,
      });
    },
  };
}
