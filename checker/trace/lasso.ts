/**
 * Is a schedule with a loop what it claims to be? Everything is looked at anew on the model itself: the loop ends in
 * the state in which it begins, it is fair, and the promise stays open from some state on. Replay uses it, and the
 * pass that found the schedule shares nothing with it but the meaning of a promise.
 */
import { fairActors, neverComes } from '../analyse/liveness.ts';
import { actorName, type CompiledModel } from '../compile/model.ts';
import type { Liveness } from '../lang/property.ts';
import { type Evidence, Violation } from '../lang/violation.ts';
import { KEEPS, MAKES, marksOf, nowOf } from '../search/promised.ts';
import { actorOf, choiceOf } from './simulator.ts';

export type LassoResult =
  | { readonly result: 'broken'; readonly evidence: Evidence }
  /** Not a schedule on which the promise stays open for ever; `step` is the one that shows it, from 1. */
  | { readonly result: 'refuted'; readonly step: number; readonly because: string };

/**
 * Drives the moves, each of which must be one the model can take; those from `loop` on are taken for ever, and where
 * there are none everybody stays in the last state.
 */
export function judgeLasso(
  model: CompiledModel,
  property: Liveness,
  moves: readonly number[],
  loop: number,
): LassoResult {
  const now = nowOf(model);
  const words = () => model.memory.words.slice(0, model.words);
  const refuted = (step: number, because: string): LassoResult => ({ result: 'refuted', step, because });
  model.load(model.initial, 0);
  let open = false;
  let kept = 0;
  const look = (n: number): void => {
    const marks = marksOf(property, now, n === 0);
    if ((marks & KEEPS) !== 0 && open) kept = n;
    open = (marks & KEEPS) === 0 && (open || (marks & MAKES) !== 0);
  };
  const neverOpen = () =>
    refuted(kept > 0 ? kept : loop, kept > 0 ? 'it keeps the promise' : 'the promise was never made');
  look(0);
  let begin = words();
  /** Fair actors that could move in every state of the loop so far and have not. */
  let waiting = fairActors(model);
  for (const [i, move] of moves.entries()) {
    if (i === loop && !open) return neverOpen();
    if (i >= loop) waiting &= ~(1 << actorOf(move)) & ableToMove(model);
    if (model.run(actorOf(move), choiceOf(move)) < 0) return refuted(i + 1, 'its guard is false');
    look(i + 1);
    if (i + 1 === loop) begin = words();
    if (i >= loop && !open) return refuted(i + 1, 'the loop keeps the promise');
  }
  if (!open) return neverOpen();
  const end = words();
  if (!end.every((word, k) => word === begin[k]))
    return refuted(moves.length, 'the loop does not end in the state in which it begins');
  if (loop === moves.length) waiting &= ableToMove(model);
  if (waiting !== 0) {
    const names = model.actors.filter((a) => (waiting & (1 << a.index)) !== 0).map((a) => a.view.name);
    return refuted(moves.length, `the loop is not fair: ${names.join(' and ')} could move all the time and never does`);
  }
  const movers = new Set(moves.slice(loop).map((move) => actorName(model, actorOf(move))));
  return { result: 'broken', evidence: neverComes(property, [...movers].sort()) };
}

/** A bit for each actor that could move in the current state, which is left as it was. */
function ableToMove(model: CompiledModel): number {
  const state = model.memory.words.slice(0, model.words);
  let able = 0;
  for (const { index } of model.actors) {
    const arity = model.arity(index);
    for (let choice = 0; choice < arity && (able & (1 << index)) === 0; choice++) {
      try {
        if (model.run(index, choice) >= 0) able |= 1 << index;
      } catch (thrown) {
        // A step that breaks a promise is one that can be taken; anything else is a mistake of the model.
        if (!(thrown instanceof Violation) && !(thrown instanceof TypeError)) throw thrown;
        able |= 1 << index;
      }
      model.load(state, 0);
    }
  }
  return able;
}
