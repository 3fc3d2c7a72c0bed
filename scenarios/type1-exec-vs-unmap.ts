/** Corpus T1-LOCKEDVM: pages that were accounted to one address space are given back to another, after exec. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  AcctMm,
  acctMm,
  chargedIsMapped,
  execMmap,
  exitMm,
  saveMm,
  Task,
  TYPE1_C,
  Type1,
  type1Release,
  VfioDma,
  vfioChangeDmaOwner,
  vfioDmaDoMap,
  vfioDmaDoUnmap,
} from '../model/type1-dma/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';

export default scenario('type1-exec-vs-unmap', {
  title: 'a mapping of type1 is removed after its task went through exec',
  about:
    'A process maps memory for a device: its pages are pinned, and accounted to its address space. It goes through exec ' +
    'with the container open. Another process that has the container too removes the mapping, and the pages are given ' +
    'back to the address space that the task has now, to which they were never accounted: locked_vm underflows.',
  systems: ['type1'],
  source: saveMm(TYPE1_C),
  corpus: 'T1-LOCKEDVM',
  bounds: { children: 1, maps: 1, updates: 0, failures: 0 },
  variants: {
    posted: {
      about: 'the pages are given back to the address space of the task',
      expect: { verdict: 'violated', kind: 'refcount', length: 25, states: 155 },
    },
    pointer: {
      about: 'half the repair: the mapping has a pointer to the address space that mapped it, which nothing keeps',
      settings: [set(acctMm, 'pointer')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 23, states: 138 },
    },
    fixed: {
      about:
        'the mapping keeps the address space; two mappings, one of which is given to the new one; three other processes',
      settings: [set(acctMm, 'saved')],
      bounds: { children: 3, maps: 2, updates: 1, failures: 1 },
      expect: { verdict: 'holds', states: 34_160, depth: 92 },
    },
  },
  setup: (s) => {
    const { children, maps, updates, failures } = s.bounds;
    const iommu = s.object(Type1, 'vfio_iommu');
    iommu.users.counter = 1 + children;
    const mm = s.object(AcctMm, 'mm');
    const task = s.object(Task, 'task', { mm });
    const mms = s.pool(AcctMm, 1);
    const dmas = s.pool(VfioDma, maps + 1);
    const limit = 2;
    const map = (iova: number) => does(vfioDmaDoMap, { iommu, task, iova, limit });
    const vmm = s.task('vmm', [
      ...Array.from({ length: maps }, (_, i) => map(i + 1)),
      does(execMmap, { task }),
      ...(updates > 0 ? [does(vfioChangeDmaOwner, { iommu, task, iova: 1, limit })] : []),
      map(maps + 1),
      does(exitMm, { task }),
      does(type1Release, { iommu }),
    ]);
    s.property(returns('the exit of the process', vmm));
    for (let i = 0; i < children; i++)
      s.property(
        returns(
          `the close by child${i}`,
          s.task(`child${i}`, [does(vfioDmaDoUnmap, { iommu, iova: i + 1 }), does(type1Release, { iommu })]),
        ),
      );
    s.failures({ kmalloc: failures });
    s.property(
      ...(s.setting(acctMm) === 'of the task' ? [] : [chargedIsMapped(iommu, mms, dmas)]),
      allFreed([mms, dmas]),
      sometimes(
        'unmapped',
        'a mapping outlives the address space that made it',
        () => iommu.dma_list.length > 0 && task.mm === null,
      ),
    );
  },
});
