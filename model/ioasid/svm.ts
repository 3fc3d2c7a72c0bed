/**
 * The VT-d driver as a user of IDs and a subscriber: guest bind and unbind of a PASID on a device, and the cleanup when
 * the ID is freed first.
 *
 * Source: V4 11/18, 14/18. Limits: intel_svm_dev is folded into the device; one SPID, equal to the PASID.
 */
import {
  bool,
  containerOf,
  EINVAL,
  ENOMEM,
  enqueue,
  errno,
  inc,
  int,
  type KernelKit,
  nameOf,
  procedure,
  ptr,
  ref,
  type Statement,
  Violation,
  Work,
} from '../kernel/index.ts';
import { ioasidAttachData, ioasidAttachSpid, ioasidDetachData, ioasidDetachSpid, ioasidFind } from './data.ts';
import { ioasidGet, ioasidGetIfOwned, ioasidPut } from './free.ts';
import { IntelIommu, IntelSvm, Ioasid, ioasidT, NotifierCall, VtdDevice } from './objects.ts';
import { IOMMU_C, SVM_C, v4_11, v4_14 } from './sources.ts';
import { bindGet, bindUndo, svmLife, workerDrain } from './switches.ts';

const source = v4_14(SVM_C);

/** intel_svm_drop_pasid(). */
export const intelSvmDropPasid = procedure(
  'intel_svm_drop_pasid',
  { source, params: { core: Ioasid, pasid: ioasidT() } },
  (k) => [
    k.call(ioasidDetachSpid, (f) => ({ core: f.core, id: f.pasid })),
    k.call(ioasidDetachData, (f) => ({ core: f.core, id: f.pasid })),
    k.call(ioasidPut, (f) => ({ core: f.core, set: null, id: f.pasid })),
  ],
);

/**
 * intel_pasid_tear_down_entry(): the PASID table entry is cleared and the caches are invalidated. What the device sends
 * from here on faults, so it must have been stopped.
 */
function tearDown<F extends { dev: VtdDevice }>(k: KernelKit<F>): Statement<F> {
  return k.step(
    'intel_pasid_tear_down_entry(iommu, dev, pasid)',
    (f) => {
      const { dev } = f;
      if (dev.queue_pasid !== 0 && dev.queue_pasid === dev.entry)
        throw new Violation(
          'protocol',
          `the context of PASID ${dev.entry} is torn down before ${nameOf(dev)} has stopped using it`,
          [nameOf(dev)],
        );
      dev.entry = 0;
      dev.entry_for = null;
    },
    { indivisible: 'entry_for is a ghost; the work queue register is read by nobody but the device' },
  );
}

/** intel_svm_drain_prq(): sleeps, unless page requests are off. */
function drainPrq<F extends { dev: VtdDevice; pri: boolean }>(k: KernelKit<F>): Statement<F> {
  return k.when(
    (f) => f.pri,
    [k.step('intel_svm_drain_prq(dev, pasid): wait_for_completion', () => {}, { sleeps: true })],
  );
}

/** kfree(svm), or in the counted form a put. */
function putSvm<F extends { svm: IntelSvm | null }>(k: KernelKit<F>, whose: string): Statement<F> {
  return k.refcountDecAndTest((f) => (f.svm as IntelSvm).refs, [k.kfree((f) => f.svm)], [], {
    label: `kref_put(&svm->refs), the reference of the ${whose}`,
  });
}

/** intel_svm_free_async_fn(): the ID was freed while it was bound. */
export const intelSvmFreeAsync = procedure(
  'intel_svm_free_async_fn',
  {
    source,
    params: { work: Work },
    locals: {
      svm: ptr(IntelSvm),
      core: ptr(Ioasid),
      iommu: ptr(IntelIommu),
      dev: ptr(VtdDevice),
      at: ref(VtdDevice),
      pri: bool(),
      pasid: ioasidT(),
      bound: bool(),
    },
  },
  (k) => [
    k.step(
      'svm = container_of(work, struct intel_svm, work)',
      (f) => {
        f.svm = containerOf(f.work, IntelSvm);
        f.core = f.svm.core;
        f.iommu = f.svm.iommu;
        f.pasid = f.svm.pasid;
      },
      { note: 'the fields read here never change' },
    ),
    k.mutexLock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
    k.loop([
      k.test(
        'sdev = first of svm->devs, list_del_rcu(&sdev->list)',
        (f) => {
          f.at = f.svm.devs.first;
          if (f.at === null) return false;
          f.bound = true;
          f.dev = f.at;
          f.pri = f.dev.pri_enabled;
          f.svm.devs.remove(f.dev);
          return true;
        },
        [],
        [k.break()],
      ),
      k.spinLock((f) => f.iommu.lock),
      tearDown(k),
      k.switch(workerDrain, {
        'under-spinlock': [drainPrq(k), k.spinUnlock((f) => f.iommu.lock)],
        outside: [k.spinUnlock((f) => f.iommu.lock), drainPrq(k)],
      }),
    ]),
    k.switch(svmLife, {
      'unbind-frees': [
        k.call(intelSvmDropPasid, (f) => ({ core: f.core, pasid: f.pasid })),
        k.kfree((f) => f.svm),
        k.mutexUnlock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
      ],
      'unbind-flushes': [
        k.call(intelSvmDropPasid, (f) => ({ core: f.core, pasid: f.pasid })),
        k.kfree((f) => f.svm),
        k.mutexUnlock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
      ],
      counted: [
        // Unbind may have come first; then only the reference of the work is left.
        k.when(
          (f) => f.bound,
          [k.call(intelSvmDropPasid, (f) => ({ core: f.core, pasid: f.pasid })), putSvm(k, 'binding')],
        ),
        k.mutexUnlock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
        putSvm(k, 'work'),
      ],
    }),
  ],
);

