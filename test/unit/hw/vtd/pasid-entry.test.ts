/** A PASID table entry is read in two pieces, and an invalidation waits for a read that is under way. */
import { expect, test } from 'vitest';
import { does, procedure, type Setup, sometimes } from '../../../../checker/lang/index.ts';
import { PasidCache, PasidEntryInPieces, pasidWalker } from '../../../../hw/vtd/pasid-entry.ts';
import { resultOf, small, source } from '../small.ts';

const run = (
  setup: (s: Setup<any>, entry: PasidEntryInPieces, cache: PasidCache) => void,
  wanted: (entry: PasidEntryInPieces, cache: PasidCache) => boolean,
  present = true,
) =>
  small((s) => {
    const entry = s.object(PasidEntryInPieces, 'entry', { present, did: 1, flptptr: 1 });
    const cache = s.object(PasidCache, 'cache');
    s.actor('iommu', pasidWalker, { entry, cache });
    setup(s, entry, cache);
    s.property(sometimes('wanted', 'the state asked for', () => wanted(entry, cache)));
  }).then((verdict) => resultOf(verdict, 'wanted') === 'reached');

const nothing = () => {};

test('an entry that is present is cached, another is not', async () => {
  const cached = (_: PasidEntryInPieces, cache: PasidCache) => cache.did === 1 && cache.flptptr === 1;
  expect(await run(nothing, cached)).toBe(true);
  expect(await run(nothing, cached, false)).toBe(false);
});

const replace = (s: Setup<any>, entry: PasidEntryInPieces) => {
  const write = procedure('write', { source, params: { entry: PasidEntryInPieces } }, (k) => [
    k.step('both at once', (f) => {
      f.entry.did = 2;
      f.entry.flptptr = 2;
    }),
  ]);
  s.task('cpu', [does(write, { entry })]);
};

test('a write between the two reads is seen by the second, however it is done', async () => {
  expect(await run(replace, (_, cache) => cache.did === 1 && cache.flptptr === 2)).toBe(true);
  expect(await run(replace, (_, cache) => cache.did === 2 && cache.flptptr === 1)).toBe(false);
});

test('an invalidation that is done leaves nothing that was read before it', async () => {
  const invalidate = (s: Setup<any>, entry: PasidEntryInPieces, cache: PasidCache) => {
    const change = procedure('change', { source, params: { entry: PasidEntryInPieces, cache: PasidCache } }, (k) => [
      k.step('not present', (f) => {
        f.entry.present = false;
      }),
      k.step('invalidate', (f) => {
        f.cache.invalidate = true;
      }),
    ]);
    s.task('cpu', [does(change, { entry, cache })]);
  };
  expect(await run(invalidate, (_, cache) => cache.done)).toBe(true);
  expect(await run(invalidate, (_, cache) => cache.done && (cache.did !== 0 || cache.fetched_did !== 0))).toBe(false);
});
