/** Exports, replies, comparisons and diffs from the command line: what is wrong is one clear error, and nothing is half written. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiesce, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();
const run = 'runs/toy-deadlock-posted';

beforeAll(async () => {
  for (const name of ['holds', 'deadlock'] as const) {
    writeFileSync(join(cwd, `${name}.model.ts`), toys[name]);
    await quiesce(['check', `./${name}.model.ts`, '--quiet'], { cwd });
  }
});

const schedule = () => join(run, readdirSync(join(cwd, run)).find((f) => f.endsWith('.sched')) as string);

test('an exported ITF trace is replayed as its schedule is', async () => {
  const exported = await quiesce(['export', run, '--as', 'itf', '-o', 'itf'], { cwd });
  expect(exported, exported.stderr).toMatchObject({ status: 0 });
  const replayed = await quiesce(['replay', exported.stdout.trim(), '--model', './deadlock.model.ts', '--json'], {
    cwd,
  });
  const original = await quiesce(['replay', schedule(), '--model', './deadlock.model.ts', '--json'], { cwd });
  expect(replayed.stdout).toBe(original.stdout);
  expect(replayed.status).toBe(0);
});

test('a schedule of a model of its own is exported too', async () => {
  const args = ['export', schedule(), '--model', './deadlock.model.ts', '--as', 'sarif,dot', '-o', 'from-schedule'];
  expect(await quiesce(args, { cwd })).toMatchObject({ status: 0 });
  const log = JSON.parse(readFileSync(join(cwd, 'from-schedule', 'quiesce.sarif'), 'utf8'));
  expect(log.runs[0].results).toHaveLength(1);
});

describe('refused', () => {
  test.each([
    [['export', run], 2, /--as/],
    [['export', run, '--as', 'pdf'], 2, /sarif, junit/],
    [['export', 'nowhere', '--as', 'itf'], 2, /nowhere/],
    [['export', 'runs/toy-holds-posted', '--as', 'itf', '-o', 'none'], 151, /no violation/],
    [['reply', 'nowhere'], 2, /nowhere/],
    [
      ['monitor', 'vfio-detach-vs-mm-exit', '--variant', 'posted', '--object', 'a', '--field', 'b'],
      151,
      /not expected to hold/,
    ],
    [['monitor', './holds.model.ts', '--object', 'nothing', '--field', 'b'], 2, /no field nothing.b/],
    [['diff', 'nowhere.sched', 'nowhere.sched'], 2, /nowhere/],
    [['compare', './holds.model.ts'], 2, /one variant/],
    [['compare', 'vfio-detach-vs-mm-exit', '--a', 'posted', '--b', 'posted'], 151, /both posted/],
    [['compare', 'vfio-detach-vs-mm-exit', '--b', 'nonsense'], 2, /no variant "nonsense"/],
  ] as const)('%j', async (args, status, words) => {
    const result = await quiesce(args, { cwd });
    expect(result, result.stderr).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toMatch(words);
    expect(existsSync(join(cwd, 'none'))).toBe(false);
  });

  test('a schedule as junit', async () => {
    const result = await quiesce(['export', schedule(), '--model', './deadlock.model.ts', '--as', 'junit'], { cwd });
    expect(result).toMatchObject({ status: 151, stdout: '' });
  });
});

test('variants whose verdicts must differ', async () => {
  const same = ['compare', 'sva-unbind-vs-exit', '--a', 'posted', '--b', 'fixed', '--quiet'];
  expect(await quiesce([...same, '--must-differ'], { cwd })).toMatchObject({ status: 20 });
  expect(await quiesce(same, { cwd })).toMatchObject({ status: 0 });
});
