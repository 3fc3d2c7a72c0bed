/** Corpus #2, variant A: a second remover takes the bond away from the one that still sleeps on it. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { bondRefs, driverUnbind, iommuSvaUnbindDevAll, makeSva } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_05 } from '../model/sva/sources.ts';
import { bound, process, promises, readyDevice } from './sva-parts.ts';

export default scenario('sva-bond-late-waiter', {
  title: 'bond freed under a sleeping waiter',
  about:
    'The process exits, and one of two removers (unbind, removal of all bonds of the device) waits for mm_exit. The ' +
    'other arrives after mm_exit has ended and before the first has woken up. Both decide by the count of references ' +
    'that the bond is theirs.',
  systems: ['sva'],
  source: v2_05(IOMMU_SVA_C),
  corpus: '#2',
  bounds: {},
  variants: {
    posted: {
      about: 'the first waiter decides by the count of references',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 43, states: 6755 },
    },
    fixed: {
      about: 'every waiter has a reference; the last one frees the bond',
      settings: [set(bondRefs, 'every waiter')],
      expect: { verdict: 'holds', states: 12540, depth: 66 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = readyDevice(s, parts, 'dev0');
    const mm = process(s, parts, 'mm0');
    const { pasid, data } = bound(s, parts, dev, mm, 'drvdata');
    s.task('unbinder', [does(driverUnbind, { dev, pasid, data })]);
    s.task('detacher', [does(iommuSvaUnbindDevAll, { dev })]);
    s.task('exit', [does(mmputProcedure, { mm })]);
    promises(s, parts, [data], { mms: true });
  },
});
