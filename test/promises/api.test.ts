/**
 * docs/api.md is true: it is what the sources say today, every example on it and on docs/words.md prints what it says, and
 * every exported name is used by one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apiPage, exportedNames, uses } from '../../build/api.ts';
import { root, scratchFolder } from './quiesce.ts';

const docs = (name: string) => readFileSync(join(root, 'docs', name), 'utf8');
const page = docs('api.md');
const words = docs('words.md');
/** The files of the example project, whose tests are run from the installed package by package.test.ts. */
const project = readdirSync(join(root, 'docs', 'example')).filter((name) => name.endsWith('.ts'));

interface Example {
  readonly name: string;
  readonly code: string;
  /** What `console.log` is said to print, in order. */
  readonly prints: readonly string[];
}

function examplesOf(text: string): Example[] {
  return text.split(/^###?#? /m).flatMap((part) => {
    const name = part.slice(0, part.indexOf('\n'));
    return [...part.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => ({
      name,
      code,
      prints: [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, said = '']) => said),
    }));
  });
}

const [shared, ...ofWords] = examplesOf(words);
const examples = [...examplesOf(page), ...ofWords];
const cwd = scratchFolder();

/** What each example prints, in one process: the package is found as it is in a folder that has it installed. */
function outputs(): readonly (readonly string[])[] {
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(root, join(cwd, 'node_modules', 'quiesce'));
  writeFileSync(join(cwd, 'one.mjs'), shared?.code ?? '');
  for (const [i, { code }] of examples.entries()) writeFileSync(join(cwd, `example-${i}.mjs`), code);
  const runner = `
    import { format } from 'node:util';
    const all = [];
    const { log } = console;
    for (let i = 0; i < ${examples.length}; i++) {
      const lines = [];
      console.log = (...given) => lines.push(format(...given));
      console.error = () => undefined;
      try { await import('./example-' + i + '.mjs'); } catch (error) { lines.push(String(error)); }
      all.push(lines);
    }
    log(JSON.stringify(all));
  `;
  writeFileSync(join(cwd, 'run.mjs'), runner);
  const run = spawnSync(process.execPath, ['run.mjs'], { cwd, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout);
}

test('docs/api.md is what `npm run docs` writes', () => {
  expect(apiPage(join(root, 'dist'), words)).toBe(page);
});

describe('examples', () => {
  test('print what they say', () => {
    const printed = outputs();
    expect(printed.map((lines, i) => ({ name: examples[i]?.name, lines }))).toEqual(
      examples.map(({ name, prints }) => ({ name, lines: prints })),
    );
  });

  test('say something, each of them', () => {
    expect(examples.filter((e) => e.prints.length === 0).map((e) => e.name)).toEqual([]);
  });

  test('are there for every name: one uses it, or, of a type, what takes or gives it or is named beside it', () => {
    const codes = [...examples.map((e) => e.code), ...project.map((name) => docs(`example/${name}`))];
    const names = exportedNames(join(root, 'dist')).flatMap(({ all }) => all);
    const isType = ({ kind }: { kind: string }) => kind === 'interface' || kind === 'type';
    const covered = new Set(names.filter((e) => codes.some((code) => uses(code, e.name))));
    const seenIn = (e: (typeof names)[number]) =>
      [...covered].some((c) => new RegExp(`\\b${e.name}\\b`).test(c.text) || e.doc.includes(`\`${c.name}\``));
    for (let before = -1; before < covered.size; ) {
      before = covered.size;
      for (const e of names) if (isType(e) && !covered.has(e) && seenIn(e)) covered.add(e);
    }
    expect(names.length).toBeGreaterThan(200);
    expect(names.filter((e) => !covered.has(e)).map((e) => `${e.name} (${e.source})`)).toEqual([]);
  });
});

test('a name without a comment is refused', () => {
  const dist = join(cwd, 'dist');
  mkdirSync(join(dist, 'model', 'kernel'), { recursive: true });
  writeFileSync(join(dist, 'model', 'kernel', 'index.d.ts'), 'export {};\n');
  writeFileSync(join(dist, 'vitest.d.ts'), 'export {};\n');
  writeFileSync(join(dist, 'index.d.ts'), "export { a, b } from './checker/check.ts';\n");
  mkdirSync(join(dist, 'checker'));
  const declared = '/** One. */\nexport declare function a(): void;\n';
  writeFileSync(join(dist, 'checker', 'check.d.ts'), `${declared}export declare const b = 1;\n`);
  expect(() => apiPage(dist, '')).toThrow('exported without a comment: b (checker/check.ts)');
  writeFileSync(join(dist, 'checker', 'check.d.ts'), declared);
  expect(() => apiPage(dist, '')).toThrow('index.ts exports b, which ./checker/check.ts has not');
});
