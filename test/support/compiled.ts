/**
 * Loads test support bound to the compiled tree in `dist`, as one module that threads can import too: a thread compiles
 * the model itself, and must come to the same one as its parent. It is also several times as fast as the sources, which
 * the test runner transforms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** Address of a compiled module, by its path in the tree without ending. */
export const dist = (path: string): string => pathToFileURL(join(root, 'dist', `${path}.js`)).href;

export interface Compiled<T> {
  readonly module: T;
  readonly url: string;
  /** A folder for modules that import it. It goes when the test file is done. */
  readonly folder: string;
}

/** Bundles `test/support/<name>.ts`; what it imports of the project comes from `dist`. */
export async function loadCompiled<T>(name: string): Promise<Compiled<T>> {
  const scratch = mkdtempSync(join(tmpdir(), 'quiesce-test-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  // The test runner imports what lies in a folder of this name as it is.
  const folder = join(scratch, 'dist');
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
            return target.startsWith('test/') ? undefined : { path: dist(target.replace(/\.ts$/, '')), external: true };
          });
        },
      },
    ],
  });
  const url = pathToFileURL(outfile).href;
  return { module: (await import(url)) as T, url, folder };
}
