/**
 * Runs moves on a model and tells whether they end in a given violation: the test that shrinking, essential
 * orderings and replay share.
 */
import type { CompiledModel } from '../compile/model.ts';
import { ACTOR, CHOICE, NEXT } from '../compile/model.ts';
import type { Evidence } from '../lang/violation.ts';
import { checkOf, type Findings } from '../search/findings.ts';
import { evidenceOf } from '../search/successors.ts';
import { actorOf, choiceOf } from './simulator.ts';

export interface Outcome {
  readonly property: string;
  readonly evidence: Evidence;
  readonly signature: string;
}

/**
 * The violations at the end of moves from a state, the initial one unless given: of the last step, or of the state after
 * it. Null when a move cannot be taken or breaks a promise too early.
 */
export function outcomesOf(
  model: CompiledModel,
  findings: Findings,
  moves: readonly number[],
  from: Int32Array = model.initial,
): readonly Outcome[] | null {
  const m = model.memory;
  model.load(from, 0);
  const before = new Int32Array(model.words);
  for (let i = 0; i < moves.length; i++) {
    const move = moves[i] as number;
    before.set(m.words.subarray(0, model.words));
    try {
      if (model.run(actorOf(move), choiceOf(move)) < 0) return null;
    } catch (thrown) {
      model.registers[NEXT] = 0;
      model.registers[ACTOR] = actorOf(move);
      model.registers[CHOICE] = choiceOf(move);
      const evidence = evidenceOf(model, thrown, actorOf(move), before, 0);
      model.load(before, 0);
      if (i < moves.length - 1) return null;
      const property = checkOf(evidence.kind);
      return [{ property, evidence, signature: findings.signature(property, evidence, actorOf(move)) }];
    }
  }
  return stateOutcomes(model, findings);
}

/** Violations of the current state, which must lie in slot 0. */
export function stateOutcomes(model: CompiledModel, findings: Findings): Outcome[] {
  const outcomes: Outcome[] = [];
  const add = (property: string, evidence: Evidence) => {
    outcomes.push({ property, evidence, signature: findings.signature(property, evidence, null) });
  };
  for (const p of findings.always) {
    const evidence = p.check();
    if (evidence !== null) add(p.name, evidence);
  }
  if (!canMove(model)) for (const [property, evidence] of findings.atRest()) add(property, evidence);
  return outcomes;
}

/** Can anybody take a step in the current state? The state is left as it was. */
export function canMove(model: CompiledModel): boolean {
  const m = model.memory;
  const state = m.words.slice(0, model.words);
  for (const a of model.actors) {
    const arity = model.arity(a.index);
    for (let choice = 0; choice < arity; choice++) {
      let moved = true;
      try {
        moved = model.run(a.index, choice) >= 0;
      } catch {
        // A step that breaks a promise is a step that can be taken.
      }
      model.load(state, 0);
      if (moved) return true;
    }
  }
  return false;
}
