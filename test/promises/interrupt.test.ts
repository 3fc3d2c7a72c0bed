/** Ctrl-C, a closed pipe, and the two streams: what a check does when its surroundings change. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { program, quiesce, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();

beforeAll(() => {
  for (const name of ['large', 'holds', 'deadlock'] as const) writeFileSync(join(cwd, `${name}.model.ts`), toys[name]);
});

describe('an interrupted search', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s tells what is known so far and exits %i', async (signal, status) => {
    let sent = false;
    const run = await quiesce(
      ['check', './large.model.ts', '--events', '--workers', '2', '--out', signal, '--time', '60s'],
      {
        cwd,
        watch: ({ stdout }, kill) => {
          // By then the search runs: a signal before it would end the program in the default way.
          if (sent || !stdout.includes('"event":"progress"')) return;
          sent = true;
          kill(signal);
        },
      },
    );
    expect(run, run.stderr).toMatchObject({ status });
    const end = JSON.parse(run.stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(end).toMatchObject({ event: 'end', outcome: 'undecided', complete: false });
    const stored = JSON.parse(readFileSync(join(cwd, signal, 'toy-large-posted', 'verdict.json'), 'utf8'));
    expect(stored).toMatchObject({ outcome: 'undecided', complete: false });
    expect(stored.counts.states).toBeGreaterThan(1);
    expect(stored.counts.left).toBeGreaterThan(0);
    // What the checkpoint does not hold is said again: where results go, how many threads, in which form.
    expect(run.stderr).toContain(
      `go on with: quiesce check ./large.model.ts --resume ${signal}/toy-large-posted/search.checkpoint --workers 2 --events --out ${signal}\n`,
    );
  });
});

test('a closed stdout ends the program quietly', async () => {
  const child = spawn(process.execPath, [program, 'check', './large.model.ts', '--events', '--time', '60s'], { cwd });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect(status).toBe(141);
  expect(stderr).not.toMatch(/EPIPE|Error/);
});

describe('streams', () => {
  test('--json leaves exactly one document on stdout', async () => {
    const run = await quiesce(['check', './holds.model.ts', '--json'], { cwd });
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 'quiesce.verdict/1', outcome: 'holds' });
    expect(run.stdout.endsWith('}\n')).toBe(true);
  });

  test('the document on stdout is the one in the run folder', async () => {
    const run = await quiesce(['check', './deadlock.model.ts', '--json', '--out', 'same'], { cwd });
    expect(readFileSync(join(cwd, 'same', 'toy-deadlock-posted', 'verdict.json'), 'utf8')).toBe(run.stdout);
  });

  test('--events is one JSON object a line, from start to end', async () => {
    const run = await quiesce(['check', './deadlock.model.ts', '--events'], { cwd });
    const events = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events[0]).toBe('start');
    expect(events.slice(-2)).toEqual(['violation', 'end']);
    expect(events.slice(1, -2).every((e) => e === 'progress')).toBe(true);
  });

  test('the start event tells every option that was given', async () => {
    const flags = ['--order', 'pct', '--seed', '7', '--runs', '3', '--time', '30s', '--property', 'deadlock', '--all'];
    const run = await quiesce(['check', './deadlock.model.ts', '--events', '--quiet', ...flags], { cwd });
    const [start] = run.stdout.split('\n').map((line) => (line === '' ? null : JSON.parse(line)));
    expect(start).toMatchObject({
      event: 'start',
      options: { strategy: 'pct', seed: '7', runs: 3, maxSeconds: 30, properties: ['deadlock'], all: true },
    });
  });

  test('--quiet leaves stderr empty', async () => {
    expect(await quiesce(['check', './deadlock.model.ts', '--quiet'], { cwd })).toMatchObject({
      status: 11,
      stderr: '',
    });
  });

  test('without a terminal there is no control character', async () => {
    const run = await quiesce(['check', './deadlock.model.ts'], { cwd });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(run.stdout + run.stderr).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });
});
