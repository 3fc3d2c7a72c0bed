/**
 * Essential orderings: pairs of steps of different actors whose order the violation needs.
 *
 * For steps i < j of different actors, the schedule is rearranged so that j (with the steps of its actor that
 * must come before it) runs right before i, everything else keeping its order. When the rearranged schedule cannot
 * be driven, or does not end in a violation of the same signature, the pair is essential. Of pairs that follow from
 * each other by program order only the tightest are kept.
 *
 * Cost: at most n²/2 replays. Limits: it answers for this schedule with one pair exchanged, not for every schedule
 * that exchanges it.
 */
import type { CompiledModel } from '../compile/model.ts';
import type { Findings } from '../search/findings.ts';
import type { Ordering } from './counterexample.ts';
import { actorOf } from './simulator.ts';
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
  for (let i = 0; i < moves.length; i++)
    for (let j = i + 1; j < moves.length; j++) {
      if (actorOf(moves[i] as number) === actorOf(moves[j] as number)) continue;
      const outcomes = outcomesOf(model, findings, exchange(moves, i, j));
      if (outcomes === null || !outcomes.some((o) => o.signature === signature))
        essential.push({ before: i + 1, after: j + 1 });
    }
  return tightest(essential, moves);
}

/** The schedule with step j, and what its actor does between, moved right before step i. */
function exchange(moves: readonly number[], i: number, j: number): number[] {
  const actor = actorOf(moves[j] as number);
  const between = moves.slice(i, j + 1);
  return [
    ...moves.slice(0, i),
    ...between.filter((m) => actorOf(m) === actor),
    ...between.filter((m) => actorOf(m) !== actor),
    ...moves.slice(j + 1),
  ];
}

/** Drops every pair that follows from another one and program order. */
function tightest(pairs: readonly Ordering[], moves: readonly number[]): Ordering[] {
  const sameActor = (a: number, b: number) => actorOf(moves[a - 1] as number) === actorOf(moves[b - 1] as number);
  return pairs.filter(
    (p) =>
      !pairs.some(
        (q) =>
          q !== p &&
          sameActor(p.before, q.before) &&
          sameActor(p.after, q.after) &&
          q.before >= p.before &&
          q.after <= p.after &&
          (q.before > p.before || q.after < p.after),
      ),
  );
}
