/** How large a schedule is: what shrinking makes smaller. */
import { actorOf } from './simulator.ts';

/** Steps, and context switches between them. */
export interface Size {
  readonly steps: number;
  readonly switches: number;
}

export function sizeOf(moves: readonly number[]): Size {
  return { steps: moves.length, switches: countSwitches(moves) };
}

/** Places where another actor goes on. */
export function countSwitches(moves: readonly number[]): number {
  let switches = 0;
  for (let i = 1; i < moves.length; i++)
    if (actorOf(moves[i] as number) !== actorOf(moves[i - 1] as number)) switches++;
  return switches;
}
