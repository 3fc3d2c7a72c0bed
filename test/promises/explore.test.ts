/** `quiesce explore` finds known bugs from the operations alone, tells them smallest, and stays silent on what is repaired. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();
const read = (path: string) => readFileSync(join(cwd, path), 'utf8');

/** Signatures of the schedules that are stored for scenarios written by hand. */
const byHand = (name: string) =>
  readdirSync(join(import.meta.dirname, '..', '..', 'scenarios', 'regressions'))
    .filter((file) => file.startsWith(name))
    .map((file) => file.split('.')[2]);

const found = (path: string) =>
  JSON.parse(read(path)) as {
    found: { signature: string; program: string; kind: string; property: string }[];
    signatures: Record<string, number>;
    runs: number;
    complete: boolean;
    stored: { reproduced: boolean }[];
  };

describe('known bugs', () => {
  test('corpus #10: a shutdown that returns early', { timeout: 120_000 }, async () => {
    const args = ['explore', 'sva', '--variant', 'early-return', '--ops', 'init,bind,remove,mm_exit', '--runs', '30'];
    const run = await quiesce(args, { cwd });
    expect(run, run.stderr).toMatchObject({ status: 12 });
    const { found: all } = found('runs/explore-sva/explore.json');
    const early = all.find(({ signature }) => byHand('sva-early-shutdown.posted.').includes(signature));
    expect(early?.program).toBe('init(dev0)+bind(dev0,mm0):remove(dev0)+mm_exit(mm0):');

    // Everything is stored, replays, and is not looked for again.
    const stem = `runs/explore-sva/early-return.${early?.signature}`;
    for (const ending of ['sched', 'txt', 'html', 'json'])
      expect(existsSync(join(cwd, `${stem}.${ending}`))).toBe(true);
    expect(run.stdout).toContain(`${stem}.sched`);
    expect(await quiesce(['replay', `${stem}.sched`], { cwd })).toMatchObject({ status: 0 });
    expect(await quiesce(['regress', 'runs/explore-sva'], { cwd })).toMatchObject({ status: 0 });
    const again = await quiesce([...args, '--json'], { cwd });
    expect(again, again.stderr).toMatchObject({ status: 20 });
    expect(JSON.parse(again.stdout)).toMatchObject({ found: [], stored: all.map(() => ({ reproduced: true })) });
  });

  test('corpus #14: one doorbell page is bound twice', { timeout: 120_000 }, async () => {
    const run = await quiesce(
      [
        'explore',
        'reserved-iova',
        '--variant',
        'posted',
        '--ops',
        'setup,free',
        '--runs',
        '40',
        '--json',
        '--out',
        'riova',
      ],
      { cwd },
    );
    expect(run, run.stderr).toMatchObject({ status: 12 });
    const { found: all } = found('riova/explore-reserved-iova/explore.json');
    expect(all.map(({ signature }) => signature)).toContain(byHand('riova-two-gets.posted.')[0]);
    expect(all.find(({ property }) => property === 'one binding for a page')?.program).toBe(
      ':setup(dev0,page0)|setup(dev1,page0):',
    );
  });

  test('corpus #2: two removers wait for one bond', { timeout: 120_000 }, async () => {
    const args = [
      '--variant',
      'posted',
      '--ops',
      'init,bind,unbind,detach,mm_exit',
      '--actors',
      '2',
      '--states',
      '4000',
    ];
    const run = await quiesce(['explore', 'sva', ...args, '--seed', '26', '--runs', '6', '--out', 'bond'], { cwd });
    expect(run, run.stderr).toMatchObject({ status: 12 });
    const { found: all } = found('bond/explore-sva/explore.json');
    expect(all.map(({ signature }) => signature)).toContain(byHand('sva-bond-late-waiter.posted.')[0]);
  });
});

test.each([
  ['#8', 'iommufd', '2', 'iommufd-destroy-vs-destroy.posted.'],
  ['#7', 'liveupdate', '2', 'lu-preserve-vs-destroy.posted.'],
])('corpus %s: %s', { timeout: 120_000 }, async (_, system, runs, stored) => {
  const run = await quiesce(['explore', system, '--runs', runs, '--out', 'others'], { cwd });
  expect(run, run.stderr).toMatchObject({ status: 12 });
  const { found: all } = found(`others/explore-${system}/explore.json`);
  expect(all.map(({ signature }) => signature)).toContain(byHand(stored)[0]);
});

test.each([
  ['#16', ['posted', '--ops', 'bind,unbind,shutdown', '--runs', '20'], 'iopf-two-flushers.v2.'],
  ['#21', ['plain-mmput', '--ops', 'bind,pri,mm_exit', '--runs', '25', '--actors', '2'], 'iopf-worker-mmput.plain'],
])('corpus %s: iopf', { timeout: 120_000 }, async (_, args, stored) => {
  const out = stored.slice(0, 12);
  const run = await quiesce(['explore', 'iopf', '--states', '15000', '--out', out, '--variant', ...args], { cwd });
  expect(run.stdout, run.stderr).toMatch(/VIOLATION/);
  const { found: all } = found(`${out}/explore-iopf/explore.json`);
  expect(all.map(({ signature }) => signature)).toContain(byHand(stored)[0]);
});

