/** Uniform choice among the steps that can be taken. */
import type { WalkPolicy } from './walk.ts';

export function randomPolicy(): WalkPolicy {
  return {
    begin: () => {},
    choose: (moves, _step, random) => Math.floor(random() * moves.length),
    end: () => {},
  };
}
