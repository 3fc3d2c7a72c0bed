/** The library gives the documents that the program gives. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quiesce, root, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();

/** Runs a module in the repository, where `quiesce` is the package itself. */
function node(text: string): string {
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', text], { cwd: root, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return run.stdout;
}

test('check() returns the document that --json prints', async () => {
  const printed = node(`
    import { check, scenarios, verdictToJson } from 'quiesce';
    const scenario = scenarios.find((s) => s.name === 'peers-sva');
    process.stdout.write(verdictToJson(await check(scenario, { variant: 'posted' })));
  `);
  const run = await quiesce(['check', 'peers-sva', '--variant', 'posted', '--json', '--quiet'], { cwd });
  const before = (text: string) => text.split('\n  "timing":')[0];
  expect(before(printed)).toBe(before(run.stdout));
});

test('an abort signal stops a search, which is then undecided', () => {
  const outcome = node(`
    import { check, scenarios } from 'quiesce';
    const scenario = scenarios.find((s) => s.name === 'peers-sva');
    const abort = new AbortController();
    const verdict = await check(scenario, {
      variant: 'fixed-l',
      signal: abort.signal,
      onProgress: (p) => { if (p.states > 1000) abort.abort(); },
    });
    console.log(verdict.outcome, verdict.complete, verdict.counts.left > 0);
  `);
  expect(outcome).toBe('undecided false true\n');
});

test('a stored schedule replays through the library', () => {
  const result = node(`
    import { check, parseSchedule, replay, scenarios } from 'quiesce';
    const scenario = scenarios.find((s) => s.name === 'peers-sva');
    const { violations: [found] } = await check(scenario, { variant: 'posted' });
    const again = replay(scenario, parseSchedule(found.schedule));
    console.log(again.result, again.counterexample.signature === found.signature);
  `);
  expect(result).toBe('reproduced true\n');
});

test('replay() returns the document that replay --json prints', async () => {
  const stored = join('scenarios', 'regressions', 'peers-sva.posted.a351ae9c.sched');
  const printed = node(`
    import { readFileSync } from 'node:fs';
    import { parseSchedule, replay, scenarios } from 'quiesce';
    const scenario = scenarios.find((s) => s.name === 'peers-sva');
    const schedule = parseSchedule(readFileSync(${JSON.stringify(stored)}, 'utf8'));
    process.stdout.write(JSON.stringify(replay(scenario, schedule), null, 2));
  `);
  const run = await quiesce(['replay', join(root, stored), '--json'], { cwd });
  expect(printed).toBe(run.stdout.trimEnd());
});

test('a wrong option is a QuiesceError with a code', () => {
  const code = node(`
    import { check, QuiesceError, scenarios } from 'quiesce';
    await check(scenarios[0], { variant: 'no such' }).catch((e) => console.log(e instanceof QuiesceError, e.code));
  `);
  expect(code).toBe('true usage\n');
});
