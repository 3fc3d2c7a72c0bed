/** `quiesce report`: a stored verdict gives the same reports again, without a search. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiesce, type Run, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();
const runs: Record<string, Run> = {};

beforeAll(async () => {
  for (const name of ['deadlock', 'holds'] as const) {
    writeFileSync(join(cwd, `${name}.model.ts`), toys[name]);
    runs[name] = await quiesce(['check', `./${name}.model.ts`, '--quiet'], { cwd });
  }
});

describe.each(['deadlock', 'holds'])('%s', (name) => {
  const folder = join(cwd, 'runs', `toy-${name}-posted`);
  const page = () => readdirSync(folder).find((f) => f.endsWith('.html')) ?? '';

  test('the HTML is the one that check wrote, byte for byte', async () => {
    const html = readFileSync(join(folder, page()), 'utf8');
    rmSync(join(folder, page()));
    const run = await quiesce(['report', folder], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout.trim()).toBe(join('runs', `toy-${name}-posted`, page()));
    expect(readFileSync(join(folder, page()), 'utf8')).toBe(html);
  });

  test('it can be written elsewhere, from the document alone', async () => {
    const elsewhere = join(cwd, `mail-${name}`);
    mkdirSync(elsewhere);
    copyFileSync(join(folder, 'verdict.json'), join(elsewhere, 'attached.json'));
    const run = await quiesce(['report', 'attached.json', '-o', 'bug.html'], { cwd: elsewhere });
    expect(run).toMatchObject({ status: 0, stdout: 'bug.html\n' });
    expect(readFileSync(join(elsewhere, 'bug.html'), 'utf8')).toBe(readFileSync(join(folder, page()), 'utf8'));
  });

  test('the text says what check said, without the files', async () => {
    const run = await quiesce(['report', folder, '--text'], { cwd });
    const files = /^(schedule|report|document) .*\n/gm;
    expect(run.stdout.replace(files, '')).toBe(runs[name]?.stdout.replace(files, ''));
  });
});

test('a hostile signature cannot choose where the report is written', async () => {
  const folder = join(cwd, 'hostile', 'inner');
  mkdirSync(folder, { recursive: true });
  const stored = readFileSync(join(cwd, 'runs', 'toy-deadlock-posted', 'verdict.json'), 'utf8');
  const hostile = stored.replace(/"signature": "[0-9a-f]+"/, '"signature": "../escaped"');
  expect(hostile).not.toBe(stored);
  writeFileSync(join(folder, 'verdict.json'), hostile);
  expect(await quiesce(['report', folder], { cwd })).toMatchObject({ status: 2, stdout: '' });
  expect(readdirSync(join(cwd, 'hostile'))).toEqual(['inner']);
  expect(readdirSync(folder)).toEqual(['verdict.json']);
});
