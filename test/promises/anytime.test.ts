/**
 * `--order anytime`: the first violation is told while the search goes on, what is proven so far is always told, and the
 * verdict is that of the exhaustive search.
 */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { check, scenarios, type Verdict } from '../../index.ts';
import { quiesce, root, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();

beforeAll(() => {
  copyFileSync(join(root, 'docs', 'first.model.ts'), join(cwd, 'first.model.ts'));
  writeFileSync(join(cwd, 'large.model.ts'), toys.large);
});

describe('in a terminal', () => {
  test('the violation is on stderr before the verdict is on stdout, with a schedule that is there already', async () => {
    let early = '';
    const run = await quiesce(['check', './first.model.ts', '--order', 'anytime'], {
      cwd,
      watch: ({ stdout, stderr }) => {
        if (stdout === '' && early === '' && /^replay:/m.test(stderr)) early = stderr;
      },
    });
    expect(run.status).toBe(12);
    expect(early).toMatch(/^VIOLATION refcount in \d+ steps, \d+ switch(es)?, not yet the shortest$/m);
    expect(run.stdout).toMatch(/^VIOLATION refcount +4 steps, 1 switch$/m);
    expect(run.stdout).toMatch(/^ {2}stage: bfs: /m);
    expect(existsSync(join(cwd, 'runs', 'first-posted', '57daa1e0.sched'))).toBe(true);
  });

  test('--quiet leaves the verdict alone', async () => {
    const run = await quiesce(['check', './first.model.ts', '--order', 'anytime', '--quiet'], { cwd });
    expect(run).toMatchObject({ status: 12, stderr: '' });
  });

  test('cut by a limit it says what is proven so far', async () => {
    const run = await quiesce(
      ['check', './large.model.ts', '--order', 'anytime', '--states', '20000', '--runs', '5', '--quiet'],
      { cwd },
    );
    expect(run.status).toBe(152);
    expect(run.stdout).toContain('NO VIOLATION SO FAR');
    expect(run.stdout).toMatch(/^ {2}proven: every schedule without a preemption was searched: no step or$/m);
  });
});

describe('for programs', () => {
  test('--json leaves one document on stdout, with the stages', async () => {
    const run = await quiesce(['check', './first.model.ts', '--variant', 'fixed', '--order', 'anytime', '--json'], {
      cwd,
    });
    const verdict = JSON.parse(run.stdout) as Verdict;
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true, counts: { states: 116 } });
    expect(verdict.stages?.map((s) => `${s.strategy} ${s.preemptions}`)).toEqual([
      'pct null',
      'bounded 0',
      'bounded 1',
      'bounded 2',
      'bfs null',
    ]);
    expect(verdict.pct).toMatchObject({ actors: 3, depth: 3 });
  });

  test('--events tells the violation, then shorter schedules, then the end', async () => {
    const run = await quiesce(['check', 'vfio-mdev-shutdown', '--order', 'anytime', '--events'], { cwd });
    const events = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; steps?: number; schedule?: string; strategy?: string })
      .filter(({ event }) => event !== 'progress');
    // The schedule of the walks is made as short as the exhaustive stage finds it before the next stage begins.
    const told = ['start', 'violation', 'stage', 'shrunk', 'stage', 'stage', 'violation', 'end'];
    expect(events.map((e) => e.event)).toEqual(told);
    const steps = events.filter((e) => e.event === 'violation' || e.event === 'shrunk').map((e) => e.steps as number);
    expect(steps).toEqual([...steps].sort((a, b) => b - a));
    expect(steps[0]).toBeGreaterThan(steps.at(-1) as number);
    expect(events[1]?.schedule).toMatch(/\.sched$/);
  });

  test('the document is the same for one and two workers', async () => {
    const document = async (workers: string) => {
      const flags = ['check', 'sva-bond-two-waiters', '--order', 'anytime', '--json', '--quiet', '--workers', workers];
      const { stdout } = await quiesce(flags, { cwd });
      return stdout.slice(0, stdout.indexOf('"timing"'));
    };
    expect(await document('2')).toBe(await document('1'));
  });
});

// What is not compared can be neither met nor missed.
test.each([
  ['--order', 'anytime'],
  ['--order', 'dfs'],
  ['--all'],
  ['--symmetry'],
  ['--depth', '3'],
  ['--property', 'leak'],
  ['--bound', 'tasks=1'],
  ['--store', 'bitstate'],
])('--expect declared does not go with %s', async (...flags) => {
  const run = await quiesce(['check', './first.model.ts', '--expect', 'declared', ...flags], { cwd });
  expect(run).toMatchObject({ status: 151, stdout: '' });
  expect(run.stderr).toContain(`--expect declared does not go with ${flags[0]}`);
});

/** Small enough that all of them together take a few seconds. */
const small = scenarios.flatMap((scenario) =>
  Object.entries(scenario.variants)
    .filter(([, { expect: expected }]) => expected.states <= 600)
    .map(([variant]) => ({ scenario, variant, name: `${scenario.name} ${variant}` })),
);

describe('the verdict of every small scenario is that of breadth-first search', () => {
  test('and there are such scenarios', () => expect(small.length).toBeGreaterThan(10));

  test.each(small)('$name', async ({ scenario, variant }) => {
    const [whole, staged] = [
      await check(scenario, { variant, explain: false }),
      await check(scenario, { variant, explain: false, strategy: 'anytime' }),
    ];
    expect(staged.outcome).toBe(whole.outcome);
    if (whole.outcome === 'holds') expect(staged.counts).toEqual(whole.counts);
    if (whole.violations.length === 0) return;
    // Walks may meet another bug first: it is found as short as a search for all of them finds it.
    const all = await check(scenario, { variant, explain: false, all: true });
    const best = staged.violations[0];
    const shortest = all.violations.find((v) => v.signature === best?.signature);
    expect(shortest).toBeDefined();
    expect(best?.steps.length).toBe(shortest?.steps.length);
  });
});
