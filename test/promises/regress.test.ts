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

describe('a folder of a model of its own', () => {
  copyFileSync(join(root, 'docs', 'first.model.ts'), join(cwd, 'first.model.ts'));
  const regress = (folder: string, ...flags: string[]) =>
    quiesce(['regress', folder, '--model', './first.model.ts', '--quiet', ...flags], { cwd });
  const fresh = async (name: string) => {
    const folder = join(cwd, name);
    expect(await regress(name, '--add')).toMatchObject({ status: 0, stderr: '' });
    const [file, text] = Object.entries(read(folder))[0] as [string, string];
    return { path: join(folder, file), file, text };
  };

  test('`--add` stores what the search finds, and nothing twice', async () => {
    const { file, text } = await fresh('added');
    await quiesce(['check', './first.model.ts', '--quiet'], { cwd });
    const run = read(join(cwd, 'runs', 'first-posted'));
    const found = Object.keys(run).filter((name) => name.endsWith('.sched'));
    expect([file, text]).toEqual([`first.posted.${found[0]}`, run[found[0] as string]]);
    expect(found).toHaveLength(1);
    expect((await regress('added', '--add')).stdout).toBe('0 schedules added to added\n');
  });

  test('one of another model is told, and `--update` writes its steps under the new one', async () => {
    const { path, file, text } = await fresh('hash');
    writeFileSync(path, text.replace(/^model .*$/m, 'model 0123456789abcdef'));
    const told = await regress('hash', '--json');
    expect([told.status, JSON.parse(told.stdout).results[0].result]).toEqual([0, 'moved']);
    const updated = await regress('hash', '--update');
    expect(updated).toMatchObject({ status: 0, stderr: '' });
    expect(updated.stdout).toMatch(/^moved first posted .*\n0 as they were, 1 moved and written, 0 failed/);
    expect(read(join(cwd, 'hash'))).toEqual({ [file]: text });
  });

  test('one whose steps are others by now is found again and written', async () => {
    const { path, file, text } = await fresh('steps');
    const lines = text.split('\n');
    const first = lines.indexOf('') + 1;
    writeFileSync(path, lines.with(first, (lines[first] as string).replace(/\/.*$/, '/once was here')).join('\n'));
    expect((await regress('steps')).stdout).toMatch(/^FAIL .* step 1: .*once was here: .* stands before/);
    expect((await regress('steps', '--update')).status).toBe(0);
    expect(read(join(cwd, 'steps'))).toEqual({ [file]: text });
  });

  test.each([
    ['gone', (text: string) => text.replace('variant posted', 'variant fixed')],
    ['of another signature', (text: string) => text.replace(/^signature .*$/m, 'signature 01234567')],
    ['of a variant that is not there', (text: string) => text.replace('variant posted', 'variant nosuch')],
    ['cut off', (text: string) => text.slice(0, -20)],
  ])('one that is %s is left as it is, and fails', async (what, change) => {
    const folder = what.replaceAll(' ', '-');
    const { path, file, text } = await fresh(folder);
    writeFileSync(path, change(text));
    const updated = await regress(folder, '--update');
    expect(updated.status).toBe(20);
    expect(updated.stdout).toContain('0 moved and written, 1 failed');
    expect(read(join(cwd, folder))).toEqual({ [file]: change(text) });
  });

  test('one that a repaired variant shows fails, although its steps can be taken', async () => {
    writeFileSync(
      join(cwd, 'wrong.model.ts'),
      readFileSync(join(cwd, 'first.model.ts'), 'utf8').replace(
        /verdict: 'violated'[^}]*/,
        "verdict: 'holds', states: 1, depth: 1 ",
      ),
    );
    await fresh('holds');
    const run = await quiesce(['regress', 'holds', '--model', './wrong.model.ts', '--quiet'], { cwd });
    expect(run.status).toBe(20);
    expect(run.stdout).toContain('the variant is expected to hold');
  });

  test('`--verdicts` searches what no schedule decides, and `--junit` has a case for each', async () => {
    const { path } = await fresh('verdicts');
    const run = await regress('verdicts', '--verdicts', '--junit', 'all.xml');
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('ok    first fixed  holds, as expected');
    expect(run.stdout).not.toContain('first posted  violated');
    const xml = readFileSync(join(cwd, 'all.xml'), 'utf8');
    expect(xml).toContain('<testcase classname="first.posted" name="refcount (tasks=2)"/>');
    expect(xml).toContain('<testcase classname="first.fixed" name="deadlock (tasks=2)"/>');
    expect(xml).toMatch(/<testsuites tests="\d+" failures="0" errors="0"/);

    writeFileSync(path, readFileSync(path, 'utf8').replace(/^signature .*$/m, 'signature 01234567'));
    expect((await regress('verdicts', '--junit', 'failed.xml')).status).toBe(20);
    const failed = readFileSync(join(cwd, 'failed.xml'), 'utf8');
    expect(failed).toMatch(/failures="1"[\s\S]*>quiesce replay verdicts\/\S*\.sched --model \.\/first\.model\.ts\n/);
  });

  test('`--update` takes no other flag with it', async () => {
    await fresh('flags');
    for (const flag of ['--json', '--verdicts', '--add', '--junit=x.xml'])
      expect(await regress('flags', '--update', flag)).toMatchObject({ status: 151, stdout: '' });
  });
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
