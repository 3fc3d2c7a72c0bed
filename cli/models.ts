/**
 * From what the user typed to a scenario: the name of one that comes with quiesce, or a model file of the user's
 * own. A file is bundled with esbuild and imported.
 *
 * The checker itself is never copied into the bundle: imports of `quiesce`, `quiesce/model/kernel` and of the
 * checker's own files lead to the installation. There must be one copy of the language only, because names
 * of objects and the class of violations live in it.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure, Message, Plugin } from 'esbuild';
import * as language from '../checker/lang/index.ts';
import { nearest, QuiesceError, type Scenario } from '../checker/lang/index.ts';
import type { ScenarioModule } from '../checker/search/breadth/thread.ts';
import { GENERATED, rebuild, splitName } from '../explore/scenario.ts';
import { shown, systemCode } from './files.ts';
import { packageRoot } from './package.ts';

export interface Found {
  readonly scenario: Scenario;
  /** Where a thread of the search finds it again. */
  readonly module: ScenarioModule;
}

/** The scenario of that name, or of that model file (`./my.model.ts` or `./my.model.ts#name`). */
export async function findScenario(given: string): Promise<Found> {
  if (!given.startsWith(GENERATED) && isFile(given)) return fromFile(given);
  const own = await knownScenario(given);
  if (own !== null) return own;
  const { scenarios } = await import('../scenarios/index.ts');
  const near = nearest(
    given,
    scenarios.map((s) => s.name),
  );
  throw new QuiesceError('usage', `there is no scenario "${given}"`, {
    hint:
      near === undefined ? 'quiesce list shows them all; a model file is given as ./name.ts' : `did you mean ${near}?`,
  });
}

/**
 * A scenario that comes with quiesce, from the file of its name alone: loading all of them would take longer than many a
 * search. Null when there is none. The name of a generated scenario says how it is built again; threads cannot do that.
 */
export async function knownScenario(name: string): Promise<Found | null> {
  const generated = splitName(name);
  if (generated !== null) {
    const { systemNamed } = await import('../explore/systems/index.ts');
    const scenario = rebuild(await systemNamed(generated.system), generated.program);
    return { scenario, module: { url: '', name } };
  }
  if (!/^[a-z0-9-]+$/.test(name)) return null;
  const peer = name.startsWith('peers-') ? name.slice('peers-'.length) : null;
  const file = join('scenarios', ...(peer === null ? [name] : ['peers', peer]));
  const url = pathToFileURL(join(installed, `${file}.js`));
  if (name === 'index' || !existsSync(url)) return null;
  const module = (await (peer === null
    ? import(`../scenarios/${name}.ts`)
    : import(`../scenarios/peers/${peer}.ts`))) as Record<string, unknown>;
  const scenario = module['default'];
  return isScenario(scenario) ? { scenario, module: { url: url.href, name } } : null;
}

/** A scenario of the registry, and where a thread finds it. */
export function builtIn(scenario: Scenario): Found {
  const url = pathToFileURL(join(installed, 'scenarios', 'index.js')).href;
  return { scenario, module: { url, name: scenario.name } };
}

/** Every scenario that a model file exports, in the order of their names. */
export async function loadModel(file: string): Promise<Found[]> {
  const path = resolve(file);
  if (!existsSync(path)) throw new QuiesceError('usage', `there is no file ${shown(path)}`, { where: path });
  const { exported, url } = await importBundled(path);
  const found = [exported['default'], ...Object.values(exported)].filter(isScenario);
  const distinct = [...new Set(found)];
  if (distinct.length === 0)
    throw new QuiesceError('load', `${shown(path)} exports no scenario`, {
      where: path,
      hint: "export default scenario('name', { ... })",
    });
  return distinct.map((scenario) => ({ scenario, module: { url, name: scenario.name } }));
}

