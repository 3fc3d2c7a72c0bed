/**
 * The fault queue of an HWPT: user space reads groups of page requests and writes answers; who takes a handle away answers
 * what came in through it.
 *
 * Source: eventq.c, iommufd_fault_fops_read(), iommufd_fault_fops_write(), iommufd_auto_response_faults(),
 * iommufd_fault_destroy(). Limits: no poll(): user space may read at any time and finds what is there; one answer a
 * write; the buffer has room for everything.
 */
import {
  containerOf,
  EFAULT,
  EINVAL,
  ENOMEM,
  errno,
  int,
  type KernelKit,
  oneOf,
  opaque,
  pointerTo,
  procedure,
  ptr,
  type Statement,
  xaFind,
  xaLoad,
  xaReserveLowest,
  xaStore,
} from '../kernel/index.ts';
import { iopfFreeGroup, iopfGroupResponse } from './iopf.ts';
import {
  AttachHandle,
  Descriptor,
  type EventqFile,
  Fault,
  type Fault as FaultView,
  type IopfGroup,
  REQUESTS,
} from './iopf-objects.ts';
import { type IommufdDevice, ObjectDestroy, objectId } from './objects.ts';
import { deliverLock, destroyResponse, EVENTQ_C, specH } from './sources.ts';
import { autoResponse, faultDestroy, faultMutex, readFailed } from './switches.ts';

const source = specH(EVENTQ_C);
const lock = { as: '&fault->common.lock', source: deliverLock(EVENTQ_C) };

interface Frame {
  fault: FaultView;
  group: IopfGroup | null;
  cookie: number;
}

/** Answers and frees a group that is in no list of the fault queue any more. */
const refuse = <F extends Frame>(k: KernelKit<F>): readonly Statement<F>[] => [
  k.call(iopfGroupResponse, (f) => ({ group: f.group as IopfGroup, status: 'invalid' as const })),
  k.call(iopfFreeGroup, (f) => ({ group: f.group as IopfGroup })),
];

/** iommufd_auto_response_faults(): refuses every group that came in through `handle`. */
export const iommufdAutoResponseFaults = procedure(
  'iommufd_auto_response_faults',
  {
    source,
    params: { fault: opaque<FaultView>(), handle: ptr(AttachHandle) },
    locals: { group: opaque<IopfGroup>(), cookie: int(0, REQUESTS) },
  },
  (kit) => {
    const k = kit as unknown as KernelKit<Frame & { handle: AttachHandle }>;
    const ours = (group: IopfGroup | null, handle: AttachHandle) => group?.attach_handle === handle;
    const readOnes = [
      k.step('xa_for_each(&fault->response, index, group)', (f) => {
        f.cookie = xaFind(f.fault.response, 1);
      }),
      k.loop([
        k.when((f) => f.cookie === 0, [k.break()]),
        k.step('group->attach_handle != &handle->handle', (f) => {
          const group = xaLoad(f.fault.response, f.cookie);
          f.group = ours(group, f.handle) ? group : null;
        }),
        k.when(
          (f) => f.group !== null,
          [
            k.step('xa_erase(&fault->response, index)', (f) => {
              xaStore(f.fault.response, f.cookie, null);
            }),
            ...refuse(k),
          ],
        ),
        k.step('xa_for_each(&fault->response, index, group), the next', (f) => {
          f.cookie = f.cookie === REQUESTS ? 0 : xaFind(f.fault.response, f.cookie + 1);
        }),
      ]),
    ];
    return [
      k.when((f) => f.fault === null, [k.return()]),
      k.switch(faultMutex, { 'read and write': [], all: [k.mutexLock((f) => f.fault.mutex)] }),
      k.spinLock((f) => f.fault.lock, lock),
      k.step('list_move(&group->node, &free_list), where group->attach_handle is ours', (f) => {
        for (const group of [...f.fault.deliver])
          if (ours(group, f.handle)) {
            f.fault.deliver.remove(group);
            f.fault.free_list.add(group);
          }
      }),
      k.spinUnlock((f) => f.fault.lock, lock),
      k.loop([
        k.step('group = first of &free_list, list_del(&group->node)', (f) => {
          f.group = f.fault.free_list.first;
          if (f.group !== null) f.fault.free_list.remove(f.group);
        }),
        k.when((f) => f.group === null, [k.break()]),
        ...refuse(k),
      ]),
      k.switch(autoResponse, {
        never: [],
        'after the handle': readOnes,
        'unread only': [],
        'before the handle': readOnes,
      }),
      k.switch(faultMutex, { 'read and write': [], all: [k.mutexUnlock((f) => f.fault.mutex)] }),
    ] as never;
  },
);

