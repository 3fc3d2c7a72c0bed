/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010): every actor gets a
 * random priority, the one of highest priority that can move does, and at d - 1 random steps the running actor
 * falls below all others. A bug that needs d ordering constraints among n actors and at most k steps is found by
 * one walk with probability at least 1 / (n k^(d-1)).
 *
 * Deviations: k is the longest walk seen so far rather than a given bound, and an actor with several choices takes
 * one of them uniformly, which divides the bound by the number of choices on the way.
 */
import type { WalkPolicy } from './walk.ts';

/** @param depth the d of the bound: how many ordering constraints a bug may need. */
export function pctPolicy(actors: number, depth = 3): WalkPolicy {
  let longest = 20;
  let priorities: number[] = [];
  let changes = new Set<number>();
  let lowest = 0;
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
      changes = new Set();
      for (let i = 1; i < depth; i++) changes.add(Math.floor(random() * longest));
      lowest = depth - 1;
    },
    choose: (moves, step, random) => {
      let actor = -1;
      for (const move of moves) {
        const a = move >> 16;
        if (actor < 0 || (priorities[a] as number) > (priorities[actor] as number)) actor = a;
      }
      if (changes.has(step)) {
        priorities[actor] = lowest--;
        return pickOf(moves, highest(moves, priorities), random);
      }
      return pickOf(moves, actor, random);
    },
    end: (steps) => {
      longest = Math.max(longest, steps);
    },
  };
}

function highest(moves: readonly number[], priorities: readonly number[]): number {
  let best = (moves[0] as number) >> 16;
  for (const move of moves) if ((priorities[move >> 16] as number) > (priorities[best] as number)) best = move >> 16;
  return best;
}

/** One of the actor's moves. */
function pickOf(moves: readonly number[], actor: number, random: () => number): number {
  const own = moves.flatMap((move, i) => (move >> 16 === actor ? [i] : []));
  return own[Math.floor(random() * own.length)] as number;
}
