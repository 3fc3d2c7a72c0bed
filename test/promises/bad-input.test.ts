/** Bad input is refused with its place and, where there is one, the nearest name; nothing half-written is left. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiesce, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();
let schedule = '';

beforeAll(async () => {
  for (const [name, text] of Object.entries(toys))
    writeFileSync(join(cwd, `${name.replaceAll(' ', '-')}.model.ts`), text);
  await quiesce(['check', './deadlock.model.ts', '--quiet'], { cwd });
  const folder = join(cwd, 'runs', 'toy-deadlock-posted');
  const name = readdirSync(folder).find((f) => f.endsWith('.sched')) as string;
  schedule = readFileSync(join(folder, name), 'utf8');
});

describe('the nearest name is suggested', () => {
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ['command', ['chek', 'x'], 'did you mean check?'],
    ['flag', ['check', './holds.model.ts', '--varient', 'x'], 'did you mean --variant?'],
    ['scenario', ['check', 'peers-svb'], 'did you mean peers-sva?'],
    ['exported scenario', ['check', './holds.model.ts#toy-hold'], 'did you mean toy-holds?'],
    ['variant', ['check', './holds.model.ts', '--variant', 'postd'], 'did you mean posted?'],
    ['bound', ['check', './holds.model.ts', '--bound', 'actor=3'], 'did you mean actors?'],
    ['property', ['check', './holds.model.ts', '--property', 'deadlok'], 'did you mean deadlock?'],
    ['expectation', ['check', './holds.model.ts', '--expect', 'deadlok'], 'did you mean deadlock?'],
    ['explanation', ['explain', 'deadlok'], 'did you mean deadlock?'],
    ['system', ['explore', 'svaa'], 'did you mean sva?'],
    ['operation', ['explore', 'sva', '--ops', 'bind,unbnd'], 'did you mean unbind? there are init,'],
    ['kind of object', ['explore', 'sva', '--objects', 'devs=1'], 'did you mean dev?'],
    ['import', ['check', './unknown-import.model.ts'], 'quiesc'],
  ];
  test.concurrent.each(rows)('%s', async (_what, args, hint) => {
    const run = await quiesce(args, { cwd });
    expect(run.stdout).toBe('');
    expect(run.stderr.replaceAll('"', '')).toContain(hint);
    // First and alone.
    expect(run.stderr).toMatch(/^quiesce: /);
  });
});

describe('values of flags are refused with what they should be', () => {
  const rows: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a time without a unit', ['--time', '30'], /30s, 5m or 2h/],
    ['a size in words', ['--mem', 'much'], /512M or 2G/],
    ['no number', ['--depth', '-1'], /whole number/],
    ['zero states', ['--states', '0'], /whole number/],
    ['a bound without a value', ['--bound', 'actors'], /name=number/],
    ['a bound given twice', ['--bound', 'actors=1', '--bound', 'actors=2'], /twice/],
    ['an unknown order', ['--order', 'bfx'], /bfs, dfs, bounded, random, pct/],
  ];
  test.concurrent.each(rows)('%s', async (_what, flags, message) => {
    const run = await quiesce(['check', './holds.model.ts', ...flags], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(message);
  });
});

test('a flag of another order is refused first and alone', async () => {
  const run = await quiesce(['check', './holds.model.ts', '--runs', '5'], { cwd });
  expect(run).toMatchObject({ status: 151, stdout: '' });
  expect(run.stderr).toMatch(/^quiesce: option runs has no meaning for the bfs strategy/);
});

describe('what to look at is told', () => {
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ['without an argument', ['explore'], 'quiesce explore --help tells its arguments and flags'],
    ['with one too many', ['list', 'peers-sva'], 'quiesce list --help tells its arguments and flags'],
    ['without a program', ['explore', 'sva', '--runs', '0'], 'Give a whole number from 1'],
    ['with a file in the place of a folder', ['regress', 'holds.model.ts'], 'quiesce replay drives one schedule'],
    ['with a folder that holds no run', ['reply', '.'], 'quiesce check and grow leave one in runs/'],
  ];
  test.concurrent.each(rows)('%s', async (_what, args, hint) => {
    const run = await quiesce(args, { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(hint);
    expect(run.stderr.split('\n').length).toBeLessThanOrEqual(4);
  });
});

describe('errors in a model file name file and line', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['syntax', 'at syntax.model.ts:4:'],
    ['unknown-import', 'at unknown-import.model.ts:1:'],
    ['throws-on-import', 'at throws-on-import.model.ts:3:'],
    ['bad-name', 'bad-name.model.ts:3:'],
  ];
  test.concurrent.each(rows)('%s', async (name, place) => {
    const run = await quiesce(['check', `./${name}.model.ts`], { cwd });
    expect(run.status).toBe(150);
    expect(run.stderr).toContain(place);
  });

  test('a model that throws names procedure and step', async () => {
    const run = await quiesce(['check', './throws.model.ts'], { cwd });
    expect(run.status).toBe(75);
    expect(run.stderr).toContain('run');
    expect(run.stderr).toContain('broken');
  });
});

describe('a schedule file is refused with its line', () => {
  const spoil: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['empty', () => '', /:1$/m],
    ['not a schedule', () => 'hello\n', /:1$/m],
    ['another version', (t) => t.replace('quiesce schedule 1', 'quiesce schedule 99'), /:1$/m],
    ['cut in the header', (t) => t.split('\n').slice(0, 3).join('\n'), /:\d+$/m],
    ['cut after a step', (t) => t.split('\n').slice(0, 9).join('\n'), /:\d+$/m],
    ['a step that is no step', (t) => t.replace(/^(task\d): .*$/m, '$1 runs'), /:9$/m],
    ['a bound that is no number', (t) => t.replace('actors=2', 'actors=many'), /:4$/m],
    ['binary', () => '\0\x01\x02'.repeat(1000), /:1$/m],
    [
      'huge',
      (t) => t.replace(/^end/m, `${'task0: run/x\n'.repeat(200_000)}end`),
      /too (large|long|many)|more than|at most/,
    ],
  ];
  test.each(spoil)('%s', async (name, change, message) => {
    const file = `${name.replaceAll(' ', '-')}.sched`;
    const spoilt = change(schedule);
    expect(spoilt).not.toBe(schedule);
    writeFileSync(join(cwd, file), spoilt);
    const run = await quiesce(['replay', file, '--model', './deadlock.model.ts'], { cwd });
    expect(run, run.stderr).toMatchObject({ status: 150, stdout: '' });
    expect(run.stderr).toContain(file);
    expect(run.stderr).toMatch(message);
  });

  test('one that was not spoilt is accepted', async () => {
    writeFileSync(join(cwd, 'good.sched'), schedule);
    expect(await quiesce(['replay', 'good.sched', '--model', './deadlock.model.ts'], { cwd })).toMatchObject({
      status: 0,
    });
  });

  test('names in it cannot reach what is no name of the model', async () => {
    writeFileSync(join(cwd, 'hostile.sched'), schedule.replace(/^variant .*/m, 'variant __proto__'));
    const run = await quiesce(['replay', 'hostile.sched', '--model', './deadlock.model.ts'], { cwd });
    expect([2, 150]).toContain(run.status);
    expect(run.stderr).not.toContain('defect');
  });
});

