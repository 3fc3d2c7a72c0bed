/** Corpus #23 A: two containers share a parent device; a bind that fails in one unbinds the process in the other. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { MmStruct } from '../model/kernel/index.ts';
import { makeSva } from '../model/sva/index.ts';
import {
  BindParams,
  bindProcess,
  bindProcessAtStart,
  boundProcessIsListed,
  listedProcessIsBound,
  makeContainer,
  makeGroup,
  makeMdevGroup,
  makeParent,
  makeProcess,
  mmsAreGivenBack,
  svaUsers,
  TYPE1_C,
  unbindProcess,
  unwindScope,
  VfioMm,
  v2_13,
} from '../model/vfio/index.ts';
import { exits } from './vfio-parts.ts';

export default scenario('vfio-mdev-unwind', {
  title: "the unwind of a failed bind removes another container's bond",
  about:
    'Two containers hold a mediated device each of one parent, and the second also holds a device of its own. A ' +
    'process is bound to the first. Binding it to the second works on the own device, which yields the same PASID, ' +
    'and fails on the parent, which is in use already. The unwind visits all groups, and unbinds the PASID from the ' +
    'parent too: the bond of the first container is gone, and nobody tells it.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: '#23',
  bounds: { exits: 1, unbinders: 1 },
  assumptions: ['SVA calls for a mediated device act on its parent, as in the set-up of the mail thread'],
  variants: {
    posted: {
      about: 'the patch as posted: the second container cannot initialise the parent, and unwinds everything',
      bounds: { exits: 0, unbinders: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 88, states: 89 },
    },
    'init-skipped': {
      about: 'a second initialisation succeeds, as a user of the series had it; then the bind fails',
      settings: [set(svaUsers, 'skip')],
      bounds: { exits: 0, unbinders: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 76, states: 77 },
    },
    'init-skipped-own': {
      about: 'the unwind touches own bonds only, but bind_group ends with the shutdown of the shared parent',
      settings: [set(svaUsers, 'skip'), set(unwindScope, 'own')],
      bounds: { exits: 0, unbinders: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 76, states: 77 },
    },
    fixed: {
      about: 'the unwind removes only what this call has bound',
      settings: [set(unwindScope, 'own')],
      expect: { verdict: 'holds', states: 33_135, depth: 150 },
    },
    'fixed-counted': {
      about: 'the same repair, and the users of the shared parent are counted',
      settings: [set(unwindScope, 'own'), set(svaUsers, 'counted')],
      expect: { verdict: 'holds', states: 34_235, depth: 198 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s, { params: 2, bonds: 2 });
    const parent = makeParent(s, parts, 'parent');
    const own = makeGroup(s, parts, 'group0');
    const first = makeContainer(s, parts, 'container0', [makeMdevGroup(s, 'mdev0', parent)]);
    const second = makeContainer(s, parts, 'container1', [own, makeMdevGroup(s, 'mdev1', parent)]);
    const process = makeProcess(s, 'process0', parts);
    bindProcessAtStart(s, parts, first, process);
    if (s.bounds.exits > 0) exits(s, process);
    const { task } = process;
    s.task('binder', [does(bindProcess, { iommu: second.iommu, task, arg: s.object(BindParams, 'arg') })]);
    for (let i = 0; i < s.bounds.unbinders; i++)
      s.task(`unbinder${i}`, [does(unbindProcess, { iommu: first.iommu, task })]);
    s.pool(VfioMm, 1);
    const mms = s.pool(MmStruct, 1);
    s.property(
      listedProcessIsBound([first, second], mms),
      boundProcessIsListed([first, second]),
      mmsAreGivenBack([task], mms),
    );
  },
});
