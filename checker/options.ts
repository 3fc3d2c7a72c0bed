/**
 * Which option each strategy can honour. An option either has effect or is an error that names both; the table has a
 * row for every field of `CheckOptions`, so a new one cannot be forgotten.
 */
import type { CheckOptions, StrategyName } from './check.ts';
import type { CheckpointOptions } from './checkpoints.ts';
import { QuiesceError } from './lang/errors.ts';
import { isStore, storeNames, strategyFor } from './stores.ts';

interface Rule {
  /** Its name on the command line. */
  readonly name: string;
  /** Strategies that honour it; all when null. */
  readonly honoured: readonly StrategyName[] | null;
  /** Why the others cannot. */
  readonly hint: string;
  /** Does this value ask for nothing, as if the option were not given? */
  readonly idle?: (value: never) => boolean;
  /** What is wrong with a value that no strategy can use. */
  readonly wrong?: (value: never) => string | null;
}

const everywhere = (name: string, wrong?: Rule['wrong']): Rule => ({
  name,
  honoured: null,
  hint: '',
  ...(wrong === undefined ? {} : { wrong }),
});
const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (n: number): string | null =>
    Number.isInteger(n) && n >= least && n <= most
      ? null
      : `must be a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}, not ${n}`;
const above0 = (n: number): string | null => (n > 0 ? null : `must be greater than 0, not ${n}`);

const keepStates: readonly StrategyName[] = ['bfs', 'dfs', 'bounded', 'anytime'];
const walk: readonly StrategyName[] = ['random', 'pct', 'anytime'];
const breadthFirst: readonly StrategyName[] = ['bfs', 'anytime'];

const rules: { readonly [K in keyof Required<CheckOptions>]: Rule } = {
  variant: everywhere('variant'),
  bounds: everywhere('bound'),
  properties: everywhere('property', (names: readonly string[]) =>
    names.length > 0 ? null : 'must name at least one',
  ),
  strategy: everywhere('order'),
  preemptions: {
    name: 'preemptions',
    honoured: ['bounded', 'anytime'],
    hint: 'only bounded and anytime count them',
    wrong: (n: number) => (n === Number.POSITIVE_INFINITY ? null : whole(0)(n)),
  },
  seed: { name: 'seed', honoured: walk, hint: 'only random, pct and anytime use a seed' },
  runs: { name: 'runs', honoured: walk, hint: 'only random, pct and anytime make runs', wrong: whole(1) },
  depth: {
    name: 'depth',
    honoured: ['bfs', 'dfs', 'random', 'pct'],
    hint: 'it bounds preemptions instead',
    wrong: whole(1),
  },
  maxStates: {
    name: 'states',
    honoured: keepStates,
    hint: 'walks store no states: use runs or time',
    wrong: whole(1),
  },
  maxSeconds: everywhere('time', above0),
  maxMemoryBytes: {
    name: 'mem',
    honoured: keepStates,
    hint: 'walks store no states: use runs or time',
    wrong: above0,
  },
  workers: {
    name: 'workers',
    honoured: breadthFirst,
    hint: 'only bfs and anytime run on several threads',
    idle: (n: number) => n === 1,
    wrong: whole(1, 64),
  },
  // Where the scenario can be found: it asks for nothing by itself.
  module: everywhere('module'),
  symmetry: {
    name: 'symmetry',
    honoured: breadthFirst,
    hint: 'only bfs and anytime fold symmetric states',
    idle: (on: boolean) => !on,
  },
  persistentSets: {
    name: 'persistent-sets',
    honoured: ['bfs'],
    hint: 'only bfs leaves out steps',
    idle: (on: boolean | 'always') => on === false,
    wrong: (on: unknown) =>
      typeof on === 'boolean' || on === 'always' ? null : `must be true, false or 'always', not ${on}`,
  },
  store: {
    name: 'store',
    honoured: ['bfs', 'dfs'],
    hint: 'only bfs and dfs can keep their states in several ways',
    wrong: (s: string) => (isStore(s) ? null : `must be one of ${storeNames.join(', ')}, not ${s}`),
  },
  checkpoint: {
    name: 'checkpoint',
    honoured: ['bfs'],
    hint: 'only bfs can be stopped and taken up',
    wrong: ({ path, everySeconds: every }: CheckpointOptions) => {
      if (typeof path !== 'string' || path === '') return 'must have the path of a file';
      return every == null || every > 0 ? null : `everySeconds must be greater than 0, not ${every}`;
    },
  },
  spill: {
    name: 'spill',
    honoured: ['bfs'],
    hint: 'only bfs can go on with its states on disk',
    wrong: ({ folder }: { folder: string }) =>
      typeof folder === 'string' && folder !== '' ? null : 'must have a folder',
  },
  resume: { name: 'resume', honoured: ['bfs'], hint: 'only bfs can be stopped and taken up' },
  all: everywhere('all'),
  analyse: everywhere('analyse'),
  shrink: {
    name: 'shrink',
    honoured: walk,
    hint: 'only what random, pct and anytime find is shrunk',
    idle: (on: boolean) => on,
  },
  explain: everywhere('explain'),
  signal: everywhere('signal'),
  onProgress: everywhere('onProgress'),
  onViolation: everywhere('onViolation'),
  onStage: { name: 'onStage', honoured: ['anytime'], hint: 'only anytime has stages' },
};

