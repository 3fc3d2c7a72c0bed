/** Not in the corpus: one device of a group is detached while another one moves the group. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  attachAtStart,
  bindAtStart,
  but,
  DEVICE_C,
  detachReads,
  handleForAll,
  type Ioas,
  type IommufdDevice,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceDetach,
  iommufdDeviceReplace,
  iommufdDeviceUnbind,
  makeCtx,
  makeGroup,
  makeHwpt,
  makeIoas,
  repaired,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { attachPools, iommufdPromises } from './iommufd-parts.ts';

export default scenario('iommufd-detach-vs-replace', {
  title: 'one device of a group is detached while another one moves the group to another HWPT',
  about:
    'Two devices of a group are attached to an HWPT, and their drivers do not know of each other. One replaces the HWPT, ' +
    'which moves the users of both devices to the new one; the other detaches its device and puts a user of what it ' +
    'took for the HWPT. Detach used to look that up before it had igroup->lock, so that it could put a user of the old ' +
    'HWPT that was no longer its own.',
  systems: ['iommufd'],
  source: handleForAll(DEVICE_C),
  corpus: 'new',
  bounds: { spaces: 1 },
  variants: {
    posted: {
      about: 'Linux 6.4 to 6.14: the HWPT is read before igroup->lock is taken',
      settings: but(repaired, set(detachReads, 'before the lock')),
      expect: { verdict: 'violated', kind: 'refcount', length: 34, states: 2_980 },
    },
    fixed: {
      about: 'with the lock; user space destroys the old HWPT meanwhile',
      settings: repaired,
      expect: { verdict: 'holds', states: 25_734, depth: 146 },
    },
    'fixed-two-spaces': {
      about: 'the same with a new HWPT of another IOAS',
      settings: repaired,
      bounds: { spaces: 2 },
      expect: { verdict: 'holds', states: 27_315, depth: 165 },
    },
  },
  setup: (s) => {
    const { spaces } = s.bounds;
    const ictx = makeCtx(s, 3);
    const ioases = Array.from({ length: spaces }, (_, i) => makeIoas(s, ictx, `ioas${i}`));
    const old = makeHwpt(s, ictx, ioases[0] as Ioas, 'old');
    const fresh = makeHwpt(s, ictx, ioases[spaces - 1] as Ioas, 'new');
    const { domain } = fresh;
    const igroup = makeGroup(s, 'igroup');
    const { group } = igroup;
    const idevs = [0, 1].map((i) => bindAtStart(s, ictx, igroup, `idev${i}`)) as [IommufdDevice, IommufdDevice];
    for (const idev of idevs) attachAtStart(s, idev, old);
    const end = (idev: IommufdDevice) => [does(iommufdDeviceDetach, { idev }), does(iommufdDeviceUnbind, { idev })];
    s.task('detacher', end(idevs[0]));
    s.task('mover', [does(iommufdDeviceReplace, { idev: idevs[1], pt_id: fresh.id }), ...end(idevs[1])]);
    s.task('user', [does(iommufdDestroy, { ictx, id: old.id }), does(iommufdCtxPut, { ictx })]);
    const { objects, all } = attachPools(s);
    s.property(
      ...iommufdPromises(s, objects),
      allFreed(all),
      sometimes('moved', 'the group translates through the new HWPT', () => group.domain === domain),
    );
  },
});
