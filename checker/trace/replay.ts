/**
 * Replay: drives one schedule through a compiled model. A schedule that no longer fits names its first divergence
 * and the guard that refused.
 */
import type { Scenario } from '../lang/scenario.ts';
import { Findings } from '../search/findings.ts';
import { buildCounterexample } from './build.ts';
import type { Counterexample } from './counterexample.ts';
import { type Divergence, drive, showsAtEnd, wantedOf } from './drive.ts';
import { essentialOrderings } from './orderings.ts';
import type { Schedule } from './schedule.ts';
import { Simulator } from './simulator.ts';

/** What became of a stored schedule: it reproduces its violation, ends in another one, or no longer fits. */
export type Replay = { readonly schema: 'quiesce.replay/1' } & (
  | { readonly result: 'reproduced'; readonly modelHash: string; readonly counterexample: Counterexample }
  | {
      /** All its steps can be taken, and what they end in is no violation of the stored signature. */
      readonly result: 'another violation';
      readonly modelHash: string;
      readonly counterexample: Counterexample;
      /** What the schedule was stored for: `deadlock (4f3c21d9)`. */
      readonly wanted: string;
    }
  | { readonly result: 'diverged'; readonly modelHash: string; readonly divergence: Divergence }
);

/**
 * Drives the schedule against a variant of the scenario (the schedule's own when not given). Throws a `usage` error
 * when variant or bounds do not exist.
 *
 * When: a stored counterexample is tried again, or against a repair. Cost: a few milliseconds, mostly to compile; it returns at
 * once and takes no abort signal. What it returns is the document of `quiesce replay --json`.
 *
 * @example
 * ```ts
 * import { check, parseSchedule, replay, scenarios } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'peers-sva');
 * const { violations } = await check(scenario, { variant: 'posted' });
 * const schedule = parseSchedule(violations[0].schedule);
 * console.log(replay(scenario, schedule).result); // reproduced
 * const repaired = replay(scenario, schedule, 'fixed-m');
 * console.log(repaired.result, repaired.divergence.reason !== ''); // diverged true
 * ```
 */
export function replay(scenario: Scenario, schedule: Schedule, variant = schedule.variant): Replay {
  const simulator = new Simulator(scenario, { variant, bounds: schedule.bounds });
  const { model } = simulator;
  const findings = new Findings(model, null);
  const driven = drive(simulator, findings, schedule);
  const head = { schema: 'quiesce.replay/1', modelHash: model.hash } as const;
  if (driven.result === 'diverged') return { ...head, result: 'diverged', divergence: driven.divergence };
  const { outcome, moves, fault } = driven;
  const counterexample = buildCounterexample({
    simulator,
    ...outcome,
    moves,
    fault,
    ...(schedule.loop === undefined ? {} : { loop: schedule.loop }),
    minimal: 'local',
    needed: showsAtEnd({ ...schedule, property: outcome.property })
      ? essentialOrderings(model, findings, moves, outcome.signature)
      : null,
  });
  return outcome.signature === schedule.signature
    ? { ...head, result: 'reproduced', counterexample }
    : { ...head, result: 'another violation', counterexample, wanted: wantedOf(schedule) };
}
