/** dma-bufs of a BAR, one call after the other: who may map, what a close revokes, and what the last put frees. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { atEnd, type Bounds, does, type Operation, type Setup, set } from '../../../../model/kernel/index.ts';
import {
  closeBuf,
  closeOrder,
  DmaBuf,
  Importer,
  importBuf,
  mapTest,
  otherDriver,
  VfioPci,
  vfioPciCoreCloseDevice,
} from '../../../../model/vfio-pci/index.ts';
import { tiny } from '../../../support/tiny.ts';

interface World {
  readonly vdev: VfioPci;
  readonly dmabuf: DmaBuf;
  readonly importer: Importer;
}

/** The end of one task: dma-bufs left, those of the device, and whether the function is enabled and its addresses are its own. */
async function endOf(
  operations: (w: World) => readonly Operation[],
  order: (typeof closeOrder.values)[number],
): Promise<string> {
  let end = '';
  const verdict = await check(
    tiny(
      (s: Setup<Bounds>) => {
        s.setting(closeOrder);
        s.setting(mapTest);
        const vdev = s.object(VfioPci, 'vdev');
        const dmabuf = s.object(DmaBuf, 'dmabuf');
        dmabuf.f_count.counter = 2;
        vdev.dmabufs.add(dmabuf);
        const importer = s.object(Importer, 'importer', { dmabuf });
        const pool = s.pool(DmaBuf, 1);
        s.task('task', operations({ vdev, dmabuf, importer }));
        s.property(
          atEnd('look', 'what is left', () => {
            end = `${[...pool].length} ${vdev.dmabufs.length} ${vdev.enabled} ${vdev.regions} ${importer.mapped}`;
            return null;
          }),
        );
      },
      { settings: [set(closeOrder, order), set(mapTest, 'tested')] },
    ),
    { explain: false },
  );
  return verdict.violations[0]?.evidence.message ?? (verdict.outcome === 'holds' ? end : verdict.outcome);
}

const imports = ({ vdev, importer }: World) => does(importBuf, { vdev, importer, rounds: 2 });
const closes = ({ vdev, dmabuf }: World) => does(closeBuf, { vdev, dmabuf });
const ends = ({ vdev, importer }: World) => does(vfioPciCoreCloseDevice, { vdev, a: importer, b: null });

describe.each(closeOrder.values)('%s', (order) => {
  test('the last put frees a dma-buf and takes it off its device', async () => {
    expect(await endOf((w) => [imports(w)], order)).toBe('1 1 true true false');
    expect(await endOf((w) => [imports(w), closes(w)], order)).toBe('0 0 true true false');
    expect(await endOf((w) => [closes(w), imports(w)], order)).toBe('0 0 true true false');
  });

  test('after a close nobody maps, and what is left has no device', async () => {
    expect(await endOf((w) => [ends(w), imports(w)], order)).toBe('1 0 false false false');
    expect(await endOf((w) => [ends(w), imports(w), closes(w)], order)).toBe('0 0 false false false');
    expect(await endOf((w) => [ends(w), does(otherDriver, { vdev: w.vdev })], order)).toBe('1 0 false false false');
  });
});
