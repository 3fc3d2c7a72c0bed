/**
 * `quiesce/vitest`: an expectation that is met is silent, one that is not fails with the report as its message and with
 * schedule and page attached. Failing tests run in a vitest of their own.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiesce, root, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();

interface Assertion {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}
let results: ReadonlyMap<string, Assertion>;
let printed: string;

beforeAll(() => {
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(root, join(cwd, 'node_modules', 'quiesce'));
  symlinkSync(join(root, 'node_modules', 'vitest'), join(cwd, 'node_modules', 'vitest'));
  writeFileSync(join(cwd, 'first.model.ts'), readFileSync(join(root, 'docs', 'first.model.ts')));
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(cwd, 'first.test.ts'),
    `import { expectNoRace, expectRace } from 'quiesce/vitest';
import { test } from 'vitest';
import first from './first.model.ts';

const model = './first.model.ts';
test('holds', async () => void (await expectNoRace(first, { variant: 'fixed' })));
test('races', async () => void (await expectRace(first, { kind: 'refcount', property: 'refcount', signature: '57daa1e0', atMost: 4 })));
test('other bounds', async () => void (await expectNoRace(first, { variant: 'fixed', bounds: { tasks: 1 } })));
test('race where none should be', async () => void (await expectNoRace(first, { model })));
test('none where one should be', async () => void (await expectRace(first, { variant: 'fixed' })));
test('another kind', async () => void (await expectRace(first, { kind: 'deadlock' })));
test('another property', async () => void (await expectRace(first, { property: 'leak' })));
test('another signature', async () => void (await expectRace(first, { signature: '01234567' })));
test('too long', async () => void (await expectRace(first, { atMost: 3 })));
test('not finished', async () => void (await expectNoRace(first, { variant: 'fixed', maxStates: 5 })));
test('no room for files', async () => void (await expectNoRace(first, { out: 'package.json' })));
`,
  );
  const run = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=verbose',
      '--reporter=json',
      '--outputFile=out.json',
    ],
    { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: cwd, NO_COLOR: '1' } },
  );
  printed = run.stdout + run.stderr;
  const { testResults } = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as {
    testResults: { assertionResults: Assertion[] }[];
  };
  results = new Map(testResults.flatMap((r) => r.assertionResults).map((a) => [a.title, a]));
});

const messageOf = (title: string) => results.get(title)?.failureMessages.join('\n') ?? '';

test('nothing is warned of', () => {
  expect(printed).not.toMatch(/deprecated/i);
});

test.each(['holds', 'races', 'other bounds'])('met: %s', (title) => {
  expect(results.get(title)?.status, printed).toBe('passed');
});

describe('not met', () => {
  test.each([
    ['race where none should be', /^RaceError: =+\nMODEL: refcount in toy_use\n/],
    ['none where one should be', /^RaceError: expected a violation, found none\nNO VIOLATION within bounds/],
    ['another kind', /^RaceError: expected deadlock, found refcount of refcount \(57daa1e0\)/],
    ['another property', /^RaceError: expected a violation of leak, found /],
    ['another signature', /^RaceError: expected a violation \(01234567\), found /],
    ['too long', /^RaceError: expected at most 3 steps, found 4\n=+\nMODEL: refcount/],
    ['not finished', /^RaceError: NO VIOLATION SO FAR/],
    ['no room for files', /^RaceError: =+\nMODEL: refcount[\s\S]*\n=+\nnot written: ENOTDIR/],
  ] as const)('%s', (title, message) => {
    expect(results.get(title)?.status).toBe('failed');
    expect(messageOf(title)).toMatch(message);
  });

  test('the stack begins in the test', () => {
    expect(messageOf('too long')).toMatch(/\n {4}at \S*first\.test\.ts:/);
  });

  test('schedule and page are attached', () => {
    expect(printed).toContain('schedule runs/first-posted/57daa1e0.sched');
    expect(printed).toContain('report runs/first-posted/57daa1e0.html');
    expect(readFileSync(join(cwd, 'runs', 'first-posted', '57daa1e0.html'), 'utf8')).toContain('<!doctype html>');
  });

  test('the command in the message replays it', async () => {
    const command =
      /replay: (quiesce replay [^\n]*)/.exec(messageOf('race where none should be').replace(/\\\n\s*/, ''))?.[1] ?? '';
    expect(command).toBe('quiesce replay runs/first-posted/57daa1e0.sched --model ./first.model.ts');
    const run = await quiesce(command.split(' ').slice(1), { cwd });
    expect(run, run.stderr).toMatchObject({ status: 0 });
  });
});
