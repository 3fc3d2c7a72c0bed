/**
 * One attempt of shrinking: takes moves, leaves out those that cannot be taken, and tells whether what is left ends in the
 * violation. What an actor did may depend on moves that are gone; a move then leads elsewhere, which is allowed, because
 * only the signature at the end counts.
 */
import { stuckFrom } from '../analyse/stuck-from.ts';
import { ACTOR, actorName, CHOICE, type CompiledModel, NEXT } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Evidence } from '../lang/violation.ts';
import { checkOf, type Findings, stuckEvidence } from '../search/findings.ts';
import { evidenceOf } from '../search/successors.ts';
import { actorOf, choiceOf } from '../trace/simulator.ts';
import { countSwitches } from '../trace/size.ts';
import { stateOutcomes } from '../trace/verify.ts';

/** What must be kept: the violation, whatever leads there. */
export interface Target {
  readonly property: string;
  readonly signature: string;
}

/** States that are explored at the end of each attempt where actors are stuck. */
const STUCK_STATES = 20_000;

/** The moves taken, up to the first that ends in the violation by its own; null when they do not end in it. */
export function attempt(
  model: CompiledModel,
  findings: Findings,
  target: Target,
  moves: readonly number[],
): number[] | null {
  const taken: number[] = [];
  const before = model.initial.slice();
  model.load(before, 0);
  for (const move of moves) {
    const actor = actorOf(move);
    // At the end of its program an actor has no choices.
    if (choiceOf(move) >= model.arity(actor)) continue;
    try {
      if (model.run(actor, choiceOf(move)) < 0) {
        model.load(before, 0);
        continue;
      }
    } catch (thrown) {
      model.registers[NEXT] = 0;
      model.registers[ACTOR] = actor;
      model.registers[CHOICE] = choiceOf(move);
      const evidence = evidenceIn(() => evidenceOf(model, thrown, actor, before, 0));
      model.load(before, 0);
      if (evidence === null) return null;
      const signature = findings.signature(checkOf(evidence.kind), evidence, actor);
      return signature === target.signature ? [...taken, move] : null;
    }
    before.set(model.memory.words.subarray(0, model.words));
    taken.push(move);
  }
  return showsHere(model, findings, target, before) ? taken : null;
}

/** Behind another violation a model may meet what it cannot hold: that is not the violation that is looked for. */
function evidenceIn(thrown: () => Evidence): Evidence | null {
  try {
    return thrown();
  } catch (error) {
    if (error instanceof QuiesceError && error.code === 'model-threw') return null;
    throw error;
  }
}

/** Is the violation that of the current state, which is also given? */
function showsHere(model: CompiledModel, findings: Findings, target: Target, state: Int32Array): boolean {
  if (target.property !== 'stuck') return stateOutcomes(model, findings).some((o) => o.signature === target.signature);
  const actors = stuckFrom(model, state, STUCK_STATES);
  model.load(state, 0);
  if (actors === null || actors.length === 0) return false;
  const evidence = stuckEvidence(actors.map((i) => actorName(model, i)));
  return findings.signature('stuck', evidence, null) === target.signature;
}

/** Is `a` simpler: fewer context switches, or as many and fewer steps? */
export function simpler(a: readonly number[], b: readonly number[]): boolean {
  const [switchesA, switchesB] = [countSwitches(a), countSwitches(b)];
  return switchesA < switchesB || (switchesA === switchesB && a.length < b.length);
}
