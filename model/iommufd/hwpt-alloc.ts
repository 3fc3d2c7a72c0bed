/**
 * A new HWPT: its number is reserved, it holds its IOAS, gets a domain with what the IOAS has mapped, and is linked; only
 * then it is published. The caller holds `ioas->mutex` until it has published or aborted it.
 *
 * A nested HWPT points to tables of user space and translates what they hold by those of its parent, a paging HWPT. It
 * takes a user of the parent and no lock.
 *
 * Source: hw_pagetable.c, iommufd_hwpt_paging_alloc(), iommufd_hwpt_nested_alloc(), iommufd_hwpt_alloc(). Limits: fault
 * queues of nested HWPTs only; no dirty tracking, no invalidation, no vIOMMU.
 */
import {
  bool,
  containerOf,
  EFAULT,
  EINVAL,
  ENOENT,
  ENOMEM,
  errno,
  type KernelKit,
  opaque,
  pointerTo,
  procedure,
  ptr,
  ref,
  type Statement,
} from '../kernel/index.ts';
import { type AllocFrame, iommufdObjectAbortAndDestroy, iommufdObjectFinalize, objectAlloc } from './alloc.ts';
import { iommufdHwPagetableAttach, iommufdHwPagetableDetach } from './attach.ts';
import { iommufdGetObject, iommufdPutObject } from './get-put.ts';
import { iommufdHwptAbort, iommufdHwptDestroy, iommufdHwptNestedDestroy } from './hwpt-destroy.ts';
import { ioptTableAddDomain } from './ioas.ts';
import { Fault, type Fault as FaultView } from './iopf-objects.ts';
import {
  type IommufdDevice as Device,
  type PagingDomain as Domain,
  Hwpt,
  type Hwpt as HwptView,
  IOMMU_NO_PASID,
  Ioas,
  type Ioas as IoasView,
  IommufdCtx,
  IommufdDevice,
  ioasid,
  type ObjectWithOps,
  objectId,
  PagingDomain,
} from './objects.ts';
import { HWPT_C, specH } from './sources.ts';
import { hwptUndo, parentUser } from './switches.ts';

const source = specH(HWPT_C);

/** iommufd_hwpt_paging_alloc() from where it has an object: 0, or the error and the object is gone. */
const fillHwpt = procedure(
  'iommufd_hwpt_paging_alloc',
  {
    source,
    params: {
      ictx: ptr(IommufdCtx),
      hwpt: ptr(Hwpt),
      ioas: ptr(Ioas),
      idev: ptr(IommufdDevice),
      pasid: ioasid(),
      immediate_attach: bool(),
    },
    locals: { domain: ref(PagingDomain), rc: errno() },
    returns: errno(),
  },
  (k) => {
    const receive = (f: { rc: number }, rc: number) => {
      f.rc = rc;
    };
    return [
      k.refcountInc((f) => f.ioas.users),
      k.kmalloc(
        PagingDomain,
        (f, domain) => {
          f.domain = domain;
        },
        {
          label: 'hwpt->domain = iommu_paging_domain_alloc(idev->dev)',
          budget: 'domain_alloc',
          orElse: [
            k.local((f) => {
              f.rc = -ENOMEM;
            }),
            k.goto('out_abort'),
          ],
        },
      ),
      k.step('hwpt->domain = domain', (f) => {
        f.hwpt.domain = f.domain;
      }),
      k.when(
        (f) => f.immediate_attach,
        [
          k.call(iommufdHwPagetableAttach, (f) => ({ hwpt: f.hwpt, idev: f.idev, pasid: f.pasid }), receive),
          k.when((f) => f.rc !== 0, [k.goto('out_abort')]),
        ],
      ),
      k.call(ioptTableAddDomain, (f) => ({ ioas: f.ioas, domain: f.domain as Domain }), receive),
      k.when(
        (f) => f.rc !== 0,
        [
          k.when(
            (f) => f.immediate_attach,
            [k.call(iommufdHwPagetableDetach, (f) => ({ idev: f.idev, pasid: f.pasid }))],
          ),
          k.goto('out_abort'),
        ],
      ),
      k.step('list_add_tail(&hwpt->hwpt_item, &ioas->hwpt_list)', (f) => {
        f.ioas.hwpt_list.add(f.hwpt);
        f.hwpt.linked = true;
      }),
      k.return(0),
      k.label('out_abort'),
      k.call(iommufdObjectAbortAndDestroy, (f) => ({ ictx: f.ictx, obj: f.hwpt })),
      k.return((f) => f.rc),
    ];
  },
);

