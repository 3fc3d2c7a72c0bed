/**
 * The ways in which a scenario can be searched, and what each promises against the plain one: breadth-first, one thread,
 * no reduction. A new store, reduction or strategy is one entry.
 */
import type { CheckOptions } from '../../checker/check.ts';

/**
 * What may differ from the plain search. Every way finds only violations that there are, and none says that a broken
 * promise holds.
 *
 * - `nothing`: the verdict is the same to the byte, apart from `options`, `store`, `hashing` and
 *   `timing`.
 * - `order`: the same states and violations, found in another order; counterexamples may be longer.
 * - `states`: fewer states; the same violations, each at its shortest length.
 * - `paths`: fewer states; the same violations, counterexamples may be longer.
 * - `completeness`: it may miss states, and then says so.
 */
export type MayDiffer = 'nothing' | 'order' | 'states' | 'paths' | 'completeness';

export interface Way {
  readonly name: string;
  readonly options: CheckOptions;
  readonly mayDiffer: MayDiffer;
  /** Built-in checks that it cannot make. */
  readonly without?: readonly string[];
  /** It cannot decide promises about what comes, and refuses them. */
  readonly withoutPromises?: boolean;
  /** Only for scenarios that have something to fold: interchangeable blocks, or slots of the heap. */
  readonly needsSymmetry?: boolean;
  /** Threads must be able to import the scenario. */
  readonly needsModule?: boolean;
  /** Dear: it is only tried on one random model in so many. */
  readonly oneIn?: number;
}

/** Who is stuck is not decided from hashes while actors are exchanged. */
const withoutStuck = ['stuck'];

export const ways: readonly Way[] = [
  { name: 'compressed', options: { store: 'compressed' }, mayDiffer: 'nothing', oneIn: 2 },
  { name: 'depth first', options: { strategy: 'dfs' }, mayDiffer: 'order', oneIn: 2 },
  { name: 'by preemptions', options: { strategy: 'bounded' }, mayDiffer: 'order', oneIn: 2 },
  {
    name: 'symmetry',
    options: { symmetry: true },
    mayDiffer: 'states',
    withoutPromises: true,
    needsSymmetry: true,
  },
  // Where somebody is stuck it need not find the nearest state; all else is the same, which `hashed-stores.test.ts` tests.
  { name: 'compact', options: { store: 'compact' }, mayDiffer: 'order', withoutPromises: true },
  {
    name: 'compact and symmetry',
    options: { store: 'compact', symmetry: true },
    mayDiffer: 'states',
    without: withoutStuck,
    withoutPromises: true,
    needsSymmetry: true,
    oneIn: 3,
  },
  {
    name: 'persistent sets',
    options: { persistentSets: 'always' },
    mayDiffer: 'paths',
    withoutPromises: true,
  },
  {
    name: 'persistent sets and symmetry',
    options: { persistentSets: 'always', symmetry: true },
    mayDiffer: 'paths',
    withoutPromises: true,
    needsSymmetry: true,
    oneIn: 4,
  },
  {
    name: 'persistent sets, 2 workers',
    options: { persistentSets: 'always', workers: 2 },
    mayDiffer: 'paths',
    withoutPromises: true,
    needsModule: true,
    oneIn: 50,
  },
  { name: 'bitstate', options: { store: 'bitstate', maxMemoryBytes: 2 ** 20 }, mayDiffer: 'completeness' },
  { name: 'anytime', options: { strategy: 'anytime' }, mayDiffer: 'order', oneIn: 25 },
  { name: 'random walks', options: { strategy: 'random', runs: 10, depth: 60 }, mayDiffer: 'completeness', oneIn: 5 },
  { name: 'pct', options: { strategy: 'pct', runs: 10, depth: 60 }, mayDiffer: 'completeness', oneIn: 5 },
  { name: '2 workers', options: { workers: 2 }, mayDiffer: 'nothing', needsModule: true, oneIn: 25 },
  { name: '4 workers', options: { workers: 4 }, mayDiffer: 'nothing', needsModule: true, oneIn: 50 },
];
