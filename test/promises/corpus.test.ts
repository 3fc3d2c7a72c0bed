/** `quiesce corpus`: the lines, the document, the files, the exit statuses. The whole of it runs in scenarios.test.ts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CorpusRun } from '../../reports/index.ts';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();
const two = ['corpus', 'vfio-unbind-vs-exit', 'sva-param-read'];
const withoutTiming = (json: string) => json.slice(0, json.indexOf('"timing"'));

test('one line a variant in the order of the names, then what they come to', async () => {
  const run = await quiesce(two, { cwd });
  expect(run, run.stderr).toMatchObject({ status: 0, stderr: '' });
  const lines = run.stdout.trimEnd().split('\n');
  const starts = ['sva-param-read', 'sva-param-read', 'vfio-unbind-vs-exit', 'vfio-unbind-vs-exit'];
  expect(lines.slice(0, starts.length).map((line) => line.split(/ +/).slice(0, 2))).toEqual(
    starts.map((name) => ['ok', name]),
  );
  expect(lines[1]).toMatch(/^ok {5}sva-param-read +no-wait +use-after-free in 18 +[\d,]+ +[\d.]+ s$/);
  expect(run.stdout).toContain('4 variants of 2 scenarios: 2 violated, 2 hold; ');
  expect(run.stdout).toMatch(/, 2 searches at a time; slowest: /);
  expect(lines.at(-1)).toBe('every verdict is the expected one');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  expect(existsSync(join(cwd, 'runs', 'vfio-unbind-vs-exit-posted', 'verdict.html'))).toBe(true);
});

test('the document is the same for any number of searches at a time, but for its timing', async () => {
  const [one, three] = [
    await quiesce([...two, '--json', '--jobs', '1', '--out', 'one'], { cwd }),
    await quiesce([...two, '--json', '--jobs', '3', '--out', 'three'], { cwd }),
  ];
  expect(one.status).toBe(0);
  expect(withoutTiming(three.stdout)).toBe(withoutTiming(one.stdout));
  expect((JSON.parse(three.stdout) as CorpusRun).timing).toMatchObject({ jobs: 3, results: { length: 4 } });
});

test('--needs adds the smallest bounds of each bug', async () => {
  const run = await quiesce(['corpus', 'vfio-init-leak', '--needs', '--json', '--quiet'], { cwd });
  expect((JSON.parse(run.stdout) as { needs: unknown }).needs).toEqual({
    'vfio-init-leak posted': {
      bounds: { kmalloc_failures: 1, binders: 1 },
      failures: { kmalloc: 1 },
      steps: expect.any(Number),
      proven: true,
    },
  });
});

test('Ctrl-C ends it, with what is known by then', async () => {
  let sent = false;
  const run = await quiesce(['corpus', 'peers-dining', 'peers-sva', '--jobs', '1'], {
    cwd,
    watch: ({ stdout }, kill) => {
      if (sent || !stdout.includes('peers-dining')) return;
      sent = true;
      kill('SIGINT');
    },
  });
  expect(run, run.stderr).toMatchObject({ status: 130 });
  expect(run.stdout).toContain('interrupted: the other variants were not searched');
});

describe('what is wrong is refused', () => {
  test.each([
    [['corpus', 'vfio-init-leek'], 2, 'did you mean vfio-init-leak?'],
    [['corpus', '--jobs', '0'], 2, 'Give a whole number from 1'],
    [['corpus', '--out', '/proc/nowhere'], 153, 'cannot write to'],
  ])('%j', async (args, status, what) => {
    const run = await quiesce(args, { cwd });
    expect(run).toMatchObject({ status, stdout: '' });
    expect(run.stderr).toContain(what);
  });
});
