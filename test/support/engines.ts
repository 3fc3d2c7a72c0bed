/**
 * The breadth-first engine under settings that nobody would choose: tables that start at two slots, hashes that always
 * collide, batches of one candidate, chunks of a few states, and the tasks of several lanes in any order. States with
 * their order, parents, levels, counts and findings must be the same under all of them.
 */
import seedrandom from 'seedrandom';
import { LivenessPass } from '../../checker/analyse/liveness.ts';
import { compile } from '../../checker/compile/compile.ts';
import type { CompiledModel } from '../../checker/compile/model.ts';
import { eventually, type Scenario } from '../../checker/lang/index.ts';
import { Symmetry } from '../../checker/reduce/symmetry.ts';
import { BreadthFirst, type BreadthFirstOptions } from '../../checker/search/breadth/bfs.ts';
import { Findings } from '../../checker/search/findings.ts';

const limits = { maxStates: 2 ** 28, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };

type Options = Omit<BreadthFirstOptions, 'limits' | 'stopAtFirst' | 'symmetry'>;

/** One setting. Each is made anew for every search: an order of tasks is drawn, and it must be the same every time. */
export interface Setting {
  readonly name: string;
  readonly options: () => Options;
  /** Candidates that are looked up together. */
  readonly batch?: number;
}

const shuffle = (lanes: number) => ({ lanes, random: seedrandom(`${lanes} lanes`) });

export const settings: readonly Setting[] = [
  { name: 'batches of one', options: () => ({}), batch: 1 },
  { name: 'batches of seven', options: () => ({ chunkStates: 5 }), batch: 7 },
  { name: 'two slots', options: () => ({ slots: 2 }) },
  { name: 'all collide', options: () => ({ hash: () => 'let x = 7;' }) },
  { name: 'two slots and one bit of hash', options: () => ({ slots: 2, hash: ([word]) => `let x = ${word} & 1;` }) },
  { name: 'uncompressed', options: () => ({ uncompressed: true }) },
  {
    name: 'uncompressed, two slots, all collide',
    options: () => ({ uncompressed: true, slots: 2, hash: () => 'let x = 7;' }),
  },
  { name: 'small chunks', options: () => ({ chunkStates: 4 }) },
  { name: 'three lanes in any order', options: () => ({ chunkStates: 4, shuffle: shuffle(3) }) },
  { name: 'four lanes, two slots', options: () => ({ chunkStates: 4, slots: 2, shuffle: shuffle(4) }), batch: 3 },
  {
    name: 'two lanes, all collide',
    options: () => ({ chunkStates: 4, hash: () => 'let x = 7;', shuffle: shuffle(2) }),
  },
  { name: 'four lanes, uncompressed', options: () => ({ chunkStates: 4, uncompressed: true, shuffle: shuffle(4) }) },
];

/** All that a search tells, as text by topic. */
function explore(model: CompiledModel, stopAtFirst: boolean, symmetry: Symmetry | null, options: Options) {
  const findings = new Findings(model, null);
  const search = new BreadthFirst(model, findings, { limits, stopAtFirst, symmetry, follow: true, ...options });
  while (search.advance(1000));
  const transitions = search.incomplete === null ? transitionsOf(model, findings, search) : '';
  search.close('all is known');
  const { states } = search.counts;
  const words = new Int32Array(model.words);
  const stored = Array.from({ length: states }, (_, i) => {
    search.store.read(i, words, 0);
    return `${words.join(' ')} from ${search.store.parentOf(i)}, ahead ${search.ahead[i]}`;
  });
  return {
    counts: JSON.stringify({ ...search.counts, memoryBytes: null, unreduced: search.unreduced }),
    levels: search.levelStarts.join(),
    incomplete: String(search.incomplete),
    states: stored.join('\n'),
    violations: findings.violations
      .map((v) => `${v.property} ${v.signature} ${v.evidence.objects} ${v.evidence.actors} by ${v.moves}`)
      .join('\n'),
    goals: [...findings.reached].sort().join(),
    transitions,
  };
}

/** Where all transitions lead, who moves and could, and what each state is to the promises; or why that cannot be had. */
function transitionsOf(model: CompiledModel, findings: Findings, search: BreadthFirst): string {
  const pass = new LivenessPass(model, search, findings.live, Number.MAX_SAFE_INTEGER);
  while (pass.advance(7));
  const { first, targets, movers, enabled } = pass.graph;
  const results = JSON.stringify(pass.results());
  return [first, targets, movers, enabled, ...pass.marks].map((row) => row.join(' ')).join('\n') + results;
}

/** Every topic in which a search under one of the settings differs from the usual one, by name of the setting. */
export function settingsThatDiffer(
  scenario: Scenario,
  variant: string,
  tried: readonly Setting[] = settings,
  symmetric = false,
): string[] {
  const wrong: string[] = [];
  const compiled = compile(scenario, { variant });
  // Without a promise nobody asks where transitions lead.
  const promise = eventually('all end', 'all have ended', (now) => compiled.actors.every((a) => now.ended(a.view)));
  const model = { ...compiled, properties: [...compiled.properties, promise] };
  for (const symmetry of symmetric ? [null, new Symmetry(model)] : [null])
    for (const stopAtFirst of [false, true]) {
      const usual = explore(model, stopAtFirst, symmetry, {});
      for (const { name, options, batch } of tried) {
        const small = batch === undefined ? model : { ...model, room: model.branching + batch };
        const found = explore(small, stopAtFirst, symmetry, options());
        for (const [topic, text] of Object.entries(usual))
          if (found[topic as keyof typeof found] !== text)
            wrong.push(
              `${name}${symmetry === null ? '' : ' with symmetry'}${stopAtFirst ? ', first violation' : ''}: other ${topic}`,
            );
      }
      // Without violations both are the same search.
      if (usual.violations === '') break;
    }
  return wrong;
}
