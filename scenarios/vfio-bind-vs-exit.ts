/** Must not be reported (2): bind_process drops what may be the last user of an mm, but after it unlocked. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { MmStruct } from '../model/kernel/index.ts';
import { makeSva } from '../model/sva/index.ts';
import {
  BindParams,
  bindProcess,
  bindPut,
  boundProcessIsListed,
  listedProcessIsBound,
  makeContainer,
  makeGroup,
  makeProcess,
  mmsAreGivenBack,
  pasidBelongsToMm,
  svaStateIsKnown,
  TYPE1_C,
  VfioGroup,
  VfioMm,
  v2_13,
} from '../model/vfio/index.ts';
import { exits } from './vfio-parts.ts';

export default scenario('vfio-bind-vs-exit', {
  title: 'a process is bound while it exits',
  about:
    'The BIND ioctl takes a user reference of the mm, binds it with iommu->lock held, unlocks and gives the reference ' +
    'back. When the process has exited meanwhile, this tears the address space down and runs mm_exit, which takes the ' +
    'lock: fine, since it is free by then. Allocations and the copy to user space may fail.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: 'guard 2',
  bounds: { binders: 2, kmalloc_failures: 1, copy_failures: 1 },
  variants: {
    posted: {
      about: 'the patch as posted: mmput() after mutex_unlock()',
      expect: { verdict: 'holds', states: 40_719, depth: 193 },
    },
    'put-under-lock': {
      about: 'mmput() before mutex_unlock(): the order is what makes it safe',
      settings: [set(bindPut, 'under-lock')],
      bounds: { binders: 1, kmalloc_failures: 0, copy_failures: 0 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 69, states: 216 },
    },
  },
  setup: (s) => {
    const { binders, kmalloc_failures, copy_failures } = s.bounds;
    const parts = makeSva(s, { params: 1, ioMms: 2 });
    const group = makeGroup(s, parts, 'group0');
    const container = makeContainer(s, parts, 'container0', [group]);
    const { iommu } = container;
    const process = makeProcess(s, 'process0', parts);
    exits(s, process);
    const args = Array.from({ length: binders }, (_, i) => s.object(BindParams, `arg${i}`));
    s.interchangeable(
      args.map((arg, i) => [arg, s.task(`binder${i}`, [does(bindProcess, { iommu, task: process.task, arg })])]),
    );
    s.pool(VfioMm, 2);
    s.failures({ kmalloc: kmalloc_failures, copy_to_user: copy_failures });
    const mms = s.pool(MmStruct, 1);
    s.property(
      listedProcessIsBound([container], mms),
      boundProcessIsListed([container]),
      sometimes('bind-holds-last-user', 'the process has exited, and its bind holds the last user of the mm', () =>
        [...mms].some((mm) => mm.mm_users.counter > 0 && process.task.mm === null),
      ),
      pasidBelongsToMm(
        args,
        [group.devices.at(0)].filter((dev) => dev !== null),
      ),
      mmsAreGivenBack([process.task], mms),
      svaStateIsKnown([group], s.pool(VfioGroup, 1)),
    );
  },
});
