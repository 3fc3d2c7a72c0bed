/**
 * Every option against every strategy: it has an effect that can be seen, or it is refused by an error that names both.
 * The table below has a row for each field of `CheckOptions`; TypeScript refuses it when one is missing.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CheckOptions, check, type StrategyName } from '../../../checker/check.ts';
import { int, object, type Scenario, scenario, Violation } from '../../../checker/lang/index.ts';
import { honours, optionNames } from '../../../checker/options.ts';
import type { Verdict } from '../../../checker/verdict.ts';
import { strategies } from '../../../cli/words.ts';
import { anything, plain, race, rejectionOf, source } from '../../support/tiny.ts';

const Cell = object('cell', { n: int(0, 9) }, { permanent: true });

/** Actors that count in a cell and break two promises, one of them only where somebody gets in between. */
const broken = scenario('broken', {
  title: 'broken',
  about: 'Counts, and must not be seen at two and at three.',
  systems: ['test'],
  source,
  bounds: { n: 2 },
  variants: { posted: { about: 'as it is', expect: anything }, other: { about: 'another name', expect: anything } },
  setup: (s) => {
    const cell = s.object(Cell, 'cell');
    const p = plain('p', (k) => [
      k.step('rise', () => {
        cell.n++;
      }),
      k.step('look', () => {
        if (cell.n === 2) throw new Violation('assertion', 'two');
      }),
      k.step('rise again', () => {
        cell.n++;
      }),
      k.step('look again', () => {
        if (cell.n === 3) throw new Violation('protocol', 'three');
      }),
    ]);
    for (let i = 0; i < s.bounds.n; i++) s.actor(`t${i}`, p, {});
  },
});
const large = race(
  ...['p', 'q', 'r', 's'].map((name) =>
    plain(name, (k) => Array.from({ length: 45 }, (_, i) => k.step(`${i}`, () => {}))),
  ),
);

/** What a run without the option gives, to compare with. */
const plainRun = (strategy: StrategyName) => check(broken, { strategy });
/** Everything that an option may change. */
const contents = ({ timing: _timing, options: _options, ...rest }: Verdict) => JSON.stringify(rest);

