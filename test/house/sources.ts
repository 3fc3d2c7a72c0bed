/** The project's own TypeScript files and what each imports, for the tests that keep the house in order. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface SourceFile {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string;
  /** First folder, or the file name for files at the root. */
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** Path from the root for relative imports; the package name otherwise. */
  readonly target: string;
  readonly relative: boolean;
  /** Only types are imported: nothing remains of it when the program runs. */
  readonly typeOnly: boolean;
}

/** Layers that are compiled into the program. */
export const productLayers = [
  'checker',
  'model',
  'hw',
  'properties',
  'scenarios',
  'reports',
  'cli',
  'bench',
  'explore',
];

/** Every TypeScript file of the given folders. */
export function sourceFiles(folders: readonly string[] = productLayers): SourceFile[] {
  const paths = [
    ...folders.flatMap((folder) => walk(join(root, folder))),
    ...(folders === productLayers ? [join(root, 'index.ts'), join(root, 'vitest.ts')] : []),
  ];
  return paths.sort().map((absolute) => {
    const path = relative(root, absolute).split(sep).join('/');
    const text = readFileSync(absolute, 'utf8');
    return { path, layer: path.split('/')[0] as string, text, imports: importsOf(path, text) };
  });
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

/** Static and dynamic imports and re-exports. A template or variable as a dynamic import's name is not seen. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const statement =
    /^[ \t]*(import|export)(\s+type)?\s*(?:([\w*\s{},$]*?)\s*from\s*)?(['"])([^'"\n]+)\4|\bimport\(\s*(['"])([^'"\n]+)\6\s*\)/gm;
  for (const match of withoutComments(text).matchAll(statement)) {
    const name = match[5] ?? match[7];
    // `export 'x'` is no statement; `export ... from` always has a clause.
    if (name === undefined || (match[1] === 'export' && match[3] === undefined)) continue;
    const isRelative = name.startsWith('.');
    found.push({
      target: isRelative ? posix.join(posix.dirname(path), name) : name,
      relative: isRelative,
      typeOnly: match[2] !== undefined || onlyTypes(match[3]),
    });
  }
  return found;
}

/** `{ type A, type B }` imports nothing that exists at run time. */
function onlyTypes(clause: string | undefined): boolean {
  const inner = /^\{([^}]*)\}$/.exec(clause?.trim() ?? '')?.[1];
  if (inner === undefined) return false;
  const names = inner.split(',').map((n) => n.trim());
  return names.every((n) => n === '' || n.startsWith('type '));
}

/** The text with comments blanked out; strings are kept. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (whole, string: string | undefined) => string ?? whole.replace(/[^\n]/g, ' '),
  );
}
