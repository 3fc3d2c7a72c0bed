/** A search in passes that is cut short tells what any of its passes found. */
import { expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import type { Scenario } from '../../../../checker/lang/index.ts';
import { Learning } from '../../../../checker/reduce/learning.ts';
import { BreadthFirst } from '../../../../checker/search/breadth/bfs.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import { Passes } from '../../../../checker/search/passes.ts';
import { scenarios } from '../../../../scenarios/index.ts';

const scenario = scenarios.find((s) => s.name === 'sva-early-shutdown') as Scenario;
const limits = { maxStates: 2 ** 28, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };

function passes() {
  const model = compile(scenario, { variant: 'posted', marks: true });
  const learning = new Learning(model, {});
  let begun = 0;
  const search = new Passes({
    learning,
    maxDepth: limits.maxDepth,
    stopAtFirst: false,
    workers: 1,
    findings: () => new Findings(model, null),
    make: (reducer, findings, maxDepth) => {
      begun++;
      return new BreadthFirst(model, findings, {
        limits: { ...limits, maxDepth },
        stopAtFirst: false,
        symmetry: null,
        reduction: { reducer, buffer: learning.footprints.buffer, snapshot: learning.snapshot },
      });
    },
  });
  return { search, begun: () => begun };
}

test('a pass that is given up does not take the violations of earlier ones with it', () => {
  const whole = passes();
  while (whole.search.advance(1000));
  expect(whole.begun()).toBeGreaterThan(2);
  const known = whole.search.findings.violations.map((v) => v.signature).sort();
  expect(known.length).toBeGreaterThan(0);

  const cut = passes();
  while (cut.search.advance(1000) && cut.begun() < whole.begun());
  expect(cut.search.findings.violations).toEqual([]);
  cut.search.close('time limit');
  const found = cut.search.findings.violations;
  expect(found.length).toBeGreaterThan(0);
  for (const v of found) expect(known).toContain(v.signature);
  expect([...found].sort((a, b) => a.length - b.length)).toEqual(found);
});
