/**
 * `npm run docs`: writes docs/api.md from the declarations of the compiled tree. For each entry of the package it follows
 * the re-exports to where a name is declared, and prints the comment above it and the declaration as the compiler wrote
 * it. Examples stand in the comments, or in docs/words.md, to which a name that is used there leads; a test runs both.
 *
 * Limits: it reads declarations as `tsc` writes them (one statement begins at the left margin, its comment right above
 * it) and nothing else. A name without a comment, or one that leads nowhere, is an error.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** A name that an entry exports. */
interface Exported {
  readonly name: string;
  readonly kind: string;
  /** The comment, without its stars; empty when there is none. */
  readonly doc: string;
  /** The declaration; of a name that is a value and a type, or has overloads, all of them. */
  readonly text: string;
  /** Where it is declared, such as `checker/check.ts`. */
  readonly source: string;
}

interface Entry {
  /** What is imported. */
  readonly name: string;
  /** Its declarations, below the compiled tree. */
  readonly file: string;
  readonly about: string;
}

const entries: readonly Entry[] = [
  { name: 'quiesce', file: 'index.d.ts', about: 'What a program calls, and the language that models are written in.' },
  {
    name: 'quiesce/model/kernel',
    file: 'model/kernel/index.d.ts',
    about:
      'What a model of kernel code imports: the names below, and all of the modelling language from `quiesce`, whose `procedure` it replaces by one with the words of the kernel. [The modelling guide](modelling-guide.md) shows them at work.',
  },
  {
    name: 'quiesce/vitest',
    file: 'vitest.d.ts',
    about: 'Expectations about scenarios, for tests: see [regression suites](regress.md).',
  },
];

/** Headings, in order, by where a name is declared; the first that fits is taken. */
const sections: readonly (readonly [string, RegExp])[] = [
  ['Searching', /^checker\/(check|running|stores|grow\/|search\/)/],
  ['Exploring', /^explore\//],
  ['Replaying and shrinking', /^checker\/(shrink\/|trace\/(replay|schedule|drive))/],
  ['What a search returns', /^checker\/(verdict|trace\/)/],
  ['Reports', /^reports\//],
  ['Scenarios', /^scenarios\//],
  ['The modelling language', /^checker\/lang\//],
  ['Words of the kernel', /^model\/kernel\//],
  ['Tests', /^vitest\.ts/],
  ['More', /./],
];

/** What each entry of the package exports; a name that several do is told with the first. */
export function exportedNames(dist: string): readonly { readonly entry: Entry; readonly all: readonly Exported[] }[] {
  const seen = new Set<string>();
  return entries.map((entry) => {
    const all = exportsOf(join(dist, entry.file), dist).filter((e) => !seen.has(`${e.source} ${e.name}`));
    for (const e of all) seen.add(`${e.source} ${e.name}`);
    return { entry, all };
  });
}

/** Code that uses a name beyond importing it. */
export function uses(code: string, name: string): boolean {
  const bare = code.replace(/^import [^;]*;$/gm, '');
  return code !== bare && new RegExp(`\\b${name}\\b`).test(bare) && importsOf(code).has(name);
}

/** Names that code imports from the package, also those it takes out of `* as`. */
function importsOf(code: string): ReadonlySet<string> {
  const lists = [
    ...code.matchAll(/^import \{([^}]*)\} from 'quiesce/gm),
    ...code.matchAll(/^const \{([^}]*)\} = kernel;$/gm),
  ];
  return new Set(lists.flatMap(([, names = '']) => names.split(',').map((n) => n.trim().replace(/^type /, ''))));
}

/** The sections of docs/words.md: their titles and what they run. */
export function sectionsOfWords(words: string): readonly { readonly title: string; readonly code: string }[] {
  return words
    .split(/^## /m)
    .slice(1)
    .flatMap((part) => {
      const code = [...part.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text]) => text).join('\n');
      return code === '' ? [] : [{ title: part.slice(0, part.indexOf('\n')), code }];
    });
}

/**
 * The page, from a compiled tree. Throws when a name has no comment or leads nowhere.
 *
 * @param words the text of docs/words.md.
 */
export function apiPage(dist: string, words: string): string {
  const atWork = sectionsOfWords(words);
  const parts = exportedNames(dist).map(({ entry, all }) => {
    const silent = all.filter((e) => e.doc === '').map((e) => `${e.name} (${e.source})`);
    if (silent.length > 0) throw new Error(`exported without a comment: ${silent.join(', ')}`);
    return pageOf(entry, all, atWork);
  });
  return [
    '# The library',
    '',
    'Every name that the package exports: what it is, what it costs, where its limits are. This page is made by',
    '`npm run docs` from the comments in the sources. Every name has an example that is run by a test: its own, or one of',
    '[words at work](words.md). A type is seen where the names that take or give it are.',
    '',
    parts.join('\n\n'),
    '',
  ].join('\n');
}

type AtWork = ReturnType<typeof sectionsOfWords>;

function pageOf(entry: Entry, all: readonly Exported[], atWork: AtWork): string {
  const left = new Set(all);
  const groups = sections.flatMap(([title, where]) => {
    const found = [...left].filter((e) => where.test(e.source));
    for (const e of found) left.delete(e);
    return found.length === 0 ? [] : [{ title, found: found.sort(byUse) }];
  });
  const index = groups.map(({ title, found }) => `* ${title}: ${found.map((e) => `\`${e.name}\``).join(', ')}`);
  return [
    `## ${entry.name}\n\n${entry.about}\n\n${index.join('\n')}`,
    ...groups.flatMap(({ title, found }) => [`### ${title}`, ...found.map((e) => section(e, atWork))]),
  ].join('\n\n');
}

/** What is called comes before what is only a type; each by name. */
function byUse(a: Exported, b: Exported): number {
  const rank = (e: Exported) => (e.kind === 'interface' || e.kind === 'type' ? 1 : 0);
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1);
}

