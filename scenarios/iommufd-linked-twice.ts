/** IOMMUFD-5: an HWPT is linked into the list of its IOAS a second time when a device is attached to it. */
import { does, scenario } from '../checker/lang/index.ts';
import {
  bindAtStart,
  DEVICE_C,
  Hwpt,
  Ioas,
  IommufdAttach,
  IommufdDevice,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceUnbind,
  linkedTwice,
  makeCtx,
  makeGroup,
  makeHwpt,
  makeIoas,
  PagingDomain,
  repaired,
  repairedAttach,
} from '../model/iommufd/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { attachedThen, iommufdPromises } from './iommufd-parts.ts';

export default scenario('iommufd-linked-twice', {
  title: 'an HWPT is linked into its IOAS once when it is made and once when a device is attached to it',
  about:
    'The list of HWPTs of an IOAS is walked by automatic attaches. An attach to a given HWPT, which is on the list since ' +
    'it was made, adds it once more for the first device, and corrupts the list.',
  systems: ['iommufd'],
  source: linkedTwice(DEVICE_C),
  corpus: 'IOMMUFD-5',
  bounds: { devices: 1 },
  variants: {
    posted: {
      about: 'the first attach links again',
      settings: repaired,
      expect: { verdict: 'violated', kind: 'list-corruption', length: 19, states: 202 },
    },
    fixed: {
      about: 'linked where it is made; devices of two groups, and the HWPT is destroyed',
      settings: repairedAttach,
      bounds: { devices: 2 },
      expect: { verdict: 'holds', states: 55_298, depth: 154 },
    },
  },
  setup: (s) => {
    const { devices } = s.bounds;
    const ictx = makeCtx(s, 1 + devices);
    const ioas = makeIoas(s, ictx, 'ioas');
    const hwpt = makeHwpt(s, ictx, ioas, 'hwpt');
    for (let i = 0; i < devices; i++) {
      const idev = bindAtStart(s, ictx, makeGroup(s, `igroup${i}`), `idev${i}`);
      s.task(`driver${i}`, [
        does(attachedThen, { idev, pt_id: hwpt.id, replace_id: 0 }),
        does(iommufdDeviceUnbind, { idev }),
      ]);
    }
    s.task('user', [does(iommufdDestroy, { ictx, id: hwpt.id }), does(iommufdCtxPut, { ictx })]);
    const hwpts = s.pool(Hwpt, 1);
    const idevs = s.pool(IommufdDevice, 1);
    const ioases = s.pool(Ioas, 1);
    s.property(
      ...iommufdPromises(s, [idevs, ioases, hwpts] as never),
      allFreed([hwpts, idevs, ioases, s.pool(PagingDomain, 1), s.pool(IommufdAttach, devices)]),
    );
  },
});
