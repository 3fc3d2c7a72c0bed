/**
 * dma-bufs: import, the last put, and the revocation of all of a device.
 *
 * Source: vfio_pci_dmabuf.c, dma-buf.c. Limits: the release of a file runs in the put; only one that has no device any more
 * is put under memory_lock.
 */
import { bool, ENODEV, errno, incNotZero, int, procedure, ptr, ref } from '../kernel/index.ts';
import { DmaBuf, Importer, VfioPci } from './objects.ts';
import { DMA_BUF_C, DMABUF_C, exported } from './sources.ts';
import { mapTest } from './switches.ts';

const source = exported(DMABUF_C);

/** dma_buf_put(), and vfio_pci_dma_buf_release() by the last one. */
export const dmaBufPut = procedure('dma_buf_put', { source, params: { vdev: VfioPci, dmabuf: ptr(DmaBuf) } }, (k) => [
  k.refcountDecAndTest(
    (f) => f.dmabuf.f_count,
    [
      k.test('priv->vdev', (f) => f.dmabuf.has_vdev, [
        k.downWrite((f) => f.vdev.memory_lock),
        k.step('list_del_init(&priv->dmabufs_elm)', (f) => {
          if (f.vdev.dmabufs.has(f.dmabuf)) f.vdev.dmabufs.remove(f.dmabuf);
        }),
        k.upWrite((f) => f.vdev.memory_lock),
      ]),
      k.kfree((f) => f.dmabuf),
    ],
  ),
]);

/** The import of a dma-buf whose file the caller has open: attach, map, later unmap; `rounds` times. */
export const importBuf = procedure(
  'dma_buf_attach, dma_buf_map_attachment',
  {
    source: exported(DMA_BUF_C),
    params: { vdev: VfioPci, importer: Importer, rounds: int(0, 3) },
    locals: { dmabuf: ptr(DmaBuf), ret: errno(), n: int(0, 3) },
  },
  (k) => [
    k.step('dmabuf = dma_buf_get(fd)', (f) => {
      f.dmabuf = f.importer.dmabuf as DmaBuf;
    }),
    k.test('vfio_pci_dma_buf_attach(): priv->revoked', (f) => f.dmabuf.revoked, [k.goto('out')]),
    k.loop([
      k.when((f) => f.n === f.rounds || f.ret !== 0, [k.break()]),
      k.local((f) => {
        f.n++;
      }),
      k.mutexLock((f) => f.dmabuf.resv, { label: 'dma_resv_lock(dmabuf->resv), to map' }),
      k.switch(mapTest, {
        untested: [],
        tested: [
          k.test('vfio_pci_dma_buf_map(): priv->revoked', (f) => f.dmabuf.revoked, [
            k.local((f) => {
              f.ret = -ENODEV;
            }),
          ]),
        ],
      }),
      k.when(
        (f) => f.ret === 0,
        [
          k.step('dma_map_phys(bar)', (f) => {
            f.importer.mapped = true;
          }),
        ],
      ),
      k.mutexUnlock((f) => f.dmabuf.resv, { label: 'dma_resv_unlock(dmabuf->resv), to map' }),
      k.when(
        (f) => f.ret === 0,
        [
          k.mutexLock((f) => f.dmabuf.resv, { label: 'dma_resv_lock(dmabuf->resv), to unmap' }),
          k.step('dma_unmap_phys(bar), if it is mapped', (f) => {
            f.importer.mapped = false;
          }),
          k.mutexUnlock((f) => f.dmabuf.resv, { label: 'dma_resv_unlock(dmabuf->resv), to unmap' }),
        ],
      ),
    ]),
    k.label('out'),
    k.step('the importer has the dma-buf no more', (f) => {
      f.importer.dmabuf = null;
    }),
    k.call(dmaBufPut, (f) => ({ vdev: f.vdev, dmabuf: f.dmabuf })),
  ],
);

/** close() of the fd by which user space has the dma-buf. */
export const closeBuf = procedure(
  'close',
  { source: exported(DMA_BUF_C), params: { vdev: VfioPci, dmabuf: ptr(DmaBuf) } },
  (k) => [k.call(dmaBufPut, (f) => ({ vdev: f.vdev, dmabuf: f.dmabuf }))],
);

/** vfio_pci_dma_buf_cleanup(): every importer is told to unmap, and no more may map. */
export const dmaBufCleanup = procedure(
  'vfio_pci_dma_buf_cleanup',
  {
    source,
    params: { vdev: VfioPci, a: ref(Importer), b: ref(Importer) },
    locals: { priv: ref(DmaBuf), next: ref(DmaBuf), active: bool() },
  },
  (k) => [
    k.downWrite((f) => f.vdev.memory_lock),
    k.step('priv = first of vdev->dmabufs', (f) => {
      f.priv = f.vdev.dmabufs.first;
    }),
    k.loop([
      k.when((f) => f.priv === null, [k.break()]),
      k.step('tmp = next of vdev->dmabufs', (f) => {
        f.next = f.vdev.dmabufs.next(f.priv as DmaBuf);
      }),
      k.step('get_file_active(&priv->dmabuf->file)', (f) => {
        f.active = incNotZero((f.priv as DmaBuf).f_count);
      }),
      k.when(
        (f) => f.active,
        [
          k.mutexLock((f) => (f.priv as DmaBuf).resv, { label: 'dma_resv_lock(priv->dmabuf->resv)' }),
          k.step('list_del_init(&priv->dmabufs_elm)', (f) => f.vdev.dmabufs.remove(f.priv as DmaBuf)),
          k.step('priv->vdev = NULL', (f) => {
            (f.priv as DmaBuf).has_vdev = false;
          }),
          k.step('priv->revoked = true', (f) => {
            (f.priv as DmaBuf).revoked = true;
          }),
          k.step(
            'dma_buf_move_notify(priv->dmabuf): its importer unmaps',
            (f) => {
              for (const importer of [f.a, f.b]) if (importer?.dmabuf === f.priv) importer.mapped = false;
            },
            { indivisible: 'each dma-buf has one importer, and `mapped` is under the reservation lock' },
          ),
          k.mutexUnlock((f) => (f.priv as DmaBuf).resv, { label: 'dma_resv_unlock(priv->dmabuf->resv)' }),
          k.call(dmaBufPut, (f) => ({ vdev: f.vdev, dmabuf: f.priv as DmaBuf })),
        ],
      ),
      k.local((f) => {
        f.priv = f.next;
      }),
    ]),
    k.upWrite((f) => f.vdev.memory_lock),
  ],
);