test('the same seed gives the same bytes, another one another result', { timeout: 120_000 }, async () => {
  const args = (out: string, seed: string) => [
    'explore',
    'reserved-iova',
    '--runs',
    '20',
    '--seed',
    seed,
    '--out',
    out,
  ];
  const runs = [];
  for (const [folder, seed] of [
    ['a', '3'],
    ['b', '3'],
    ['c', '4'],
  ] as const) {
    runs.push(await quiesce(args(join('same', folder), seed), { cwd }));
  }
  const [a, b, c] = ['a', 'b', 'c'].map((folder) => read(`same/${folder}/explore-reserved-iova/explore.json`));
  expect(b).toBe(a);
  expect(c).not.toBe(a);
  expect(runs[1]?.stdout.replaceAll('same/b', 'same/a')).toBe(runs[0]?.stdout);
});

test.each([
  ['sva', '20000'],
  ['iopf', '2000'],
  ['reserved-iova', '20000'],
])('%s as repaired: silent for 50 programs', { timeout: 240_000 }, async (system, states) => {
  const args = ['--variant', 'fixed', '--runs', '50', '--states', states, '--out', 'fixed'];
  const run = await quiesce(['explore', system, ...args], { cwd });
  expect(run.stdout).toMatch(/^NO VIOLATION/);
  expect(found(`fixed/explore-${system}/explore.json`)).toMatchObject({ runs: 50, found: [], signatures: {} });
});

test('without its contracts the repaired form breaks', { timeout: 120_000 }, async () => {
  const run = await quiesce(
    [
      'explore',
      'sva',
      '--variant',
      'fixed',
      '--without-contract',
      'one-caller',
      '--actors',
      '2',
      '--runs',
      '20',
      '--out',
      'loose',
    ],
    { cwd },
  );
  expect(run.stdout).toMatch(/VIOLATION/);
  expect(run.stdout).toContain('without one-caller');
  expect(run.stdout).not.toMatch(/^NO VIOLATION/);
});

test('Ctrl-C tells what is known so far', { timeout: 60_000 }, async () => {
  let sent = false;
  const run = await quiesce(['explore', 'sva', '--runs', '2000', '--out', 'stopped'], {
    cwd,
    watch: ({ stdout }, kill) => {
      if (sent || !stdout.includes('schedule')) return;
      sent = true;
      kill('SIGINT');
    },
  });
  expect(run, run.stderr).toMatchObject({ status: 130 });
  expect(run.stdout).toContain('stopped: interrupted');
  const { runs, complete, found: all } = found('stopped/explore-sva/explore.json');
  expect(runs).toBeLessThan(2000);
  // What was found stays, with everything that belongs to it, and replays.
  expect(all.length).toBeGreaterThan(0);
  const files = readdirSync(join(cwd, 'stopped', 'explore-sva'));
  for (const { signature } of all)
    for (const ending of ['sched', 'txt', 'html', 'json'])
      expect(files.filter((file) => file.endsWith(`.${signature}.${ending}`))).toHaveLength(1);
  expect(await quiesce(['regress', 'stopped/explore-sva'], { cwd })).toMatchObject({ status: 0 });
  expect(complete).toBe(false);
});

test('a time limit is undecided unless something was found', { timeout: 60_000 }, async () => {
  const run = await quiesce(
    ['explore', 'sva', '--variant', 'fixed', '--runs', '2000', '--time', '1s', '--out', 'late'],
    { cwd },
  );
  expect(run, run.stderr).toMatchObject({ status: 152 });
  expect(run.stdout).toContain('stopped: time limit');
});

test.each([
  [['explore', 'sav'], 2, /did you mean sva/],
  [['explore', 'sva', '--ops', 'bind,unbnd'], 2, /no operation "unbnd"/],
  [['explore', 'sva', '--ops', 'bind,'], 2, /names separated by commas/],
  [['explore', 'sva', '--variant', 'fixd'], 2, /no variant "fixd"/],
  [['explore', 'sva', '--without-contract', 'all'], 2, /no contract "all"/],
  [['explore', 'sva', '--actors', '9'], 2, /--actors is at most/],
  [['explore', 'sva', '--actors', '0'], 2, /whole number from 1/],
  [['explore', 'sva', '--seed', '3000000000'], 2, /--seed is at most/],
  [['explore', 'sva', '--seed', 'x'], 2, /whole number/],
  [['check', 'explore:sva::bnd(dev0):'], 2, /no operation/],
  [['check', 'explore:nothing::a():'], 2, /no system "nothing"/],
] as const)('%j is refused', async (args, status, what) => {
  const run = await quiesce(args, { cwd });
  expect(run, run.stdout).toMatchObject({ status });
  expect(run.stderr).toMatch(what);
});
