/**
 * Attach handles: what a page request is looked up by. The IOMMU core keeps one for each attachment of a group, by PASID;
 * iommufd makes it, and frees it when nothing that came in through it is left.
 *
 * Source: device.c, iommufd_hwpt_attach_device(), iommufd_hwpt_detach_device(), iommufd_hwpt_replace_device(); iommu.c,
 * iommu_attach_group_handle(), iommu_replace_group_handle(), iommu_detach_group_handle(), and the same for a PASID of a
 * device; eventq.c, iommufd_fault_iopf_enable(), iommufd_fault_iopf_disable(). Limits: one device of a group asks for
 * pages. Without handles, as before Linux 6.11, only the change of domain is left.
 */
import { bool, ENOMEM, errno, type KernelKit, opaque, procedure, ptr, ref, type Statement } from '../kernel/index.ts';
import { iommufdAutoResponseFaults } from './fault-queue.ts';
import { domainOf, drainPrq, iopfDisable, iopfEnable } from './iopf.ts';
import { AttachHandle, type Endpoint, type Fault } from './iopf-objects.ts';
import {
  type PagingDomain as Domain,
  type IommuGroup as GroupView,
  Hwpt,
  type Hwpt as HwptView,
  IOMMU_NO_PASID,
  IommufdDevice,
  IommuGroup,
  ioasid,
  PagingDomain,
} from './objects.ts';
import { DEVICE_C, handleForAll, IOMMU_C, specH } from './sources.ts';
import { attachHandles, autoResponse, drain, iopfOff, replaceQueue } from './switches.ts';

const source = specH(DEVICE_C);

function setDomain(group: GroupView, pasid: number, domain: Domain | null): void {
  const old = domainOf(group, pasid);
  if (old !== null) old.attached--;
  if (pasid === IOMMU_NO_PASID) group.domain = domain;
  else group.pasid_domain = domain;
  if (domain !== null) domain.attached++;
}

const counted = 'how many groups a domain has is counted by the model, and follows the domain';

/**
 * iommu_attach_group_handle(), iommu_replace_group_handle() and iommu_detach_group_handle() (NULL): may fail unless
 * they detach.
 */
const iommuSetDomain = procedure(
  'iommu_attach_group_handle',
  {
    source: specH(IOMMU_C),
    params: { group: ptr(IommuGroup), pasid: ioasid(), domain: ref(PagingDomain), handle: ref(AttachHandle) },
    locals: { dev: opaque<Endpoint>(), faults: bool(), ret: errno() },
    returns: errno(),
  },
  (k) => {
    type F = {
      group: GroupView;
      pasid: number;
      domain: Domain | null;
      dev: Endpoint | null;
      faults: boolean;
    };
    const change = (f: F) => {
      // Whether the driver has page requests of the old domain to wait for; locals only where it does.
      f.dev = f.group.dev;
      f.faults = f.dev !== null && domainOf(f.group, f.pasid)?.iopf_handler === true;
      setDomain(f.group, f.pasid, f.domain);
    };
    const drains = k.when((f) => f.faults, [k.call(drainPrq, (f) => ({ dev: f.dev as Endpoint, pasid: f.pasid }))]);
    const store = k.step('xa_store(&group->pasid_array, pasid, handle)', (f) =>
      f.group.pasid_array.set(f.pasid, f.handle),
    );
    return [
      k.mutexLock((f) => f.group.mutex),
      k.when(
        (f) => f.domain !== null,
        [
          k.attempt(
            'iommu_attach_group',
            '__iommu_group_set_domain(group, domain)',
            change,
            [
              k.local((f) => {
                f.ret = -ENOMEM;
              }),
            ],
            { indivisible: counted },
          ),
        ],
        [k.step('__iommu_group_set_domain(group, blocking)', change, { indivisible: counted })],
      ),
      k.switch(attachHandles, {
        none: [],
        'every attachment': [
          k.when(
            (f) => f.ret === 0,
            [
              k.switch(drain, { never: [], 'before the handle': [drains], 'after the handle too': [drains] }),
              k.switch(iopfOff, {
                driver: [
                  k.when(
                    (f) => f.faults,
                    [
                      k.test('iopf_for_domain_replace(new, old, dev)', (f) => f.domain?.iopf_handler !== true, [
                        k.call(iopfDisable, (f) => ({ dev: f.dev as Endpoint })),
                      ]),
                    ],
                  ),
                ],
                iommufd: [],
              }),
              store,
              k.switch(drain, { never: [], 'before the handle': [], 'after the handle too': [drains] }),
            ],
          ),
        ],
      }),
      k.mutexUnlock((f) => f.group.mutex),
      k.return((f) => f.ret),
    ];
  },
);

interface Faults {
  dev: Endpoint | null;
  rc: number;
}

const enable = <F extends Faults>(k: KernelKit<F>): Statement<F> =>
  k.call(
    iopfEnable,
    (f) => ({ dev: f.dev as Endpoint }),
    (f, rc) => {
      f.rc = rc;
    },
  );

const disable = <F extends Pick<Faults, 'dev'>>(k: KernelKit<F>): Statement<F> =>
  k.call(iopfDisable, (f) => ({ dev: f.dev as Endpoint }));

/** What attach and replace need for the handle and the faults of a new HWPT. */
const newHandle = <F extends { handle: AttachHandle | null; idev: IommufdDevice; domain: Domain | null }>(
  k: KernelKit<F>,
): Statement<F> =>
  k.kmalloc(
    AttachHandle,
    (f, handle) => {
      handle.idev = f.idev;
      handle.domain = f.domain;
      f.handle = handle;
    },
    { label: 'handle = kzalloc(sizeof(*handle)), handle->idev = idev', orElse: [k.return(-ENOMEM)] },
  );