/** pasid_status_change(): queues the cleanup. */
export const pasidStatusChange = procedure(
  'pasid_status_change',
  { source, params: NotifierCall.params, locals: { svm: ref(IntelSvm) } },
  (k) => {
    const queue = (counted: boolean) =>
      k.step(
        counted ? 'ioasid_queue_work(&svm->work), with a reference of svm' : 'ioasid_queue_work(&svm->work)',
        (f) => {
          const svm = f.pdata as IntelSvm;
          if (svm.pasid !== f.id) return;
          if (enqueue(f.core.wq, svm) && counted) inc(svm.refs);
        },
        { indivisible: 'under pool->lock, which is not modelled; the reference is counted before somebody can put it' },
      );
    return [
      k.when(
        (f) => f.code === 'free' && f.pdata !== null,
        [
          k.switch(svmLife, {
            'unbind-frees': [queue(false)],
            'unbind-flushes': [queue(false)],
            counted: [queue(true)],
          }),
        ],
      ),
    ];
  },
);

/** intel_svm_bind_gpasid(). */
export const intelSvmBindGpasid = procedure(
  'intel_svm_bind_gpasid',
  {
    source,
    params: { core: Ioasid, iommu: IntelIommu, dev: VtdDevice, pasid: ioasidT() },
    locals: { svm: ref(IntelSvm), fresh: bool(), spid: bool(), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const get = (strict: boolean) => [
      k.call(
        ioasidGet,
        (f) => ({ core: f.core, set: null, id: f.pasid }),
        (f, ret) => {
          if (strict) f.ret = ret;
        },
      ),
    ];
    const spid = k.call(
      ioasidAttachSpid,
      (f) => ({ core: f.core, id: f.pasid, spid: f.pasid }),
      (f, ret) => {
        f.spid = ret === 0;
      },
    );
    const data = k.call(ioasidAttachData, (f) => ({ core: f.core, id: f.pasid, data: f.svm }));
    const dataOrFail = k.call(
      ioasidAttachData,
      (f) => ({ core: f.core, id: f.pasid, data: f.svm }),
      (f, ret) => {
        f.ret = ret;
      },
    );
    const orOut = (drop: boolean) =>
      k.when(
        (f) => f.ret !== 0,
        [
          ...(drop ? [k.call(ioasidPut, (f) => ({ core: f.core, set: null, id: f.pasid }))] : []),
          k.kfree((f) => f.svm),
          k.goto('out'),
        ],
      );
    const initWork = k.step('INIT_WORK(&svm->work, intel_svm_free_async_fn)', (f) => {
      (f.svm as IntelSvm).work_func = intelSvmFreeAsync;
    });
    const undo = k.switch(bindUndo, {
      'data-only': [
        k.call(ioasidDetachData, (f) => ({ core: f.core, id: f.pasid })),
        k.switch(svmLife, {
          'unbind-frees': [k.kfree((f) => f.svm)],
          'unbind-flushes': [k.kfree((f) => f.svm)],
          counted: [putSvm(k, 'binding')],
        }),
      ],
      all: [
        k.call(intelSvmDropPasid, (f) => ({ core: f.core, pasid: f.pasid })),
        k.switch(svmLife, {
          'unbind-frees': [k.kfree((f) => f.svm)],
          'unbind-flushes': [k.kfree((f) => f.svm)],
          counted: [putSvm(k, 'binding')],
        }),
      ],
    });
    return [
      k.mutexLock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
      k.call(
        ioasidFind,
        (f) => ({ core: f.core, id: f.pasid }),
        (f, svm) => {
          f.svm = svm;
        },
      ),
      k.when(
        (f) => f.svm === null,
        [
          k.kmalloc(
            IntelSvm,
            (f, svm) => {
              svm.core = f.core;
              svm.iommu = f.iommu;
              svm.pasid = f.pasid;
              f.svm = svm;
              f.fresh = true;
            },
            {
              orElse: [
                k.local((f) => {
                  f.ret = -ENOMEM;
                }),
                k.goto('out'),
              ],
            },
          ),
          k.switch(bindGet, {
            last: [spid, data, ...get(false), initWork],
            'work-ready': [initWork, spid, data, ...get(false)],
            first: [initWork, ...get(true), orOut(false), spid, data],
            refused: [initWork, ...get(true), orOut(false), dataOrFail, orOut(true), spid],
          }),
        ],
      ),
      k.attempt('kmalloc', 'sdev = kzalloc(sizeof(*sdev))', () => {}, [
        k.local((f) => {
          f.ret = -ENOMEM;
        }),
        k.when((f) => f.fresh, [undo]),
        k.goto('out'),
      ]),
      k.spinLock((f) => f.iommu.lock),
      k.step(
        'intel_pasid_setup_nested(iommu, dev, pasid)',
        (f) => {
          f.dev.entry = f.pasid;
          f.dev.entry_for = f.core.xa.at(f.pasid);
        },
        { indivisible: 'entry_for is a ghost' },
      ),
      k.spinUnlock((f) => f.iommu.lock),
      k.step('list_add_rcu(&sdev->list, &svm->devs)', (f) => (f.svm as IntelSvm).devs.add(f.dev)),
      k.label('out'),
      k.mutexUnlock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
      k.return((f) => f.ret),
    ];
  },
);

/** intel_svm_unbind_gpasid(). */
export const intelSvmUnbindGpasid = procedure(
  'intel_svm_unbind_gpasid',
  {
    source,
    params: { core: Ioasid, iommu: IntelIommu, dev: VtdDevice, pasid: ioasidT() },
    locals: { svm: ref(IntelSvm), pri: bool(), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
    k.call(
      ioasidFind,
      (f) => ({ core: f.core, id: f.pasid }),
      (f, svm) => {
        f.svm = svm;
      },
    ),
    k.when((f) => f.svm === null, [k.goto('out')]),
    k.test(
      'sdev = that of dev in svm->devs, list_del_rcu(&sdev->list)',
      (f) => {
        const { devs } = f.svm as IntelSvm;
        f.pri = f.dev.pri_enabled;
        if (!devs.has(f.dev)) return false;
        devs.remove(f.dev);
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
    tearDown(k),
    drainPrq(k),
    k.test('list_empty(&svm->devs)', (f) => (f.svm as IntelSvm).devs.length === 0, [
      k.call(intelSvmDropPasid, (f) => ({ core: f.core, pasid: f.pasid })),
      k.switch(svmLife, {
        'unbind-frees': [k.kfree((f) => f.svm)],
        'unbind-flushes': [k.flushWorkqueue((f) => f.core.wq, { as: 'ioasid_wq' }), k.kfree((f) => f.svm)],
        counted: [putSvm(k, 'binding')],
      }),
    ]),
    k.label('out'),
    k.mutexUnlock((f) => f.iommu.pasid_mutex, { as: '&pasid_mutex' }),
    k.return((f) => f.ret),
  ],
);

const uapi = { core: Ioasid, iommu: IntelIommu, dev: VtdDevice, pasid: ioasidT(), mm: int(0, 2) };

/** A system call for a PASID: the caller's address space must own the ID, which stays while `inner` works. */
const whileOwned = (name: string, inner: typeof intelSvmBindGpasid) =>
  procedure(name, { source: v4_11(IOMMU_C), params: uapi, locals: { ret: errno() }, returns: errno() }, (k) => [
    k.call(
      ioasidGetIfOwned,
      (f) => ({ core: f.core, id: f.pasid, mm: f.mm }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.return((f) => f.ret)]),
    k.call(
      inner,
      (f) => ({ core: f.core, iommu: f.iommu, dev: f.dev, pasid: f.pasid }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.call(ioasidPut, (f) => ({ core: f.core, set: null, id: f.pasid })),
    k.return((f) => f.ret),
  ]);

/** iommu_uapi_sva_bind_gpasid(). */
export const bindGpasid = whileOwned('iommu_uapi_sva_bind_gpasid', intelSvmBindGpasid);

/** iommu_uapi_sva_unbind_gpasid(). */
export const unbindGpasid = whileOwned('iommu_uapi_sva_unbind_gpasid', intelSvmUnbindGpasid);
