/** Every file says what it is, and none is left half done. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Import, root, sourceFiles, withoutComments } from './sources.ts';

const product = sourceFiles();
const tests = sourceFiles(['test']);
const all = [...product, ...tests];

test('every file begins with what it is', () => {
  const silent = product
    .filter((f) => !/^(#!.*\n)?(\/\/\/.*\n)*\/\*\*[\s\S]{15,}?\*\//.test(f.text))
    .map((f) => f.path);
  expect(silent).toEqual([]);
});

test('nothing is left for later', () => {
  // Spelt in parts, so that this file does not find itself.
  const marks = new RegExp(
    ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'under ' + 'construction', 'not ' + 'implemented'].join('|'),
  );
  expect(all.filter((f) => marks.test(f.text)).map((f) => f.path)).toEqual([]);
});

test('no test is switched off or runs alone', () => {
  const pattern = /\b(test|it|describe)(\.\w+)*\.(only|skip|todo|fails)\b/;
  expect(tests.filter((f) => pattern.test(withoutComments(f.text))).map((f) => f.path)).toEqual([]);
});

test('sources are plain ASCII or say why', () => {
  // An arrow or a dash that looks like another one has no place in names that are compared and typed.
  const odd = product.filter((f) => /[^\n\x20-\x7e]/.test(withoutComments(f.text))).map((f) => f.path);
  expect(odd).toEqual([]);
});

describe('package.json', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;

  test('every dependency is pinned to one version', () => {
    const loose = ['dependencies', 'devDependencies'].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {}).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    );
    expect(loose).toEqual([]);
  });

  test('what the program imports is a dependency of it, not of its tests', () => {
    // Of a package that only has types nothing remains.
    const typesOnly = (i: Import) => i.typeOnly && manifest['devDependencies']?.[`@types/${i.target}`] !== undefined;
    const used = new Set(
      // Benchmarks are not shipped.
      product.flatMap((f) =>
        (f.layer === 'bench' ? [] : f.imports)
          .filter((i) => !i.relative && !i.target.startsWith('node:') && !typesOnly(i))
          .map((i) => i.target.split('/')[0]),
      ),
    );
    // A peer is what the user has already: the runner of the tests that import `quiesce/vitest`.
    const declared = { ...manifest['dependencies'], ...manifest['peerDependencies'] };
    expect([...used].filter((name) => declared[name ?? ''] === undefined)).toEqual([]);
  });

  test('the lock file knows every optional package of every platform, so that `npm ci` works everywhere', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.values(lock.packages).flatMap((p) =>
      Object.keys(p.optionalDependencies ?? {}).filter(
        (name) => !Object.keys(lock.packages).some((k) => k.endsWith(`node_modules/${name}`)),
      ),
    );
    expect(missing).toEqual([]);
  });
});
