/** Corpus #13: shutdown walks the bonds of a device while two bound processes exit. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { bondRefs, iommuSvaDeviceShutdown, makeSva, unbindAllWalk } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_05 } from '../model/sva/sources.ts';
import { returns } from '../properties/response.ts';
import { bound, process, promises, readyDevice } from './sva-parts.ts';

export default scenario('sva-unbind-all-vs-exits', {
  title: 'list walk that drops its lock',
  about:
    'Shutdown removes the bonds of two processes and saves the next bond before each detach. While it waits for the ' +
    'mm_exit of the first process the lock is free, and the second process exits and frees the saved bond.',
  systems: ['sva'],
  source: v2_05(IOMMU_SVA_C),
  corpus: '#13',
  bounds: {},
  variants: {
    posted: {
      about: 'walk with a saved next pointer',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 63, states: 86951 },
    },
    'both-repairs': {
      about: 'the walk starts again from the head, and every waiter has a reference to its bond',
      settings: [set(unbindAllWalk, 'restart from the head'), set(bondRefs, 'every waiter')],
      expect: { verdict: 'holds', states: 180558, depth: 108 },
    },
    fixed: {
      about: 'the walk starts again from the head after every detach',
      settings: [set(unbindAllWalk, 'restart from the head')],
      expect: { verdict: 'holds', states: 160257, depth: 106 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = readyDevice(s, parts, 'dev0');
    const mm0 = process(s, parts, 'mm0');
    const mm1 = process(s, parts, 'mm1');
    const first = bound(s, parts, dev, mm0, 'drvdata0');
    const second = bound(s, parts, dev, mm1, 'drvdata1');
    const shutdown = s.task('shutdown', [does(iommuSvaDeviceShutdown, { dev })]);
    s.task('exit0', [does(mmputProcedure, { mm: mm0 })]);
    s.task('exit1', [does(mmputProcedure, { mm: mm1 })]);
    s.property(returns('shutdown', shutdown));
    promises(s, parts, [first.data, second.data], { mms: true, params: true });
  },
});
