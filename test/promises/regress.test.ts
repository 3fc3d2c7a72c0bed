/** The regression suite of stored counterexamples: complete, current, reproducible, and able to fail. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scenarios } from '../../scenarios/index.ts';
import { quiesce, root, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();
const stored = join(root, 'scenarios', 'regressions');
const read = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

test('every stored schedule reproduces its violation', async () => {
  const run = await quiesce(['regress'], { cwd });
  expect(run.stdout).toContain(`${readdirSync(stored).length} reproduced, 0 failed`);
  expect(run.status).toBe(0);
});

test('every variant with an expected violation has one', () => {
  const missing = scenarios.flatMap((s) =>
    Object.entries(s.variants)
      .filter(([, v]) => v.expect.verdict === 'violated' && !('kind' in v.expect && v.expect.kind === 'unreached'))
      .filter(([variant]) => !readdirSync(stored).some((file) => file.startsWith(`${s.name}.${variant}.`)))
      .map(([variant]) => `${s.name} ${variant}`),
  );
  expect(missing).toEqual([]);
});

test('`regress --update` writes what the search finds, and nothing else stays', async () => {
  // Two variants of a small model: that the stored schedules are those of the search is tested in scenarios.test.ts.
  copyFileSync(join(root, 'docs', 'first.model.ts'), join(cwd, 'first.model.ts'));
  const folder = join(cwd, 'fresh');
  mkdirSync(folder);
  writeFileSync(join(folder, 'outdated.sched'), 'an old one\n');
  const run = await quiesce(['regress', folder, '--model', './first.model.ts', '--update', '--quiet'], { cwd });
  expect(run, run.stderr).toMatchObject({ status: 0, stderr: '' });
  await quiesce(['check', './first.model.ts', '--quiet'], { cwd });
  const found = readdirSync(join(cwd, 'runs', 'first-posted')).filter((file) => file.endsWith('.sched'));
  expect(read(folder)).toEqual(
    Object.fromEntries(
      found.map((file) => [`first.posted.${file}`, readFileSync(join(cwd, 'runs', 'first-posted', file), 'utf8')]),
    ),
  );
  expect(found).toHaveLength(1);
});

describe('a schedule that no longer fits', () => {
  const [name, text] = Object.entries(read(stored)).find(([n]) => n.startsWith('peers-sva.posted.')) ?? ['', ''];
  const lines = text.split('\n');
  const first = lines.indexOf('') + 1;

  test.each([
    ['a step of another actor', lines.with(first, (lines[first] ?? '').replace(/^[^:]+/, 'nobody')), /nobody/],
    ['a step twice', lines.toSpliced(first, 0, lines[first] ?? '').map(counted(1)), /step 2/],
    ['a step too few', lines.toSpliced(first, 1).map(counted(-1)), /step \d+/],
  ])('%s is told with its place, and fails', async (what, changed, message) => {
    expect(name).not.toBe('');
    const folder = join(cwd, what.replaceAll(' ', '-'));
    mkdirSync(folder);
    writeFileSync(join(folder, name), changed.join('\n'));
    const run = await quiesce(['regress', folder], { cwd });
    expect(run.status).toBe(20);
    expect(run.stdout).toMatch(message);
    expect(run.stdout).toMatch(/:\d+/);
    expect(run.stdout).toContain('0 reproduced, 1 failed');
  });

  test('one that ends in another violation than the stored one says which, and fails', async () => {
    const folder = join(cwd, 'another');
    mkdirSync(folder);
    writeFileSync(join(folder, name), text.replace(/^signature .*$/m, 'signature 01234567'));
    const instead = /deadlock \([0-9a-f]{8}\) instead of deadlock \(01234567\)/;
    const run = await quiesce(['regress', folder], { cwd });
    expect(run.status).toBe(20);
    expect(run.stdout).toMatch(instead);
    expect(run.stdout).toContain('0 reproduced, 1 failed');
    const alone = await quiesce(['replay', join(folder, name)], { cwd });
    expect(alone.status).toBe(20);
    expect(alone.stdout).toMatch(new RegExp(`^ANOTHER VIOLATION: ${instead.source}\n`));
    expect(alone.stdout).toContain('MODEL: deadlock');
    const data = await quiesce(['replay', join(folder, name), '--json'], { cwd });
    expect([data.status, JSON.parse(data.stdout).result]).toEqual([20, 'another violation']);
  });

  /** Keeps the count of steps at the end true, so that only the steps are wrong. */
  function counted(change: number): (line: string) => string {
    return (line) => line.replace(/^end (\d+)/, (_, n: string) => `end ${Number(n) + change}`);
  }
});

test('a folder without schedules is an error, not a success', async () => {
  mkdirSync(join(cwd, 'empty'));
  expect(await quiesce(['regress', 'empty'], { cwd })).toMatchObject({ status: 2, stdout: '' });
});
