/**
 * Reports of what the checker really finds: every scenario that is small enough, in each variant. The hand-written
 * documents of the other tests show shapes; these show that the shapes are the right ones.
 */
import { describe, expect, it } from 'vitest';
import { check } from '../../../checker/check.ts';
import type { Verdict } from '../../../checker/verdict.ts';
import { html, splat, verdictFromJson, verdictText, verdictToJson } from '../../../reports/index.ts';
import { count } from '../../../reports/numbers.ts';
import { WIDTH } from '../../../reports/text/lines.ts';
import { replayText } from '../../../reports/text/listing.ts';
import { MAX_LINES } from '../../../reports/text/splat.ts';
import { scenarios } from '../../../scenarios/index.ts';
import { dist } from '../../support/compiled.ts';

/** The page as it is shipped: its script is made small when the tree is built. */
const { html: shipped } = (await import(dist('reports/index'))) as { html: typeof html };

/** Larger ones are searched by the tests of the scenarios themselves. */
const MOST_STATES = 12_000;

/** Scenarios that are analysed, too. */
const MOST_ANALYSED = 1_000;

const cases = scenarios.flatMap((scenario) =>
  Object.entries(scenario.variants)
    .filter(([, v]) => v.expect.states <= MOST_STATES)
    .map(([variant]) => ({ scenario, variant, name: `${scenario.name} ${variant}` })),
);

/** Every number of the document, as reports write it. */
function numbersOf(value: unknown, into = new Set<string>()): Set<string> {
  if (typeof value === 'number') into.add(count(value));
  else if (typeof value === 'string') for (const n of value.match(/\d[\d,]*/g) ?? []) into.add(n);
  else if (Array.isArray(value)) for (const [i, v] of value.entries()) numbersOf(v, into).add(count(i + 1));
  else if (typeof value === 'object' && value !== null)
    for (const [k, v] of Object.entries(value)) {
      numbersOf(k, into);
      numbersOf(v, into);
    }
  return into;
}

it('there are scenarios to report on', () => {
  expect(cases.length).toBeGreaterThan(5);
});

describe.each(cases)('reports of $name', ({ scenario, variant }) => {
  let verdict: Verdict;
  it('can be made, all of them', async () => {
    verdict = await check(scenario, { variant });
    const text = verdictText(verdict);
    expect(text.split('\n').filter((l) => l.length > WIDTH || !/^[\x20-\x7e]*$/.test(l))).toEqual([]);
    expect(verdictFromJson(verdictToJson(verdict))).toEqual(verdict);
    const steps = verdict.violations[0]?.steps.length ?? 0;
    // Under 150 KB for an ordinary bug, and less for a short one.
    const most = steps > 200 ? 500_000 : Math.min(150 * 1024, 60_000 + 2_600 * steps);
    expect(Buffer.byteLength(shipped(verdict))).toBeLessThan(most);
  });

  it.runIf((scenario.variants[variant]?.expect.states ?? 0) <= MOST_ANALYSED)(
    'stay as small with what an analysis found',
    async () => {
      const analysed = await check(scenario, { variant, analyse: true });
      expect(Buffer.byteLength(shipped(analysed))).toBeLessThan(150 * 1024);
    },
  );

  it('fit a mail, the headline says MODEL, every step is in the listing', () => {
    for (const ce of verdict.violations) {
      const text = splat(ce, { scenario: scenario.name, variant, bounds: verdict.bounds });
      const lines = text.split('\n');
      expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
      expect(lines.filter((l) => l.length > WIDTH)).toEqual([]);
      expect(lines[1]).toMatch(/^MODEL: /);
      const listed = replayText(ce).match(/^[* ] *\d+ {2}\S/gm) ?? [];
      expect(listed).toHaveLength(ce.steps.length);
    }
  });

  it('contain no large number that is not in the document', () => {
    const known = numbersOf(verdict);
    // Numbers with a separator cannot be part of a name or a path.
    for (const n of verdictText(verdict).match(/\b\d{1,3}(,\d{3})+\b/g) ?? []) expect(known).toContain(n);
    const page = html(verdict).replace(/<(style|script)[\s\S]*?<\/\1>/g, '');
    for (const n of [verdict.counts.states, verdict.counts.transitions, verdict.counts.depth]) {
      expect(verdictText(verdict)).toContain(count(n));
      expect(page).toContain(count(n));
    }
  });
});
