/** Devices are attached, moved and detached while user space destroys what it can and closes the file. */
import { type Actor, does, eventually, type Operation, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  bindAtStart,
  DEVICE_C,
  destroyIoctl,
  hwptUndo,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceUnbind,
  iommufdHwptAlloc,
  makeCtx,
  makeGroup,
  makeHwpt,
  makeIoas,
  repairedAttach,
  specH,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { attachedThen, attachPools, iommufdPromises } from './iommufd-parts.ts';

// `returns` is small so that its promise is decided in a second; the other forms that hold are large.
export default scenario('iommufd-attach-vs-destroy', {
  title: 'a device is attached, replaced and detached while user space destroys HWPT and IOAS and closes the file',
  about:
    'A kernel driver attaches its device to an IOAS, which makes an automatic domain, moves it to an HWPT that user space ' +
    'has made, detaches it and unbinds it. User space meanwhile destroys the HWPT and the IOAS, asks for another HWPT, and ' +
    'closes the file. An HWPT is linked before it is published, and ioas->mutex is held until then, so that what undoes it ' +
    'must not take the mutex, as its destroy does. Who is refused is told -EBUSY or -ENOENT; the last one out ' +
    'drains the graph of users.',
  systems: ['iommufd'],
  source: specH(DEVICE_C),
  corpus: 'new',
  bounds: { devices: 1, replaces: 1, destroys: 2, allocs: 0, failures: 0, returns: 0 },
  variants: {
    posted: {
      about: 'an HWPT that cannot be handed to user space is undone by its destroy, which takes the mutex that is held',
      settings: [...repairedAttach.filter((it) => it.switch !== destroyIoctl), set(hwptUndo, 'destroy')],
      bounds: { allocs: 1, failures: 1, destroys: 0, replaces: 0 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 37, states: 4_334 },
    },
    fixed: {
      about: 'one device, attached to the IOAS, moved to the HWPT; both are destroyed, and an HWPT is made',
      settings: repairedAttach,
      bounds: { allocs: 1 },
      expect: { verdict: 'holds', states: 175_207, depth: 209 },
    },
    failures: {
      about: 'the same with one failure of each kind on the way, and one destroy',
      settings: repairedAttach,
      bounds: { failures: 1, destroys: 1 },
      expect: { verdict: 'holds', states: 10_251, depth: 156 },
    },
    'two-devices': {
      about: 'two devices of a group, attached to the IOAS; the IOAS is destroyed',
      settings: repairedAttach,
      bounds: { devices: 2, replaces: 0, destroys: 1 },
      expect: { verdict: 'holds', states: 461_747, depth: 236 },
    },
    returns: {
      about: 'that every call returns, whatever the schedule: one device and the destroy of its HWPT',
      settings: repairedAttach,
      bounds: { destroys: 1, returns: 1 },
      expect: { verdict: 'holds', states: 3_632, depth: 156 },
    },
  },
  setup: (s) => {
    const { devices, replaces, destroys, allocs, failures, returns } = s.bounds;
    const ictx = makeCtx(s, 1 + devices + allocs);
    const ioas = makeIoas(s, ictx, 'ioas');
    const hwpt = makeHwpt(s, ictx, ioas, 'hwpt');
    const { domain } = hwpt;
    const igroup = makeGroup(s, 'igroup');
    const { group } = igroup;
    const actors: Actor[] = [];
    for (let i = 0; i < devices; i++) {
      const idev = bindAtStart(s, ictx, igroup, `idev${i}`);
      const task = s.task(`driver${i}`, [
        does(attachedThen, { idev, pt_id: ioas.id, replace_id: replaces > 0 ? hwpt.id : 0 }),
        does(iommufdDeviceUnbind, { idev }),
      ]);
      actors.push(task);
    }
    const destroy = (id: number): Operation => does(iommufdDestroy, { ictx, id });
    actors.push(s.task('user', [...[hwpt.id, ioas.id].slice(0, destroys).map(destroy), does(iommufdCtxPut, { ictx })]));
    if (allocs > 0)
      actors.push(
        s.task('maker', [
          does(iommufdHwptAlloc, { ictx, dev_id: ioas.id + 2, pt_id: ioas.id }),
          does(iommufdCtxPut, { ictx }),
        ]),
      );
    const { objects, all } = attachPools(s, { hwpts: devices + allocs, attaches: devices });
    s.failures({
      ...(allocs > 0 ? { copy_to_user: failures } : {}),
      kmalloc: failures,
      xa_alloc: failures,
      domain_alloc: failures,
      iopt_fill_domain: failures,
      iopt_reserve_iova: failures,
      iommu_attach_group: failures,
    });
    s.property(...iommufdPromises(s, objects), allFreed(all));
    if (replaces > 0)
      s.property(sometimes('moved', 'the group translates through the HWPT', () => group.domain === domain));
    if (returns > 0)
      s.property(
        eventually('calls return', 'driver and user space come to an end', (now) => actors.every((a) => now.ended(a)), {
          actors: ['driver0', 'user'],
        }),
      );
  },
});
