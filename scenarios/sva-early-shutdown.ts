/** Corpus #10: shutdown returns at once because the device is still in use. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { driverRemove, iommuSvaDeviceShutdown, makeSva, shutdownBusy, unbindAllWalk } from '../model/sva/index.ts';
import { IOMMU_SVA_C, seed0 } from '../model/sva/sources.ts';
import { bound, process, promises, readyDevice } from './sva-parts.ts';

export default scenario('sva-early-shutdown', {
  title: 'shutdown that does not wait for mm_exit',
  about:
    'A process exits and mm_exit of the driver runs. The driver leaves the device: shutdown, then it frees its data. ' +
    'With the change proposed in the thread, shutdown returns at once while bonds exist, and mm_exit goes on with ' +
    'freed data.',
  systems: ['sva'],
  source: seed0(IOMMU_SVA_C),
  corpus: '#10',
  bounds: { again: 0, others: 0 },
  variants: {
    posted: {
      about: 'shutdown returns early while a process is bound, as proposed',
      settings: [set(shutdownBusy, 'return early')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 18, states: 99 },
    },
    'posted-again': {
      about: 'the same proposal tests the list before it tests sva_param: a second shutdown finds none',
      settings: [set(shutdownBusy, 'return early')],
      bounds: { again: 1 },
      expect: { verdict: 'violated', kind: 'null-dereference', length: 44, states: 775 },
    },
    'fixed-again': {
      about: 'shutdown as in the series is called a second time, and has nothing to do',
      bounds: { again: 1 },
      expect: { verdict: 'holds', states: 3199, depth: 65 },
    },
    fixed: {
      about: 'shutdown waits for mm_exit, as the series does',
      expect: { verdict: 'holds', states: 2284, depth: 59 },
    },
    'fixed-two': {
      about: 'the same with two processes that exit; the walk over the bonds as repaired (#13)',
      settings: [set(unbindAllWalk, 'restart from the head')],
      bounds: { others: 1 },
      expect: { verdict: 'holds', states: 169_968, depth: 106 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = readyDevice(s, parts, 'dev0');
    const mm = process(s, parts, 'mm0');
    const { data } = bound(s, parts, dev, mm, 'drvdata');
    if (s.bounds.again > 0) {
      // The driver's data stays: another user of the device, which another mdev may be, shuts it down as well.
      const shutdown = does(iommuSvaDeviceShutdown, { dev });
      s.task('remove', [shutdown, shutdown]);
    } else s.task('remove', [does(driverRemove, { dev, data })]);
    s.task('exit', [does(mmputProcedure, { mm })]);
    if (s.bounds.others > 0) {
      const other = process(s, parts, 'mm1');
      bound(s, parts, dev, other, 'drvdata1');
      s.task('exit1', [does(mmputProcedure, { mm: other })]);
    }
    promises(s, parts, [], { mms: true, params: true });
  },
});
