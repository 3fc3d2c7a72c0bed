/**
 * Every scenario, every variant, by one run of `quiesce corpus`: the verdict is exactly the declared one, with its
 * counts; every counterexample is the stored one and replays to the same bytes; the page about the corpus is current.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Verdict } from '../../checker/verdict.ts';
import { corpusText, readMeasured } from '../../cli/commands/corpus.ts';
import { type CorpusResult, type CorpusRun, type Measured, missingEntries } from '../../reports/index.ts';
import { corpus, corpusIds } from '../../scenarios/corpus.ts';
import { scenarios } from '../../scenarios/index.ts';
import { dist } from '../support/compiled.ts';
import { quiesce, root, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();

const variants = scenarios.flatMap((scenario) =>
  Object.entries(scenario.variants).map(([variant, { expect }]) => ({
    name: scenario.name,
    variant,
    declared: expect,
  })),
);

/** By scenario and variant. */
const results = new Map<string, CorpusResult>();
let needs: Readonly<Record<string, Measured['needs']>> = {};
let run: CorpusRun;
let status: number | null;
let stderr: string;

beforeAll(async () => {
  // Two at a time also where there are more processors, so that the promise of its length is about two.
  const ran = await quiesce(['corpus', '--jobs', '2', '--needs', '--json', '--quiet'], { cwd });
  ({ status, stderr } = ran);
  const document = JSON.parse(ran.stdout) as CorpusRun & { needs: typeof needs };
  run = document;
  needs = document.needs;
  for (const result of document.results) results.set(`${result.scenario} ${result.variant}`, result);
}, 1_800_000);

test('the run succeeds and has every variant', () => {
  expect(run.results.filter((r) => !r.asExpected)).toEqual([]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect([...results.keys()].sort()).toEqual(variants.map((v) => `${v.name} ${v.variant}`).sort());
  expect(run).toMatchObject({ schema: 'quiesce.corpus/1', complete: true, timing: { jobs: 2 } });
});

const stored = (file: string) => join(root, 'scenarios', 'regressions', file);

describe('the declared verdict', () => {
  test.each(variants)('$name $variant', async ({ name, variant, declared }) => {
    const folder = join(cwd, 'runs', `${name}-${variant}`);
    const verdict = JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')) as Verdict;
    expect(verdict.unexpected).toEqual([]);
    expect(verdict).toMatchObject({ outcome: declared.verdict, asExpected: true });

    // Said once more in the test's own words, so that the comparison does not rest on the checker's alone.
    if (declared.verdict === 'holds') {
      expect(verdict).toMatchObject({ complete: true, violations: [] });
      expect(verdict.counts).toMatchObject({ states: declared.states, depth: declared.depth, left: 0 });
      return;
    }
    expect(verdict.counts.states).toBe(declared.states);
    const [first] = verdict.violations;
    expect(first).toBeDefined();
    expect(first?.evidence.kind).toBe(declared.kind);
    expect(first?.steps).toHaveLength(declared.length);
    if (declared.property !== undefined) expect(first?.property).toBe(declared.property);

    // The compiled tree: the text of its steps is that of the model in the schedule.
    const { replay } = (await import(dist('checker/trace/replay'))) as typeof import('../../checker/trace/replay.ts');
    const { parseSchedule } = (await import(
      dist('checker/trace/schedule')
    )) as typeof import('../../checker/trace/schedule.ts');
    const compiled = (await import(dist('scenarios/index'))) as typeof import('../../scenarios/index.ts');
    const scenario = compiled.scenarios.find((s) => s.name === name);
    if (scenario === undefined) throw new Error(`the compiled tree has no ${name}`);
    for (const { signature, schedule } of verdict.violations) {
      expect(readFileSync(join(folder, `${signature}.sched`), 'utf8')).toBe(schedule);
      expect(existsSync(join(folder, `${signature}.html`))).toBe(true);
      const replayed = replay(scenario, parseSchedule(schedule), variant);
      expect(replayed).toMatchObject({ result: 'reproduced', modelHash: verdict.modelHash });
      if (replayed.result !== 'reproduced') continue;
      expect(replayed.counterexample).toMatchObject({ schedule, signature });
    }
  });
});

test('the stored schedules are those that the search finds', () => {
  // The hash of a model is over the text of its functions: rewording one does not make its schedule another.
  const withoutHash = (path: string) => readFileSync(path, 'utf8').replace(/^model .*$/m, '');
  const found = variants.flatMap(({ name, variant }) => {
    const folder = join(cwd, 'runs', `${name}-${variant}`);
    return readdirSync(folder)
      .filter((file) => file.endsWith('.sched'))
      .map((file) => ({ file: `${name}.${variant}.${file}`, text: withoutHash(join(folder, file)) }));
  });
  expect(readdirSync(stored('')).sort()).toEqual(found.map((f) => f.file).sort());
  for (const { file, text } of found) expect(withoutHash(stored(file)), file).toBe(text);
});

describe('the page about the corpus', () => {
  test('is what npm run corpus -- --update writes', () => {
    expect(readFileSync(join(root, 'docs', 'corpus.md'), 'utf8')).toBe(corpusText());
  });

  test('has measured every variant', () => {
    expect(Object.keys(readMeasured()).sort()).toEqual([...results.keys()].sort());
  });

  test('tells the smallest bounds of each bug, and that they are', () => {
    const measured = Object.entries(readMeasured()).filter(([, m]) => m.needs !== null);
    expect(Object.fromEntries(measured.map(([name, m]) => [name, m.needs]))).toEqual(needs);
    for (const [name, found] of Object.entries(needs)) expect(found?.proven, name).toBe(true);
    expect(Object.keys(needs).sort()).toEqual(
      run.results
        .filter((r) => r.violation !== null)
        .map((r) => `${r.scenario} ${r.variant}`)
        .sort(),
    );
  });

  test('misses no ranked entry and no case that must not be reported', () => {
    const missing = missingEntries({ entries: corpus, scenarios, idsOf: corpusIds });
    expect(missing.filter((e) => e.part !== 'further')).toEqual([]);
  });
});

test('the names of scenarios are distinct', () => {
  expect(new Set(scenarios.map((s) => s.name)).size).toBe(scenarios.length);
});