function section({ name, doc, text, source }: Exported, atWork: AtWork): string {
  const [about = '', ...examples] = doc.split(/^@example\n/m);
  const told = [about.trim(), ...examples.map((e) => `Example:\n\n${e.trim().replace(/^```ts$/m, '```js')}`)];
  const used = atWork.find(({ code }) => uses(code, name));
  if (used !== undefined) told.push(`Example: [${used.title}](words.md#${slug(used.title)}).`);
  return `#### ${name}\n\n${told.join('\n\n')}\n\n\`\`\`ts\n${text}\n\`\`\`\n\n[${source}](../${source})`;
}

/** Where a heading is found on its page. */
const slug = (title: string) => title.toLowerCase().replaceAll(',', '').replaceAll(' ', '-');

/** Everything that a file of declarations exports, also what it passes on. */
function exportsOf(file: string, dist: string): Exported[] {
  const source = relative(dist, file)
    .split(sep)
    .join('/')
    .replace(/\.d\.ts$/, '.ts');
  const found = new Map<string, Exported>();
  const add = (e: Exported) => {
    const before = found.get(e.name);
    if (before === undefined) found.set(e.name, e);
    else if (before.source === e.source)
      found.set(e.name, { ...before, doc: before.doc || e.doc, text: `${before.text}\n${e.text}` });
  };
  const passedOn = (from: string) => exportsOf(join(dirname(file), from.replace(/\.(js|ts)$/, '.d.ts')), dist);
  const statements = statementsOf(readFileSync(file, 'utf8'));
  // A name that is given here hides one that comes with `export *`.
  for (const { text, doc } of statements) {
    const named = /^export (?:type )?\{([^}]*)\} from '(.*)';/.exec(text);
    const own = /^export (?:declare )?(?:abstract )?(function|const|class|interface|type) ([\w$]+)/.exec(text);
    if (named !== null) {
      const all = passedOn(named[2] as string);
      for (const item of (named[1] as string).split(',').map((s) => s.trim().replace(/^type /, ''))) {
        if (item === '') continue;
        const [there = '', here = there] = item.split(' as ');
        const met = all.find((e) => e.name === there);
        if (met === undefined) throw new Error(`${source} exports ${there}, which ${named[2]} has not`);
        add({ ...met, name: here });
      }
    } else if (own !== null) add({ name: own[2] as string, kind: own[1] as string, doc, text: shown(text), source });
  }
  for (const { text } of statements) {
    const star = /^export \* from '(.*)';/.exec(text);
    if (star !== null) for (const e of passedOn(star[1] as string)) if (!found.has(e.name)) found.set(e.name, e);
  }
  return [...found.values()];
}

/** The statements of a file of declarations, each with its comment. */
function statementsOf(text: string): { readonly text: string; readonly doc: string }[] {
  const found: { text: string; doc: string }[] = [];
  let doc = '';
  let inComment = false;
  for (const line of text.split('\n')) {
    if (inComment || line.startsWith('/**')) {
      doc = inComment ? `${doc}\n${line}` : line;
      inComment = !line.includes('*/');
    } else if (/^(export|declare|import|type|interface)\b/.test(line)) {
      found.push({ text: line, doc: bare(doc) });
      doc = '';
    } else {
      const last = found.at(-1);
      if (last !== undefined && line !== '') last.text += `\n${line}`;
    }
  }
  return found;
}

/** A comment without its stars. */
function bare(comment: string): string {
  return comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/\s*$/, '')
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

const WIDTH = 100;
const LINES_OF_A_CONSTANT = 12;

/** A declaration as the page shows it: four spaces become two, long parameter lists one line each. */
function shown(text: string): string {
  const plain = text
    .replace(/^export (declare )?/, '')
    .split('\n')
    .filter((line) => !/^ +(#private|private .*);$/.test(line))
    .map((line) => line.replace(/^( {4})+/, (spaces) => ' '.repeat(spaces.length / 2)));
  const lines = plain.flatMap((line) => (line.startsWith('function') ? broken(line) : [line]));
  if (!text.includes('const ') || lines.length <= LINES_OF_A_CONSTANT) return lines.join('\n');
  return [...lines.slice(0, LINES_OF_A_CONSTANT - 1), '  // ...'].join('\n');
}

/** A function with one parameter a line, where it is too long for one line. */
function broken(line: string): string[] {
  if (line.length <= WIDTH) return [line];
  // The list of parameters is the first bracket outside those of type parameters.
  let depth = 0;
  let start = -1;
  const cuts: number[] = [];
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (c === '>' && line[i - 1] === '=') continue;
    if (c === '(' && depth === 0 && start < 0) {
      start = i;
      cuts.push(i);
    }
    if ('([{<'.includes(c)) depth++;
    else if (')]}>'.includes(c)) {
      depth--;
      if (start >= 0 && depth === 0) {
        const items = [...cuts, i].slice(1).map((end, n) => `  ${line.slice((cuts[n] as number) + 1, end).trim()},`);
        return [line.slice(0, start + 1), ...items, line.slice(i)];
      }
    } else if (c === ',' && depth === 1 && start >= 0) cuts.push(i);
  }
  return [line];
}

if (process.argv[1] === import.meta.filename) {
  const dist = join(import.meta.dirname, '..');
  const docs = join(dist, '..', 'docs');
  const page = join(docs, 'api.md');
  writeFileSync(page, apiPage(dist, readFileSync(join(docs, 'words.md'), 'utf8')));
  console.log(page);
}
