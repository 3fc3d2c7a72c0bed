/** What searches are compared on: small registered variants, random models, and one scenario with symmetry. */
import fc from 'fast-check';
import { compile } from '../../checker/compile/compile.ts';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import type { Expectation } from '../../checker/lang/scenario.ts';
import { BreadthFirst } from '../../checker/search/breadth/bfs.ts';
import { Findings } from '../../checker/search/findings.ts';
import { scenarios } from '../../scenarios/index.ts';
import { build } from './random-build.ts';
import { randomModel } from './random-model.ts';

export const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);

/** States of a random model, at most. */
const SMALL = 3000;

export interface Subject {
  readonly name: string;
  readonly scenario: Scenario;
  readonly variant: string;
  readonly symmetry: boolean;
}

/**
 * @param wanted which variants, of which one in `oneIn` is taken
 * @param random how many random models are drawn; those that are too large, or whose pools are too small, are left out
 */
export function subjectsOf(wanted: (expected: Expectation) => boolean, oneIn: number, random: number): Subject[] {
  const peers = scenarios.find((s) => s.name === 'peers-sva') as Scenario;
  return [
    ...scenarios
      .flatMap((scenario) =>
        Object.entries(scenario.variants)
          .filter(([, v]) => wanted(v.expect))
          .map(([variant]) => ({ name: `${scenario.name} ${variant}`, scenario, variant, symmetry: false })),
      )
      .filter((_, i) => i % oneIn === 0),
    ...fc
      .sample(randomModel, { numRuns: random, seed: SEED })
      .map((model, i) => ({ name: `random ${i}`, scenario: build(model), variant: 'posted', symmetry: false }))
      .filter(isSmall),
    {
      name: 'peers-sva with symmetry',
      scenario: peers,
      variant: Object.keys(peers.variants)[0] as string,
      symmetry: true,
    },
  ];
}

function isSmall({ scenario, variant }: Subject): boolean {
  try {
    const model = compile(scenario, { variant });
    const limits = { maxStates: SMALL, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };
    const search = new BreadthFirst(model, new Findings(model, null), { limits, stopAtFirst: false });
    while (search.advance(1000));
    return search.incomplete === null;
  } catch (error) {
    if (error instanceof QuiesceError && error.code === 'model-threw') return false;
    throw error;
  }
}
