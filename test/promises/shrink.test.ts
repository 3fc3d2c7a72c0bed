/** `quiesce shrink` from the command line: what it writes replays, and what cannot be shrunk is one clear answer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();
const folder = 'runs/ioasid-quota-double-free';
const stored = `${folder}/cb89d3f3.sched`;

beforeAll(async () => {
  await quiesce(['check', 'ioasid-quota', '--variant', 'double-free', '--order', 'pct', '--no-shrink', '--quiet'], {
    cwd,
  });
});

test('the result is written beside the schedule and replays', async () => {
  const run = await quiesce(['shrink', stored], { cwd });
  expect(run, run.stderr).toMatchObject({ status: 0 });
  expect(run.stdout).toMatch(/\nafter {5}12 steps, 1 switch, proven minimal\nschedule {2}\S+\.shrunk\.sched\n$/);
  const replayed = await quiesce(['replay', `${folder}/cb89d3f3.shrunk.sched`], { cwd });
  expect(replayed.status).toBe(0);
  expect(readFileSync(join(cwd, folder, 'cb89d3f3.shrunk.sched'), 'utf8')).toContain('signature cb89d3f3\n');
});

test('as a document, and without a proof', async () => {
  const run = await quiesce(['shrink', stored, '--states', '0', '--json', '-o', 'small.sched'], { cwd });
  const { before, because, counterexample } = JSON.parse(run.stdout);
  expect(because).toBe('no search was made');
  expect(counterexample.signature).toBe('cb89d3f3');
  expect(counterexample.steps.length).toBeLessThanOrEqual(before.steps);
  expect(readFileSync(join(cwd, 'small.sched'), 'utf8')).toBe(counterexample.schedule);
});

test('one that no longer applies is told, and nothing is written', async () => {
  const text = readFileSync(join(cwd, stored), 'utf8');
  writeFileSync(join(cwd, 'other.sched'), text.replace(/^signature .*$/m, 'signature 01234567'));
  const other = await quiesce(['shrink', 'other.sched', '-o', 'none.sched'], { cwd });
  expect(other.status).toBe(20);
  expect(other.stdout).toMatch(/^ANOTHER VIOLATION: memory \(cb89d3f3\) instead of memory \(01234567\)/);
  writeFileSync(join(cwd, 'bad.sched'), text.replace('variant double-free', 'variant fixed'));
  expect((await quiesce(['shrink', 'bad.sched', '-o', 'none.sched'], { cwd })).status).toBe(20);
  expect(() => readFileSync(join(cwd, 'none.sched'))).toThrow(/ENOENT/);
});
