/** The library gives the documents that the program gives. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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
    import { parseSchedule, replay, replayToJson, scenarios } from 'quiesce';
    const scenario = scenarios.find((s) => s.name === 'peers-sva');
    const schedule = parseSchedule(readFileSync(${JSON.stringify(stored)}, 'utf8'));
    process.stdout.write(replayToJson(replay(scenario, schedule)));
  `);
  const run = await quiesce(['replay', join(root, stored), '--json'], { cwd });
  expect(printed.trimEnd()).toBe(run.stdout.trimEnd());
});

describe('explore()', () => {
  const system = `
    import { explore, QuiesceError, systemNamed } from 'quiesce';
    const system = await systemNamed('iommufd');
  `;

  test('tells its progress to whoever reads it, and gives the same result as without', () => {
    const told = node(`${system}
      const running = explore(system, { runs: 3, maxStates: 2000 });
      const phases = new Set();
      let last = 0;
      for await (const { phase, run, runs } of running) {
        phases.add(phase);
        if (run < last || runs !== 3) throw new Error('progress goes back');
        last = run;
      }
      const read = await running;
      const unread = await explore(system, { runs: 3, maxStates: 2000 });
      const text = ({ found, ...rest }) => JSON.stringify([rest, found.map((f) => f.verdict.violations[0].schedule)]);
      console.log([...phases].sort().join(), last > 0, text(read) === text(unread), read.found.length > 0);
    `);
    expect(told).toBe('search,shrink true true true\n');
  });

  test('returns the document that explore --json prints', async () => {
    const printed = node(`${system}
      import { explorationToJson } from 'quiesce';
      process.stdout.write(explorationToJson(await explore(system, { runs: 2, maxStates: 2000 })));
    `);
    const run = await quiesce(['explore', 'iommufd', '--runs', '2', '--states', '2000', '--json', '--quiet'], { cwd });
    expect(printed.trimEnd()).toBe(run.stdout.trimEnd());
    expect(JSON.parse(printed).found).not.toEqual([]);
  });

  test('an abort signal ends it with what was found by then', () => {
    const told = node(`${system}
      const abort = new AbortController();
      const stopped = await explore(system, {
        runs: 2000,
        maxStates: 2000,
        signal: abort.signal,
        onFound: () => abort.abort(),
      });
      const already = await explore(system, { runs: 2000, signal: AbortSignal.abort() });
      console.log(stopped.stopped, stopped.found.length > 0, stopped.runs < 2000, already.stopped, already.runs);
    `);
    expect(told).toBe('true true true true 0\n');
  });

  test('an abort while a violation is made smaller does not lose it', () => {
    const told = node(`${system}
      const abort = new AbortController();
      const { found, stopped } = await explore(system, {
        runs: 2000,
        maxStates: 2000,
        signal: abort.signal,
        onProgress: ({ phase }) => phase === 'shrink' && abort.abort(),
      });
      const [{ program, first, tried, verdict }] = found;
      console.log(stopped, tried, JSON.stringify(program) === JSON.stringify(first), verdict.violations.length);
    `);
    expect(told).toBe('true 0 true 1\n');
  });

  test('whoever stops reading leaves it alone', () => {
    const told = node(`${system}
      const running = explore(system, { runs: 2, maxStates: 2000 });
      for await (const _ of running) break;
      console.log((await running).runs);
    `);
    expect(told).toBe('2\n');
  });

  test('a wrong option goes to who waits and to who reads', () => {
    const told = node(`${system}
      const wrong = () => explore(system, { ops: ['no such'] });
      await wrong().catch((e) => console.log(e instanceof QuiesceError, e.code));
      try { for await (const _ of wrong()); } catch (e) { console.log(e.code); }
    `);
    expect(told).toBe('true usage\nusage\n');
  });
});

test('a wrong option is a QuiesceError with a code', () => {
  const code = node(`
    import { check, QuiesceError, scenarios } from 'quiesce';
    await check(scenarios[0], { variant: 'no such' }).catch((e) => console.log(e instanceof QuiesceError, e.code));
  `);
  expect(code).toBe('true usage\n');
});