/** What `hwptPagingAlloc` needs of a frame. */
export interface HwptAllocFrame extends AllocFrame {
  ioas: IoasView;
  idev: Device;
  /** What it is attached with at once; absent where that is not asked for. */
  pasid?: number;
}

/** iommufd_hwpt_paging_alloc(): afterwards `f.obj` is the HWPT and `f.ret` zero, or `f.ret` is the error. */
export function hwptPagingAlloc<F extends HwptAllocFrame>(k: KernelKit<F>, immediate_attach: boolean): Statement<F> {
  const init = (f: F, hwpt: HwptView) => {
    hwpt.type = 'hwpt_paging';
    hwpt.destroy = iommufdHwptDestroy;
    hwpt.ioas = f.ioas;
  };
  return k.loop([
    k.switch(hwptUndo, {
      abort: [
        objectAlloc(k, Hwpt, (f, hwpt) => {
          init(f, hwpt);
          hwpt.abort = iommufdHwptAbort;
        }),
      ],
      destroy: [objectAlloc(k, Hwpt, init)],
    }),
    k.when((f) => f.ret < 0, [k.break()]),
    k.call(
      fillHwpt,
      (f) => ({
        ictx: f.ictx,
        hwpt: containerOf(f.obj as ObjectWithOps, Hwpt) as HwptView,
        ioas: f.ioas,
        idev: f.idev,
        pasid: f.pasid ?? IOMMU_NO_PASID,
        immediate_attach,
      }),
      (f, rc) => {
        f.ret = rc;
      },
    ),
    k.break(),
  ]);
}

/** IOMMU_HWPT_ALLOC: 0 or the error. */
export const iommufdHwptAlloc = procedure(
  'iommufd_hwpt_alloc',
  {
    source,
    params: { ictx: ptr(IommufdCtx), dev_id: objectId(), pt_id: objectId() },
    locals: {
      dev: opaque<ObjectWithOps>(),
      pt_obj: opaque<ObjectWithOps>(),
      idev: ptr(IommufdDevice),
      ioas: ptr(Ioas),
      obj: opaque<ObjectWithOps>(),
      ret: objectId(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => [
    k.call(
      iommufdGetObject,
      (f) => ({ ictx: f.ictx, id: f.dev_id, type: 'device' as const }),
      (f, dev) => {
        f.dev = dev;
        f.idev = dev as unknown as Device;
      },
    ),
    k.when((f) => f.dev === null, [k.return(-ENOENT)]),
    k.call(
      iommufdGetObject,
      (f) => ({ ictx: f.ictx, id: f.pt_id, type: 'ioas' as const }),
      (f, pt_obj) => {
        f.pt_obj = pt_obj;
        f.ioas = pt_obj as unknown as IoasView;
      },
    ),
    k.when(
      (f) => f.pt_obj === null,
      [
        k.local((f) => {
          f.rc = -EINVAL;
        }),
        k.goto('out_put_idev'),
      ],
    ),
    k.mutexLock((f) => f.ioas.mutex),
    hwptPagingAlloc(k, false),
    k.local((f) => {
      f.rc = f.ret;
    }),
    k.when((f) => f.rc !== 0, [k.goto('out_unlock')]),
    k.attempt('copy_to_user', 'iommufd_ucmd_respond(ucmd)', () => {}, [
      k.local((f) => {
        f.rc = -EFAULT;
      }),
      k.call(iommufdObjectAbortAndDestroy, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
      k.goto('out_unlock'),
    ]),
    k.call(iommufdObjectFinalize, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
    k.label('out_unlock'),
    k.mutexUnlock((f) => f.ioas.mutex),
    k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.pt_obj as ObjectWithOps })),
    k.label('out_put_idev'),
    k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.dev as ObjectWithOps })),
    k.return((f) => f.rc),
  ],
);