/** iommufd_fault_destroy(): nobody has the queue any more, so no lock is taken. */
export const iommufdFaultDestroy = procedure(
  'iommufd_fault_destroy',
  {
    source,
    params: ObjectDestroy.params,
    locals: { fault: pointerTo<FaultView>(), group: opaque<IopfGroup>(), cookie: int(0, REQUESTS) },
  },
  (kit) => {
    const k = kit as unknown as KernelKit<Frame & { obj: FaultView }>;
    return [
      k.loop([
        k.step('list_for_each_entry_safe(group, &fault->common.deliver)', (f) => {
          f.fault = containerOf(f.obj, Fault) as FaultView;
          f.group = f.fault.deliver.first;
          if (f.group !== null) f.fault.deliver.remove(f.group);
        }),
        k.when((f) => f.group === null, [k.break()]),
        ...refuse(k),
      ]),
      k.switch(faultDestroy, {
        'unread only': [],
        all: [
          k.loop([
            k.step(
              'xa_for_each(&fault->response, index, group), xa_erase()',
              (f) => {
                f.cookie = xaFind(f.fault.response, 1);
                f.group = f.cookie === 0 ? null : xaLoad(f.fault.response, f.cookie);
                if (f.cookie > 0) xaStore(f.fault.response, f.cookie, null);
              },
              { source: destroyResponse(EVENTQ_C) },
            ),
            k.when((f) => f.group === null, [k.break()]),
            ...refuse(k),
          ]),
        ],
      }),
    ] as never;
  },
);

/** struct file of a descriptor that a call uses, and the queue behind it. */
const openFault = (f: { fd: Descriptor; fault: FaultView; filep: EventqFile | null }): void => {
  f.filep = f.fd.file;
  if (f.filep !== null) f.fault = f.filep.private_data as unknown as FaultView;
};

/** iommufd_fault_deliver_fetch(): the first group to read, which is in no list now. */
const deliverFetch = procedure(
  'iommufd_fault_deliver_fetch',
  {
    source,
    params: { fault: pointerTo<FaultView>() },
    locals: { group: opaque<IopfGroup>() },
    returns: opaque<IopfGroup>(),
  },
  (k) => [
    k.spinLock((f) => f.fault.lock, lock),
    k.step('group = first of &fault->common.deliver, list_del(&group->node)', (f) => {
      f.group = f.fault.deliver.first;
      if (f.group !== null) f.fault.deliver.remove(f.group);
    }),
    k.spinUnlock((f) => f.fault.lock, lock),
    k.return((f) => f.group),
  ],
);

/** iommufd_fault_deliver_restore(): back to the head of the list. */
const deliverRestore = procedure(
  'iommufd_fault_deliver_restore',
  { source, params: { fault: pointerTo<FaultView>(), group: pointerTo<IopfGroup>() } },
  (k) => [
    k.spinLock((f) => f.fault.lock, lock),
    k.step('list_add(&group->node, &fault->common.deliver)', (f) => f.fault.deliver.addFirst(f.group)),
    k.spinUnlock((f) => f.fault.lock, lock),
  ],
);

