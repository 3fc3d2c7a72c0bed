/** Corpus HOTPLUG-ATS: a device is pulled while it is removed, and its invalidation is submitted for ever. */
import { does, leadsTo, scenario, set, sometimes } from '../checker/lang/index.ts';
import { invalidationQueue, pulledEndpoint } from '../hw/vtd/machines.ts';
import { Endpoint, Submission, VtdIommu } from '../hw/vtd/objects.ts';
import {
  devtlbTest,
  flushIotlb,
  IOMMU_C,
  iteHandling,
  linkDown,
  PciBus,
  PciDev,
  pciehpUnconfigure,
  QInval,
  removeStore,
  v6_8,
} from '../model/vtd/index.ts';
import { returns } from '../properties/response.ts';

// The form `fixed` is small: one submission, which whoever removes second does not make, and no other device may use the queue
// (`fixed-shared` says why). `fixed-owner` is the repair with others at work.
export default scenario('vtd-remove-vs-pull', {
  title: 'removal of a device that is pulled meanwhile',
  about:
    'A device is pulled, before the hot-plug driver removes it or while a user removes it through sysfs. Its ATC ' +
    'invalidation is never answered and times out; the submission is aborted, and qi_submit_sync() makes it again, and ' +
    'again. Another device may flush its IOTLB through the same queue.',
  systems: ['vtd', 'pci'],
  source: v6_8(IOMMU_C),
  corpus: 'HOTPLUG-ATS',
  bounds: { others: 0, users: 1 },
  assumptions: ['the IOMMU tells in ITESID whose invalidation timed out'],
  variants: {
    posted: {
      about: 'as in Linux 6.8: an aborted submission is made again, also for a device that is known to be gone',
      bounds: { users: 0 },
      expect: { verdict: 'violated', kind: 'liveness', property: 'pulled-device-is-removed', length: 20, states: 27 },
    },
    'test-before': {
      about: 'no invalidation for a device that is known to be disconnected: it may be pulled right after the test',
      settings: [set(devtlbTest, 'disconnected')],
      expect: { verdict: 'violated', kind: 'liveness', property: 'remove_store-returns', length: 21, states: 126 },
    },
    fixed: {
      about: 'and whoever finds the time-out of a device that is absent gives its submission up',
      settings: [set(devtlbTest, 'disconnected'), set(iteHandling, 'finder gives up')],
      expect: { verdict: 'holds', states: 120, depth: 18 },
    },
    'fixed-shared': {
      about: 'as fixed, and another device uses the queue: it finds the time-out, gives up what is still queued (new)',
      settings: [set(devtlbTest, 'disconnected'), set(iteHandling, 'finder gives up')],
      bounds: { others: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'isolation', length: 24, states: 1_239 },
    },
    'fixed-owner': {
      about: 'only whose own submission was aborted gives up, and two other devices use the queue',
      settings: [set(devtlbTest, 'disconnected'), set(iteHandling, 'owner gives up')],
      bounds: { others: 2 },
      expect: { verdict: 'holds', states: 13_251, depth: 48 },
    },
  },
  setup: (s) => {
    const iommu = s.object(VtdIommu, 'iommu');
    const endpoint = s.object(Endpoint, 'endpoint');
    const qi = s.object(QInval, 'qi');
    const bus = s.object(PciBus, 'bus');
    const dev = s.object(PciDev, 'dev', { endpoint });
    const mine = s.object(Submission, 'submission_removal', { endpoint });
    const others = s.objects(Submission, 'submission_other', s.bounds.others);
    const all = [mine, ...others];
    const removal = { bus, iommu, qi, all, dev, mine };

    // Whoever comes second to the lock of the bus finds the device detached: only one of the two removals is whole.
    const byUser = s.bounds.users > 0;
    if (byUser) {
      const remover = s.task('remover', [does(removeStore, removal)]);
      s.property(returns('remove_store', remover));
    }
    const pciehp = s.task('pciehp', [byUser ? does(linkDown, { dev }) : does(pciehpUnconfigure, removal)], {
      role: 'irq',
    });
    // That they return is no promise here: q_lock queues its waiters, the spinlock of the model does not.
    for (const [i, other] of others.entries()) s.task(`unmap${i}`, [does(flushIotlb, { iommu, qi, all, mine: other })]);
    s.actor('queue', invalidationQueue, { iommu }, { role: 'hardware' });
    s.actor('slot', pulledEndpoint, { endpoint }, { role: 'hardware', fair: false });

    s.property(
      leadsTo(
        'pulled-device-is-removed',
        'pciehp is done with a device that was pulled',
        () => !endpoint.present,
        (now) => now.ended(pciehp),
        { actors: [pciehp.name] },
      ),
      sometimes('pulled-when-submitted', 'the device is pulled while its invalidation is in the queue', () =>
        [...iommu.queue].some((submission) => submission.endpoint !== null && !endpoint.present),
      ),
    );
  },
});
