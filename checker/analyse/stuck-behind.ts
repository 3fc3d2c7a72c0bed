/**
 * Stuck actors, where a search did not keep its states: everything that can be reached from the few states from which
 * it found no end is explored exactly and looked through as after an exact search (`stuck.ts`).
 *
 * Limits: undecided when there are too many such states, or too much behind one, and with symmetry; the state with
 * stuck actors is the first on its way, not the nearest of all.
 */
import { actorName, type CompiledModel } from '../compile/model.ts';
import type { CompactBreadthFirst, OpenState } from '../search/compact.ts';
import { MOST_OPEN } from '../search/compact.ts';
import { DepthFirst } from '../search/dfs.ts';
import { Findings, stuckEvidence } from '../search/findings.ts';
import { findStuck } from './stuck.ts';
import { stuckFrom } from './stuck-from.ts';

const MOST_BEHIND = 500_000;
const MOST_EARLIER = 50_000;

type StuckBehind =
  | { readonly result: 'nobody' }
  | { readonly result: 'stuck'; readonly moves: readonly number[]; readonly actors: readonly number[] }
  | { readonly result: 'undecided'; readonly because: string };

/** Looks for stuck actors after a search to the end and records what is found. `because` tells why it is undecided. */
export function lookBehind(
  model: CompiledModel,
  search: CompactBreadthFirst,
  findings: Findings,
): { readonly result: 'holds' | 'violated' | 'undecided'; readonly because: string | null } {
  const found = findStuckBehind(model, search);
  if (found.result === 'undecided') return found;
  if (found.result === 'nobody') return { result: 'holds', because: null };
  const evidence = stuckEvidence(found.actors.map((i) => actorName(model, i)));
  findings.record('stuck', evidence, null, found.moves.length, false, () => found.moves);
  return { result: 'violated', because: null };
}

/** After `stuck` the state lies in slot 0 and is the current one. */
function findStuckBehind(model: CompiledModel, search: CompactBreadthFirst): StuckBehind {
  const { open } = search;
  if (open === null)
    return { result: 'undecided', because: `hashes only are kept, and more than ${MOST_OPEN} states show no end` };
  if (open.length > 0 && search.symmetry !== null)
    return { result: 'undecided', because: 'actors are exchanged by symmetry' };
  const done: DepthFirst[] = [];
  for (const from of open) {
    if (done.some((exact) => knows(exact, from.state))) continue;
    const found = behind(model, search, from, done);
    if (found.result !== 'nobody') return found;
  }
  return { result: 'nobody' };
}

/** Was the state reached by this search, after which nobody was stuck? */
function knows(exact: DepthFirst, state: Int32Array): boolean {
  exact.store.lookup(state, 1);
  return exact.store.found[0] !== 0;
}

/** Looks through everything behind one state; what was explored without finding anybody is added to `done`. */
function behind(model: CompiledModel, search: CompactBreadthFirst, from: OpenState, done: DepthFirst[]): StuckBehind {
  const local = { ...model, initial: Int32Array.from(from.state) };
  const explored = done.reduce((sum, { counts }) => sum + counts.states, 0);
  const limits = { maxStates: MOST_BEHIND - explored, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };
  const exact = new DepthFirst(local, new Findings(local, []), limits, false);
  while (exact.advance(1000));
  if (exact.incomplete !== null)
    return { result: 'undecided', because: `hashes only are kept, and a state shows no end in ${MOST_BEHIND} states` };
  const found = findStuck(local, exact);
  if (found.result === 'nobody') done.push(exact);
  if (found.result !== 'stuck') return found;
  return first(model, [...search.movesTo(from.index), ...exact.movesTo(found.state)], found.actors);
}

/** The first state on the way in which somebody is stuck. */
function first(model: CompiledModel, way: readonly number[], last: readonly number[]): StuckBehind {
  model.load(model.initial, 0);
  for (let length = 0; ; length++) {
    const state = model.memory.words.slice(0, model.words);
    const actors = length === way.length ? last : stuckFrom(model, state, MOST_EARLIER);
    model.load(state, 0);
    if (actors !== null && actors.length > 0) return { result: 'stuck', moves: way.slice(0, length), actors };
    const move = way[length] as number;
    model.run(move >> 16, move & 0xffff);
  }
}
