/**
 * dma_buf_dynamic_attach(), dma_buf_pin(), dma_buf_unpin(), dma_buf_detach(), dma_buf_put(), and an exporter that counts
 * pins, as TTM does, and moves its buffer while there are none.
 *
 * Source: dma-buf.c and ttm_bo.c of Linux 7.1; see the README for what was read.
 */
import {
  int,
  type KernelKit,
  nameOf,
  pointerTo,
  procedure,
  ptr,
  ref,
  type Statement,
  Violation,
} from '../kernel/index.ts';
import { Attachment, DmaBuf, type IoptPages, type IoptPages as Pages } from './objects.ts';
import { DMA_BUF_C, exporter, TTM_C } from './sources.ts';
import { detachLock, lockdep, pinCount } from './switches.ts';

const source = exporter(DMA_BUF_C);

/** dma_resv_assert_held(). */
const assertHeld = <F extends { dmabuf: DmaBuf }>(k: KernelKit<F>, what: string): Statement<F> =>
  k.switch(lockdep, {
    asserts: [
      k.step(`dma_resv_assert_held(dmabuf->resv), ${what}`, (f, self) => {
        if (f.dmabuf.resv.owner !== self)
          throw new Violation('lock-misuse', `${what} without the reservation lock of ${nameOf(f.dmabuf)}`, [
            nameOf(f.dmabuf),
          ]);
      }),
    ],
    silent: [],
  });

/** `pin_count` is no atomic: the reservation lock covers it, and the LRU lock where the exporter takes that as well. */
const count = (name: 'dma_buf_pin' | 'dma_buf_unpin', by: 1 | -1) =>
  procedure(
    name,
    {
      source: exporter(TTM_C),
      params: { dmabuf: ptr(DmaBuf), attach: ptr(Attachment) },
      locals: { pins: int(0, 4) },
    },
    (k) => {
      const counted = [
        k.step('bo->pin_count is read', (f) => {
          f.pins = f.dmabuf.pin_count;
        }),
        k.step(
          by > 0 ? 'bo->pin_count++' : 'bo->pin_count--',
          (f) => {
            if (f.pins + by < 0)
              throw new Violation('refcount', `${nameOf(f.dmabuf)} is unpinned without a pin`, [nameOf(f.dmabuf)]);
            f.dmabuf.pin_count = f.pins + by;
            f.attach.pinned = by > 0;
          },
          { indivisible: '`pinned` is a ghost, which belongs to the importer' },
        ),
      ];
      return [
        assertHeld(k, name),
        k.switch(pinCount, {
          'reservation lock': counted,
          'LRU lock as well': [
            k.spinLock((f) => f.dmabuf.lru_lock, { label: 'spin_lock(&bo->bdev->lru_lock)' }),
            ...counted,
            k.spinUnlock((f) => f.dmabuf.lru_lock, { label: 'spin_unlock(&bo->bdev->lru_lock)' }),
          ],
        }),
      ];
    },
  );

/** dma_buf_pin(), and ttm_bo_pin(). */
export const dmaBufPin = count('dma_buf_pin', 1);
/** dma_buf_unpin(), and ttm_bo_unpin(). */
export const dmaBufUnpin = count('dma_buf_unpin', -1);

/** dma_buf_dynamic_attach(): the attachment, or NULL without memory. */
export const dmaBufAttach = procedure(
  'dma_buf_dynamic_attach',
  {
    source,
    params: { dmabuf: ptr(DmaBuf), pages: pointerTo<IoptPages>() },
    locals: { attach: ref(Attachment) },
    returns: ref(Attachment),
  },
  (k) => [
    k.kmalloc(
      Attachment,
      (f, attach) => {
        attach.importer_priv = f.pages;
        f.attach = attach;
      },
      { orElse: [k.return(null)] },
    ),
    k.mutexLock((f) => f.dmabuf.resv, { label: 'dma_resv_lock(dmabuf->resv)' }),
    k.step('list_add(&attach->node, &dmabuf->attachments)', (f) => f.dmabuf.attachments.add(f.attach as Attachment)),
    k.mutexUnlock((f) => f.dmabuf.resv, { label: 'dma_resv_unlock(dmabuf->resv)' }),
    k.return((f) => f.attach),
  ],
);

/** dma_buf_detach(). */
export const dmaBufDetach = procedure(
  'dma_buf_detach',
  { source, params: { dmabuf: ptr(DmaBuf), attach: ref(Attachment) } },
  (k) => [
    k.switch(detachLock, {
      taken: [k.mutexLock((f) => f.dmabuf.resv, { label: 'dma_resv_lock(dmabuf->resv)' })],
      none: [],
    }),
    k.step('list_del(&attach->node)', (f) => f.dmabuf.attachments.remove(f.attach as Attachment)),
    k.switch(detachLock, {
      taken: [k.mutexUnlock((f) => f.dmabuf.resv, { label: 'dma_resv_unlock(dmabuf->resv)' })],
      none: [],
    }),
    k.kfree((f) => f.attach),
  ],
);

/** dma_buf_put(): the buffer goes with its last reference. */
export const dmaBufPut = procedure('dma_buf_put', { source, params: { dmabuf: ptr(DmaBuf) } }, (k) => [
  k.refcountDecAndTest((f) => f.dmabuf.f_count, [k.kfree((f) => f.dmabuf)], [], { label: 'fput(dmabuf->file)' }),
]);

/**
 * The exporter needs the place of the buffer: unless it is pinned, every importer is told to stop, under the reservation
 * lock, and it is moved.
 */
export const exporterMoves = procedure(
  'ttm_bo_evict',
  {
    source: exporter(TTM_C),
    params: { dmabuf: ptr(DmaBuf) },
    locals: { at: ref(Attachment), pages: pointerTo<Pages>() },
  },
  (k) => [
    k.mutexLock((f) => f.dmabuf.resv, { label: 'dma_resv_lock(bo->base.resv)' }),
    k.test('bo->pin_count', (f) => f.dmabuf.pin_count > 0, [k.goto('out')]),
    k.listForEachEntry(
      (f) => f.dmabuf.attachments,
      {
        get: (f) => f.at,
        set: (f, node) => {
          f.at = node;
        },
      },
      [
        k.step('attach->importer_ops->invalidate_mappings(attach)', (f) => {
          const at = f.at as Attachment;
          if (at.pinned)
            throw new Violation('protocol', `${nameOf(f.dmabuf)} is moved while ${nameOf(at)} pins it`, [
              nameOf(f.dmabuf),
              nameOf(at),
            ]);
          f.pages = at.importer_priv;
        }),
        k.mutexLock((f) => f.pages.mutex, { as: '&pages->mutex' }),
        k.step('iopt_revoke_notify(): pages->dmabuf.phys.len = 0', (f) => {
          f.pages.valid = false;
        }),
        k.mutexUnlock((f) => f.pages.mutex, { as: '&pages->mutex' }),
      ],
      { label: 'list_for_each_entry(attach, &dmabuf->attachments, node)' },
    ),
    k.label('out'),
    k.mutexUnlock((f) => f.dmabuf.resv, { label: 'dma_resv_unlock(bo->base.resv)' }),
    k.call(dmaBufPut, (f) => ({ dmabuf: f.dmabuf })),
  ],
);
