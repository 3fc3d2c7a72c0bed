/** SVA-PARAM-1: bind reads sva_param without a lock while shutdown takes it away. */
import { does, scenario, set } from '../checker/lang/index.ts';
import { mmputProcedure } from '../model/kernel/index.ts';
import {
  DriverData,
  deviceMutex,
  iommuSvaBindDevice,
  iommuSvaDeviceShutdown,
  makeSva,
  unbindAllWalk,
} from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_02 } from '../model/sva/sources.ts';
import { bound, process, promises, readyDevice } from './sva-parts.ts';

export default scenario('sva-bind-vs-shutdown', {
  title: 'bind against shutdown of the device',
  about:
    'A process is bound to a device, and exits, while the device is shut down. The interface forbids bind and ' +
    'shutdown at the same time; two mediated devices on one parent break the rule without knowing of each other.',
  systems: ['sva'],
  source: v2_02(IOMMU_SVA_C),
  corpus: 'SVA-PARAM-1',
  bounds: { others: 0 },
  variants: {
    posted: {
      about: 'nothing keeps the two apart',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 14, states: 133 },
    },
    fixed: {
      about: 'a mutex of the device is held over each, as in v3',
      settings: [set(deviceMutex, 'held')],
      expect: { verdict: 'holds', states: 2447, depth: 88 },
    },
    'fixed-two': {
      about: 'the same with a second process, bound from the start, that exits; the walk over the bonds as repaired',
      settings: [set(deviceMutex, 'held'), set(unbindAllWalk, 'restart from the head')],
      bounds: { others: 1 },
      expect: { verdict: 'holds', states: 224_806, depth: 135 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const dev = readyDevice(s, parts, 'dev0');
    const mm = process(s, parts, 'mm0');
    const drvdata = s.object(DriverData, 'drvdata');
    s.task('process', [
      does(iommuSvaBindDevice, { dev, mm, flags: 0, drvdata }), //
      does(mmputProcedure, { mm }),
    ]);
    if (s.bounds.others > 0) {
      const other = process(s, parts, 'mm1');
      bound(s, parts, dev, other, 'drvdata1');
      s.task('exit1', [does(mmputProcedure, { mm: other })]);
    }
    s.task('shutdown', [does(iommuSvaDeviceShutdown, { dev })]);
    promises(s, parts, [drvdata], { mms: true, params: true });
  },
});