describe('a stored verdict is refused with its place', () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '{"schema": "quiesce.ver', /not JSON/],
    ['another schema', '{"schema": "quiesce.verdict/99"}', /schema/],
    ['fields missing', '{"schema": "quiesce.verdict/1"}', /tool/],
    ['a list', '[]', /document/],
  ];
  test.concurrent.each(rows)('%s', async (name, text, message) => {
    const file = `${name.replaceAll(' ', '-')}.json`;
    writeFileSync(join(cwd, file), text);
    const run = await quiesce(['report', file], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(file);
    expect(run.stderr).toMatch(message);
  });
});

describe('output paths', () => {
  test('one that cannot be written fails before the search starts', async () => {
    writeFileSync(join(cwd, 'occupied'), 'a file');
    const begin = Date.now();
    const run = await quiesce(['check', './large.model.ts', '--out', 'occupied', '--time', '60s'], { cwd });
    expect(run).toMatchObject({ status: 153, stdout: '' });
    expect(run.stderr).toMatch(/cannot write/);
    expect(Date.now() - begin).toBeLessThan(30_000);
    expect(readFileSync(join(cwd, 'occupied'), 'utf8')).toBe('a file');
  });

  // The recursive mkdir of Node 20 never returns here, for root and for anybody else.
  test.skipIf(process.platform !== 'linux')('a file system that takes no folder is told as such', async () => {
    const run = await quiesce(['check', 'vfio-detach-vs-mm-exit', '--out', '/proc/none'], { cwd });
    expect(run).toMatchObject({ status: 153, stdout: '' });
    expect(run.stderr).toMatch(/cannot write/);
  });

  test.skipIf(process.getuid?.() === 0)('a folder without permission is told as such', async () => {
    const locked = join(cwd, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    const run = await quiesce(['check', './holds.model.ts', '--out', 'locked'], { cwd });
    expect(run.status).toBe(153);
    expect(run.stderr).toMatch(/permission denied/);
  });

  test('a verdict whose files cannot be written is told all the same', async () => {
    const signature = /^signature (\w+)$/m.exec(schedule)?.[1];
    mkdirSync(join(cwd, 'unwritten', 'toy-deadlock-posted', `${signature}.html`, 'in-the-way'), { recursive: true });
    const run = await quiesce(['check', './deadlock.model.ts', '--out', 'unwritten'], { cwd });
    expect(run).toMatchObject({ status: 153, stdout: expect.stringMatching(/^VIOLATION deadlock/) });
    expect(run.stderr).toMatch(/^quiesce: cannot write unwritten/m);
  });

  test('a verdict that was decided stays where a later run decides nothing', async () => {
    const check = (...flags: string[]) =>
      quiesce(['check', './holds.model.ts', '--out', 'twice', '--quiet', ...flags], { cwd });
    const folder = join(cwd, 'twice', 'toy-holds-posted');
    const before = await check();
    expect(before).toMatchObject({ status: 0 });
    const decided = readFileSync(join(folder, 'verdict.json'), 'utf8');
    const cut = await check('--states', '1');
    expect(cut).toMatchObject({
      status: 152,
      stdout: expect.stringContaining('document  twice/toy-holds-posted/undecided.json'),
    });
    expect(readFileSync(join(folder, 'verdict.json'), 'utf8')).toBe(decided);
    expect(readdirSync(folder)).toEqual([
      'history.json',
      'undecided.html',
      'undecided.json',
      'verdict.html',
      'verdict.json',
    ]);
    // Other bounds are another question; and what is decided again leaves nothing undecided.
    await check('--bound', 'actors=1', '--states', '1');
    expect(JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8'))).toMatchObject({ outcome: 'undecided' });
    await check();
    expect(readdirSync(folder)).toEqual(['history.json', 'verdict.html', 'verdict.json']);
  });

  test('a model that fails leaves nothing behind', async () => {
    const run = await quiesce(['check', './syntax.model.ts', '--out', 'nothing'], { cwd });
    expect(run.status).toBe(150);
    expect(existsSync(join(cwd, 'nothing'))).toBe(false);
  });

  test('a bound that does not exist leaves nothing behind', async () => {
    const run = await quiesce(['check', './holds.model.ts', '--bound', 'no=1', '--out', 'nothing/at/all'], { cwd });
    expect(run.status).toBe(2);
    expect(existsSync(join(cwd, 'nothing'))).toBe(false);
  });

  test('a check leaves its documents and nothing temporary', async () => {
    await quiesce(['check', './deadlock.model.ts', '--out', 'tidy'], { cwd });
    const files = readdirSync(join(cwd, 'tidy', 'toy-deadlock-posted')).sort();
    expect(files.map((f) => f.replace(/^[0-9a-f]{8}\./, '*.'))).toEqual([
      '*.html',
      '*.sched',
      'history.json',
      'verdict.json',
    ]);
    expect(readdirSync(join(cwd, 'tidy'))).toEqual(['toy-deadlock-posted']);
  });
});
