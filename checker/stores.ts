/**
 * The choice of a store as part of a check: what it excludes, and what it says in the verdict.
 */
import type { CheckOptions, StrategyName } from './check.ts';
import { QuiesceError } from './lang/errors.ts';
import { BitstateDepthFirst } from './search/bitstate.ts';
import { CompactBreadthFirst } from './search/compact.ts';
import type { Findings } from './search/findings.ts';
import type { Strategy } from './search/strategy.ts';
import { BITS_PER_STATE } from './store/bitstate.ts';
import type { Hashing } from './verdict.ts';

/**
 * How visited states are kept. `compressed` and `exact` keep each whole, with and without compression, and take none
 * for another. `compact` keeps a 64-bit hash of each: a pass then holds but for a small probability, which the verdict
 * tells. `bitstate` keeps three bits of each: a pass is never complete, the verdict tells how much it is expected to
 * have seen.
 */
export type StoreName = 'exact' | 'compressed' | 'compact' | 'bitstate';

/** The strategy that is used when none is given. */
export function strategyFor(store: StoreName | undefined): StrategyName {
  return store === 'bitstate' ? 'dfs' : 'bfs';
}

/** Strategies that can keep their states in each store. */
const strategies: Readonly<Record<StoreName, readonly StrategyName[]>> = {
  exact: ['bfs', 'dfs'],
  compressed: ['bfs'],
  compact: ['bfs'],
  bitstate: ['dfs'],
};

export const storeNames = Object.keys(strategies) as readonly StoreName[];

export function isStore(name: string): name is StoreName {
  return Object.hasOwn(strategies, name);
}

/** Refuses a store that the strategy, or another option, does not go with, by both names. */
export function refuseForStore(options: CheckOptions, strategy: StrategyName): void {
  const { store } = options;
  if (store === undefined) return;
  const able = strategies[store];
  if (!able.includes(strategy))
    throw new QuiesceError('config', `the ${store} store has no meaning for the ${strategy} strategy`, {
      hint: `it is for ${able.join(' and ')}`,
    });
  if (options.persistentSets && isHashed(store))
    throw new QuiesceError('config', `option persistent-sets has no meaning for the ${store} store`, {
      hint: 'leave one of the two out',
    });
  const workers = options.workers ?? 1;
  if (workers > 1 && isHashed(store))
    throw new QuiesceError('config', `option workers has no meaning for the ${store} store`, {
      hint: 'hashes are kept by one thread: leave one of the two out',
    });
}

/**
 * Refuses properties that need the states themselves, by both names: with `compact` all of them, since a run that
 * could never be complete would be for nothing; with `bitstate`, which is never complete, those asked for by name.
 */
export function refusePromisesForStore(findings: Findings, options: CheckOptions): void {
  const { store } = options;
  if (store === undefined || !isHashed(store)) return;
  for (const { name, kind } of findings.live)
    if (store === 'compact' || (options.properties ?? []).includes(name))
      throw new QuiesceError('config', `property "${name}" (${kind}) cannot be decided with the ${store} store`, {
        hint: 'it follows states that only an exact store keeps: use one, or name the properties to check',
      });
}

function isHashed(store: StoreName): boolean {
  return store === 'compact' || store === 'bitstate';
}

/** What a search that keeps hashes may have missed; null for one that takes no state for another. */
export function hashingOf(search: Strategy): Hashing | null {
  if (search instanceof CompactBreadthFirst)
    return { bits: 64, omissionProbability: Math.min(1, Math.abs(search.store.omissions)), expectedCoverage: null };
  if (search instanceof BitstateDepthFirst)
    return { bits: BITS_PER_STATE, omissionProbability: null, expectedCoverage: search.store.coverage };
  return null;
}
