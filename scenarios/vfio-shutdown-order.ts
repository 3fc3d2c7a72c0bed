/** Without a default domain, shutdown after detach finds no domain, returns early and leaves the device initialised. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { MmStruct } from '../model/kernel/index.ts';
import { makeSva } from '../model/sva/index.ts';
import {
  bindProcessAtStart,
  detachGroup,
  detachLocking,
  detachOrder,
  makeContainer,
  makeGroup,
  makeProcess,
  mmsAreGivenBack,
  putContainer,
  svaStateIsKnown,
  TYPE1_C,
  unbindProcess,
  VfioGroup,
  VfioMm,
  v2_13,
} from '../model/vfio/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { exits } from './vfio-parts.ts';

export default scenario('vfio-shutdown-order', {
  title: 'SVA is shut down after the group has lost its domain',
  about:
    'The IOMMU driver has no default domain. detach_group first detaches the group, after which its device is in no ' +
    'domain, and then calls the SVA shutdown, which needs one: it returns -ENODEV, VFIO ignores that, and the device ' +
    'stays initialised for the next owner. A bound process exits or is unbound meanwhile.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: 'VFIO-ORDER-1',
  bounds: { unbinders: 1 },
  assumptions: ['the group is unlinked, and iommu->lock released, before its bonds are removed (see #1)'],
  variants: {
    posted: {
      about: 'detach, then shutdown, as posted',
      settings: [set(detachLocking, 'unlinked')],
      bounds: { unbinders: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 70, states: 4_871 },
    },
    fixed: {
      about: 'shutdown, then detach',
      settings: [set(detachLocking, 'unlinked'), set(detachOrder, 'shutdown-first')],
      expect: { verdict: 'holds', states: 30_479, depth: 91 },
    },
  },
  setup: (s) => {
    const { unbinders } = s.bounds;
    const parts = makeSva(s);
    const group = makeGroup(s, parts, 'group0', { defaultDomain: false });
    const container = makeContainer(s, parts, 'container0', [group], 1 + unbinders);
    const { file, iommu } = container;
    const process = makeProcess(s, 'process0', parts);
    bindProcessAtStart(s, parts, container, process);
    exits(s, process);
    s.task('owner', [does(detachGroup, { iommu, iommu_group: group }), does(putContainer, { container: file })]);
    for (let i = 0; i < unbinders; i++)
      s.task(`unbinder${i}`, [
        does(unbindProcess, { iommu, task: process.task }),
        does(putContainer, { container: file }),
      ]);
    s.property(
      svaStateIsKnown([group], s.pool(VfioGroup, 1)),
      mmsAreGivenBack([process.task], s.pool(MmStruct, 1)),
      allFreed([parts.ioMms, parts.bonds, s.pool(VfioMm, 1)]),
    );
  },
});
