/** Parents and candidates come back as they were added, and cost what was promised; the frontier likewise. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Frontier } from '../../../../checker/store/frontier.ts';
import { Lineage } from '../../../../checker/store/lineage.ts';

describe('lineage', () => {
  test('agrees with a list, for any tree in breadth-first order', () => {
    const children = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3000 });
    fc.assert(
      fc.property(children, fc.constantFrom(6, 300), (counts, branching) => {
        const lineage = new Lineage(branching);
        const parents: number[] = [-1];
        const candidates: number[] = [-1];
        counts.forEach((n, parent) => {
          if (parent >= parents.length) return;
          for (let k = 0; k < n; k++) {
            const candidate = (k * branching) / 6 + (parent % (branching / 6));
            parents.push(parent);
            candidates.push(Math.floor(candidate));
            lineage.add(parent, Math.floor(candidate));
          }
        });
        for (let i = 1; i < parents.length; i++)
          expect(lineage.origin(i)).toEqual({ parent: parents[i], candidate: candidates[i] });
        const last = parents.length - 1;
        const way: number[] = [];
        for (let i = last; i > 0; i = parents[i] as number) way.unshift(candidates[i] as number);
        expect(lineage.way(last)).toEqual(way);
      }),
      { numRuns: 60 },
    );
  });

  test('crosses its blocks, and takes about 1.3 bytes a state', () => {
    const lineage = new Lineage(4);
    // Every second state has two new successors: as many zeros as ones.
    const states = 3_000_000;
    for (let i = 1; i < states; i++) lineage.add((i - 1) & ~1, i % 4);
    for (let i = 1; i < states; i += 9973)
      expect(lineage.origin(i)).toEqual({ parent: (i - 1) & ~1, candidate: i % 4 });
    expect(lineage.bytes / states).toBeLessThan(1.4);
  });

  test('parents that decrease are refused', () => {
    const lineage = new Lineage(4);
    lineage.add(3, 0);
    expect(() => lineage.add(2, 0)).toThrow(RangeError);
  });
});

describe('frontier', () => {
  test('gives back each state until it is released, and uses blocks again', () => {
    const frontier = new Frontier(3);
    const behind = 5000;
    let most = 0;
    for (let i = 0; i < 100_000; i++) {
      frontier.add(Int32Array.of(0, i, i + 1, i + 2), 1);
      const old = i - behind;
      if (old < 0) continue;
      const at = frontier.offset(old);
      expect(frontier.block(old)[at]).toBe(old);
      expect(frontier.block(old)[at + 2]).toBe(old + 2);
      frontier.release(old);
      most = Math.max(most, frontier.bytes);
    }
    expect(frontier.count).toBe(100_000);
    expect(most).toBeLessThanOrEqual((behind + 3 * 1024) * 12);
  });
});
