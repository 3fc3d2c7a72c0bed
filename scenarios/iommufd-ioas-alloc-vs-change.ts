/** Spec (h), ioas_creation_lock: an IOAS is made while another task has locked every IOAS of the context. */
import { does, scenario, set } from '../checker/lang/index.ts';
import {
  but,
  creationLock,
  everyIoasIsLocked,
  IOAS_C,
  Ioas,
  IoasList,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdIoasAlloc,
  iommufdIoasChangeProcess,
  iommufdIoasDestroy,
  iommufdIoasIovaRanges,
  makeCtx,
  makeIoas,
  repaired,
  specH,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';
import { iommufdPromises } from './iommufd-parts.ts';

const repairedForm = [...repaired, set(creationLock, 'with')];

export default scenario('iommufd-ioas-alloc-vs-change', {
  title: 'an IOAS is made while another task has locked every IOAS of the context',
  about:
    'IOMMU_IOAS_CHANGE_PROCESS changes the process that pages belong to, which any IOAS may have copied: so it takes the ' +
    'iova_rwsem of each, in the order of their numbers, with a user of each. An IOAS that is made meanwhile would be ' +
    'missed; it is published with ioas_creation_lock held for reading. Other tasks ask about an IOAS and destroy it.',
  systems: ['iommufd'],
  source: specH(IOAS_C),
  corpus: 'new',
  bounds: { changers: 1, makers: 1, ends: 0 },
  variants: {
    posted: {
      about: 'a form that was never merged: the new IOAS is published without ioas_creation_lock',
      settings: but(repairedForm, set(creationLock, 'without')),
      expect: { verdict: 'violated', kind: 'protocol', length: 18, states: 793 },
    },
    fixed: {
      about: 'with the lock; two tasks make one each',
      settings: repairedForm,
      bounds: { makers: 2 },
      expect: { verdict: 'holds', states: 102_880, depth: 76 },
    },
    'two-changers': {
      about: 'two tasks change the process of two IOAS, and nobody makes one: that each comes to an end',
      settings: repaired,
      bounds: { changers: 2, makers: 0, ends: 1 },
      expect: { verdict: 'holds', states: 2_879, depth: 88 },
    },
  },
  setup: (s) => {
    const { changers, makers, ends } = s.bounds;
    const ictx = makeCtx(s, changers + makers + 1, { destroy: [iommufdIoasDestroy], abort: [] });
    const ioas = makeIoas(s, ictx, 'ioas');
    const other = makers === 0 ? makeIoas(s, ictx, 'other') : null;
    const close = does(iommufdCtxPut, { ictx });
    const lists = s.objects(IoasList, 'ioas_list', changers);
    const tasks = lists.map((ioas_list, i) =>
      s.task(`changer${i}`, [does(iommufdIoasChangeProcess, { ictx, ioas_list }), close]),
    );
    for (let i = 0; i < makers; i++) s.task(`maker${i}`, [does(iommufdIoasAlloc, { ictx }), close]);
    s.task('user', [
      does(iommufdIoasIovaRanges, { ictx, id: ioas.id }),
      does(iommufdDestroy, { ictx, id: (other ?? ioas).id }),
      close,
    ]);
    const ioases = s.pool(Ioas, Math.max(1, makers));
    s.property(
      ...iommufdPromises(s, [ioases] as never),
      everyIoasIsLocked(ioases, lists),
      allFreed([ioases]),
      ...(ends > 0 ? tasks.map((task) => returns(task.name, task)) : []),
    );
  },
});
