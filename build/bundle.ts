/**
 * Second half of `npm run build`: the program and the entries of its threads, with the packages they use, bundled into a
 * few files of `dist/cli`. A process that imports two hundred small files spends more time on finding them than on a
 * small search. The licences of the packages are written beside them.
 *
 * Everything else of the compiled tree stays as it is, for those who import the library. Models and the language they
 * are written in are never bundled: the text of a step is part of the hash of its model, and of the language there may
 * be one copy in a process only, whoever loads it first.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';

const dist = join(import.meta.dirname, '..');
const into = join(dist, 'cli');

/** What the bundle imports from where it lies. */
const apart = /^(model|hw|properties|scenarios|checker\/lang|explore\/systems)\//;

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

/**
 * What node has itself is loaded when it is first used. To import it would evaluate every property of it, and commander
 * asks for `child_process`, which it uses for no command of ours.
 */
const loadsBuiltInsLate: Plugin = {
  name: 'what node has itself, when it is used',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?\w+(\/\w+)?$/ }, ({ path }) =>
      isBuiltin(path) ? { path, namespace: 'built-in' } : null,
    );
    onLoad({ filter: /./, namespace: 'built-in' }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path) ?? {});
      const property = (name: string) => `get ${name}() { return process.getBuiltinModule('${path}').${name}; }`;
      return { contents: `module.exports = { ${names.map(property).join(', ')} };` };
    });
  },
};

// The script of the HTML report is the text of these functions, and half of it is names and spaces.
for (const part of ['elements', 'files', 'inflate', 'page', 'pane', 'start', 'trace']) {
  const file = join(dist, 'reports', 'html', 'script', `${part}.js`);
  writeFileSync(file, (await transform(readFileSync(file, 'utf8'), { minify: true, target: 'es2022' })).code);
  rmSync(`${file}.map`);
}

const { outputFiles, metafile } = await build({
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
  external: ['esbuild'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  minifyWhitespace: true,
  logLevel: 'warning',
  metafile: true,
  plugins: [leavesApart, loadsBuiltInsLate],
});

const packages = Object.keys(metafile.inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
const licences = [...new Set(packages)].sort().map((folder) => {
  const file = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'README.md'].map((f) => join(folder, f)).find(existsSync);
  if (file === undefined) throw new Error(`${folder} has no licence`);
  return `${folder}\n\n${readFileSync(file, 'utf8')}`;
});
// Nobody imports the program, so that nothing else need lie there.
rmSync(into, { recursive: true });
mkdirSync(into);
for (const { path, contents } of outputFiles) writeFileSync(path, contents);
writeFileSync(join(into, 'LICENSES'), licences.join('\n\n'));
