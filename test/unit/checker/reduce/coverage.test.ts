import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import dining from '../../../../scenarios/peers/dining.ts';
import sva from '../../../../scenarios/peers/sva.ts';
import unbindVsExit from '../../../../scenarios/vfio-unbind-vs-exit.ts';
import { build } from '../../../support/random-build.ts';
import { randomModel } from '../../../support/random-model.ts';

describe('coverage under symmetry is that of the whole space', () => {
  test.each([
    ['two processes', sva, 'fixed', {}],
    ['one request', sva, 'fixed', { mms: 3, requests: 1, threads: 0 }],
    ['a ring', dining, 'posted', {}],
    ['unbinders', unbindVsExit, 'posted', {}],
  ] as const)('%s', async (_, scene, variant, bounds) => {
    const options = { variant, bounds, explain: false, all: true } as const;
    const full = await check(scene, options);
    const folded = await check(scene, { ...options, symmetry: true });
    expect(folded.counts.states).toBeLessThan(full.counts.states);
    expect(folded.coverage).toEqual(full.coverage);
  });

  test('random models', { timeout: 120_000 }, async () => {
    let compared = 0;
    for (const drawn of fc.sample(randomModel, { seed: 20, numRuns: 80 })) {
      const scene = build({ ...drawn, symmetric: true });
      const full = await check(scene, { explain: false, all: true, maxStates: 300 }).catch(() => null);
      if (full === null || !full.complete) continue;
      const folded = await check(scene, { explain: false, all: true, symmetry: true });
      expect(folded.coverage).toEqual(full.coverage);
      compared++;
    }
    expect(compared).toBeGreaterThan(40);
  });
});
