/** Corpus IOMMU-RST-1: what fences a reset off refuses teardown as well, and the group keeps a domain that is freed. */
import { does, scenario, set } from '../checker/lang/index.ts';
import {
  attachedDomainLives,
  blockedDuringReset,
  GroupDevice,
  GroupDomain,
  giveUp,
  honoured,
  IOMMU_C,
  ResetGroup,
  resetDevice,
  resetFence,
  useGroup,
} from '../model/group-reset/index.ts';

export default scenario('group-reset-vs-release', {
  title: 'a group is given up while one of its devices is reset',
  about:
    'Two devices of a group are attached to the domain of its owner. One is reset; until that is over, nobody may ' +
    'change the domain of the group. The owner gives the group up, which must not fail: it is refused all the same, the ' +
    'failure is ignored, and the domain is freed. The other device goes on using it, and the end of the reset attaches ' +
    'the first one to it.',
  systems: ['iommu-group'],
  source: honoured(IOMMU_C),
  corpus: 'IOMMU-RST-1',
  bounds: { resets: 1, users: 0 },
  variants: {
    posted: {
      about: 'everybody is refused while a device is reset',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 9, states: 28 },
    },
    'not-left-out': {
      about: 'half the repair: who must succeed is not refused, and attaches the device in reset as well',
      settings: [set(resetFence, 'not nofail')],
      expect: { verdict: 'violated', kind: 'isolation', length: 8, states: 24 },
    },
    fixed: {
      about: 'who must succeed is not refused, and leaves devices in reset out; three others want the group',
      settings: [set(resetFence, 'not nofail, blocked left out')],
      bounds: { resets: 2, users: 3 },
      expect: { verdict: 'holds', states: 43_512, depth: 92 },
    },
  },
  setup: (s) => {
    const { resets, users } = s.bounds;
    const domain = s.object(GroupDomain, 'domain0');
    const default_domain = s.object(GroupDomain, 'default_domain');
    const group = s.object(ResetGroup, 'group', { domain, default_domain });
    const devices = [0, 1].map((i) => s.object(GroupDevice, `gdev${i}`, { attached: domain }));
    for (const [i, gdev] of devices.entries()) {
      group.devices.set(i, gdev);
      if (i < resets) s.task(`reset${i}`, [does(resetDevice, { group, gdev })]);
    }
    s.task('owner', [does(giveUp, { group, domain })]);
    for (let i = 1; i <= users; i++)
      s.task(`user${i}`, [does(useGroup, { group, domain: s.object(GroupDomain, `domain${i}`) })]);
    s.property(attachedDomainLives(devices, s.pool(GroupDomain, 1)), blockedDuringReset(devices));
  },
});
