/** Spec (h): devices of a group are bound and unbound; the group comes with the first and goes with the last. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  but,
  DEVICE_C,
  groupErase,
  groupGet,
  IommufdDevice,
  IommufdGroup,
  IommuGroup,
  iommufdCtxPut,
  iommufdDeviceDestroy,
  makeCtx,
  oneGroupEach,
  specH,
  waiting,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { boundThenUnbound, iommufdPromises } from './iommufd-parts.ts';

const repairedForm = [...waiting, set(groupGet, 'unless zero'), set(groupErase, 'if it is in it')];

export default scenario('iommufd-bind-vs-unbind', {
  title: 'a device of a group is bound while the last one is unbound',
  about:
    'A context has one iommufd_group for a group, found by its number, which the last device to be unbound frees. Its count ' +
    'may be zero while it is still in the array: then bind makes another one and puts it in its place, and the old one ' +
    'must leave the slot alone.',
  systems: ['iommufd'],
  source: specH(DEVICE_C),
  corpus: 'new',
  bounds: { drivers: 2, again: 0, failures: 0 },
  variants: {
    posted: {
      about: 'a form that was never merged: a reference is taken whatever the count is',
      settings: but(repairedForm, set(groupGet, 'plain')),
      expect: { verdict: 'violated', kind: 'refcount', length: 34, states: 2_335 },
    },
    unlocked: {
      about: 'never merged: the reference is taken after the lock of the array is left',
      settings: but(repairedForm, set(groupGet, 'unlocked')),
      expect: { verdict: 'violated', kind: 'use-after-free', length: 40, states: 3_861 },
    },
    erased: {
      about: 'never merged: the end of a group empties the slot, which holds another one by then',
      settings: but(repairedForm, set(groupErase, 'always')),
      bounds: { again: 1 },
      expect: { verdict: 'violated', kind: 'protocol', length: 72, states: 21_618 },
    },
    fixed: {
      about: 'as in mainline; two drivers, one of which binds twice',
      settings: repairedForm,
      bounds: { again: 1 },
      expect: { verdict: 'holds', states: 37_396, depth: 119 },
    },
    failures: {
      about: 'the same with a failure of each kind: nothing is left of a bind that fails',
      settings: repairedForm,
      bounds: { again: 1, failures: 1 },
      expect: { verdict: 'holds', states: 107_440, depth: 119 },
    },
  },
  setup: (s) => {
    const { drivers, again, failures } = s.bounds;
    const ictx = makeCtx(s, drivers, { destroy: [iommufdDeviceDestroy], abort: [] });
    const group = s.object(IommuGroup, 'group');
    const bindAndUnbind = does(boundThenUnbound, { ictx, group });
    for (let i = 0; i < drivers; i++)
      s.task(`driver${i}`, [
        bindAndUnbind,
        ...(i === 0 && again > 0 ? [bindAndUnbind] : []),
        does(iommufdCtxPut, { ictx }),
      ]);
    const idevs = s.pool(IommufdDevice, drivers);
    const igroups = s.pool(IommufdGroup, drivers + 1);
    s.failures({ kmalloc: failures, xa_alloc: failures });
    s.property(
      ...iommufdPromises(s, [idevs] as never),
      oneGroupEach(idevs),
      allFreed([idevs, igroups]),
      sometimes('shared', 'two devices have one group', () => [...igroups].some((igroup) => igroup.ref.counter > 1)),
    );
  },
});
