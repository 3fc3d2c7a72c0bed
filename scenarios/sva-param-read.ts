/** Must-not-report case 5: mm_exit is reached through sva_param, which is read without a lock. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { driverRemove, makeSva, shutdownBusy } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_04 } from '../model/sva/sources.ts';
import { bound, process, promises, readyDevice } from './sva-parts.ts';

// Small, as one of the two processes stays: with both it is sva-early-shutdown fixed-two.
export default scenario('sva-param-read', {
  title: 'sva_param read without a lock on the way to mm_exit',
  about:
    'A process that is bound to a device exits while the driver leaves the device. The release notifier reads ' +
    'sva_param without a lock; that is safe because shutdown frees it only after every mm_exit has ended. A second ' +
    'process, bound to the device as well, stays alive.',
  systems: ['sva'],
  source: v2_04(IOMMU_SVA_C),
  corpus: 'guard 5',
  bounds: {},
  variants: {
    posted: {
      about: 'shutdown waits for every mm_exit of the device',
      expect: { verdict: 'holds', states: 6538, depth: 79 },
    },
    'no-wait': {
      about: 'neighbour that must be reported: shutdown does not look at the bonds',
      settings: [set(shutdownBusy, 'ignore')],
      corpus: '#10',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 18, states: 150 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = readyDevice(s, parts, 'dev0');
    const exiting = process(s, parts, 'mm0');
    const staying = process(s, parts, 'mm1');
    const { data } = bound(s, parts, dev, exiting, 'drvdata0');
    bound(s, parts, dev, staying, 'drvdata1');
    s.task('remove', [does(driverRemove, { dev, data })]);
    s.task('exit', [does(mmputProcedure, { mm: exiting })]);
    promises(s, parts, [], { params: true });
  },
});
