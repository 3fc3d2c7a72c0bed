/**
 * The package as others install it: what is in it and what is not, and that in an empty folder it does what the README
 * shows. There is no network in this test: the tarball is unpacked where npm would put it, and beside it lie only the
 * packages that it declares.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandsOf, matches } from './pages.ts';
import { root, scratchFolder } from './quiesce.ts';

const base = scratchFolder();
const cwd = join(base, 'empty');
const installed = join(cwd, 'node_modules', 'quiesce');
const bin = join(cwd, 'node_modules', '.bin');
let paths: readonly string[] = [];
let tarball = '';

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Runs a command, which must succeed. */
function run(command: string, args: readonly string[], folder: string): string {
  const done = spawnSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  expect(done.status, done.stderr).toBe(0);
  return done.stdout;
}

beforeAll(() => {
  const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', base], root);
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
  paths = files.map((f) => f.path);
  tarball = filename;
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', join(base, filename), '--strip-components=1', '-C', installed], base);
  const { bin: programs, dependencies } = manifest(installed);
  for (const name of Object.keys(dependencies)) {
    const link = join(cwd, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  mkdirSync(bin);
  for (const [name, file] of Object.entries(programs)) {
    chmodSync(join(installed, file), 0o755);
    symlinkSync(join(installed, file), join(bin, name));
  }
});

describe('the package', () => {
  test('holds the program, the library, the pages, the schemas and the stored schedules', () => {
    for (const path of ['package.json', 'LICENSE', 'README.md', 'dist/cli/main.js', 'dist/cli/LICENSES', 'docs/api.md'])
      expect(paths).toContain(path);
    for (const entry of Object.values(manifest(root).exports))
      for (const path of Object.values(entry)) expect(paths).toContain(path.replace('./', ''));
    const schedules = readdirSync(join(root, 'scenarios', 'regressions')).map((f) => `scenarios/regressions/${f}`);
    expect(paths).toEqual(expect.arrayContaining(schedules));
  });

  test('holds nothing else', () => {
    const wanted =
      /^(package\.json|LICENSE|README\.md|scenarios\/measured\.json|scenarios\/regressions\/.*|scenarios\/sensitivity\/.*\.json|reports\/schema\/.*\.json|docs\/.*|dist\/.*\.(js|d\.ts)|dist\/cli\/LICENSES)$/;
    expect(paths.filter((p) => !wanted.test(p))).toEqual([]);
    expect(paths.filter((p) => /^dist\/(bench|build|test)\/|\.map$|\.log$|node_modules/.test(p))).toEqual([]);
  });

  test('holds no file of a source that is gone', () => {
    // Only the program is bundled; all else has the name of its source. A fresh build is clean.
    const compiled = paths.filter((p) => p.startsWith('dist/') && !p.startsWith('dist/cli/'));
    const gone = compiled.filter((p) => !existsSync(join(root, p.slice(5).replace(/(\.d\.ts|\.js)$/, '.ts'))));
    expect(gone).toEqual([]);
  });
});

describe('in an empty folder', () => {
  const shell = (text: string) => {
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: cwd };
    const done = spawnSync('sh', ['-c', text], { cwd, encoding: 'utf8', env });
    return { status: done.status, lines: `${done.stderr}${done.stdout}`.replace(/\n$/, '').split('\n') };
  };

  test.each(commandsOf(readFileSync(join(root, 'README.md'), 'utf8')))('README, line $line: $text', (command) => {
    const { lines } = shell(command.text);
    if (!matches(lines, command.output)) expect(lines).toEqual(command.output);
  });

  test("a model of one's own is checked", () => {
    writeFileSync(join(cwd, 'mine.model.ts'), readFileSync(join(installed, 'docs', 'first.model.ts')));
    expect(shell('quiesce check ./mine.model.ts --quiet')).toMatchObject({ status: 12 });
    expect(shell('quiesce check ./mine.model.ts --variant fixed --expect none --quiet')).toMatchObject({ status: 0 });
  });

  test('the library is imported, and every entry of the package', () => {
    const entries = Object.keys(manifest(installed).exports).filter((e) => e !== './vitest');
    const names = entries.map((e) => JSON.stringify(e.replace('.', 'quiesce')));
    const text = `
      for (const name of [${names.join(', ')}]) await import(name);
      const { check, scenarios } = await import('quiesce');
      const verdict = await check(scenarios.find((s) => s.name === 'peers-sva'), { variant: 'posted' });
      console.log(verdict.outcome);
    `;
    writeFileSync(join(cwd, 'use.mjs'), text);
    expect(shell('node use.mjs')).toEqual({ status: 0, lines: ['violated'] });
  });

  test('the example project passes its tests and replays its schedule', () => {
    const folder = join(cwd, 'example');
    cpSync(join(installed, 'docs', 'example'), folder, { recursive: true });
    const { devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(devDependencies.quiesce).toBe(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
    symlinkSync(join(root, 'node_modules', 'vitest'), join(cwd, 'node_modules', 'vitest'));
    const replayed = shell('cd example && quiesce regress schedules --model ring.model.ts');
    expect(replayed.lines.at(-1)).toBe('1 reproduced, 0 failed');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const tested = shell(`cd example && '${process.execPath}' '${vitest}' run`);
    expect(tested.status, tested.lines.join('\n')).toBe(0);
    expect(tested.lines.join('\n')).toMatch(/3 passed/);
  });

  test('npm installs it, where its cache has the packages', ({ skip }) => {
    const folder = join(base, 'by-npm');
    mkdirSync(folder);
    const args = ['install', '--offline', '--no-audit', '--no-fund', '--no-package-lock', join(base, tarball)];
    const done = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
    if (/ENOTCACHED/.test(done.stderr)) skip('a package is not in the cache of npm, and this test uses no network');
    expect(done.status, done.stderr).toBe(0);
    const answer = run('npx', ['--no', 'quiesce', 'explain', '152'], folder);
    expect(answer).toContain('152 (exit status)');
  });

  test('the stored schedules replay', () => {
    expect(shell('quiesce replay node_modules/quiesce/scenarios/regressions/peers-sva.posted.*.sched').status).toBe(0);
  });
});
