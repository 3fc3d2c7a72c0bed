/** Vector clocks against the definition: reachability in the graph of all edges of a schedule. */
import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { HappensBefore, type OrderedStep } from '../../../../checker/analyse/happens-before.ts';

const SEED = process.env['QUIESCE_SEED'] ?? 'happens-before';

const step = (actor: number, rest: Partial<OrderedStep> = {}): OrderedStep => ({
  actor,
  acquires: [],
  reads: [],
  writes: [],
  releases: [],
  ...rest,
});

/** Racing pairs `earlier-later variable`, earlier ones the last of their actor and kind. */
function byClocks(schedule: readonly OrderedStep[], actors: number): string[] {
  const clocks = new HappensBefore(actors);
  return schedule
    .flatMap((s, i) => clocks.take(s).map((r) => `${r.step}-${i} ${r.variable} ${r.wrote} ${r.writes}`))
    .sort();
}

/** The same by the definition: every pair of accesses, every path. */
function byDefinition(schedule: readonly OrderedStep[]): string[] {
  const n = schedule.length;
  const before = schedule.map(() => new Set<number>());
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [schedule[j] as OrderedStep, schedule[i] as OrderedStep];
      const edge = a.actor === b.actor || [...b.acquires].some((c) => [...a.releases].includes(c));
      if (!edge) continue;
      before[i]?.add(j);
      for (const k of before[j] ?? []) before[i]?.add(k);
    }
  const found: string[] = [];
  for (let i = 0; i < n; i++) {
    const later = schedule[i] as OrderedStep;
    for (const variable of new Set([...later.reads, ...later.writes])) {
      const writes = [...later.writes].includes(variable);
      for (const wrote of [true, false]) {
        if (!wrote && !writes) continue;
        const last = new Map<number, number>();
        for (let j = 0; j < i; j++) {
          const s = schedule[j] as OrderedStep;
          const did = [...s.writes].includes(variable) ? wrote : !wrote && [...s.reads].includes(variable);
          if (did && s.actor !== later.actor) last.set(s.actor, j);
        }
        for (const j of last.values()) if (!before[i]?.has(j)) found.push(`${j}-${i} ${variable} ${wrote} ${writes}`);
      }
    }
  }
  return found.sort();
}

describe('two accesses race', () => {
  test('when nothing is between them, and not after a release and an acquire', () => {
    expect(byClocks([step(0, { writes: [7] }), step(1, { reads: [7] })], 2)).toEqual(['0-1 7 true false']);
    const ordered = [step(0, { writes: [7], releases: [1] }), step(1, { acquires: [1], reads: [7] })];
    expect(byClocks(ordered, 2)).toEqual([]);
    expect(byClocks([step(0, { writes: [7], releases: [1] }), step(1, { acquires: [2], reads: [7] })], 2)).toHaveLength(
      1,
    );
  });

  test('not when both read', () => {
    expect(byClocks([step(0, { reads: [7] }), step(1, { reads: [7] })], 2)).toEqual([]);
  });

  test('not through memory that was given out anew', () => {
    const clocks = new HappensBefore(2);
    clocks.take(step(0, { writes: [7] }));
    clocks.forget(7);
    expect(clocks.take(step(1, { writes: [7] }))).toEqual([]);
  });
});

test(`1,500 random schedules agree with the definition (seed ${SEED})`, () => {
  const random = seedrandom(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const some = (n: number) => Array.from({ length: below(3) === 0 ? 1 : 0 }, () => below(n));
  let racing = 0;
  for (let run = 0; run < 1500; run++) {
    const actors = 2 + below(3);
    const schedule = Array.from({ length: 3 + below(14) }, () =>
      step(below(actors), {
        acquires: some(3),
        reads: below(2) === 0 ? [below(2)] : [],
        writes: below(3) === 0 ? [below(2)] : [],
        releases: some(3),
      }),
    );
    const found = byClocks(schedule, actors);
    expect(found).toEqual(byDefinition(schedule));
    if (found.length > 0) racing++;
  }
  // Both answers must come.
  expect(racing).toBeGreaterThan(300);
  expect(racing).toBeLessThan(1450);
});
