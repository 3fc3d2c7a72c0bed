/**
 * No clock and no chance outside the few files that need them. A result that depends on either cannot be replayed.
 */
import { expect, test } from 'vitest';
import { sourceFiles, withoutComments } from './sources.ts';

/** What reads a clock or makes something up, and the files that may. */
const impure: readonly { readonly what: string; readonly pattern: RegExp; readonly allowed: RegExp }[] = [
  {
    what: 'a clock',
    pattern: /\bDate\.now\b|\bnew Date\b|\bperformance\b|\bhrtime\b/,
    allowed:
      /^checker\/(check|progress|verdict-of|grow\/(grow|needs)|search\/[a-z/]+)\.ts$|^cli\/(live-line|commands\/corpus|corpus\/searcher)\.ts$|^bench\//,
  },
  { what: 'chance', pattern: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/, allowed: /^$/ },
  {
    what: 'seeded chance',
    pattern: /from 'seedrandom'/,
    allowed: /^checker\/(search\/(random|pct|walk)|analyse\/(audit|races)|reduce\/(confirm|learning))\.ts$/,
  },
  { what: 'the environment', pattern: /\bprocess\.env\b/, allowed: /^cli\/(console|errors)\.ts$|^bench\// },
];

const files = sourceFiles();

test.each(impure)('only where it is needed: $what', ({ pattern, allowed }) => {
  const found = files.filter((f) => !allowed.test(f.path) && pattern.test(withoutComments(f.text))).map((f) => f.path);
  expect(found).toEqual([]);
});

test('the patterns see what they look for', () => {
  const samples = ['Date.now()', 'Math.random()', "import seedrandom from 'seedrandom'", "process.env['X']"];
  expect(samples.map((s, i) => impure[i]?.pattern.test(s))).toEqual([true, true, true, true]);
});
