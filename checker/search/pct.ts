/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, A randomized scheduler with
 * probabilistic guarantees of finding bugs, ASPLOS 2010): every actor gets a random priority, the one of highest
 * priority that can move does, and at d - 1 random steps the running actor falls to a priority below all initial
 * ones: to i at the i-th point drawn, wherever it lies in time. A bug that needs d ordering constraints among n actors
 * and at most k steps is found by one walk with probability at least 1 / (n k^(d-1)).
 *
 * Deviations: k is the longest walk seen so far, at least 20, rather than a given bound, so the bound is stated for the
 * walks that began after the longest one; two points drawn at one step count as the later one; and an actor with
 * several choices takes one of them uniformly, which divides the bound by the number of choices on the way.
 */
import type { WalkPolicy } from './walk.ts';

/** The bound of the paper, with the numbers of one run. */
export interface PctBound {
  /** n: actors. */
  readonly actors: number;
  /** k: steps of the longest walk, at least 20. */
  readonly steps: number;
  /** d: ordering constraints that a bug may need. */
  readonly depth: number;
  /** Walks for which the bound holds: those that began after the longest one had ended. */
  readonly walks: number;
  /** 1 / (n k^(d-1)): least probability that one walk finds such a bug. */
  readonly perWalk: number;
  /** 1 - (1 - perWalk)^walks: least probability that one of them does. */
  readonly together: number;
  /** An actor had several choices somewhere. A bug that needs some of them is found less often than the bound says. */
  readonly choices: boolean;
}

export interface PctPolicy extends WalkPolicy {
  bound(): PctBound;
}

/** @param depth the d of the bound: how many ordering constraints a bug may need. */
export function pctPolicy(actors: number, depth = 3): PctPolicy {
  let longest = 20;
  let sinceLongest = 0;
  let choices = false;
  let priorities: number[] = [];
  /** Steps at which the running actor falls, and the priority it falls to. */
  let changes = new Map<number, number>();
  return {
    begin: (random) => {
      const order = Array.from({ length: actors }, (_, i) => i);
      for (let i = actors - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [order[i], order[j]] = [order[j] as number, order[i] as number];
      }
      priorities = [];
      order.forEach((actor, rank) => {
        priorities[actor] = rank + depth;
      });
      changes = new Map();
      for (let i = 1; i < depth; i++) changes.set(Math.floor(random() * longest), i);
    },
    choose: (moves, step, random) => {
      let actor = highest(moves, priorities);
      const lower = changes.get(step);
      if (lower !== undefined) {
        priorities[actor] = lower;
        actor = highest(moves, priorities);
      }
      const own = moves.flatMap((move, i) => (move >> 16 === actor ? [i] : []));
      if (own.length > 1) choices = true;
      return own[Math.floor(random() * own.length)] as number;
    },
    end: (steps) => {
      sinceLongest = steps > longest ? 0 : sinceLongest + 1;
      longest = Math.max(longest, steps);
    },
    bound: () => {
      const perWalk = 1 / (actors * longest ** (depth - 1));
      // The difference from one of a power near one: expm1 and log1p keep its digits.
      const together = sinceLongest === 0 ? 0 : -Math.expm1(sinceLongest * Math.log1p(-perWalk));
      return { actors, steps: longest, depth, walks: sinceLongest, perWalk, together, choices };
    },
  };
}

function highest(moves: readonly number[], priorities: readonly number[]): number {
  let best = (moves[0] as number) >> 16;
  for (const move of moves) if ((priorities[move >> 16] as number) > (priorities[best] as number)) best = move >> 16;
  return best;
}
