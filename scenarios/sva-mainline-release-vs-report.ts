/** Corpus VTD-REL-1: a device is released while a fault of it is reported. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { PageRequest } from '../hw/pci/objects.ts';
import { strayRequest } from '../hw/pci/stray.ts';
import { does } from '../model/kernel/index.ts';
import {
  bondAtStart,
  DevIommu,
  driverClose,
  FaultParam,
  faultParamRef,
  Handle,
  INTEL_C,
  iommuReleaseDevice,
  iopfLock,
  makeProcess,
  releaseLock,
  removeGroups,
  SvaDomain,
} from '../model/sva-mainline/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { returns } from '../properties/response.ts';
import { faultPath, file, mainlineProperties, single, spacesAreGivenBack } from './sva-mainline-parts.ts';

export default scenario('sva-mainline-release-vs-report', {
  title: 'release of a device against the report of a fault',
  about:
    'A device is unbound, leaves its fault queue and is released by the IOMMU core. It may still ask for a page at any ' +
    'time, with a PASID that nobody has, and the irq thread finds the device for that request.',
  systems: ['sva-mainline', 'iopf', 'pci'],
  source: iopfLock(INTEL_C),
  corpus: 'VTD-REL-1',
  bounds: { requests: 1, early: 0 },
  assumptions: [
    'the context has stopped before unbind',
    'the page request queue does not overflow',
    'what the device asks for with a PASID that nobody has comes when it has left its fault queue, unless early=1',
  ],
  variants: {
    posted: {
      about: 'as in Linux 6.8: nothing keeps the device between its look-up and the look at its fault parameters',
      settings: [set(releaseLock, 'none')],
      bounds: { requests: 0 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 62, states: 2_871 },
    },
    fixed: {
      about: 'a mutex covers the report from the look-up on, and release takes the device out of the tree under it',
      expect: { verdict: 'holds', states: 23_317, depth: 133 },
    },
    overlap: {
      about:
        'the device asks while it leaves its fault queue, and removal leaves groups to who has them (before ' +
        '9759ae2cee7c): the reference of the group carries it through',
      settings: [set(removeGroups, 'answers')],
      bounds: { requests: 0, early: 1 },
      corpus: 'new',
      expect: { verdict: 'holds', states: 13_588, depth: 101 },
    },
    'no-reference': {
      about: 'as overlap, but a report takes no reference to the fault parameters: removal frees them under it',
      settings: [set(removeGroups, 'answers'), set(faultParamRef, 'not counted')],
      bounds: { requests: 0, early: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'invalid-free', length: 50, states: 2_118 },
    },
    'overlap-freed': {
      about:
        'as overlap, with a removal that frees what it answers: the group that is being reported goes, since the drain ' +
        'of one PASID does not wait for it (new; only where the hardware queues requests of any PASID)',
      bounds: { requests: 0, early: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 56, states: 3_182 },
    },
  },
  setup: (s) => {
    const { requests, early } = s.bounds;
    const path = faultPath(s, { groups: requests, strays: 1 });
    const { core, dev, fn, iommu } = path;
    const p = file(s, path, 'p', 0, single(requests));
    const mm = makeProcess(s, core, 'mm_p');
    bondAtStart(s, core, { mm: 'mm_p', bond: 'bond_p' }, p.file, mm, 1);
    const stray = s.object(PageRequest, 'request_stray', { last: true, pasid: 2, group: 1 });
    const may = () => early > 0 || dev.iommu === null || dev.iommu.fault_param === null;
    s.actor('stray', strayRequest, { fn, smmu: iommu, request: stray, may }, { role: 'hardware', fair: false });
    const remover = s.task('remover', [
      does(driverClose, { sva: core.sva, file: p.file }),
      does(iommuReleaseDevice, { dev }),
    ]);
    s.property(
      ...mainlineProperties(path, [p]),
      allFreed([path.groups, s.pool(FaultParam, 1), s.pool(DevIommu, 1), s.pool(Handle, 1), s.pool(SvaDomain, 1)]),
      spacesAreGivenBack(s, [mm]),
      returns('the removal', remover),
      sometimes(
        'asked-late',
        'the device asks after it was released',
        () => dev.iommu === null && fn.prg.at(1) === stray,
      ),
    );
  },
});
