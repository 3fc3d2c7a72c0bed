/** Corpus #10: shutdown returns at once because the device is still in use. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import { driverRemove, makeSva, shutdownBusy } from '../model/sva/index.ts';
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
  bounds: {},
  variants: {
    posted: {
      about: 'shutdown returns early while a process is bound, as proposed',
      settings: [set(shutdownBusy, 'return early')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 18, states: 99 },
    },
    fixed: {
      about: 'shutdown waits for mm_exit, as the series does',
      expect: { verdict: 'holds', states: 2284, depth: 59 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = readyDevice(s, parts, 'dev0');
    const mm = process(s, parts, 'mm0');
    const { data } = bound(s, parts, dev, mm, 'drvdata');
    s.task('remove', [does(driverRemove, { dev, data })]);
    s.task('exit', [does(mmputProcedure, { mm })]);
    promises(s, parts, [], { mms: true, params: true });
  },
});
