/** Must-not-report case 4: the release notifier drops its lock in the walk, and looks the next bond up afterwards. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { driverUnbind, makeSva, releaseWalk } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_05 } from '../model/sva/sources.ts';
import { bound, process, promises, readyDevice, withContexts, withParam } from './sva-parts.ts';

export default scenario('sva-release-walk', {
  title: 'release walk that looks its next bond up again',
  about:
    'A process that is bound to two devices exits while the drivers of both unbind. The release notifier drops the ' +
    'lock for mm_exit of the first device; the second bond may be gone when it comes back.',
  systems: ['sva'],
  source: v2_05(IOMMU_SVA_C),
  corpus: 'guard 4',
  bounds: {},
  variants: {
    posted: {
      about: 'the next bond is read after mm_exit, with the lock held again',
      expect: { verdict: 'holds', states: 11964, depth: 83 },
    },
    'saved-next': {
      about: 'neighbour that must be reported: the next bond is saved before mm_exit',
      settings: [set(releaseWalk, 'before mm_exit')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 41, states: 3784 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev0 = readyDevice(s, parts, 'dev0');
    const dev1 = readyDevice(s, parts, 'dev1');
    const mm = process(s, parts, 'mm0');
    const first = bound(s, parts, dev0, mm, 'drvdata0');
    const second = bound(s, parts, dev1, mm, 'drvdata1');
    s.interchangeable(
      [
        { dev: dev0, ...first },
        { dev: dev1, ...second },
      ].map(({ dev, pasid, bond, data }, i) => [
        ...withParam(dev),
        bond,
        data,
        s.task(`unbinder${i}`, [does(driverUnbind, { dev, pasid, data })]),
      ]),
    );
    s.task('exit', [does(mmputProcedure, { mm })]);
    withContexts(s, parts, [dev0, dev1]);
    promises(s, parts, [first.data, second.data], { mms: true });
  },
});
