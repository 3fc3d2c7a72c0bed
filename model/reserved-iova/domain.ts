/**
 * The end of an IOMMU domain, and the references that a repaired caller holds while it works with one.
 *
 * Source: spec (g), domain free; v7 10/10 frees the reserved domain on the way. The reference is the repair that the
 * corpus names for #15: what the reviewer asks for, with something that holds it up.
 */
import { each, procedure, ref } from '../kernel/index.ts';
import { putDmaCookie } from './msi-list.ts';
import { IommuDomain, IommuGroup, MsiDevice } from './objects.ts';
import { freeReservedIovaDomain } from './reserved-domain.ts';
import { IOMMU_C, specG, v7_10 } from './sources.ts';
import { design, domainUsers } from './switches.ts';

/** iommu_domain_free(): reserved IOVAs or MSI pages go, then the page table, then the domain. */
export const iommuDomainFree = procedure(
  'iommu_domain_free',
  { source: v7_10('drivers/iommu/arm-smmu.c'), params: { domain: IommuDomain } },
  (k) => [
    k.switch(design, {
      'reserved-iova': [k.call(freeReservedIovaDomain, (f) => ({ domain: f.domain }))],
      'msi-list': [k.call(putDmaCookie, (f) => ({ domain: f.domain }))],
      'msi-pages': [k.call(putDmaCookie, (f) => ({ domain: f.domain }))],
    }),
    k.switch(design, {
      'reserved-iova': [],
      'msi-list': [],
      'msi-pages': [
        k.step(
          'free the page table with what is mapped',
          (f) => {
            const { pte, tlb } = f.domain.pgtable;
            for (let iova = 1; iova < pte.length; iova++) {
              pte.set(iova, 0);
              tlb.set(iova, 0);
            }
          },
          { indivisible: 'the IOMMU is told first to use the table no more: a translation comes before it or fails' },
        ),
      ],
    }),
    k.step('domain->ops->domain_free(domain)', (f) => {
      f.domain.pgtable.live = false;
    }),
    k.kfree((f) => f.domain),
  ],
);

/** Repair: drops a reference; the last one frees the domain. */
export const domainPut = procedure(
  'iommu_domain_put',
  { source: specG(IOMMU_C), params: { domain: IommuDomain } },
  (k) => [k.refcountDecAndTest((f) => f.domain.users, [k.call(iommuDomainFree, (f) => ({ domain: f.domain }))])],
);

/**
 * Takes a group off its domain and frees the domain: VFIO gives the devices back. What they have in their MSI address
 * does not matter any more, since nothing they send is translated.
 */
export const detachAndFree = procedure(
  'vfio_iommu_type1_detach_group',
  {
    source: specG('drivers/vfio/vfio_iommu_type1.c'),
    params: { group: IommuGroup, devices: each(MsiDevice) },
    locals: { domain: ref(IommuDomain) },
  },
  (k) => [
    k.mutexLock((f) => f.group.mutex),
    k.step('__iommu_detach_group(domain, group)', (f) => {
      f.domain = f.group.domain;
      f.group.domain = null;
      for (const dev of f.devices) dev.fn.table = null;
    }),
    k.mutexUnlock((f) => f.group.mutex),
    k.switch(domainUsers, {
      unpinned: [k.call(iommuDomainFree, (f) => ({ domain: f.domain as IommuDomain }))],
      counted: [k.call(domainPut, (f) => ({ domain: f.domain as IommuDomain }))],
    }),
  ],
);

/** VFIO waits until the doorbells of its devices are unbound. */
export const lastBindingGone = procedure(
  'wait for the last binding',
  { source: specG('drivers/vfio/vfio_iommu_type1.c'), params: { domain: IommuDomain } },
  (k) => [
    k.blockUntil(
      'no binding is left and reserved_lock is free',
      (f) => f.domain.reserved_binding_list.first === null && f.domain.reserved_lock.owner === null,
      { waiting: { kind: 'wait', on: (f) => f.domain } },
    ),
  ],
);