/** Does the user mean a model file, not the name of a scenario? */
export function isFile(given: string): boolean {
  return /[/\\]/.test(given) || /\.[cm]?[jt]s(#.*)?$/.test(given);
}

async function fromFile(given: string): Promise<Found> {
  const [file = '', name] = given.split('#', 2);
  const found = await loadModel(file);
  const names = found.map((f) => f.scenario.name);
  if (name !== undefined) {
    const chosen = found.find((f) => f.scenario.name === name);
    if (chosen !== undefined) return chosen;
    const near = nearest(name, names);
    throw new QuiesceError('usage', `${file} exports no scenario "${name}"`, {
      hint: near === undefined ? `it exports ${names.join(', ')}` : `did you mean ${near}?`,
    });
  }
  const [first, second] = found;
  if (first === undefined || second !== undefined)
    throw new QuiesceError('usage', `${file} exports ${found.length} scenarios`, {
      hint: `choose one: ${names.map((n) => `${file}#${n}`).join(', ')}`,
    });
  return first;
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'scenario';
}

/** Bundles and imports a file. The bundle is kept until the program ends, because threads import it too. */
async function importBundled(path: string): Promise<{ exported: Record<string, unknown>; url: string }> {
  const { build } = await import('esbuild');
  let text: string;
  try {
    const built = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
      plugins: [installedChecker],
    });
    text = built.outputFiles[0]?.text ?? '';
  } catch (error) {
    throw bundleError(error, path);
  }
  // Every import in the bundle is absolute, so that it may lie anywhere.
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-'));
  const bundle = join(folder, `${basename(path).replace(/\.[^.]*$/, '')}.mjs`);
  writeFileSync(bundle, text);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  // Stacks then name lines of the model file, not of the bundle.
  process.setSourceMapsEnabled(true);
  try {
    const { href } = pathToFileURL(bundle);
    return { exported: (await import(href)) as Record<string, unknown>, url: href };
  } catch (error) {
    if (error instanceof QuiesceError) throw withPlace(error, path);
    throw new QuiesceError('load', error instanceof Error ? error.message : String(error), {
      where: placeIn(error, path) ?? path,
      hint: 'the file threw while it was imported',
      cause: error,
    });
  }
}

/** Leads imports of the checker to the running installation. */
const installedChecker: Plugin = {
  name: 'installed-checker',
  setup(build) {
    // What a model does not use of them is not loaded for it.
    const outside = (path: string) => ({ path: pathToFileURL(path).href, external: true, sideEffects: false });
    build.onResolve({ filter: /^quiesce(\/|$)/ }, ({ path }) => {
      const entry = entries[path];
      if (entry === library) return { path: entry, sideEffects: false };
      if (entry !== undefined) return outside(entry);
      const near = nearest(path, Object.keys(entries));
      return { errors: [{ text: `there is no "${path}"${near === undefined ? '' : `; did you mean "${near}"?`}` }] };
    });
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, importer }) => {
      if (importer === library) return outside(join(resolveDir, path));
      const inPackage = relative(packageRoot, resolve(resolveDir, path)).split(sep).join('/');
      if (!/^(dist\/)?(checker|model\/kernel)\//.test(inPackage)) return null;
      return outside(join(installed, inPackage.replace(/^dist\//, '').replace(/\.ts$/, '.js')));
    });
    build.onLoad({ filter: /[/\\]index\.js$/ }, ({ path }) => {
      if (path !== library) return null;
      // With every name written out, the bundler can tell which modules a model uses.
      const names = `{ ${Object.keys(language).join(', ')} }`;
      return { contents: readFileSync(path, 'utf8').replace(/^export \*/m, `export ${names}`) };
    });
  },
};

/** The compiled tree this process runs from. */
const installed = join(packageRoot, 'dist');

const library = join(installed, 'index.js');

const entries: Readonly<Record<string, string>> = {
  quiesce: library,
  'quiesce/model/kernel': join(installed, 'model', 'kernel', 'index.js'),
};

function bundleError(error: unknown, path: string): QuiesceError {
  const [first, ...others] = ((error as Partial<BuildFailure>).errors ?? []) as Message[];
  if (first === undefined)
    return new QuiesceError('load', `cannot bundle ${shown(path)}`, {
      where: path,
      hint: systemCode(error) ?? String(error),
      cause: error,
    });
  const at = first.location;
  return new QuiesceError('load', first.text, {
    where: at === null ? path : `${shown(resolve(at.file))}:${at.line}:${at.column + 1}`,
    ...(others.length === 0
      ? {}
      : { hint: `and ${others.length} more error${others.length === 1 ? '' : 's'} in the file` }),
    cause: error,
  });
}

function withPlace(error: QuiesceError, path: string): QuiesceError {
  const place = placeIn(error, path);
  if (place === null) return error;
  return new QuiesceError(error.code, error.message, {
    where: error.where === undefined ? place : `${error.where}, ${place}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}

/** `my.model.ts:12:3`, from the first frame of the stack that lies in the user's file. */
function placeIn(error: unknown, path: string): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const name = basename(path).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const match = new RegExp(`${name}:(\\d+):(\\d+)`).exec(stack);
  return match === null ? null : `${shown(path)}:${match[1]}:${match[2]}`;
}
