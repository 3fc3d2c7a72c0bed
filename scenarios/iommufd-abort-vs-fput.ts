/** Corpus #34: an event queue is aborted, and freed, before the deferred release of its file. */
import { does, scenario, set } from '../checker/lang/index.ts';
import {
  abortFile,
  abortWithFile,
  closeDescriptor,
  Descriptor,
  destroyIoctl,
  EVENTQ_C,
  EventqFile,
  Fault,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdFaultAbort,
  iommufdFaultAlloc,
  iommufdFaultDestroy,
  makeCtx,
  waiting,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { iommufdPromises } from './iommufd-parts.ts';

export default scenario('iommufd-abort-vs-fput', {
  title: 'an event queue is freed before the deferred release of its file',
  about:
    'IOMMU_FAULT_QUEUE_ALLOC makes an object and an anonymous file that points to it and holds a user. A later step ' +
    'fails: the file is put, which queues its release until the task returns to user space, and the object is aborted ' +
    'and freed at once. The release drops a user of freed memory.',
  systems: ['iommufd'],
  source: abortWithFile(EVENTQ_C),
  corpus: '#34',
  bounds: { tasks: 1, failures: 1 },
  variants: {
    posted: {
      about: 'fput(), then abort',
      settings: [...waiting, set(destroyIoctl, 'by id')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 18, states: 67 },
    },
    fixed: {
      about: 'the file is released synchronously before the object is freed; two tasks, one failure of each kind',
      settings: [...waiting, set(destroyIoctl, 'by id'), set(abortFile, 'synchronous')],
      bounds: { tasks: 2 },
      expect: { verdict: 'holds', states: 26_397, depth: 70 },
    },
  },
  setup: (s) => {
    const { tasks, failures } = s.bounds;
    const ictx = makeCtx(s, tasks, {
      destroy: [iommufdFaultDestroy],
      abort: s.setting(abortFile) === 'synchronous' ? [iommufdFaultAbort] : [],
    });
    for (let i = 0; i < tasks; i++) {
      const fd = s.object(Descriptor, `fd${i}`);
      s.task(`task${i}`, [
        does(iommufdFaultAlloc, { ictx, fd }),
        does(iommufdDestroy, { ictx, id: 1 }),
        does(closeDescriptor, { fd }),
        does(iommufdCtxPut, { ictx }),
      ]);
    }
    const faults = s.pool(Fault, tasks);
    const files = s.pool(EventqFile, tasks);
    s.failures({
      kmalloc: failures,
      xa_alloc: failures,
      anon_inode_getfile: failures,
      get_unused_fd: failures,
      copy_to_user: failures,
    });
    s.property(...iommufdPromises(s, [faults] as never), allFreed([faults, files]));
  },
});
