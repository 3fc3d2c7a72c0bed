/** The way of a page request to the ring: what is lost when it is full, and what a drain waits for. */
import { describe, expect, test } from 'vitest';
import { type Setup, sometimes } from '../../../../checker/lang/index.ts';
import { PageRequest, PciContext, PciFunction } from '../../../../hw/pci/objects.ts';
import { drainQueue, postingContext, requestWriter, VtdRequestPath } from '../../../../hw/vtd/page-requests.ts';
import { PasidEntry, VtdPrq } from '../../../../hw/vtd/prq.ts';
import { resultOf, small } from '../small.ts';

/** Groups of these sizes, which a context sends or which are on the link already, and a ring that nobody empties. */
function world(s: Setup<any>, groups: readonly number[], entries: number) {
  const path = s.object(VtdRequestPath, 'path', { entries });
  const prq = s.object(VtdPrq, 'prq');
  const fn = s.object(PciFunction, 'function');
  const lasts = groups.flatMap((size) => Array.from({ length: size }, (_, i) => i === size - 1));
  const ctx = s.object(PciContext, 'ctx', { pasid: 1, run: true, active: true });
  const requests = s.objects(PageRequest, 'request', lasts.length, (i) => ({ context: ctx, last: lasts[i] ?? true }));
  s.actor('writer', requestWriter, { path, prq, fn });
  return { path, prq, fn, ctx, requests };
}

/** Can a state be reached in which `wanted` holds? */
async function canBe(setup: (s: Setup<any>) => () => boolean): Promise<boolean> {
  const verdict = await small((s) => {
    const wanted = setup(s);
    s.property(sometimes('wanted', 'the state asked for', wanted));
  });
  expect(verdict.complete).toBe(true);
  return resultOf(verdict, 'wanted') === 'reached';
}

describe('a ring that is full', () => {
  const sent = (groups: readonly number[], entries: number, wanted: (w: ReturnType<typeof world>) => boolean) =>
    canBe((s) => {
      const w = world(s, groups, entries);
      const { path, prq, fn, ctx, requests } = w;
      const entry = s.object(PasidEntry, 'entry', { present: true });
      s.actor('device', postingContext, { path, prq, fn, ctx, entry, requests });
      return () => wanted(w);
    });

  test('loses a request, and the IOMMU answers it if it was the last of its group', async () => {
    const lost = (w: ReturnType<typeof world>, answer: string) =>
      w.path.overflow && w.prq.entries.length === 1 && w.requests[1]?.answer === answer;
    expect(await sent([2], 1, (w) => lost(w, 'overflow') && w.fn.prg.at(0) === null)).toBe(true);
    expect(await sent([2], 1, (w) => lost(w, 'none'))).toBe(false);
    expect(await sent([2], 2, (w) => w.path.overflow)).toBe(false);
  });

  test('loses everything from then on, until PRO is cleared', async () => {
    expect(await sent([2, 2], 1, (w) => w.requests[3]?.answer === 'overflow')).toBe(true);
    expect(await sent([2, 2], 1, (w) => w.path.overflow && w.prq.entries.length > 1)).toBe(false);
  });
});

describe('the status of a drain', () => {
  test.each([
    // Descriptors; where a request may still be that was on the link before.
    [['wait, fence', 'IOTLB', 'device TLB', 'wait, drain'], 'ring'],
    [['wait, fence', 'IOTLB', 'wait, drain'], 'link buffer ring'],
    [['wait, fence', 'IOTLB', 'device TLB', 'wait'], 'buffer ring'],
    [['wait'], 'link buffer ring'],
  ] as const)('of %s', async (descriptors, places) => {
    const found: string[] = [];
    for (const place of ['link', 'buffer', 'ring'] as const) {
      const may = await canBe((s) => {
        const { path, prq, requests } = world(s, [1], 2);
        s.actor('queue', drainQueue, { path });
        path.link.push(requests[0] as PageRequest);
        for (const descriptor of descriptors) path.queue.push(descriptor);
        const where = { link: path.link, buffer: path.buffer, ring: prq.entries }[place];
        return () => path.drained && where.length > 0;
      });
      if (may) found.push(place);
    }
    expect(found.join(' ')).toBe(places);
  });
});
