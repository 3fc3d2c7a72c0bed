/** `quiesce grow`: the table, the document, the files, the exit statuses, and what Ctrl-C leaves. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Growth, Needs } from '../../index.ts';
import { quiesce, root, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();

beforeAll(() => {
  copyFileSync(join(root, 'docs', 'first.model.ts'), join(cwd, 'first.model.ts'));
  writeFileSync(join(cwd, 'large.model.ts'), toys.large);
  writeFileSync(join(cwd, 'unreached.model.ts'), toys.unreached);
});

const withoutTiming = (json: string) => json.slice(0, json.indexOf('"timing"'));

describe('upwards', () => {
  const upTo3 = ['grow', './first.model.ts', '--variant', 'fixed', '--bound', 'tasks=1..3'];

  test('prints the table and the largest complete bounds, and succeeds', async () => {
    const run = await quiesce([...upTo3, '--quiet'], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toMatch(/^GROW first fixed\n {2}tasks {2}verdict {2}states {2}depth {2}growth\n/);
    expect(run.stdout).toMatch(/^ {6}3 {2}holds +416 +16 {2}x3\.6$/m);
    expect(run.stdout).toMatch(/^largest complete: tasks=3, 416 states$/m);
    expect(run.stdout).toMatch(/^ended: every cell of the ranges was seen$/m);
  });

  test('tells each cell on stderr while it goes on', async () => {
    const run = await quiesce(upTo3, { cwd });
    expect(run.stderr.trimEnd().split('\n')).toEqual([
      'tasks=1  holds  29 states',
      'tasks=2  holds  116 states',
      'tasks=3  holds  416 states',
    ]);
  });

  test('gives one document, the one in its folder; two runs differ in timing only', async () => {
    const [one, other] = [
      await quiesce([...upTo3, '--json', '--out', 'one'], { cwd }),
      await quiesce([...upTo3, '--json', '--out', 'other'], { cwd }),
    ];
    const document = JSON.parse(one.stdout) as Growth;
    expect(document).toMatchObject({ schema: 'quiesce.grow/1', scenario: 'first', largest: [{ tasks: 3 }] });
    expect(readFileSync(join(cwd, 'one', 'first-fixed', 'grow', 'document.json'), 'utf8')).toBe(one.stdout);
    expect(withoutTiming(one.stdout)).toBe(withoutTiming(other.stdout));
    expect(Object.keys(document).at(-1)).toBe('timing');
  });

  test('is the same with two workers', async () => {
    const alone = await quiesce([...upTo3, '--json'], { cwd });
    const two = await quiesce([...upTo3, '--json', '--workers', '2'], { cwd });
    expect(withoutTiming(two.stdout)).toBe(withoutTiming(alone.stdout));
  });

  test('a violation decides the status, and its schedule replays', async () => {
    const run = await quiesce(['grow', './first.model.ts', '--bound', 'tasks=0..3', '--json', '--out', 'bad'], { cwd });
    expect(run.status).toBe(12);
    const { cells, largest } = JSON.parse(run.stdout) as Growth;
    expect(cells.map((c) => c.outcome)).toEqual(['holds', 'violated']);
    expect(largest).toEqual([{ tasks: 0 }]);
    const schedule = cells[1]?.violation?.schedule as string;
    expect(existsSync(join(cwd, schedule))).toBe(true);
    expect(await quiesce(['replay', schedule, '--model', './first.model.ts'], { cwd })).toMatchObject({ status: 0 });
  });

  test('a goal that is never reached has the status of one', async () => {
    expect(await quiesce(['grow', './unreached.model.ts'], { cwd })).toMatchObject({ status: 10 });
  });

  test('nothing complete is undecided', async () => {
    const run = await quiesce([...upTo3, '--states', '5', '--quiet'], { cwd });
    expect(run.status).toBe(152);
    expect(run.stdout).toContain('largest complete: none');
    expect(run.stdout).toContain('ended: every direction ends: a limit');
  });

  test('Ctrl-C prints the table so far, with the cell that was cut', async () => {
    let sent = false;
    const run = await quiesce(['grow', './large.model.ts', '--bound', 'actors=1..5', '--time', '100s'], {
      cwd,
      watch: ({ stderr }, kill) => {
        if (sent || !stderr.includes('actors=2')) return;
        sent = true;
        kill('SIGINT');
      },
    });
    expect(run, run.stderr).toMatchObject({ status: 130 });
    expect(run.stdout).toMatch(/^ +1 {2}holds +100 /m);
    expect(run.stdout).toMatch(/^ +2 {2}holds +10,000 /m);
    expect(run.stdout).toMatch(/^ +3 {2}undecided /m);
    expect(run.stdout).toMatch(/^ +interrupted$/m);
    expect(run.stdout).toContain('largest complete: actors=2, 10,000 states');
    expect(run.stdout).toContain('ended: interrupted');
  });
});

describe('quiesce report', () => {
  const printed = (stdout: string) => stdout.replace(/^document .*\n/m, '');

  test.each([
    ['a growth', [], 'grow'],
    ['what a bug needs', ['--down'], 'needs'],
  ])('prints %s again, from the document alone', async (_what, flags, part) => {
    const run = await quiesce(['grow', './first.model.ts', '--bound', 'tasks=1..2', '--quiet', ...flags], { cwd });
    const folder = join('runs', 'first-posted', part);
    for (const path of [folder, join(folder, 'document.json')]) {
      const again = await quiesce(['report', path, '--text'], { cwd });
      expect(again).toMatchObject({ status: 0, stderr: '', stdout: printed(run.stdout) });
    }
  });

  test('has no page of a growth, and says so', async () => {
    const run = await quiesce(['report', join('runs', 'first-posted', 'grow'), '-o', 'growth.html'], { cwd });
    expect(run).toMatchObject({ status: 151, stdout: '' });
    expect(run.stderr).toContain('there is no HTML report of a growth');
    expect(existsSync(join(cwd, 'growth.html'))).toBe(false);
  });

  test('names what is wrong with a document', async () => {
    writeFileSync(join(cwd, 'wrong.json'), '{"schema":"quiesce.grow/1","tool":{}}');
    const run = await quiesce(['report', 'wrong.json'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain('not a stored document of grow: tool.name should be one of quiesce, not nothing');
    expect(run.stderr).toContain('wrong.json');
  });
});

describe('--down', () => {
  test('prints the smallest bounds and that it is proven; the status is that of the bug', async () => {
    const run = await quiesce(['grow', './first.model.ts', '--down', '--quiet'], { cwd });
    expect(run.status).toBe(12);
    expect(run.stdout).toContain('needs: tasks=1, no injected failure');
    expect(run.stdout).toContain('every smaller one was searched and does not show it');
  });

  test('finds the failures that a scenario of the corpus needs', async () => {
    const run = await quiesce(['grow', 'vfio-init-leak', '--down', '--json', '--quiet'], { cwd });
    expect(JSON.parse(run.stdout) as Needs).toMatchObject({
      schema: 'quiesce.needs/1',
      scenario: 'vfio-init-leak',
      bounds: { kmalloc_failures: 1, binders: 1 },
      failures: { kmalloc: 1 },
      proven: true,
    });
  });

  test('a range says where to start and where to stop', async () => {
    const run = await quiesce(['grow', './first.model.ts', '--down', '--bound', 'tasks=2..3', '--json'], { cwd });
    expect(JSON.parse(run.stdout) as Needs).toMatchObject({ declared: { tasks: 3 }, bounds: { tasks: 2 } });
  });

  test('succeeds where there is no bug', async () => {
    const run = await quiesce(['grow', './first.model.ts', '--variant', 'fixed', '--down', '--quiet'], { cwd });
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('nothing to make smaller: no violation at the declared bounds');
  });
});

test.each([
  [['--bound', 'tasks=3..1'], 2, 'Give a bound as name=number, name=1..4'],
  [['--bound', 'task=1..3'], 2, 'scenario first has no bound "task"'],
  [['--bound', 'tasks=1..', '--bound', 'tasks=2'], 2, 'The bound tasks is given twice'],
  [['--down', '--bound', 'tasks=1..'], 151, '--bound tasks has no upper end'],
  [['--variant', 'fixt'], 2, 'did you mean fixed?'],
  [['--order', 'dfs'], 2, "unknown option '--order'"],
  [['--symmetry'], 151, 'declares no interchangeable blocks'],
  [['--bound', 'tasks=300..301'], 150, 'at most 60 actors'],
])('%j is refused', async (flags, status, what) => {
  const run = await quiesce(['grow', './first.model.ts', ...flags], { cwd });
  expect(run).toMatchObject({ status, stdout: '' });
  expect(run.stderr).toContain(what);
});
