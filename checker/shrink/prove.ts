/**
 * The shortest schedules of a violation, by a breadth-first search that looks for it alone and goes no deeper than the
 * schedule at hand; of these one with the fewest context switches. Where the search completes its result is proven
 * minimal.
 *
 * Cost: that of the search of all states up to that depth, and at most the same again for the switches.
 */
import type { CompiledModel } from '../compile/model.ts';
import { BreadthFirst } from '../search/breadth/bfs.ts';
import { Wanted } from '../search/wanted.ts';
import { fewestSwitches } from '../trace/switches.ts';
import type { Target } from './attempt.ts';

export interface Proven {
  readonly moves: readonly number[];
  /** `shortest` where the table of switches would have been too large. */
  readonly minimal: 'proven' | 'shortest';
}

/**
 * @param known moves that end in the violation; the search goes no deeper.
 *
 * Yields the number of states now and then; returns null when more than `maxStates` would have been needed. Throws a
 * `model-threw` error where the way to the violation leads past others, behind which the model cannot go on.
 */
export function* prove(
  model: CompiledModel,
  target: Target,
  known: readonly number[],
  maxStates: number,
): Generator<number, Proven | null> {
  const findings = new Wanted(model, [target.property], target.signature);
  const search = new BreadthFirst(model, findings, {
    // Whether anybody can move in a state of the last level shows when that level is expanded.
    limits: { maxStates, maxDepth: known.length + 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER },
    stopAtFirst: true,
    uncompressed: true,
  });
  while (search.advance(50)) yield search.counts.states;
  const [finding] = [...findings.violations].sort((a, b) => a.length - b.length);
  if (finding === undefined || finding.length > known.length) return null;
  const moves = fewestSwitches(model, search, findings, finding, known);
  return moves === null ? { moves: finding.moves, minimal: 'shortest' } : { moves, minimal: 'proven' };
}
