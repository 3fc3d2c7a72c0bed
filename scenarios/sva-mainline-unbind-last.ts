/**
 * Corpus #35: the process is gone, and the last unbind frees the domain that holds its mm_struct. iommu_mm goes with the
 * struct, and unbind looks at it once more.
 */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { does } from '../model/kernel/index.ts';
import {
  bondAtStart,
  domainFix,
  driverClose,
  FaultParam,
  Handle,
  makeProcess,
  mmput,
  SVA_C,
  SvaDomain,
  unlinkOrder,
} from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';
import { faultPath, file, mainlineProperties, otherDevice, single, spacesAreGivenBack } from './sva-mainline-parts.ts';

// `fixed-heir` has an heir and no requests, as the hole that it closes; the other forms that hold are large.
export default scenario('sva-mainline-unbind-last', {
  title: 'last unbind of a process that has exited',
  about:
    'A process has files of two devices open and exits; the files are closed after its address space is gone, or by ' +
    'somebody who inherited them. The last unbind frees the domain, which drops the mm_struct; so does the ' +
    'notifier of the domain after a grace period, and whoever is last frees the struct with its iommu_mm.',
  systems: ['sva-mainline', 'pci'],
  source: domainFix(SVA_C),
  corpus: '#35',
  bounds: { requests: 1, devices: 1, inherited: 0 },
  assumptions: ['the context has stopped before unbind', 'the page request queue does not overflow'],
  variants: {
    posted: {
      about: 'unbind looks whether iommu_mm has domains left after it has freed the last one',
      settings: [set(unlinkOrder, 'after the domain is freed')],
      bounds: { requests: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 74, states: 314 },
    },
    fixed: {
      about: 'it is done with iommu_mm before it frees the domain',
      expect: { verdict: 'holds', states: 12_946, depth: 134 },
    },
    'fixed-heir': {
      about: 'as fixed, with a second device, whose file somebody else closes at any time',
      bounds: { requests: 0, devices: 2 },
      expect: { verdict: 'holds', states: 8_272, depth: 133 },
    },
    'fixed-inherited': {
      about: 'as fixed, with a file that only an heir closes: the last unbind meets the release notifier at work',
      bounds: { inherited: 1 },
      expect: { verdict: 'holds', states: 122_386, depth: 126 },
    },
  },
  setup: (s) => {
    const { requests, devices, inherited } = s.bounds;
    const path = faultPath(s, { groups: requests });
    const { core } = path;
    const { sva } = core;
    const mm = makeProcess(s, core, 'mm_p');
    const p = file(s, path, 'p', 0, single(requests));
    bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_p' }, p.file, mm, 1);
    const close = does(driverClose, { sva, file: p.file });
    const user = s.task('user_p', inherited > 0 ? [does(mmput, { mm })] : [does(mmput, { mm }), close]);
    const unbinder = inherited > 0 ? s.task('heir_p', [close]) : user;
    const others = [];
    if (devices > 1) {
      const other = otherDevice(s, path, 'other');
      others.push(other.iommu);
      bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_other' }, other.file, mm, 1);
      s.property(returns('the other unbind', s.task('heir', [does(driverClose, { sva, file: other.file })])));
    }
    s.property(
      ...mainlineProperties(path, [p], others),
      returns('unbind', unbinder),
      allFreed([path.groups, s.pool(FaultParam, 1), s.pool(Handle, 1), s.pool(SvaDomain, 1)]),
      spacesAreGivenBack(s, []),
      sometimes('pasid-returned', 'the PASID is free again', () => sva.pasids.at(1) === null),
      sometimes(
        'notifier-last',
        'the notifier holds the last reference to the mm, which has its PASID as long as it lives',
        () => sva.pasids.at(1) !== null && sva.mms.first === null && mm.mm_count.counter === 1,
      ),
    );
  },
});
