/**
 * What shrinking tries next: rearrangements with fewer context switches, then schedules with moves left out, the largest
 * parts first. Each function yields candidates that may or may not be driven.
 */
import { actorOf } from '../trace/simulator.ts';

/** A run of moves of one actor: from `from` to before `to`. */
interface Block {
  readonly actor: number;
  readonly from: number;
  readonly to: number;
}

function blocksOf(moves: readonly number[]): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  for (let i = 1; i <= moves.length; i++)
    if (i === moves.length || actorOf(moves[i] as number) !== actorOf(moves[from] as number)) {
      blocks.push({ actor: actorOf(moves[from] as number), from, to: i });
      from = i;
    }
  return blocks;
}

/** A schedule to try, and where it begins to differ. */
export interface Candidate {
  readonly at: number;
  readonly moves: readonly number[];
}

/** Candidates made from a schedule, those that differ before `from` left out. */
export type Candidates = (moves: readonly number[], from: number) => Generator<Candidate>;

/** Each block beside the one of its actor that comes after it, whole or in part. */
export function* merged(moves: readonly number[], from: number): Generator<Candidate> {
  const blocks = blocksOf(moves);
  for (const [i, block] of blocks.entries()) {
    const next = blocks.slice(i + 1).find((b) => b.actor === block.actor);
    if (next === undefined || block.from < from) continue;
    const at = block.from;
    const own = moves.slice(block.from, block.to);
    const others = moves.slice(block.to, next.from);
    const later = moves.slice(next.from, next.to);
    const [head, tail] = [moves.slice(0, block.from), moves.slice(next.to)];
    yield { at, moves: [...head, ...own, ...later, ...others, ...tail] };
    yield { at, moves: [...head, ...others, ...own, ...later, ...tail] };
  }
}

/** Without any move of an actor, each in turn; then without all that an actor does from one of its blocks on. */
export function* withoutActors(moves: readonly number[], from: number): Generator<Candidate> {
  if (from === 0)
    for (const actor of new Set(moves.map(actorOf))) yield { at: 0, moves: moves.filter((m) => actorOf(m) !== actor) };
  for (const block of blocksOf(moves))
    if (block.from >= from)
      yield { at: block.from, moves: moves.filter((m, i) => i < block.from || actorOf(m) !== block.actor) };
}

/** Without one block. */
export function* withoutBlocks(moves: readonly number[], from: number): Generator<Candidate> {
  for (const block of blocksOf(moves))
    if (block.from >= from) yield { at: block.from, moves: [...moves.slice(0, block.from), ...moves.slice(block.to)] };
}

/** Without a run of so many moves. */
export const withoutRuns = (size: number): Candidates =>
  function* (moves, from) {
    for (let at = from; at < moves.length; at += size)
      yield { at, moves: [...moves.slice(0, at), ...moves.slice(at + size)] };
  };

/** The first moves only: the violation may show before the end. */
export function* prefixes(moves: readonly number[], from: number): Generator<Candidate> {
  for (let length = from; length < moves.length; length++) yield { at: length, moves: moves.slice(0, length) };
}
