/** The dictionary, the pages about errors and the sources agree on which words there are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { violationKinds } from '../../checker/lang/index.ts';
import { exitStatuses, statusOfError, statusOfKind } from '../../cli/exit.ts';
import { errorCodes, violations, words } from '../../cli/words.ts';
import { root } from './sources.ts';

const page = (name: string) => readFileSync(join(root, 'docs', name), 'utf8');

test('every kind of violation is explained and has an exit status', () => {
  expect(Object.keys(violations).sort()).toEqual(Object.keys(violationKinds).sort());
  for (const status of Object.values(statusOfKind)) expect(exitStatuses).toHaveProperty(String(status));
});

test('docs/errors.md lists every error code with its status, and every exit status', () => {
  const text = page('errors.md');
  for (const [code, status] of Object.entries(statusOfError)) {
    expect(errorCodes).toHaveProperty(code);
    expect(text).toMatch(new RegExp(`^\\| \`${code}\` \\| ${status} \\|`, 'm'));
  }
  const listed = [...text.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, status, meaning]) => [Number(status), meaning]);
  expect(listed).toEqual(Object.entries(exitStatuses).map(([status, meaning]) => [Number(status), meaning]));
});

test('docs/errors.md lists every kind of violation with its status', () => {
  const text = page('errors.md');
  for (const [kind, status] of Object.entries(statusOfKind))
    expect(text).toMatch(new RegExp(`^\\| \`${kind}\` \\| ${status} \\|`, 'm'));
});

test('docs/glossary.md and `quiesce explain` define the same words in the same way', () => {
  const rows = [...page('glossary.md').matchAll(/^\| ([^|`-][^|]*) \| (.*) \|$/gm)].map(([, word, text]) => [
    word,
    text,
  ]);
  const [, ...defined] = rows;
  expect(Object.fromEntries(defined)).toEqual(words);
});
