/** A group of two devices: when the second cannot be initialised for SVA, the first stays initialised. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { MmStruct } from '../model/kernel/index.ts';
import { makeSva } from '../model/sva/index.ts';
import {
  BindParams,
  bindProcess,
  boundProcessIsListed,
  initUnwind,
  makeContainer,
  makeGroup,
  makeProcess,
  mmsAreGivenBack,
  svaStateIsKnown,
  TYPE1_C,
  VfioGroup,
  VfioMm,
  v2_13,
} from '../model/vfio/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { exits } from './vfio-parts.ts';

export default scenario('vfio-init-leak', {
  title: 'SVA of half a group stays initialised',
  about:
    'A process is bound to a container whose group has two devices. All devices of the group are initialised for SVA ' +
    'before the bind refuses groups with more than one. When the second device fails, the walk ends, bind_group ' +
    'returns, and nobody remembers that the first is initialised. The process may exit at any moment.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: 'VFIO-INIT-LEAK',
  bounds: { kmalloc_failures: 1, binders: 1 },
  variants: {
    posted: {
      about: 'the patch as posted',
      expect: { verdict: 'violated', kind: 'protocol', length: 43, states: 293 },
    },
    fixed: {
      about: 'the devices before the one that failed are shut down',
      settings: [set(initUnwind, 'undo')],
      bounds: { binders: 2 },
      expect: { verdict: 'holds', states: 84_474, depth: 281 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s, { params: 2, ioMms: 2 });
    const group = makeGroup(s, parts, 'group0', { devices: 2 });
    const container = makeContainer(s, parts, 'container0', [group]);
    const { iommu } = container;
    const process = makeProcess(s, 'process0', parts);
    exits(s, process);
    for (let i = 0; i < s.bounds.binders; i++)
      s.task(`binder${i}`, [does(bindProcess, { iommu, task: process.task, arg: s.object(BindParams, `arg${i}`) })]);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    s.property(
      boundProcessIsListed([container]),
      svaStateIsKnown([group], s.pool(VfioGroup, 1)),
      mmsAreGivenBack([process.task], s.pool(MmStruct, 1)),
      allFreed([parts.bonds, parts.ioMms, s.pool(VfioMm, 2)]),
    );
  },
});
