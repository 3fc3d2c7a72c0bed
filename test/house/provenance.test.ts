/**
 * Provenance. A model is a claim about a patch: every procedure and step says which page to lay beside it, and every
 * scenario has a form with the bug and a form without, or says why not.
 */
import { describe, expect, test } from 'vitest';
import { compile } from '../../checker/compile/compile.ts';
import { corpusIdsOfScenario, isCorpusId } from '../../scenarios/corpus.ts';
import { scenarios } from '../../scenarios/index.ts';
import { sourceFiles } from './sources.ts';

describe.each(scenarios)('$name', (scenario) => {
  test('says what it is and where it comes from', () => {
    expect(scenario.title).not.toBe('');
    expect(scenario.about.length).toBeGreaterThan(20);
    expect(scenario.source.patch).not.toBe('');
    expect(scenario.systems).not.toEqual([]);
    for (const { about } of Object.values(scenario.variants)) expect(about).not.toBe('');
  });

  test('every procedure and step of every variant names its source', () => {
    const nameless = new Set<string>();
    let steps = 0;
    for (const variant of Object.keys(scenario.variants))
      for (const actor of compile(scenario, { variant }).actors)
        for (const point of actor.points) {
          steps++;
          if (!point.source.patch) nameless.add(`${point.procedure}/${point.label}`);
          for (const call of point.stack) if (!call.source.patch) nameless.add(call.procedure);
        }
    expect(steps).toBeGreaterThan(0);
    expect([...nameless]).toEqual([]);
  });

  test('has a form with the bug and a form without, unless it is a guard or a peer', () => {
    const verdicts = Object.values(scenario.variants).map((v) => v.expect.verdict);
    // A guard is a case that must not be reported; the models of the peers come with their own.
    if (scenario.corpus?.startsWith('guard') || scenario.systems.includes('peers')) return;
    expect(verdicts).toContain('violated');
    expect(verdicts).toContain('holds');
    expect(Object.keys(scenario.variants)).toContain('posted');
  });

  test('says which entries of the corpus it is about, or that it is new', () => {
    expect(scenario.corpus, "corpus: '#12', 'VTD-REL-1', 'guard 6' or 'new'").toBeDefined();
    const unknown = corpusIdsOfScenario(scenario).filter((id) => !isCorpusId(id));
    expect(unknown, 'ids are those of scenarios/corpus.ts, joined by ", "').toEqual([]);
  });
});

test('every scenario file is in the registry, under its own name', () => {
  const declared = sourceFiles(['scenarios']).flatMap((f) =>
    [...f.text.matchAll(/^export default scenario\('([^']+)'/gm)].map((m) => m[1]),
  );
  expect(declared.sort()).toEqual(scenarios.map((s) => s.name).sort());
});
