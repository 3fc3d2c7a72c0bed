/**
 * Essential orderings: pairs of steps of different actors whose order the violation needs.
 *
 * For steps i < j of different actors, the schedule is rearranged so that j (with the steps of its actor that
 * must come before it) runs right before i, everything else keeping its order. When the rearranged schedule cannot
 * be driven, or does not end in a violation of the same signature, the pair is essential. Pairs that follow from others
 * together with each actor's own order are left out: they say no more than that time passes.
 *
 * Cost: at most n²/2 replays, each of what comes after the earlier step. Limits: it answers for this schedule with one pair exchanged, not for every schedule
 * that exchanges it.
 */
import type { CompiledModel } from '../compile/model.ts';
import type { Findings } from '../search/findings.ts';
import type { Ordering } from './counterexample.ts';
import { actorOf, choiceOf } from './simulator.ts';
import { outcomesOf } from './verify.ts';

/** Longest schedule for which all pairs are tried. */
const LIMIT = 120;

/** Steps are numbered from 1. Null when the schedule is too long to try all pairs. */
export function essentialOrderings(
  model: CompiledModel,
  findings: Findings,
  moves: readonly number[],
  signature: string,
): Ordering[] | null {
  if (moves.length > LIMIT) return null;
  const essential: Ordering[] = [];
  // What comes before step i stays as it is, and is driven once.
  const state = model.initial.slice();
  for (const [i, move] of moves.entries()) {
    for (let j = i + 1; j < moves.length; j++) {
      if (actorOf(move) === actorOf(moves[j] as number)) continue;
      const outcomes = outcomesOf(model, findings, exchange(moves, i, j), state);
      if (outcomes === null || !outcomes.some((o) => o.signature === signature))
        essential.push({ before: i + 1, after: j + 1 });
    }
    if (i === moves.length - 1) break;
    model.load(state, 0);
    model.run(actorOf(move), choiceOf(move));
    state.set(model.memory.words.subarray(0, model.words));
  }
  return withoutImplied(essential, moves);
}

/** The schedule from step i on, with step j, and what its actor does between, moved right before step i. */
function exchange(moves: readonly number[], i: number, j: number): number[] {
  const actor = actorOf(moves[j] as number);
  const between = moves.slice(i, j + 1);
  return [
    ...between.filter((m) => actorOf(m) === actor),
    ...between.filter((m) => actorOf(m) !== actor),
    ...moves.slice(j + 1),
  ];
}

/** Drops every pair that follows from others and program order. */
function withoutImplied(pairs: readonly Ordering[], moves: readonly number[]): Ordering[] {
  const after = new Map<number, number[]>();
  const lead = (from: number, to: number) => after.set(from, [...(after.get(from) ?? []), to]);
  for (const p of pairs) lead(p.before, p.after);
  const last = new Map<number, number>();
  for (const [i, move] of moves.entries()) {
    const previous = last.get(actorOf(move));
    if (previous !== undefined) lead(previous, i + 1);
    last.set(actorOf(move), i + 1);
  }
  // Every edge leads forward, so that the walk ends at the step it looks for.
  const follows = (pair: Ordering) => {
    const seen = new Set<number>();
    const open = (after.get(pair.before) ?? []).filter((n) => n !== pair.after);
    for (let n = open.pop(); n !== undefined; n = open.pop()) {
      if (n === pair.after) return true;
      if (n > pair.after || seen.has(n)) continue;
      seen.add(n);
      open.push(...(after.get(n) ?? []));
    }
    return false;
  };
  return pairs.filter((pair) => !follows(pair));
}