/** IOMMU_HWPT_ALLOC of a paging HWPT, whose domain the new one is nested in; with a fault queue unless `fault_id` is 0. */
export const iommufdHwptAllocNested = procedure(
  'iommufd_hwpt_alloc, nested',
  {
    source,
    params: { ictx: ptr(IommufdCtx), dev_id: objectId(), pt_id: objectId(), fault_id: objectId() },
    locals: {
      dev: opaque<ObjectWithOps>(),
      pt_obj: opaque<ObjectWithOps>(),
      fault_obj: opaque<ObjectWithOps>(),
      parent: pointerTo<HwptView>(),
      hwpt: pointerTo<HwptView>(),
      domain: ref(PagingDomain),
      s2_parent: ref(PagingDomain),
      obj: opaque<ObjectWithOps>(),
      ret: objectId(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => {
    const fails = (rc: number) =>
      k.local((f) => {
        f.rc = rc;
      });
    return [
      k.call(
        iommufdGetObject,
        (f) => ({ ictx: f.ictx, id: f.dev_id, type: 'device' as const }),
        (f, dev) => {
          f.dev = dev;
        },
      ),
      k.when((f) => f.dev === null, [k.return(-ENOENT)]),
      k.call(
        iommufdGetObject,
        (f) => ({ ictx: f.ictx, id: f.pt_id, type: 'hwpt_paging' as const }),
        (f, pt_obj) => {
          f.pt_obj = pt_obj;
          f.parent = pt_obj as unknown as HwptView;
        },
      ),
      k.when((f) => f.pt_obj === null, [fails(-EINVAL), k.goto('out_put_idev')]),
      objectAlloc(k, Hwpt, (f, hwpt) => {
        hwpt.type = 'hwpt_nested';
        hwpt.destroy = iommufdHwptNestedDestroy;
        hwpt.parent = f.parent;
        f.hwpt = hwpt;
      }),
      k.when(
        (f) => f.ret < 0,
        [
          k.local((f) => {
            f.rc = f.ret;
          }),
          k.goto('out_put_pt'),
        ],
      ),
      k.switch(parentUser, {
        none: [],
        held: [k.refcountInc((f) => f.parent.users, { as: '&parent->common.obj.users' })],
      }),
      k.kmalloc(
        PagingDomain,
        (f, domain) => {
          f.domain = domain;
        },
        {
          label: 'hwpt->domain = ops->domain_alloc_nested(idev->dev, parent->common.domain)',
          budget: 'domain_alloc',
          orElse: [fails(-ENOMEM), k.goto('out_hwpt')],
        },
      ),
      k.step('s2_parent = parent->common.domain', (f) => {
        f.s2_parent = f.parent.domain;
      }),
      k.step('domain->s2_parent = s2_parent', (f) => {
        (f.domain as Domain).s2_parent = f.s2_parent;
        (f.s2_parent as Domain).nested++;
      }),
      k.step('hwpt->domain = domain', (f) => {
        f.hwpt.domain = f.domain;
      }),
      k.when(
        (f) => f.fault_id > 0,
        [
          k.call(
            iommufdGetObject,
            (f) => ({ ictx: f.ictx, id: f.fault_id, type: 'fault' as const }),
            (f, fault_obj) => {
              f.fault_obj = fault_obj;
            },
          ),
          k.when((f) => f.fault_obj === null, [fails(-ENOENT), k.goto('out_hwpt')]),
          k.step('hwpt->fault = fault', (f) => {
            f.hwpt.fault = containerOf(f.fault_obj as ObjectWithOps, Fault) as FaultView;
          }),
          k.step('hwpt->domain->iopf_handler = iommufd_fault_iopf_handler', (f) => {
            const domain = f.domain as Domain;
            domain.iopf_handler = true;
            domain.iommufd_hwpt = f.hwpt;
          }),
          k.refcountInc((f) => (f.fault_obj as ObjectWithOps).users, { as: '&fault->common.obj.users' }),
          k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.fault_obj as ObjectWithOps })),
        ],
      ),
      k.attempt('copy_to_user', 'iommufd_ucmd_respond(ucmd)', () => {}, [fails(-EFAULT), k.goto('out_hwpt')]),
      k.call(iommufdObjectFinalize, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
      k.goto('out_put_pt'),
      k.label('out_hwpt'),
      k.call(iommufdObjectAbortAndDestroy, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
      k.label('out_put_pt'),
      k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.pt_obj as ObjectWithOps })),
      k.label('out_put_idev'),
      k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.dev as ObjectWithOps })),
      k.return((f) => f.rc),
    ];
  },
);
