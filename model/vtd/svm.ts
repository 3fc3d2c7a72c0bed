/**
 * Bind and unbind of an address space in the VT-d driver, under pasid_mutex.
 *
 * Source: svm.c of Linux 5.14. Left out: the lock of the device's group, which the IOMMU core holds over a bind or unbind
 * of this device (scenarios make one call at a time for each device); the mmu notifier; error paths of bind; caches.
 */
import { Device, IommuSva, LAST_PASID, type PciContext } from '../iopf/index.ts';
import { EINVAL, errno, idrInsert, int, MmStruct, procedure, ptr } from '../kernel/index.ts';
import { hw, IntelSvm, IntelSvmDev, type PasidEntry, SvmGlobals, type VtdPrq } from './objects.ts';
import { intelSvmDrainPrq } from './prq.ts';
import { drainRepair, drainUnlocked, SVM_C, v5_14 } from './sources.ts';
import { drainMutex, svmAfterDrain, svmDevUnlink } from './switches.ts';

/** intel_svm_unbind(). The device driver has stopped the device for this PASID. */
export const intelSvmUnbind = procedure(
  'intel_svm_unbind_mm',
  {
    source: v5_14(SVM_C),
    params: {
      svms: SvmGlobals,
      prq: hw<VtdPrq>(),
      sva: IommuSva,
      dev: Device,
      entry: hw<PasidEntry>(),
      pasid: int(0, LAST_PASID),
    },
    locals: { svm: ptr(IntelSvm), sdev: ptr(IntelSvmDev), ret: errno() },
  },
  (k) => {
    const drain = k.call(intelSvmDrainPrq, (f) => ({ prq: f.prq, svms: f.svms, dev: f.dev, pasid: f.pasid }));
    const unlink = k.step('list_del_rcu(&sdev->list)', (f) => {
      f.svm.devs.remove(f.sdev);
    });
    return [
      k.mutexLock((f) => f.svms.pasid_mutex, { as: '&pasid_mutex' }),
      k.test(
        'pasid_to_svm_sdev(dev, pasid)',
        (f) => {
          const svm = f.svms.pasid_private.at(f.pasid);
          const sdev = svm?.devs.find((d) => d.dev === f.dev) ?? null;
          if (svm === null || sdev === null) return false;
          f.svm = svm;
          f.sdev = sdev;
          return true;
        },
        [],
        [
          k.local((f) => {
            f.ret = -EINVAL;
          }),
          k.goto('out'),
        ],
      ),
      k.step('sdev->users--', (f) => {
        f.sdev.users--;
      }),
      k.switch(svmDevUnlink, { 'before the drain': [unlink], 'after the drain': [] }),
      k.step(
        'intel_pasid_tear_down_entry(iommu, dev, pasid)',
        (f) => {
          f.entry.present = false;
          f.entry.pgd = null;
        },
        { indivisible: 'the present bit is cleared first, and hardware looks at nothing else of an absent entry' },
      ),
      k.switch(drainMutex, {
        'mutex held': [drain],
        'mutex released to flush': [drain],
        'mutex released': [
          k.mutexUnlock((f) => f.svms.pasid_mutex, {
            label: 'mutex_unlock(&pasid_mutex) for the drain',
            source: drainRepair(SVM_C),
          }),
          drain,
          k.mutexLock((f) => f.svms.pasid_mutex, {
            label: 'mutex_lock(&pasid_mutex) after the drain',
            source: drainRepair(SVM_C),
          }),
        ],
      }),
      k.switch(svmDevUnlink, { 'before the drain': [], 'after the drain': [unlink] }),
      k.kfree((f) => f.sdev, { label: 'kfree_rcu(sdev, rcu)' }),
      k.switch(svmAfterDrain, {
        'as found before': [],
        'looked up again': [
          k.test(
            'is it still svm = pasid_private_find(pasid)?',
            (f) => f.svms.pasid_private.at(f.pasid) === f.svm,
            [],
            [k.goto('out')],
            { source: drainRepair(SVM_C) },
          ),
        ],
      }),
      k.test(
        'list_empty(&svm->devs)',
        (f) => f.svm.devs.first === null,
        [
          k.spinLock((f) => f.sva.lock, { as: '&ioasid_allocator_lock' }),
          k.step('intel_svm_free_pasid(mm)', (f) => {
            f.sva.pasids.set(f.pasid, null);
          }),
          k.spinUnlock((f) => f.sva.lock, { as: '&ioasid_allocator_lock' }),
          k.step('pasid_private_remove(svm->pasid)', (f) => {
            f.svms.pasid_private.set(f.pasid, null);
          }),
          k.kfree((f) => f.svm),
        ],
        [],
        { source: drainUnlocked(SVM_C) },
      ),
      k.label('out'),
      k.mutexUnlock((f) => f.svms.pasid_mutex, { as: '&pasid_mutex' }),
      k.return((f) => f.ret),
    ];
  },
);

/** intel_svm_bind() of an mm that has no PASID yet, and the start of a context with it. Returns the PASID. */
export const intelSvmBind = procedure(
  'intel_svm_bind',
  {
    source: v5_14(SVM_C),
    params: {
      svms: SvmGlobals,
      sva: IommuSva,
      dev: Device,
      entry: hw<PasidEntry>(),
      ctx: hw<PciContext>(),
      mm: MmStruct,
    },
    locals: { pasid: errno(), svm: ptr(IntelSvm), sdev: ptr(IntelSvmDev) },
  },
  (k) => [
    k.mutexLock((f) => f.svms.pasid_mutex, { as: '&pasid_mutex' }),
    k.spinLock((f) => f.sva.lock, { as: '&ioasid_allocator_lock' }),
    k.step('iommu_sva_alloc_pasid(mm): lowest free PASID', (f) => {
      f.pasid = idrInsert(f.sva.pasids, f.mm);
    }),
    k.spinUnlock((f) => f.sva.lock, { as: '&ioasid_allocator_lock' }),
    k.when((f) => f.pasid < 0, [k.goto('out')]),
    k.kmalloc(IntelSvm, (f, fresh) => {
      fresh.pasid = f.pasid;
      fresh.mm = f.mm;
      f.svm = fresh;
    }),
    k.step('pasid_private_add(svm->pasid, svm)', (f) => {
      f.svms.pasid_private.set(f.pasid, f.svm);
    }),
    k.kmalloc(IntelSvmDev, (f, fresh) => {
      fresh.dev = f.dev;
      f.sdev = fresh;
    }),
    k.step(
      'intel_pasid_setup_first_level(iommu, dev, mm->pgd, mm->pasid)',
      (f) => {
        f.entry.pgd = f.mm;
        f.entry.present = true;
      },
      { indivisible: 'the present bit is set last' },
    ),
    k.step('list_add_rcu(&sdev->list, &svm->devs)', (f) => {
      f.svm.devs.add(f.sdev);
    }),
    k.label('out'),
    k.mutexUnlock((f) => f.svms.pasid_mutex, { as: '&pasid_mutex' }),
    k.when((f) => f.pasid < 0, [k.return((f) => f.pasid)]),
    k.step(
      'start the context with this PASID',
      (f) => {
        f.ctx.pasid = f.pasid;
        f.ctx.owner = f.mm;
        f.ctx.run = true;
        f.ctx.active = true;
      },
      { indivisible: 'the function looks at nothing before the run bit, which is written last' },
    ),
    k.return((f) => f.pasid),
  ],
);
