/**
 * Second half of `npm run build`: the program and the entries of its threads, bundled into a few files of `dist/cli`. A
 * process that imports a hundred and fifty small files spends more time on finding them than on a small search.
 *
 * Everything else of the compiled tree stays as it is, for those who import the library. Models and the language they
 * are written in are never bundled: the text of a step is part of the hash of its model, and of the language there may
 * be one copy in a process only, whoever loads it first.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

const dist = join(import.meta.dirname, '..');
const into = join(dist, 'cli');

/** What the bundle imports from where it lies. */
const apart = /^(model|hw|properties|scenarios|checker\/lang)\//;

const leavesApart: Plugin = {
  name: 'models and the language lie apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const target = join(resolveDir, path);
      if (!apart.test(relative(dist, target).split(sep).join('/'))) return null;
      return { path: relative(into, target).split(sep).join('/'), external: true };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: {
    main: join(into, 'main.js'),
    searcher: join(into, 'corpus', 'searcher.js'),
    thread: join(dist, 'checker', 'search', 'breadth', 'thread.js'),
  },
  outdir: into,
  write: false,
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  plugins: [leavesApart],
});
// Nobody imports the program, so that nothing else need lie there.
rmSync(into, { recursive: true });
mkdirSync(into);
for (const { path, contents } of outputFiles) writeFileSync(path, contents);
