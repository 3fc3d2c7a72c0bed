/**
 * The local part of shrinking: candidates are tried until none of them is simpler and still shows the violation. Fewer
 * context switches first, then fewer steps: without an actor, a block, a half of the moves, down to single ones.
 *
 * Source: A. Zeller, R. Hildebrandt, Simplifying and isolating failure-inducing input, 2002; deviations: moves that cannot
 * be taken any more are left out of an attempt rather than ending it.
 */
import type { CompiledModel } from '../compile/model.ts';
import type { Findings } from '../search/findings.ts';
import { attempt, simpler, type Target } from './attempt.ts';
import { type Candidates, merged, prefixes, withoutActors, withoutBlocks, withoutRuns } from './candidates.ts';

/** Told after each attempt. */
export interface Attempted {
  readonly phase: 'switches' | 'steps';
  /** The simplest moves so far. */
  readonly best: readonly number[];
}

/** Yields after each attempt, so that its caller can end it at any time with the best moves so far. */
export function* simplify(
  model: CompiledModel,
  findings: Findings,
  target: Target,
  moves: readonly number[],
): Generator<Attempted, void> {
  let best = moves;

  /** Takes the first candidate that is simpler and keeps the violation; tells where it differs, null when none does. */
  function* first(
    phase: Attempted['phase'],
    candidates: Candidates,
    from: number,
  ): Generator<Attempted, number | null> {
    for (const candidate of candidates(best, from)) {
      const taken = attempt(model, findings, target, candidate.moves);
      const helps = taken !== null && simpler(taken, best);
      if (helps) best = taken;
      yield { phase, best };
      if (helps) return candidate.at;
    }
    return null;
  }

  /** After a candidate that helps it goes on where that one differs, and at the end from the start, until none does. */
  function* exhaust(phase: Attempted['phase'], candidates: Candidates): Generator<Attempted, boolean> {
    let helped = false;
    for (let from = 0; ; ) {
      const simplified = yield* first(phase, candidates, from);
      if (simplified !== null) {
        helped = true;
        from = simplified;
      } else if (from > 0) from = 0;
      else return helped;
    }
  }

  yield* exhaust('steps', prefixes);
  for (let helped = true; helped; ) {
    helped = yield* exhaust('switches', merged);
    for (const candidates of [withoutActors, withoutBlocks, ...sizesOf(best.length).map(withoutRuns)])
      helped = (yield* exhaust('steps', candidates)) || helped;
  }
}

/** Halves, quarters, down to single moves. */
function sizesOf(length: number): number[] {
  const sizes: number[] = [];
  for (let size = Math.ceil(length / 2); size > 1; size = Math.ceil(size / 2)) sizes.push(size);
  return [...sizes, 1];
}