/** Every option: its name in the library. */
export const optionNames = Object.keys(rules) as (keyof CheckOptions)[];

/** Does the strategy honour the option? */
export function honours(strategy: StrategyName, option: keyof CheckOptions): boolean {
  return rules[option].honoured?.includes(strategy) ?? true;
}

/** What a search cannot have that is written to files, in a checkpoint or because its memory is full; null when nothing. */
function notInFiles({ persistentSets, store }: Pick<CheckOptions, 'persistentSets' | 'store'>): string | null {
  if (persistentSets) return 'option persistent-sets';
  return store === 'compact' ? 'the compact store' : null;
}

/** Can the search go on with its states on disk? */
export const canSpill = (options: CheckOptions): boolean =>
  honours(options.strategy ?? strategyFor(options.store), 'spill') && notInFiles(options) === null;

/** Throws for an option that the strategy cannot honour, that is out of range or that nobody knows. */
export function refuseMeaninglessOptions(options: CheckOptions, strategy: StrategyName): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, option) ? rules[option as keyof CheckOptions] : undefined;
    if (rule === undefined)
      throw new QuiesceError('config', `there is no option ${option}`, {
        hint: `options are ${optionNames.join(', ')}`,
      });
    const wrong = rule.wrong?.(value as never) ?? null;
    if (wrong !== null) throw new QuiesceError('config', `${rule.name} ${wrong}`);
    if (honours(strategy, option as keyof CheckOptions) || rule.idle?.(value as never)) continue;
    // Whoever asks for this store need not know that it searches depth-first.
    const chosen = options.store === 'bitstate' && options.strategy === undefined ? ' of the bitstate store' : '';
    throw new QuiesceError('config', `option ${rule.name} has no meaning for the ${strategy} strategy${chosen}`, {
      hint: rule.hint,
    });
  }
  for (const option of ['resume', 'checkpoint', 'spill'] as const) {
    if (options[option] === undefined) continue;
    const other = notInFiles(options);
    if (other !== null)
      throw new QuiesceError('config', `option ${option} has no meaning with ${other}`, {
        hint: 'leave one of the two out',
      });
  }
  if (options.spill !== undefined && strategy === 'bfs' && options.maxMemoryBytes === undefined)
    throw new QuiesceError('config', 'option spill has no meaning without mem', {
      hint: 'give the memory after which the search goes on with its states on disk',
    });
  if ((options.workers ?? 1) > 1 && options.module === undefined)
    throw new QuiesceError('config', 'several workers need the module that exports the scenario', {
      hint: 'give `module: { url, name }`, so that each thread can import it',
    });
}