interface Row {
  /** A value that must make a difference. */
  readonly probe: CheckOptions;
  readonly on?: Scenario;
  /** The difference. Without it the document must differ from that of a run without the option. */
  readonly effect?: (verdict: Verdict) => void;
  /** The option is honoured, and what is missing for it is named. */
  readonly asks?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'quiesce-options-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'search.checkpoint');

const because = (reason: string) => (verdict: Verdict) => expect(verdict.incompleteBecause).toBe(reason);
let told = 0;
const heard = () => expect(told).toBeGreaterThan(0);
const tell = () => {
  told++;
};
const stop = AbortSignal.abort();

const rows: { readonly [K in keyof Required<CheckOptions>]: Row } = {
  variant: { probe: { variant: 'other' } },
  bounds: { probe: { bounds: { n: 3 } } },
  properties: { probe: { properties: ['leak'] } },
  strategy: { probe: {}, effect: () => {} },
  preemptions: { probe: { preemptions: 0, properties: ['leak'] } },
  seed: { probe: { seed: 'another', all: true } },
  runs: { probe: { runs: 1, properties: ['leak'] } },
  depth: { probe: { depth: 2 } },
  maxStates: { probe: { maxStates: 5000 }, on: large, effect: because('limit of states') },
  maxSeconds: { probe: { maxSeconds: 0.001 }, on: large, effect: because('time limit') },
  maxMemoryBytes: { probe: { maxMemoryBytes: 1_000_000 }, on: large, effect: because('memory limit') },
  workers: { probe: { workers: 2 }, asks: 'several workers need the module that exports the scenario' },
  module: { probe: { module: { url: 'file:///nowhere.js', name: 'broken' } }, effect: () => {} },
  symmetry: {
    probe: { symmetry: true },
    asks: 'scenario broken declares no interchangeable blocks, and has no heap slots',
  },
  persistentSets: {
    probe: { persistentSets: 'always' },
    effect: ({ reductions }) =>
      expect(reductions).toEqual([
        {
          name: expect.stringMatching(/^persistent sets: about \d+\.\d times fewer transitions by estimate$/),
          factor: null,
        },
      ]),
  },
  store: { probe: { store: 'exact' }, effect: ({ options }) => expect(options['store']).toBe('exact') },
  checkpoint: {
    probe: { checkpoint: { path: file }, maxStates: 5000 },
    on: large,
    effect: () => {
      expect(existsSync(file)).toBe(true);
      rmSync(file);
    },
  },
  spill: {
    probe: { spill: { folder }, maxMemoryBytes: 1_000_000, maxStates: 20_000 },
    on: large,
    effect: because('limit of states'),
  },
  resume: { probe: { resume: file }, asks: `there is no checkpoint ${file}` },
  all: { probe: { all: true } },
  analyse: { probe: { analyse: true }, effect: ({ analysis }) => expect(analysis?.states).toBeGreaterThan(0) },
  shrink: { probe: { shrink: false }, effect: ({ violations }) => expect(violations[0]?.shrunk).toBeUndefined() },
  explain: { probe: { explain: false }, effect: (verdict) => expect(verdict.violations[0]?.needed).toBeNull() },
  signal: { probe: { signal: stop }, on: large, effect: because('interrupted') },
  onProgress: { probe: { onProgress: tell, maxSeconds: 0.001 }, on: large, effect: heard },
  onViolation: { probe: { onViolation: tell }, effect: heard },
  onStage: { probe: { onStage: tell }, effect: heard },
};

const names = Object.keys(strategies) as StrategyName[];

test('the table has a row for every option', () => {
  expect(Object.keys(rows).sort()).toEqual([...optionNames].sort());
});

describe.each(names)('%s', (strategy) => {
  test.each(optionNames)('honours or refuses %s', async (option) => {
    const { probe, on, effect, asks } = rows[option];
    told = 0;
    const run = () => check(on ?? broken, { ...probe, strategy });
    if (!honours(strategy, option)) {
      const refusal = await rejectionOf(run());
      expect(refusal.code).toBe('config');
      expect(refusal.what).toMatch(new RegExp(`^option [\\w-]+ has no meaning for the ${strategy} strategy$`));
      expect(refusal.hint).not.toBe('');
    } else if (asks !== undefined) expect((await rejectionOf(run())).what).toBe(asks);
    else if (effect !== undefined) effect(await run());
    else {
      // The other options of the probe are there to make the difference visible, so the base has them, too.
      const { [option]: _probed, ...others } = probe;
      const base = Object.keys(others).length === 0 ? plainRun(strategy) : check(broken, { ...others, strategy });
      expect(contents(await run())).not.toBe(contents(await base));
    }
  });

  test('explains unless told otherwise', async () => {
    expect((await plainRun(strategy)).violations[0]?.needed).not.toBeNull();
  });
});

describe('values out of range are refused by name', () => {
  test.each<[CheckOptions, string]>([
    [{ workers: 0 }, 'workers must be a whole number from 1 to 64, not 0'],
    [{ workers: 65 }, 'workers must be a whole number from 1 to 64, not 65'],
    [{ depth: 1.5 }, 'depth must be a whole number from 1, not 1.5'],
    [{ maxStates: Number.NaN }, 'states must be a whole number from 1, not NaN'],
    [{ maxSeconds: Number.NaN }, 'time must be greater than 0, not NaN'],
    [{ maxMemoryBytes: 0 }, 'mem must be greater than 0, not 0'],
    [{ store: 'disk' as 'exact' }, 'store must be one of exact, compressed, compact, bitstate, not disk'],
    [{ checkpoint: { path: '' } }, 'checkpoint must have the path of a file'],
    [{ checkpoint: { path: 'f', everySeconds: 0 } }, 'checkpoint everySeconds must be greater than 0, not 0'],
    [{ resume: 'f', store: 'compact' }, 'option resume has no meaning with the compact store'],
    [
      { checkpoint: { path: 'f' }, persistentSets: true },
      'option checkpoint has no meaning with option persistent-sets',
    ],
    [{ persistentSets: 'never' as 'always' }, "persistent-sets must be true, false or 'always', not never"],
    [{ strategy: 'pct', runs: 0 }, 'runs must be a whole number from 1, not 0'],
    [{ strategy: 'bounded', preemptions: -1 }, 'preemptions must be a whole number from 0, not -1'],
  ])('%j', async (options, what) => {
    expect(await rejectionOf(check(broken, options))).toMatchObject({ code: 'config', what });
  });

  test('an option that nobody knows', async () => {
    const refusal = await rejectionOf(check(broken, { maxTime: 3 } as CheckOptions));
    expect(refusal).toMatchObject({ code: 'config', what: 'there is no option maxTime' });
  });

  test('a value that asks for nothing is not refused', async () => {
    const verdict = await check(broken, { strategy: 'dfs', workers: 1, symmetry: false });
    expect(verdict.outcome).toBe('violated');
  });
});
