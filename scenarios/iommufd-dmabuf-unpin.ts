/** Corpus DMARESV: iommufd unpins a dma-buf without the lock that covers its pins. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  Attachment,
  DmaBuf,
  detachLock,
  exporterMoves,
  IoptPages,
  lockdep,
  locked,
  mapThenUnmap,
  PAGES_C,
  pinCount,
  pinsAreCounted,
  unpinLock,
} from '../model/dma-buf/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

const held = set(unpinLock, 'held');
const silent = set(lockdep, 'silent');

export default scenario('iommufd-dmabuf-unpin', {
  title: 'a dma-buf is unpinned while another importer pins it, and its exporter wants to move it',
  about:
    'iommufd imports a dma-buf and pins it, since it cannot follow a buffer that moves. When it gives the buffer back it ' +
    'unpins it, for which it must hold the reservation lock; it did not. A kernel that asserts so tells at once. In one ' +
    'that does not, an exporter that counts its pins by that lock loses one, and moves a buffer that is pinned.',
  systems: ['dma-buf'],
  source: locked(PAGES_C),
  corpus: 'DMARESV',
  bounds: { importers: 1, movers: 0, failures: 0 },
  variants: {
    posted: {
      about: 'Linux 7.1: dma_resv_assert_held() fails in the first release',
      expect: { verdict: 'violated', kind: 'lock-misuse', length: 14, states: 14 },
    },
    'posted-silent': {
      about: 'the same where nothing asserts, with an exporter that counts pins by that lock alone: a pin is lost',
      settings: [silent],
      bounds: { importers: 2 },
      expect: { verdict: 'violated', kind: 'refcount', length: 24, states: 1_267 },
    },
    'held-too-long': {
      about: 'never posted: the lock is kept for dma_buf_detach, which takes it',
      settings: [set(unpinLock, 'held too long')],
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'deadlock', length: 17, states: 18 },
    },
    'detach-unlocked': {
      about: 'never posted: dma_buf_detach takes no lock, and the exporter tells an importer that is gone',
      settings: [held, set(detachLock, 'none')],
      bounds: { movers: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 24, states: 123 },
    },
    fixed: {
      about: 'the lock around the unpin; two importers, an exporter that moves the buffer, one failure',
      settings: [held],
      bounds: { importers: 2, movers: 1, failures: 1 },
      expect: { verdict: 'holds', states: 32_160, depth: 62 },
    },
    'posted-lru-lock': {
      about:
        'as posted-silent, with TTM as it is today, which takes the lock of its LRU list around the count: what is missing shows ' +
        'nowhere but in the assertion',
      settings: [silent, set(pinCount, 'LRU lock as well')],
      bounds: { importers: 2, movers: 1 },
      corpus: 'new',
      expect: { verdict: 'holds', states: 18_909, depth: 62 },
    },
  },
  setup: (s) => {
    const { importers, movers, failures } = s.bounds;
    const dmabuf = s.object(DmaBuf, 'dmabuf');
    dmabuf.f_count.counter = importers + movers;
    const buffers = s.pool(DmaBuf, 1);
    const attachments = s.pool(Attachment, importers);
    const pages = s.pool(IoptPages, importers);
    for (let i = 0; i < importers; i++) {
      const task = s.task(`importer${i}`, [does(mapThenUnmap, { dmabuf })]);
      s.property(returns(`unmap by ${task.name}`, task));
    }
    if (movers > 0) s.property(returns('the move', s.task('exporter', [does(exporterMoves, { dmabuf })])));
    s.failures({ kmalloc: failures });
    if (movers > 0)
      s.property(
        sometimes('told', 'an importer is told that the buffer moves', () =>
          [...pages].some((one) => one.attach !== null && !one.valid),
        ),
      );
    s.property(
      pinsAreCounted(buffers),
      allFreed([buffers, attachments, pages]),
      sometimes('pinned', 'an importer has the buffer pinned', () => [...attachments].some((attach) => attach.pinned)),
    );
  },
});
