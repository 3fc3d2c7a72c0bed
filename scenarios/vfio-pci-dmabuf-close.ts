/** Corpus VFIO-DMABUF: a function is disabled, and its addresses given up, while others reach its BAR. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  addressesAreOwn,
  CORE_C,
  cleanUpFirst,
  closeBuf,
  closeOrder,
  DmaBuf,
  Importer,
  importBuf,
  mappedMeansEnabled,
  mapTest,
  otherDriver,
  VfioPci,
  vfioPciCoreCloseDevice,
} from '../model/vfio-pci/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const tested = set(mapTest, 'tested');
const revokedFirst = set(closeOrder, 'revoke, disable');

export default scenario('vfio-pci-dmabuf-close', {
  title: 'the last close of a VFIO PCI device while another device imports its BAR',
  about:
    'User space exports a BAR as a dma-buf, and another device imports it. The last close of the VFIO device disables ' +
    'the function and gives its addresses up; only then is the importer told to unmap. In between it reaches a BAR that ' +
    'does not answer, or that of another driver.',
  systems: ['vfio-pci'],
  source: cleanUpFirst(CORE_C),
  corpus: 'VFIO-DMABUF',
  bounds: { bufs: 1, rounds: 1, others: 1, disabled: 0 },
  variants: {
    posted: {
      about: 'the function is disabled first, and another driver has its addresses',
      settings: [tested],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 9, states: 185 },
    },
    'posted-disabled': {
      about: 'the same before there is another driver: a BAR that does not answer',
      settings: [tested],
      bounds: { others: 0, disabled: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 6, states: 49 },
    },
    'map-untested': {
      about: 'the repair, with a map that does not test whether access was revoked, as an early posting has it',
      settings: [revokedFirst],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 20, states: 434 },
    },
    fixed: {
      about: 'access is revoked first; two dma-bufs, imported twice, and a driver that waits for the addresses',
      settings: [tested, revokedFirst],
      bounds: { bufs: 2, rounds: 2, disabled: 1 },
      expect: { verdict: 'holds', states: 58_055, depth: 65 },
    },
  },
  setup: (s) => {
    const { bufs, rounds, others, disabled } = s.bounds;
    const vdev = s.object(VfioPci, 'vdev');
    const pool = s.pool(DmaBuf, 1);
    const importers = Array.from({ length: bufs }, (_, i) => {
      const dmabuf = s.object(DmaBuf, `dmabuf${i}`);
      // One for the fd, one for the importer.
      dmabuf.f_count.counter = 2;
      vdev.dmabufs.add(dmabuf);
      const importer = s.object(Importer, `importer${i}`, { dmabuf });
      s.property(
        returns(`import ${i}`, s.task(`import${i}`, [does(importBuf, { vdev, importer, rounds })])),
        returns(`close of dma-buf ${i}`, s.task(`user${i}`, [does(closeBuf, { vdev, dmabuf })])),
      );
      return importer;
    });
    const [a = null, b = null] = importers;
    s.property(returns('close', s.task('closer', [does(vfioPciCoreCloseDevice, { vdev, a, b })])));
    if (others > 0) s.task('driver', [does(otherDriver, { vdev })]);
    s.property(
      addressesAreOwn(vdev, importers),
      ...(disabled > 0 ? [mappedMeansEnabled(vdev, importers)] : []),
      allFreed([pool]),
      sometimes('mapped', 'an importer reaches the BAR', () => importers.some((importer) => importer.mapped)),
      sometimes('disabled', 'the function is disabled', () => !vdev.enabled),
    );
  },
});
