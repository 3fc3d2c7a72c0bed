/**
 * iommu_sva_bind_device(): a PASID for the address space when it has none yet, a domain when no other device gave it
 * one, and the handle that the device driver keeps.
 *
 * Source: spec (j); drivers/iommu/iommu-sva.c. The caller holds mm_users.
 */

import { LAST_PASID } from '../iopf/hardware.ts';
import { EBUSY, ENOMEM, ENOSPC, errno, idrInsert, inc, int, procedure, ptr, ref } from '../kernel/index.ts';
import { iommuAttachDevicePasid } from './attach.ts';
import { iommuDomainFree, iommuSvaDomainAlloc } from './domain.ts';
import { Device, Handle, IommuGroup, IommuMm, IommuSva, Mm, SvaDomain } from './objects.ts';
import { iommuAttachHandleGet } from './pasid-array.ts';
import { kvaList, SVA_C, v6_14 } from './sources.ts';
import { pasidTaken } from './switches.ts';

/** iommu_alloc_mm_data(), with `iommu_sva_lock` held: 0, or why there is no PASID. */
const iommuAllocMmData = procedure(
  'iommu_alloc_mm_data',
  {
    source: v6_14(SVA_C),
    params: { sva: IommuSva, mm: Mm },
    locals: { iommu_mm: ref(IommuMm), pasid: errno() },
    returns: errno(),
  },
  (k) => [
    k.test('iommu_mm = mm->iommu_mm', (f) => f.mm.iommu_mm !== null, [k.return(0)]),
    k.kmalloc(
      IommuMm,
      (f, fresh) => {
        f.iommu_mm = fresh;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    k.step('pasid = iommu_alloc_global_pasid(dev)', (f) => {
      f.pasid = idrInsert(f.sva.pasids, f.mm);
    }),
    k.when((f) => f.pasid < 0, [k.kfree((f) => f.iommu_mm), k.return(-ENOSPC)]),
    k.step('iommu_mm->pasid = pasid', (f) => {
      (f.iommu_mm as IommuMm).pasid = f.pasid;
    }),
    k.step('smp_store_release(&mm->iommu_mm, iommu_mm)', (f) => {
      f.mm.iommu_mm = f.iommu_mm;
    }),
    k.return(0),
  ],
);

/** Returns the handle, or NULL where the kernel returns an error pointer. */
export const iommuSvaBindDevice = procedure(
  'iommu_sva_bind_device',
  {
    source: v6_14(SVA_C),
    params: { sva: IommuSva, dev: Device, mm: Mm },
    locals: {
      iommu_mm: ptr(IommuMm),
      pasid: int(0, LAST_PASID),
      group: ptr(IommuGroup),
      handle: ref(Handle),
      domain: ref(SvaDomain),
      ret: errno(),
    },
    returns: ref(Handle),
  },
  (k) => [
    k.mutexLock((f) => f.sva.lock, { as: '&iommu_sva_lock' }),
    k.call(
      iommuAllocMmData,
      (f) => ({ sva: f.sva, mm: f.mm }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.goto('out_unlock')]),
    k.step('pasid = iommu_mm->pasid', (f) => {
      f.iommu_mm = f.mm.iommu_mm as IommuMm;
      f.pasid = f.iommu_mm.pasid;
      f.group = f.dev.group;
    }),
    k.switch(pasidTaken, {
      refused: [
        k.call(
          iommuAttachHandleGet,
          (f) => ({ group: f.group, pasid: f.pasid }),
          (f, handle) => {
            f.handle = handle;
          },
        ),
        k.when(
          (f) => f.handle !== null,
          [
            k.test('attach_handle->domain->mm != mm', (f) => (f.handle as Handle).domain?.mm !== f.mm, [
              k.local((f) => {
                f.ret = -EBUSY;
              }),
              k.goto('out_unlock'),
            ]),
            k.step('refcount_inc(&handle->users)', (f) => inc((f.handle as Handle).users)),
            k.mutexUnlock((f) => f.sva.lock, {
              as: '&iommu_sva_lock',
              label: 'mutex_unlock(&iommu_sva_lock): bound already',
            }),
            k.return((f) => f.handle),
          ],
        ),
      ],
      overwritten: [],
    }),
    k.kmalloc(
      Handle,
      (f, fresh) => {
        f.handle = fresh;
      },
      {
        orElse: [
          k.local((f) => {
            f.ret = -ENOMEM;
          }),
          k.goto('out_unlock'),
        ],
      },
    ),
    // All devices of the model can use the same domain, so one look is enough.
    k.step('first of iommu_mm->sva_domains', (f) => {
      f.domain = f.iommu_mm.sva_domains.first;
    }),
    k.when(
      (f) => f.domain !== null,
      [
        k.call(
          iommuAttachDevicePasid,
          (f) => ({ dev: f.dev, domain: f.domain as SvaDomain, pasid: f.pasid, handle: f.handle as Handle }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
        k.when((f) => f.ret !== 0, [k.goto('out_free_handle')]),
        k.step('domain->users++', (f) => {
          (f.domain as SvaDomain).users++;
        }),
        k.goto('out'),
      ],
    ),
    k.call(
      iommuSvaDomainAlloc,
      (f) => ({ mm: f.mm }),
      (f, domain) => {
        f.domain = domain;
        f.ret = domain === null ? -ENOMEM : 0;
      },
    ),
    k.when((f) => f.ret !== 0, [k.goto('out_free_handle')]),
    k.call(
      iommuAttachDevicePasid,
      (f) => ({ dev: f.dev, domain: f.domain as SvaDomain, pasid: f.pasid, handle: f.handle as Handle }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.goto('out_free_domain')]),
    k.step('domain->users = 1', (f) => {
      (f.domain as SvaDomain).users = 1;
    }),
    k.test(
      'list_empty(&iommu_mm->sva_domains)',
      (f) => f.iommu_mm.sva_domains.first === null,
      [
        k.step('list_add(&iommu_mm->mm_list_elm, &iommu_sva_mms)', (f) => f.sva.mms.addFirst(f.iommu_mm), {
          source: kvaList(SVA_C),
        }),
      ],
      [],
      { source: kvaList(SVA_C) },
    ),
    k.step('list_add(&domain->next, &iommu_mm->sva_domains)', (f) =>
      f.iommu_mm.sva_domains.addFirst(f.domain as SvaDomain),
    ),
    k.label('out'),
    k.step('refcount_set(&handle->users, 1)', (f) => {
      (f.handle as Handle).users.counter = 1;
    }),
    k.mutexUnlock((f) => f.sva.lock, { as: '&iommu_sva_lock', label: 'mutex_unlock(&iommu_sva_lock): bound' }),
    k.step('handle->dev = dev', (f) => {
      (f.handle as Handle).dev = f.dev;
    }),
    k.return((f) => f.handle),

    k.label('out_free_domain'),
    k.call(iommuDomainFree, (f) => ({ domain: f.domain as SvaDomain })),
    k.label('out_free_handle'),
    k.kfree((f) => f.handle),
    k.label('out_unlock'),
    k.mutexUnlock((f) => f.sva.lock, { as: '&iommu_sva_lock', label: 'mutex_unlock(&iommu_sva_lock): not bound' }),
    k.return(() => null),
  ],
);
