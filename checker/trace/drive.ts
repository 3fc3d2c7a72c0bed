/**
 * Drives a stored schedule through a model and tells what it ends in: what replay, regression and shrinking start from.
 * One model serves many schedules.
 */
import { closedCycles, LOCK_CYCLE } from '../analyse/lock-cycles.ts';
import { DATA_RACE, racesAtEnd } from '../analyse/races.ts';
import { stuckFrom } from '../analyse/stuck-from.ts';
import { actorName } from '../compile/model.ts';
import { type Findings, stuckEvidence } from '../search/findings.ts';
import type { Standing } from './counterexample.ts';
import { judgeLasso } from './lasso.ts';
import { formatMove, type Schedule, type ScheduleMove } from './schedule.ts';
import { actorOf, choiceOf, type Simulator } from './simulator.ts';
import { standingsOf } from './standings.ts';
import { type Outcome, outcomesOf } from './verify.ts';

/** The first move of a schedule that the model does not allow, and why. */
export interface Divergence {
  /** Number of the move, from 1; one more than the moves when only the violation is missing. */
  readonly step: number;
  readonly line: number;
  readonly wanted: string;
  readonly reason: string;
  /** The step whose guard is false, and what it waits for, where that is the reason. */
  readonly guard: string | null;
  /** Every actor in the state reached. */
  readonly standings: readonly Standing[];
}

/** What became of the moves. */
export type Driven =
  | {
      /** They can all be taken and end in a violation: the stored one if it is among those that show, else another. */
      readonly result: 'violated';
      readonly outcome: Outcome;
      readonly moves: readonly number[];
      /** The last move breaks a promise, rather than lead to a state that does. */
      readonly fault: boolean;
    }
  | { readonly result: 'diverged'; readonly divergence: Divergence };

/** What a schedule was stored for: `deadlock (4f3c21d9)`. */
export const wantedOf = (schedule: Schedule): string => `${schedule.property} (${schedule.signature})`;

/** Do the last step and state alone show the violation, so that other schedules can be tried for it? */
export function showsAtEnd({ property, loop }: Schedule): boolean {
  return loop === undefined && !['stuck', LOCK_CYCLE, DATA_RACE].includes(property);
}

/**
 * Drives the moves of the schedule, whatever variant and bounds it names: the simulator's are used, and it is left in the
 * state reached. `findings` must be of the simulator's model.
 */
export function drive(simulator: Simulator, findings: Findings, schedule: Schedule): Driven {
  const { model } = simulator;
  simulator.state = model.initial.slice();
  const moves: number[] = [];
  let fault = false;
  const diverged = (step: number, move: ScheduleMove | null, reason: string, guard: string | null = null): Driven => ({
    result: 'diverged',
    divergence: {
      step,
      line: move?.line ?? 0,
      wanted: move === null ? wantedOf(schedule) : formatMove(move),
      reason,
      guard,
      standings: standingsOf(simulator, moves),
    },
  });

  /** The verdict about a schedule that goes on for ever, once all its moves were taken. */
  const driveLoop = (loop: number): Driven => {
    const property = findings.live.find((p) => p.name === schedule.property);
    const missing = schedule.moves.length + 1;
    if (property === undefined)
      return diverged(missing, null, `there is no promise about what comes named ${schedule.property}`);
    const judged = judgeLasso(model, property, moves, loop);
    if (judged.result === 'refuted') {
      const move = schedule.moves[judged.step - 1] ?? null;
      return diverged(move === null ? missing : judged.step, move, judged.because);
    }
    const signature = findings.signature(property.name, judged.evidence, null);
    const outcome = { property: property.name, evidence: judged.evidence, signature };
    return { result: 'violated', outcome, moves, fault: false };
  };
  for (const [i, wanted] of schedule.moves.entries()) {
    const a = model.actors.find((actor) => actor.view.name === wanted.actor);
    if (a === undefined) return diverged(i + 1, wanted, `there is no actor ${wanted.actor}`);
    const point = simulator.point(a.index);
    if (point === null) return diverged(i + 1, wanted, `${wanted.actor} has ended`);
    const text = formatMove(wanted);
    let choice = -1;
    for (let c = 0; c < point.arity && choice < 0; c++) {
      const name = simulator.choiceName(point, a.index, c);
      if (formatMove({ actor: wanted.actor, procedure: point.procedure, label: point.label, choice: name }) === text)
        choice = c;
    }
    if (choice < 0)
      return diverged(i + 1, wanted, `${wanted.actor} stands before ${point.procedure}/${point.label} instead`);
    const outcome = simulator.step(a.index, choice);
    if (outcome.result === 'blocked') {
      const standing = standingsOf(simulator, moves).find((s) => s.actor === wanted.actor);
      const wait = standing?.waits;
      const owners = wait && wait.owners.length > 0 ? `, up to ${wait.owners.join(' and ')}` : '';
      return diverged(
        i + 1,
        wanted,
        'its guard is false',
        `${point.procedure}/${point.label}${wait ? ` waits for ${wait.on}${owners}` : ''}`,
      );
    }
    moves.push((a.index << 16) | choice);
    fault = outcome.result === 'fault';
    if (outcome.result === 'fault' && (i + 1 < schedule.moves.length || schedule.loop !== undefined))
      return diverged(i + 1, wanted, `the step already breaks a promise: ${outcome.evidence.message}`);
  }

  if (schedule.loop !== undefined) return driveLoop(schedule.loop);

  const outcomes = [
    ...(outcomesOf(model, findings, moves) ?? []),
    ...stuckOutcomes(simulator, findings, schedule),
    ...analysedOutcomes(simulator, schedule, moves),
  ];
  const hit =
    outcomes.find((o) => o.signature === schedule.signature) ??
    outcomes.find((o) => o.property === schedule.property) ??
    outcomes[0];
  if (hit === undefined) return diverged(schedule.moves.length + 1, null, 'no promise is broken at the end');
  return { result: 'violated', outcome: hit, moves, fault };
}

/** The violation of a schedule about actors that are stuck, which no look at one state can tell. */
function stuckOutcomes(simulator: Simulator, findings: Findings, schedule: Schedule): Outcome[] {
  if (schedule.property !== 'stuck') return [];
  const { model, state } = simulator;
  const actors = stuckFrom(model, state);
  simulator.focus();
  if (actors === null || actors.length === 0) return [];
  const evidence = stuckEvidence(actors.map((i) => actorName(model, i)));
  return [{ property: 'stuck', evidence, signature: findings.signature('stuck', evidence, null) }];
}

/** What only an analysis tells: lock cycles and data races, of a schedule that was stored for one. */
function analysedOutcomes(simulator: Simulator, schedule: Schedule, moves: readonly number[]): Outcome[] {
  if (schedule.property === DATA_RACE) return racesAtEnd(simulator, moves);
  if (schedule.property !== LOCK_CYCLE) return [];
  simulator.state = simulator.model.initial.slice();
  const states = [simulator.state];
  for (const move of moves) {
    simulator.step(actorOf(move), choiceOf(move));
    states.push(simulator.state);
  }
  const closed = closedCycles(simulator.model, states);
  simulator.focus();
  return closed;
}
