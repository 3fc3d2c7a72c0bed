/**
 * The documentation is true: every command in a `console` block is run, and its output must be what the page shows.
 * A line `...` stands for any number of lines. The blocks of a page share one folder, which holds the model files that
 * lie beside the page. With UPDATE_DOCS=1 the pages are rewritten instead; a block with `...` is then only compared.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Command, commandsOf, matches } from './pages.ts';
import { program, root, scratchFolder } from './quiesce.ts';

/** The page with the given outputs in place of those it has. */
function rewritten(
  page: string,
  commands: readonly Command[],
  outputs: ReadonlyMap<number, readonly string[]>,
): string {
  const lines = page.split('\n');
  for (const { line, output } of [...commands].reverse()) {
    const now = outputs.get(line);
    if (now !== undefined) lines.splice(line, output.length, ...now);
  }
  return lines.join('\n');
}

const updating = process.env['UPDATE_DOCS'] === '1';
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((p) =>
  p.endsWith('.md'),
);
const base = scratchFolder();
const bin = join(base, 'bin');
mkdirSync(bin);
writeFileSync(join(bin, 'quiesce'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
chmodSync(join(bin, 'quiesce'), 0o755);

const withCommands = pages
  .map((page) => ({ page, commands: commandsOf(readFileSync(join(root, page), 'utf8')) }))
  .filter(({ commands }) => commands.length > 0);

describe.each(withCommands)('$page', ({ page, commands }) => {
  const cwd = join(base, page.replaceAll(/[/.]/g, '-'));
  mkdirSync(cwd);
  for (const name of readdirSync(join(root, 'docs')))
    if (name.endsWith('.model.ts')) copyFileSync(join(root, 'docs', name), join(cwd, name));
  let status = 0;
  const shownNow = new Map<number, readonly string[]>();

  test.each(commands)('line $line: $text', ({ line, text, output }) => {
    // The status of the command before is given on, so that a page may show `echo $?`.
    const run = spawnSync('sh', ['-c', `(exit ${status}); ${text}`], {
      cwd,
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: cwd },
    });
    status = run.status ?? 255;
    const lines = (run.stderr + run.stdout).split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (updating && !output.includes('...')) shownNow.set(line, lines);
    // toEqual is only asked when they differ, for the sake of its message.
    else if (!matches(lines, output)) expect(lines).toEqual(output);
  });

  afterAll(() => {
    if (updating)
      writeFileSync(join(root, page), rewritten(readFileSync(join(root, page), 'utf8'), commands, shownNow));
  });
});

test('README and the modelling guide show commands', () => {
  expect(withCommands.map(({ page }) => page)).toEqual(
    expect.arrayContaining(['README.md', 'docs/modelling-guide.md']),
  );
});

test('the code in the modelling guide is the code of its model file', () => {
  const guide = readFileSync(join(root, 'docs', 'modelling-guide.md'), 'utf8');
  const model = readFileSync(join(root, 'docs', 'first.model.ts'), 'utf8');
  const blocks = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((m) => m[1] ?? '');
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) expect(model).toContain(block);
  // And nothing of the model is kept from the reader but its header and blank lines.
  const shown = new Set(blocks.join('').split('\n'));
  expect(model.split('\n').filter((line) => !shown.has(line) && !line.startsWith('/**'))).toEqual([]);
});

test('links between pages lead somewhere', () => {
  const broken = pages.flatMap((page) => {
    const folder = join(root, page, '..');
    const targets = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
      (m) => m[1] ?? '',
    );
    return targets.filter((t) => !exists(join(folder, t))).map((t) => `${page}: ${t}`);
  });
  expect(broken).toEqual([]);
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}

test('the comparison of outputs can fail', () => {
  expect(matches(['a', 'b', 'c'], ['a', '...', 'c'])).toBe(true);
  expect(matches(['a', 'c'], ['a', '...', 'c'])).toBe(true);
  expect(matches(['a', 'b'], ['a', '...', 'c'])).toBe(false);
  expect(matches(['a', 'b'], ['a'])).toBe(false);
  expect(matches([], ['a'])).toBe(false);
});
