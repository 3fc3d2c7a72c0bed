/**
 * `--events`: newline-separated JSON, one object a line, for programs that follow a search while it runs. The kinds
 * are `start`, `progress`, `violation` and `end`, with the anytime order also `stage` and `shrunk`; keys are never
 * renamed within a major version. That order tells a violation when it is found, without a report, and all once more at
 * the end.
 */
import type { CheckOptions, Progress } from '../checker/check.ts';
import type { Scenario } from '../checker/lang/index.ts';
import type { Stage } from '../checker/search/anytime.ts';
import type { Counterexample } from '../checker/trace/counterexample.ts';
import type { Verdict } from '../checker/verdict.ts';
import { eventToJson, type SearchEvent, type StartEvent, type ViolationEvent } from '../reports/events-json.ts';
import type { Console } from './console.ts';
import type { RunFiles } from './run-folder.ts';

export interface EventLog {
  start(scenario: Scenario, options: CheckOptions): void;
  progress(progress: Progress): void;
  /** A violation that was found while the search goes on, or a shorter schedule of one that was told. */
  found(counterexample: Counterexample, event: 'violation' | 'shrunk', schedule: string): void;
  stage(stage: Stage): void;
  end(verdict: Verdict, files: RunFiles): void;
}

/** Writes events to stdout. */
export function eventLog(console: Console): EventLog {
  const write = (event: SearchEvent) => console.out(eventToJson(event));
  return {
    start: (scenario, options) =>
      write({
        event: 'start',
        schema: 'quiesce.events/1',
        scenario: scenario.name,
        variant: options.variant ?? null,
        bounds: options.bounds ?? {},
        options: given(options),
      }),
    progress: (progress) => write({ event: 'progress', ...progress }),
    found: (counterexample, event, schedule) => write({ event, ...about(counterexample, schedule) }),
    stage: (stage) => write({ event: 'stage', ...stage }),
    end: (verdict, files) => {
      for (const [i, v] of verdict.violations.entries())
        write({ event: 'violation', ...about(v, files.schedules[i], files.reports[i]) });
      write({
        event: 'end',
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

/** Every option that was given beside variant and bounds, by its name in the library; what is called back has no text. */
function given(options: CheckOptions): StartEvent['options'] {
  const { variant: _variant, bounds: _bounds, signal: _signal, module: _module, ...others } = options;
  return Object.fromEntries(
    Object.entries(others).filter(([, value]) => typeof value !== 'function'),
  ) as StartEvent['options'];
}

function about(
  v: Counterexample,
  schedule: string | null = null,
  report: string | null = null,
): Omit<ViolationEvent, 'event'> {
  return {
    kind: v.evidence.kind,
    property: v.property,
    headline: v.headline,
    signature: v.signature,
    steps: v.steps.length,
    switches: v.switches,
    schedule,
    report,
  };
}
