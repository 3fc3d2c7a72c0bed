/**
 * A domain and the PASIDs of devices that are attached to it: attach, detach, and a flush for one of them.
 *
 * Source: iommu.c of Linux 6.13 and the repair of CVE-2026-53281. A domain counts, for each IOMMU, the devices and PASIDs
 * that use its ID there. A flush reads the ID without a lock, because its own attachment keeps it.
 *
 * Limits: one IOMMU, whose did_lock lies in the domain; the domain ID and the count are one object, and a domain whose ID
 * is given back gets no new one; page table, PASID table and cache tags are left out.
 */
import {
  EINVAL,
  ENOMEM,
  errno,
  int,
  list,
  object,
  procedure,
  ptr,
  ref,
  refcount,
  spinlock,
  type ViewOf,
} from '../kernel/index.ts';
import { detachListed, IOMMU_C, v6_13 } from './sources.ts';
import { detachUnlisted } from './switches.ts';

/** struct dev_pasid_info: a device and a PASID that are attached to a domain. Devices are numbers here. */
export const DevPasidInfo = object('dev_pasid_info', { dev: int(0, 3), pasid: int(0, 3) }, { source: v6_13(IOMMU_C) });

/** struct iommu_domain_info: the ID that a domain has on an IOMMU, and who uses it. */
export const IommuDomainInfo = object('iommu_domain_info', { refcnt: refcount(1) }, { source: v6_13(IOMMU_C) });

/** struct dmar_domain. */
export const DmarDomain = object(
  'dmar_domain',
  { lock: spinlock(), did_lock: spinlock(), info: ref(IommuDomainInfo), dev_pasids: list(DevPasidInfo, 4) },
  { permanent: true, source: v6_13(IOMMU_C) },
);
export type DmarDomain = ViewOf<typeof DmarDomain>;

const attachment = { domain: DmarDomain, dev: int(0, 3), pasid: int(0, 3) };

/** domain_detach_iommu(): the last user gives the domain ID back. */
const domainDetachIommu = procedure(
  'domain_detach_iommu',
  { source: v6_13(IOMMU_C), params: { domain: DmarDomain }, locals: { info: ptr(IommuDomainInfo) } },
  (k) => [
    k.spinLock((f) => f.domain.did_lock, { as: '&iommu->did_lock' }),
    k.step('info = xa_load(&domain->iommu_array, iommu->seq_id)', (f) => {
      f.info = f.domain.info as typeof f.info;
    }),
    k.refcountDecAndTest(
      (f) => f.info.refcnt,
      [
        k.step('xa_erase(&domain->iommu_array, iommu->seq_id)', (f) => {
          f.domain.info = null;
        }),
        k.kfree((f) => f.info),
      ],
      [],
      { label: '--info->refcnt == 0' },
    ),
    k.spinUnlock((f) => f.domain.did_lock, { as: '&iommu->did_lock' }),
    k.return(),
  ],
);

/** domain_remove_dev_pasid(): the PASID of the device should be on the list of the domain. */
export const domainRemoveDevPasid = procedure(
  'domain_remove_dev_pasid',
  { source: v6_13(IOMMU_C), params: attachment, locals: { dev_pasid: ref(DevPasidInfo) } },
  (k) => [
    k.spinLock((f) => f.domain.lock, { label: 'spin_lock_irqsave(&dmar_domain->lock)' }),
    k.step('find it in dmar_domain->dev_pasids, list_del(&curr->link_domain)', (f) => {
      const found = f.domain.dev_pasids.find((d) => d.dev === f.dev && d.pasid === f.pasid);
      f.dev_pasid = found;
      if (found !== null) f.domain.dev_pasids.remove(found);
    }),
    k.spinUnlock((f) => f.domain.lock, { label: 'spin_unlock_irqrestore(&dmar_domain->lock)' }),
    k.switch(detachUnlisted, {
      'detached all the same': [],
      ignored: [k.when((f) => f.dev_pasid === null, [k.return()])],
    }),
    k.call(domainDetachIommu, (f) => ({ domain: f.domain })),
    k.kfree((f) => f.dev_pasid, { source: detachListed(IOMMU_C) }),
    k.return(),
  ],
);

/**
 * Attaches a PASID of a device. It fails before the PASID is on the list, and the caller, who goes through all devices of
 * a group, removes it from each of them, attached or not.
 */
export const setDevPasid = procedure(
  'intel_iommu_set_dev_pasid',
  {
    source: v6_13(IOMMU_C),
    params: attachment,
    locals: { dev_pasid: ptr(DevPasidInfo) },
    returns: errno(),
  },
  (k) => [
    k.kmalloc(
      DevPasidInfo,
      (f, fresh) => {
        fresh.dev = f.dev;
        fresh.pasid = f.pasid;
        f.dev_pasid = fresh;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    k.spinLock((f) => f.domain.did_lock, { as: '&iommu->did_lock' }),
    k.test(
      'domain_attach_iommu: info = xa_load(&domain->iommu_array, iommu->seq_id)',
      (f) => f.domain.info !== null,
      [k.refcountInc((f) => (f.domain.info as NonNullable<typeof f.domain.info>).refcnt, { label: 'info->refcnt++' })],
      [
        k.spinUnlock((f) => f.domain.did_lock, { as: '&iommu->did_lock' }),
        k.kfree((f) => f.dev_pasid),
        k.return(-EINVAL),
      ],
    ),
    k.spinUnlock((f) => f.domain.did_lock, { as: '&iommu->did_lock' }),
    k.spinLock((f) => f.domain.lock, { label: 'spin_lock_irqsave(&dmar_domain->lock)' }),
    k.step('list_add(&dev_pasid->link_domain, &dmar_domain->dev_pasids)', (f) => {
      f.domain.dev_pasids.addFirst(f.dev_pasid);
    }),
    k.spinUnlock((f) => f.domain.lock, { label: 'spin_unlock_irqrestore(&dmar_domain->lock)' }),
    k.return(0),
  ],
);

/** Attaches, and detaches whatever came of it: iommu_attach_device_pasid() with its way out, then its opposite. */
export const attachAndDetach = procedure(
  'iommu_attach_device_pasid',
  { source: v6_13('drivers/iommu/iommu.c'), params: attachment, locals: { ret: errno() } },
  (k) => [
    k.call(
      setDevPasid,
      (f) => ({ domain: f.domain, dev: f.dev, pasid: f.pasid }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.call(domainRemoveDevPasid, (f) => ({ domain: f.domain, dev: f.dev, pasid: f.pasid })),
    k.return((f) => f.ret),
  ],
);

/** A flush for a device that is attached: it uses the domain ID, which its own attachment keeps. */
export const flushDomain = procedure(
  'cache_tag_flush_range',
  {
    source: v6_13('drivers/iommu/intel/cache.c'),
    params: { domain: DmarDomain },
    locals: { info: ptr(IommuDomainInfo) },
  },
  (k) => [
    k.step('domain_id_iommu(domain, iommu): xa_load', (f) => {
      f.info = f.domain.info as typeof f.info;
    }),
    k.step('info->did', (f) => {
      void f.info.refcnt.counter;
    }),
    k.return(),
  ],
);