const params = {
  idev: ptr(IommufdDevice),
  group: ptr(IommuGroup),
  pasid: ioasid(),
  hwpt: ptr(Hwpt),
  domain: ref(PagingDomain),
};

/** iommufd_hwpt_attach_device(): 0 or -ENOMEM. Under igroup->lock. */
export const iommufdHwptAttachDevice = procedure(
  'iommufd_hwpt_attach_device',
  {
    source,
    params,
    locals: { handle: ref(AttachHandle), dev: opaque<Endpoint>(), enabled: bool(), rc: errno() },
    returns: errno(),
  },
  (k) => {
    const set = k.call(
      iommuSetDomain,
      (f) => ({ group: f.group, pasid: f.pasid, domain: f.domain, handle: f.handle }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      k.switch(attachHandles, {
        none: [set],
        'every attachment': [
          newHandle(k),
          k.step('hwpt->fault', (f) => {
            f.dev = f.group.dev;
            f.enabled = f.hwpt.fault !== null;
          }),
          k.when((f) => f.enabled, [enable(k), k.when((f) => f.rc !== 0, [k.goto('out_free_handle')])]),
          set,
          k.when((f) => f.rc === 0, [k.return(0)]),
          k.when((f) => f.enabled, [disable(k)]),
          k.label('out_free_handle'),
          k.kfree((f) => f.handle),
        ],
      }),
      k.return((f) => f.rc),
    ];
  },
);

/** What is owed to a handle that nobody can find any more: its groups are answered, then it is freed. */
function retire<F extends { dev: Endpoint | null; fault: Fault | null }>(
  k: KernelKit<F>,
  handle: (f: F) => AttachHandle | null,
  queue: (f: F) => Fault | null,
  faultsEnd: (f: F) => boolean,
): Statement<F> {
  const answer = k.call(iommufdAutoResponseFaults, (f) => ({ fault: queue(f), handle: handle(f) as AttachHandle }));
  const off = k.switch(iopfOff, { driver: [], iommufd: [k.when(faultsEnd, [disable(k)])] });
  const free = k.kfree(handle, { label: 'kfree(handle)' });
  return k.switch(autoResponse, {
    never: [off, free],
    'after the handle': [free, answer, off],
    'unread only': [answer, off, free],
    'before the handle': [answer, off, free],
  });
}

/** iommufd_hwpt_detach_device(). Under igroup->lock. */
export const iommufdHwptDetachDevice = procedure(
  'iommufd_hwpt_detach_device',
  {
    source,
    params: { group: ptr(IommuGroup), pasid: ioasid(), hwpt: ptr(Hwpt) },
    locals: { handle: ref(AttachHandle), fault: opaque<Fault>(), dev: opaque<Endpoint>() },
  },
  (k) => {
    const set = k.call(iommuSetDomain, (f) => ({ group: f.group, pasid: f.pasid, domain: null, handle: null }));
    return [
      k.switch(attachHandles, {
        none: [set],
        'every attachment': [
          k.step('handle = iommu_attach_handle_get(group, pasid)', (f) => {
            f.handle = f.group.pasid_array.at(f.pasid);
            f.dev = f.group.dev;
            f.fault = f.hwpt.fault;
          }),
          set,
          retire(
            k,
            (f) => f.handle,
            (f) => f.fault,
            (f) => f.fault !== null,
          ),
        ],
      }),
    ];
  },
);

/** iommufd_hwpt_replace_device(): 0 or -ENOMEM. Under igroup->lock. */
export const iommufdHwptReplaceDevice = procedure(
  'iommufd_hwpt_replace_device',
  {
    source: handleForAll(DEVICE_C),
    params: { ...params, old: ref(Hwpt) },
    locals: {
      handle: ref(AttachHandle),
      old_handle: ref(AttachHandle),
      fault: opaque<Fault>(),
      new_fault: opaque<Fault>(),
      dev: opaque<Endpoint>(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => {
    const set = k.call(
      iommuSetDomain,
      (f) => ({ group: f.group, pasid: f.pasid, domain: f.domain, handle: f.handle }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    type F = { fault: Fault | null; new_fault: Fault | null; old_handle: AttachHandle | null };
    const oldHandle = (f: F) => f.old_handle;
    const faultsEnd = (f: F) => f.fault !== null && f.new_fault === null;
    const wants = (f: { fault: Fault | null; new_fault: Fault | null }) => f.new_fault !== null && f.fault === null;
    return [
      k.switch(attachHandles, {
        none: [set],
        'every attachment': [
          k.step('old_handle = iommu_attach_handle_get(group, pasid)', (f) => {
            f.old_handle = f.group.pasid_array.at(f.pasid);
            f.dev = f.group.dev;
            f.fault = (f.old as HwptView).fault;
            f.new_fault = f.hwpt.fault;
          }),
          newHandle(k),
          k.when(wants, [enable(k), k.when((f) => f.rc !== 0, [k.goto('out_free_handle')])]),
          set,
          k.when(
            (f) => f.rc === 0,
            [
              k.switch(replaceQueue, {
                'of the new HWPT': [retire(k, oldHandle, (f) => f.new_fault, faultsEnd)],
                'of the old HWPT': [retire(k, oldHandle, (f) => f.fault, faultsEnd)],
              }),
              k.return(0),
            ],
          ),
          k.when(wants, [disable(k)]),
          k.label('out_free_handle'),
          k.kfree((f) => f.handle),
        ],
      }),
      k.return((f) => f.rc),
    ];
  },
);
