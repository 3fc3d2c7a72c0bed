/**
 * iommu_sva_unbind_device(): gives a handle back; with its last user the PASID is detached from the device, and with the
 * last device the domain goes.
 *
 * Source: spec (j); drivers/iommu/iommu-sva.c. The device has stopped using the PASID before the call.
 */

import { LAST_PASID } from '../iopf/hardware.ts';
import { decAndTest, int, procedure, ptr, type Source } from '../kernel/index.ts';
import { iommuDetachDevicePasid } from './attach.ts';
import { iommuDomainFree } from './domain.ts';
import { Device, Handle, IommuMm, IommuSva, SvaDomain } from './objects.ts';
import { drainPasidPrq } from './pasid-entry.ts';
import { domainFix, kvaList, SVA_C, v6_14 } from './sources.ts';
import { unbindDrain, unlinkOrder } from './switches.ts';

export const iommuSvaUnbindDevice = procedure(
  'iommu_sva_unbind_device',
  {
    source: v6_14(SVA_C),
    params: { sva: IommuSva, handle: Handle },
    locals: { domain: ptr(SvaDomain), iommu_mm: ptr(IommuMm), dev: ptr(Device), pasid: int(0, LAST_PASID) },
  },
  (k) => {
    const forget = (source: Source) =>
      k.test(
        'list_empty(&iommu_mm->sva_domains)',
        (f) => f.iommu_mm.sva_domains.first === null,
        [k.step('list_del(&iommu_mm->mm_list_elm)', (f) => f.sva.mms.remove(f.iommu_mm), { source })],
        [],
        { source },
      );
    const free = k.call(iommuDomainFree, (f) => ({ domain: f.domain }));
    return [
      k.step('domain = handle->domain, dev = handle->dev', (f) => {
        f.domain = f.handle.domain as SvaDomain;
        f.dev = f.handle.dev;
      }),
      k.step('iommu_mm = domain->mm->iommu_mm', (f) => {
        f.iommu_mm = f.domain.mm.iommu_mm as IommuMm;
        f.pasid = f.iommu_mm.pasid;
      }),
      k.mutexLock((f) => f.sva.lock, { as: '&iommu_sva_lock' }),
      k.test(
        'refcount_dec_and_test(&handle->users)',
        (f) => decAndTest(f.handle.users),
        [],
        [
          k.mutexUnlock((f) => f.sva.lock, {
            as: '&iommu_sva_lock',
            label: 'mutex_unlock(&iommu_sva_lock): still bound',
          }),
          k.return(),
        ],
      ),
      k.call(iommuDetachDevicePasid, (f) => ({ dev: f.dev, domain: f.domain, pasid: f.pasid })),
      k.test('--domain->users == 0', (f) => --f.domain.users === 0, [
        k.step('list_del(&domain->next)', (f) => f.iommu_mm.sva_domains.remove(f.domain)),
        k.switch(unlinkOrder, {
          'before the domain is freed': [forget(domainFix(SVA_C)), free],
          'after the domain is freed': [free, forget(kvaList(SVA_C))],
        }),
      ]),
      k.mutexUnlock((f) => f.sva.lock, { as: '&iommu_sva_lock' }),
      k.kfree((f) => f.handle),
      k.switch(unbindDrain, {
        'before the domain is freed': [],
        'after the domain is freed': [k.call(drainPasidPrq, (f) => ({ dev: f.dev, pasid: f.pasid }))],
      }),
      k.return(),
    ];
  },
);
