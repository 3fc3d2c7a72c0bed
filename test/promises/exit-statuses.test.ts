/** Exit statuses, one row each: what scripts and continuous integration rely on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exitStatuses } from '../../cli/exit.ts';
import { quiesce, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();

beforeAll(() => {
  for (const [name, text] of Object.entries(toys)) writeFileSync(join(cwd, file(name)), text);
  writeFileSync(join(cwd, 'broken.sched'), 'quiesce schedule 1\nscenario x\n');
});

function file(name: string): string {
  return `${name.replaceAll(' ', '-')}.model.ts`;
}

const check = (name: string, ...flags: string[]) => ['check', `./${file(name)}`, ...flags];

const rows: readonly (readonly [number, string, readonly string[]])[] = [
  [0, 'every property holds', check('holds')],
  [0, 'the expected violation was found', check('deadlock', '--expect', 'deadlock')],
  [0, 'nothing was expected, nothing found', check('holds', '--expect', 'none')],
  [0, 'help', ['--help']],
  [0, 'version', ['--version']],
  [2, 'no command', []],
  [2, 'unknown command', ['chek']],
  [2, 'unknown flag', ['list', '--jsno']],
  [2, 'unknown scenario', ['check', 'no-such-scenario']],
  [2, 'unknown variant', check('holds', '--variant', 'postd')],
  [2, 'unknown bound', check('holds', '--bound', 'acters=2')],
  [2, 'unknown property', check('holds', '--property', 'no such')],
  [2, 'missing file', ['check', './no-such.model.ts']],
  [2, 'too many arguments', ['list', 'this']],
  [10, 'a goal was never reached', check('unreached')],
  [11, 'deadlock', check('deadlock')],
  [12, 'use after free', check('use-after-free')],
  [13, 'what must come never comes', check('liveness')],
  [13, 'what must come never comes, depth first', check('liveness', '--order', 'dfs')],
  [0, 'it was expected not to come', check('liveness', '--expect', 'liveness')],
  [0, 'it does not come, as declared', check('liveness', '--expect', 'declared')],
  [14, 'assertion', check('assertion')],
  [14, 'assertion, all violations collected', check('assertion', '--all')],
  [20, 'a violation where none was expected', check('deadlock', '--expect', 'none')],
  [20, 'another violation than expected', check('deadlock', '--expect', 'leak')],
  [20, 'not the verdict the scenario declares', check('deadlock', '--expect', 'declared')],
  [75, 'a step threw', check('throws')],
  [150, 'a field out of its range', check('range')],
  [150, 'a model with a syntax error', check('syntax')],
  [150, 'a model that imports what is not there', check('unknown import')],
  [150, 'a model without a scenario', check('no scenario')],
  [150, 'a model that throws while it is imported', check('throws on import')],
  [150, 'a model that is malformed', check('bad name')],
  [150, 'a truncated schedule', ['replay', 'broken.sched']],
  [151, 'flags that do not go together', check('holds', '--json', '--events')],
  [151, 'a flag without effect', check('holds', '--seed', 'x')],
  [151, 'workers for an order that uses one', check('holds', '--order', 'dfs', '--workers', '2')],
  [151, 'a promise about what comes with symmetry', check('liveness', '--symmetry')],
  [151, 'a promise about what comes with walks', check('liveness', '--order', 'pct', '--property', 'ends')],
  [152, 'a promise about what comes, left open by walks', check('liveness', '--order', 'random')],
  [152, 'a limit of states', check('large', '--states', '1000')],
  [152, 'a limit of time', check('large', '--time', '300ms')],
  [152, 'a limit of depth', check('large', '--depth', '3')],
  [152, 'random walks that found nothing', check('holds', '--order', 'random', '--runs', '10')],
  [152, 'an expectation that is still open', check('large', '--states', '1000', '--expect', 'none')],
];

describe('exit status', () => {
  test.concurrent.each(rows)('%i: %s', async (status, _what, args) => {
    const run = await quiesce(args, { cwd });
    expect(run, run.stderr).toMatchObject({ status });
    expect(Object.keys(exitStatuses)).toContain(String(status));
    // Errors explain themselves; nobody is shown a stack.
    if (status === 2 || status === 75 || status >= 150) expect(run.stderr + run.stdout).toMatch(/\S/);
    expect(run.stderr).not.toMatch(/^ {4}at /m);
  });
});