/** read() of the fault file. A copy to `buffer` may fail once, or fails whenever it is tried. */
const faultRead = (name: string, buffer: 'good' | 'bad') =>
  procedure(
    name,
    {
      source,
      params: { fd: Descriptor },
      locals: {
        filep: opaque<EventqFile>(),
        fault: pointerTo<FaultView>(),
        group: opaque<IopfGroup>(),
        cookie: int(0, REQUESTS),
        handle: opaque<AttachHandle>(),
        idev: opaque<IommufdDevice>(),
        dev_id: objectId(),
        done: int(0, REQUESTS),
        rc: errno(),
      },
      returns: errno(),
    },
    (kit) => {
      type F = Frame & {
        fd: Descriptor;
        filep: EventqFile | null;
        handle: AttachHandle | null;
        idev: IommufdDevice | null;
        dev_id: number;
        done: number;
        rc: number;
      };
      const k = kit as unknown as KernelKit<F>;
      const restore = k.call(deliverRestore, (f) => ({ fault: f.fault, group: f.group as IopfGroup }));
      const fails = (rc: number) =>
        k.local((f) => {
          f.rc = rc;
        });
      const refused = [
        fails(-EFAULT),
        k.step('xa_erase(&fault->response, group->cookie)', (f) => {
          xaStore(f.fault.response, f.cookie, null);
        }),
        restore,
        k.switch(readFailed, { 'tries again': [], 'gives up': [k.break()] }),
      ];
      const copy = 'copy_to_user(buf + done, &data)';
      return [
        k.step('fault = filep->private_data', openFault),
        k.mutexLock((f) => f.fault.mutex),
        k.loop([
          k.call(
            deliverFetch,
            (f) => ({ fault: f.fault }),
            (f, group) => {
              f.group = group;
            },
          ),
          k.when((f) => f.group === null, [k.break()]),
          k.attempt(
            'xa_alloc',
            'xa_alloc(&fault->response, &group->cookie, group)',
            (f) => {
              f.cookie = xaReserveLowest(f.fault.response);
              xaStore(f.fault.response, f.cookie, f.group as IopfGroup);
              (f.group as IopfGroup).cookie = f.cookie;
            },
            [fails(-ENOMEM), restore, k.break()],
            { indivisible: 'the number is written before the entry can be found' },
          ),
          k.step('handle = group->attach_handle', (f) => {
            f.handle = (f.group as IopfGroup).attach_handle;
          }),
          k.step('idev = to_iommufd_handle(handle)->idev', (f) => {
            f.idev = (f.handle as AttachHandle).idev;
          }),
          k.step('data.dev_id = idev->obj.id', (f) => {
            f.dev_id = (f.idev as IommufdDevice).id;
          }),
          ...(buffer === 'good'
            ? [
                k.attempt(
                  'copy_to_user',
                  copy,
                  (f) => {
                    f.done++;
                  },
                  refused,
                  { sleeps: true },
                ),
              ]
            : [k.step(`${copy}, which fails`, () => {}, { sleeps: true }), ...refused]),
        ]),
        k.mutexUnlock((f) => f.fault.mutex),
        k.return((f) => (f.done === 0 ? f.rc : 0)),
      ] as never;
    },
  );

/** read() of the fault file: everything that is there. 0 or the error of a read that copied nothing. */
export const iommufdFaultRead = faultRead('iommufd_fault_fops_read', 'good');

/** The same into a buffer that cannot be written. */
export const iommufdFaultReadToBadBuffer = faultRead('iommufd_fault_fops_read, to a bad buffer', 'bad');

/** write() of one answer: 0, or -EINVAL when nobody waits for it under that cookie. */
export const iommufdFaultWrite = procedure(
  'iommufd_fault_fops_write',
  {
    source,
    params: { fd: Descriptor, cookie: int(0, REQUESTS), code: oneOf('success', 'invalid') },
    locals: {
      filep: opaque<EventqFile>(),
      fault: pointerTo<FaultView>(),
      group: opaque<IopfGroup>(),
      rc: errno(),
    },
    returns: errno(),
  },
  (k) => [
    k.step('fault = filep->private_data', openFault),
    k.mutexLock((f) => f.fault.mutex),
    k.step('group = xa_erase(&fault->response, response.cookie)', (f) => {
      f.group = xaLoad(f.fault.response, f.cookie);
      if (f.group !== null) xaStore(f.fault.response, f.cookie, null);
    }),
    k.when(
      (f) => f.group !== null,
      [
        k.call(iopfGroupResponse, (f) => ({ group: f.group as IopfGroup, status: f.code })),
        k.call(iopfFreeGroup, (f) => ({ group: f.group as IopfGroup })),
      ],
      [
        k.local((f) => {
          f.rc = -EINVAL;
        }),
      ],
    ),
    k.mutexUnlock((f) => f.fault.mutex),
    k.return((f) => f.rc),
  ],
);
