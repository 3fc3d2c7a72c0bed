/**
 * A search that is killed again and again, at any moment, and taken up each time ends with the document of one that was
 * left alone; so does one whose states go to disk. What neither can do is refused with the exit status of bad usage.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import seedrandom from 'seedrandom';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiesce, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const SEED = process.env['QUIESCE_SEED'] ?? '20180511';
const cwd = scratchFolder();
const name = 'peers-sva-fixed-m';
const search = ['check', 'peers-sva', '--quiet'];
const fresh = [...search, '--variant', 'fixed-m'];

/** The document of a run, without what depends on time. */
function verdict(out: string): Record<string, unknown> {
  const document = JSON.parse(readFileSync(join(cwd, out, name, 'verdict.json'), 'utf8')) as Record<string, unknown>;
  delete document['timing'];
  return document;
}

beforeAll(async () => {
  writeFileSync(join(cwd, 'holds.model.ts'), toys.holds);
  expect(await quiesce([...fresh, '--out', 'alone'], { cwd })).toMatchObject({ status: 0 });
});

describe('SIGKILL', () => {
  test.each([1, 2])(`at any moment, %i workers, seed ${SEED}`, async (workers) => {
    const random = seedrandom(`kill ${SEED} ${workers}`);
    const out = `killed-${workers}`;
    const stored = join(cwd, out, name, 'search.checkpoint');
    let kills = 0;
    let resumed = 0;
    for (;;) {
      // Once a search has left a checkpoint, the next one goes on from there.
      const from = existsSync(stored) ? ['--resume', join(out, name)] : ['--variant', 'fixed-m'];
      if (from[0] === '--resume') resumed++;
      // Later ones are given more time, so that it ends on a machine of any speed.
      const patience = (150 + 400 * random()) * 1.15 ** kills;
      let timer: NodeJS.Timeout | undefined;
      const args = [
        ...search,
        ...from,
        '--out',
        out,
        '--workers',
        `${workers}`,
        '--checkpoint-every',
        '50ms',
        '--events',
      ];
      const run = await quiesce(args, {
        cwd,
        watch: (_, kill) => {
          timer ??= setTimeout(() => kill('SIGKILL'), patience);
        },
      });
      clearTimeout(timer);
      if (run.status !== null) {
        expect(run, run.stderr).toMatchObject({ status: 0 });
        break;
      }
      kills++;
    }
    expect(kills).toBeGreaterThan(1);
    expect(resumed).toBeGreaterThan(0);
    expect(verdict(out)).toEqual(verdict('alone'));
    // Nothing half-written is left, and the checkpoint of a search that has ended is gone.
    expect(readdirSync(join(cwd, out, name)).sort()).toEqual(readdirSync(join(cwd, 'alone', name)).sort());
  });
});

describe('--mem', () => {
  const within = ['check', 'peers-sva', '--variant', 'fixed-m', '--mem'];

  test.each([
    ['the folder of the run', 'spilled', []],
    ['another one', 'spilled-elsewhere', ['--spill', '.']],
  ])('a search whose memory is full goes on in %s, and its verdict tells so', async (_where, out, where) => {
    const run = await quiesce([...within, '200M', ...where, '--out', out], { cwd });
    expect(run, run.stderr).toMatchObject({ status: 0 });
    const spilled = verdict(out);
    const alone = verdict('alone');
    expect(spilled['outcome']).toBe('holds');
    for (const same of ['complete', 'counts', 'properties', 'coverage'])
      expect({ [same]: without(spilled[same], 'memoryBytes') }).toEqual({
        [same]: without(alone[same], 'memoryBytes'),
      });
    expect(run.stderr).toMatch(/spilled to disk at level \d+/);
    for (const folder of [cwd, join(cwd, out, name)])
      expect(readdirSync(folder).filter((file) => file.startsWith('quiesce-spill'))).toEqual([]);
  });

  test('--no-spill ends it there', async () => {
    const run = await quiesce([...within, '20M', '--no-spill', '--out', 'stopped'], { cwd });
    expect(run, run.stderr).toMatchObject({ status: 152 });
    expect(verdict('stopped')).toMatchObject({ outcome: 'undecided', incompleteBecause: 'memory limit' });
  });
});

function without(value: unknown, key: string): unknown {
  return JSON.parse(JSON.stringify(value, (k, v) => (k === key ? undefined : v)));
}

describe('refused', () => {
  test.each([
    [['--spill', '.'], 151, /without mem/],
    [['--spill', './nowhere', '--mem', '200M'], 153, /nowhere/],
    [['--resume', './nowhere'], 2, /no checkpoint/],
    [['--checkpoint', '--store', 'compact'], 151, /checkpoint.*compact/],
    [['--checkpoint', '--persistent-sets'], 151, /checkpoint.*persistent/],
    [['--checkpoint', '--order', 'dfs'], 151, /checkpoint.*dfs/],
  ] as const)('%j', async (args, status, words) => {
    const run = await quiesce(['check', './holds.model.ts', ...args], { cwd });
    expect(run, run.stderr).toMatchObject({ status, stdout: '' });
    expect(run.stderr).toMatch(words);
  });

  test('a checkpoint of another model, a cut one, and a damaged one', async () => {
    const left = await quiesce([...fresh, '--out', 'left', '--states', '20000', '--checkpoint'], { cwd });
    expect(left.stderr).toBe('');
    const file = join(cwd, 'left', name, 'search.checkpoint');
    const whole = readFileSync(file);
    const resume = () => quiesce([...search, '--resume', join('left', name), '--out', 'left'], { cwd });
    writeFileSync(file, whole.subarray(0, whole.length - 7));
    expect(await resume()).toMatchObject({ status: 150, stdout: '' });
    const damaged = Buffer.from(whole);
    damaged[whole.length >> 1] = (damaged[whole.length >> 1] as number) ^ 1;
    writeFileSync(file, damaged);
    expect(await resume()).toMatchObject({ status: 150, stdout: '' });
    writeFileSync(file, whole);
    const other = await quiesce(['check', './holds.model.ts', '--resume', join('left', name), '--quiet'], { cwd });
    expect(other, other.stderr).toMatchObject({ status: 151, stdout: '' });
    expect(other.stderr).toMatch('the scenario was "peers-sva"');
    expect(await resume()).toMatchObject({ status: 0 });
  });
});
