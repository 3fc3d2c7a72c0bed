/**
 * Event queues of page faults: an object whose anonymous file points to it and holds one of its users.
 *
 * The last fput() of a file only queues its release, which runs when the task returns to user space: later than the rest
 * of the call that put it.
 *
 * Source: eventq.c, iommufd_fault_alloc(), iommufd_eventq_init(), iommufd_eventq_fops_release(). Limits: the file is
 * closed by the task that has opened it.
 */
import { bool, containerOf, EFAULT, ENOMEM, errno, opaque, procedure, ptr, ref } from '../kernel/index.ts';
import { iommufdObjectAbortAndDestroy, iommufdObjectFinalize, objectAlloc } from './alloc.ts';
import { iommufdFaultDestroy } from './fault-queue.ts';
import { Descriptor, EventqFile, Fault } from './iopf-objects.ts';
import { IommufdCtx, type IommufdCtx as IommufdCtxView, ObjectAbort, type ObjectWithOps, objectId } from './objects.ts';
import { iommufdCtxPut } from './release.ts';
import { abortWithFile, EVENTQ_C, MAIN_C, specH } from './sources.ts';
import { abortFile } from './switches.ts';

const source = specH(EVENTQ_C);

/** __fput() of the file: iommufd_eventq_fops_release(). */
export const eventqRelease = procedure(
  'iommufd_eventq_fops_release',
  {
    source,
    params: { filep: ptr(EventqFile) },
    locals: { obj: opaque<ObjectWithOps>(), ictx: ptr(IommufdCtx) },
  },
  (k) => [
    k.step('eventq = filep->private_data', (f) => {
      f.obj = f.filep.private_data;
      f.ictx = f.filep.ictx as IommufdCtxView;
    }),
    k.refcountDec((f) => (f.obj as ObjectWithOps).users, { as: '&eventq->obj.users' }),
    k.call(iommufdCtxPut, (f) => ({ ictx: f.ictx })),
    k.kfree((f) => f.filep, { label: 'file_free(filep)' }),
  ],
);

/** What iommufd_object_abort_and_destroy() does for types with a file: __fput_sync(), then destroy. */
export const iommufdFaultAbort = procedure(
  'iommufd_object_abort_and_destroy, of an object with a file',
  { source: abortWithFile(MAIN_C), params: ObjectAbort.params, locals: { filep: ref(EventqFile) } },
  (k) => [
    k.step('filep = the file of obj', (f) => {
      f.filep = (containerOf(f.obj, Fault) as Fault).filep;
    }),
    k.when((f) => f.filep !== null, [k.call(eventqRelease, (f) => ({ filep: f.filep as EventqFile }))]),
    k.call(iommufdFaultDestroy, (f) => ({ obj: f.obj })),
  ],
);

/** IOMMU_FAULT_QUEUE_ALLOC, and what is deferred until it returns to user space: 0 or the error. */
export const iommufdFaultAlloc = procedure(
  'iommufd_fault_alloc',
  {
    source,
    params: { ictx: ptr(IommufdCtx), fd: Descriptor },
    locals: {
      obj: opaque<ObjectWithOps>(),
      filep: ref(EventqFile),
      ret: objectId(),
      rc: errno(),
      deferred: bool(),
    },
    returns: errno(),
  },
  (k) => {
    // Posted: fput(filep), which queues the release.
    const fail = (rc: number) => [
      k.local((f) => {
        f.rc = rc;
      }),
      k.switch(abortFile, {
        deferred: [
          k.local((f) => {
            f.deferred = true;
          }),
        ],
        synchronous: [],
      }),
      k.goto('out_abort'),
    ];
    return [
      k.switch(abortFile, {
        deferred: [
          objectAlloc(k, Fault, (_f, fault) => {
            fault.type = 'fault';
            fault.destroy = iommufdFaultDestroy;
          }),
        ],
        synchronous: [
          objectAlloc(k, Fault, (_f, fault) => {
            fault.type = 'fault';
            fault.destroy = iommufdFaultDestroy;
            fault.abort = iommufdFaultAbort;
          }),
        ],
      }),
      k.when((f) => f.ret < 0, [k.return((f) => f.ret)]),
      k.kmalloc(
        EventqFile,
        (f, filep) => {
          filep.private_data = f.obj;
          filep.ictx = f.ictx;
          f.filep = filep;
        },
        {
          label: 'filep = anon_inode_getfile(name, fops, eventq, O_RDWR)',
          budget: 'anon_inode_getfile',
          orElse: [
            k.local((f) => {
              f.rc = -ENOMEM;
            }),
            k.goto('out_abort'),
          ],
        },
      ),
      k.refcountInc((f) => f.ictx.file, { label: 'iommufd_ctx_get(eventq->ictx)' }),
      k.step('eventq->filep = filep', (f) => {
        (containerOf(f.obj as ObjectWithOps, Fault) as Fault).filep = f.filep;
      }),
      k.refcountInc((f) => (f.obj as ObjectWithOps).users, { as: '&eventq->obj.users' }),
      k.attempt('get_unused_fd', 'fdno = get_unused_fd_flags(O_CLOEXEC)', () => {}, fail(-ENOMEM)),
      k.attempt('copy_to_user', 'iommufd_ucmd_respond(ucmd)', () => {}, fail(-EFAULT)),
      k.call(iommufdObjectFinalize, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
      k.step('fd_install(fdno, fault->common.filep)', (f) => {
        f.fd.file = f.filep;
      }),
      k.return(0),
      k.label('out_abort'),
      k.call(iommufdObjectAbortAndDestroy, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
      k.when((f) => f.deferred, [k.call(eventqRelease, (f) => ({ filep: f.filep as EventqFile }))]),
      k.return((f) => f.rc),
    ];
  },
);

/** close() of the descriptor, if it is open; the release runs on the way out. */
export const closeDescriptor = procedure(
  'close',
  { source: specH('fs/open.c'), params: { fd: Descriptor }, locals: { filep: ref(EventqFile) } },
  (k) => [
    k.step('file = close_fd_get_file(fd)', (f) => {
      f.filep = f.fd.file;
      f.fd.file = null;
    }),
    k.when((f) => f.filep !== null, [k.call(eventqRelease, (f) => ({ filep: f.filep as EventqFile }))]),
  ],
);
