/** A driver unbinds a process while the process exits: the plain case, which must be clean. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { bondRefs, driverUnbind, makeSva, unbindWait } from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_05 } from '../model/sva/sources.ts';
import { returns } from '../properties/response.ts';
import { bound, process, promises, readyDevice, withContexts } from './sva-parts.ts';

export default scenario('sva-unbind-vs-exit', {
  title: 'unbind against the exit of the process',
  about:
    'One device, one address space. A driver unbinds while the last user of the address space leaves. Who comes ' +
    'second waits or finds nothing, and the bond is freed once.',
  systems: ['sva'],
  source: v2_05(IOMMU_SVA_C),
  corpus: 'guard (a)',
  bounds: { others: 0 },
  assumptions: ['only one unbind of the binding is called'],
  variants: {
    posted: { about: 'the series as posted', expect: { verdict: 'holds', states: 1203, depth: 58 } },
    'no-wait': {
      about: 'neighbour that must be reported: unbind does not wait for mm_exit',
      settings: [set(unbindWait, 'does not wait')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 23, states: 369 },
    },
    fixed: {
      about: 'every waiter has a reference to the bond',
      settings: [set(bondRefs, 'every waiter')],
      expect: { verdict: 'holds', states: 1526, depth: 61 },
    },
    'fixed-two': {
      about: 'the same with a second process on the device, which exits and is never unbound',
      settings: [set(bondRefs, 'every waiter')],
      bounds: { others: 1 },
      expect: { verdict: 'holds', states: 78_736, depth: 110 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = readyDevice(s, parts, 'dev0');
    const mm = process(s, parts, 'mm0');
    const { pasid, data } = bound(s, parts, dev, mm, 'drvdata');
    const unbinder = s.task('unbinder', [does(driverUnbind, { dev, pasid, data })]);
    s.task('exit', [does(mmputProcedure, { mm })]);
    const all = [data];
    if (s.bounds.others > 0) {
      const other = process(s, parts, 'mm1');
      all.push(bound(s, parts, dev, other, 'drvdata1').data);
      s.task('exit1', [does(mmputProcedure, { mm: other })]);
    }
    withContexts(s, parts, [dev]);
    s.property(returns('unbind', unbinder));
    promises(s, parts, all, { mms: true });
  },
});
