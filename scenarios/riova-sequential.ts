/** Must not be reported: get, get, put, put, one after the other, on the patch as posted. */
import { scenario, sometimes } from '../checker/lang/index.ts';
import { RESERVED_C, room, v7_06 } from '../model/reserved-iova/index.ts';
import { domainWithDevices, frees, promises, setsUp } from './riova-parts.ts';

// Small by intent: one task, call after call; what is left are the pages and which call fails.
export default scenario('riova-sequential', {
  title: 'one thread sets two interrupts up and frees them',
  about:
    'Two devices with one doorbell, set up and freed by one thread in either order, with failures on the way: the ' +
    'posted patch counts, maps and unmaps as it should. Only the interrupts themselves come at any time.',
  systems: ['reserved-iova'],
  source: v7_06(RESERVED_C),
  corpus: 'guard (g)',
  bounds: { failures: 1, rounds: 2 },
  variants: {
    posted: {
      about: 'the patch as posted',
      expect: { verdict: 'holds', states: 1_613, depth: 112 },
    },
  },
  setup: (s) => {
    const { failures, rounds } = s.bounds;
    const { of, devices } = domainWithDevices(s, { pages: 2, devices: 2, cached: true });
    const [a, b] = devices;
    if (a === undefined || b === undefined) return;
    const round = [setsUp(a, 1), setsUp(b, 1), frees(a, 1), frees(b, 1)];
    s.task('driver', Array.from({ length: rounds }, () => round).flat());
    room(s, 2);
    s.failures({ kmalloc: failures, alloc_iova: failures, iommu_map: failures });
    promises(s, of, devices, 1);
    s.property(sometimes('shared', 'both interrupts are enabled', () => devices.every((dev) => dev.fn.enabled)));
  },
});
