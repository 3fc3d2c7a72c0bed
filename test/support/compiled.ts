/**
 * Loads test support bound to the compiled tree in `dist`, as one module that threads can import too: a thread compiles
 * the model itself, and must come to the same one as its parent. It is also several times as fast as the sources, which
 * the test runner transforms.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

const compiled = join(root, 'dist');

/** Address of a compiled module, by its path in the tree without ending. */
export const dist = (path: string, tree = compiled): string => pathToFileURL(join(tree, `${path}.js`)).href;

/** A folder that goes when the test file is done. The test runner imports what lies in it as it is. */
function scratchTree(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'quiesce-test-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  return join(scratch, 'dist');
}

/** One place of a compiled file that is made wrong. */
export interface Mistake {
  /** Path in the compiled tree. */
  readonly file: string;
  /** Text that stands there exactly once. */
  readonly is: string;
  readonly becomes: string;
}

/** A copy of the compiled checker with mistakes in it. */
export function wrongTree(mistakes: readonly Mistake[]): string {
  const tree = scratchTree();
  cpSync(join(compiled, 'checker'), join(tree, 'checker'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(tree, '..', 'node_modules'));
  writeFileSync(join(tree, 'package.json'), '{ "type": "module" }');
  for (const { file, is, becomes } of mistakes) {
    const path = join(tree, file);
    const parts = readFileSync(path, 'utf8').split(is);
    if (parts.length !== 2) throw new Error(`"${is}" stands ${parts.length - 1} times in dist/${file}, not once`);
    writeFileSync(path, parts.join(becomes));
  }
  return tree;
}

export interface Compiled<T> {
  readonly module: T;
  readonly url: string;
  /** A folder for modules that import it. It goes when the test file is done. */
  readonly folder: string;
}

/** Bundles `test/support/<name>.ts`; what it imports of the project comes from the compiled tree. */
export async function loadCompiled<T>(name: string, tree = compiled): Promise<Compiled<T>> {
  const folder = scratchTree();
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [
      {
        name: 'the project from dist, packages from where they are',
        setup: ({ onResolve }) => {
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('node:')
              ? undefined
              : { path: import.meta.resolve(path), external: true },
          );
          onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
            const target = relative(root, join(resolveDir, path)).split(sep).join('/');
            return target.startsWith('test/')
              ? undefined
              : { path: dist(target.replace(/\.ts$/, ''), tree), external: true };
          });
        },
      },
    ],
  });
  const url = pathToFileURL(outfile).href;
  return { module: (await import(url)) as T, url, folder };
}
