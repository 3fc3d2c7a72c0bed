/**
 * Essential orderings: pairs of steps of different actors whose order the violation needs, although another schedule could
 * have had the other one.
 *
 * For steps i < j of different actors, the schedule is rearranged so that j runs right before i, with what must come before
 * it, everything else keeping its order. Where j cannot be taken there at all, that i comes first is plain causality: what
 * j waits for has not happened yet. Otherwise, when the rearranged schedule cannot be driven, or does not end in a violation
 * of the same signature, the pair is essential. Pairs that follow from others, causality and each actor's own order are left
 * out: they say no more than that time passes.
 *
 * Cost: at most n²/2 replays, each of what comes after the earlier step. Limits: it answers for this schedule with one
 * pair exchanged, not for every schedule that exchanges it.
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
  const states = statesBefore(model, moves);
  const essential: Ordering[] = [];
  const causes: Ordering[] = [];
  for (const [j, last] of moves.entries()) {
    /** Steps that j cannot do without, as far as they were looked at: its actor's own, and causes. */
    const needs = [j];
    for (let i = j - 1; i >= 0; i--) {
      const actor = actorOf(moves[i] as number);
      const pair = { before: i + 1, after: j + 1 };
      if (actor === actorOf(last)) needs.unshift(i);
      else {
        // Alone, or with its causes; those of the actor of i stay behind it.
        const own = needs.filter((n) => actorOf(moves[n] as number) === actorOf(last));
        const all = needs.filter((n) => actorOf(moves[n] as number) !== actor);
        const state = states[i] as Int32Array;
        const first = [own, all].find((some) => canTake(model, state, some, moves));
        if (first === undefined) {
          needs.unshift(i);
          causes.push(pair);
        } else {
          const outcomes = outcomesOf(model, findings, exchange(moves, i, first), state);
          if (outcomes === null || !outcomes.some((o) => o.signature === signature)) essential.push(pair);
        }
      }
    }
  }
  return withoutImplied(essential, causes, moves);
}

/** The state before each step. */
function statesBefore(model: CompiledModel, moves: readonly number[]): Int32Array[] {
  const { memory, words } = model;
  model.load(model.initial, 0);
  return moves.map((move, i) => {
    const state = memory.words.slice(0, words);
    // The last one may break a promise.
    if (i < moves.length - 1) model.run(actorOf(move), choiceOf(move));
    return state;
  });
}

/** Can these steps be taken in that state, one after the other? A step that breaks a promise can. */
function canTake(model: CompiledModel, state: Int32Array, steps: readonly number[], moves: readonly number[]): boolean {
  model.load(state, 0);
  try {
    return steps.every((n) => model.run(actorOf(moves[n] as number), choiceOf(moves[n] as number)) >= 0);
  } catch {
    return true;
  }
}

/** The schedule from step i on, with the steps of `first` moved to its begin. */
function exchange(moves: readonly number[], i: number, first: readonly number[]): number[] {
  return [...first.map((n) => moves[n] as number), ...moves.filter((_, n) => n >= i && !first.includes(n))];
}

/** Drops every pair that follows from others, from causes and from program order. */
function withoutImplied(pairs: readonly Ordering[], causes: readonly Ordering[], moves: readonly number[]): Ordering[] {
  const steps = new Map<number, number[]>();
  const races = new Map<number, number[]>();
  const lead = (edges: Map<number, number[]>, from: number, to: number) =>
    edges.set(from, [...(edges.get(from) ?? []), to]);
  for (const p of pairs) lead(races, p.before, p.after);
  for (const c of causes) lead(steps, c.before, c.after);
  const last = new Map<number, number>();
  for (const [i, move] of moves.entries()) {
    const previous = last.get(actorOf(move));
    if (previous !== undefined) lead(steps, previous, i + 1);
    last.set(actorOf(move), i + 1);
  }
  // Causes alone do not tell a pair: who takes a lock first is open, although the second has to wait for the first. Every
  // edge leads forward, so that the walk ends at the step it looks for.
  const follows = (pair: Ordering) => {
    const seen = new Set<string>();
    const open = [{ at: pair.before, told: false }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { at, told } = next;
      if (at === pair.after && told) return true;
      if (at >= pair.after || seen.has(`${at} ${told}`)) continue;
      seen.add(`${at} ${told}`);
      for (const to of steps.get(at) ?? []) open.push({ at: to, told });
      for (const to of races.get(at) ?? [])
        if (at !== pair.before || to !== pair.after) open.push({ at: to, told: true });
    }
    return false;
  };
  return pairs.filter((pair) => !follows(pair));
}
