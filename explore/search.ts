/** The search of one generated scenario: exhaustive within a budget of states, by PCT beyond it. */
import { setImmediate } from 'node:timers/promises';
import { check } from '../checker/check.ts';
import { QuiesceError, type QuiesceErrorCode } from '../checker/lang/index.ts';
import type { Counterexample } from '../checker/trace/counterexample.ts';
import type { Verdict } from '../checker/verdict.ts';
import { formatProgram, type Program } from './program.ts';
import { scenarioOf } from './scenario.ts';
import type { ExplorableSystem } from './system.ts';

export interface Effort {
  /** States after which an exhaustive search gives up. */
  readonly maxStates: number;
  /** PCT walks of a scenario that is larger than that. */
  readonly walks: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface Searched {
  readonly verdict: Verdict;
  /** The whole space was seen. */
  readonly exhaustive: boolean;
  readonly states: number;
}

/** A program that shows a mistake in the model, so that it was not searched to the end. */
export interface Unsearched {
  readonly variant: string;
  readonly program: string;
  readonly code: QuiesceErrorCode;
  /** What is wrong with the model. */
  readonly why: string;
}

/** All violations of the program, one for each signature, without explanations. */
async function searchProgram(
  system: ExplorableSystem,
  program: Program,
  variant: string,
  effort: Effort,
): Promise<Searched> {
  const scenario = scenarioOf(system, program);
  const { signal } = effort;
  const common = { variant, all: true, explain: false, ...(signal === undefined ? {} : { signal }) };
  await setImmediate();
  const verdict = await check(scenario, { ...common, maxStates: effort.maxStates });
  const { states } = verdict.counts;
  if (verdict.complete || verdict.violations.length > 0 || signal?.aborted)
    return { verdict, exhaustive: verdict.complete, states };
  const walked = await check(scenario, { ...common, strategy: 'pct', runs: effort.walks, seed: String(effort.seed) });
  return { verdict: walked, exhaustive: false, states };
}

/** The same; a mistake in the model that this program shows is told, not thrown, so that the others go on. */
export async function searchUnlessMistaken(
  system: ExplorableSystem,
  program: Program,
  variant: string,
  effort: Effort,
): Promise<Searched | Unsearched> {
  try {
    return await searchProgram(system, program, variant, effort);
  } catch (error) {
    if (!(error instanceof QuiesceError) || !mistakes.includes(error.code)) throw error;
    return { variant, program: formatProgram(program), code: error.code, why: error.message };
  }
}

const mistakes: readonly QuiesceErrorCode[] = ['model', 'model-threw', 'nondeterminism'];

/**
 * The violation of that signature with everything that is known about it, alone in its verdict; null where the search
 * does not find it. No signal ends it, so that what was found is never lost.
 */
export async function explained(
  system: ExplorableSystem,
  program: Program,
  variant: string,
  signature: string,
  effort: Omit<Effort, 'signal'>,
): Promise<{ readonly verdict: Verdict; readonly counterexample: Counterexample } | null> {
  const scenario = scenarioOf(system, program);
  const common = { variant, all: true };
  for (const options of [
    { ...common, maxStates: effort.maxStates },
    { ...common, strategy: 'pct' as const, runs: effort.walks, seed: String(effort.seed) },
  ]) {
    const verdict = await check(scenario, options);
    const counterexample = verdict.violations.find((v) => v.signature === signature);
    if (counterexample !== undefined) return { verdict: { ...verdict, violations: [counterexample] }, counterexample };
  }
  return null;
}
