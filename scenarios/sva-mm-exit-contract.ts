/** The contract of mm_exit: what a driver may do in it, and what it may hold while it unbinds. */
import { does, scenario, set } from '../checker/lang/index.ts';
import {
  bool,
  errno,
  int,
  mmputProcedure,
  mutex,
  object,
  opaque,
  procedure,
  type ViewOf,
} from '../model/kernel/index.ts';
import {
  bindAtStart,
  Device,
  initAtStart,
  iommuSvaUnbindDevice,
  MAX_PASID,
  MmExit,
  makeDevice,
  makeSva,
  mmExitContract,
  unbindLocking,
} from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_04 } from '../model/sva/sources.ts';
import { process, promises } from './sva-parts.ts';

/** A driver that keeps a lock over its list of contexts; `in_exit` and `closed` are ghosts. */
const Context = object(
  'driver_context',
  { lock: mutex(), running: bool(true), in_exit: bool(), closed: bool() },
  { source: v2_04() },
);
interface Context extends ViewOf<typeof Context> {}

/** mm_exit of the driver. As the contract wants it: stops the context, with no lock. */
const contextMmExit = procedure(
  'driver_mm_exit',
  { source: v2_04(), params: { dev: Device, pasid: int(0, MAX_PASID), drvdata: opaque() }, returns: errno() },
  (k) => {
    const stop = [
      k.step('ask the hardware to stop', (f) => {
        (f.drvdata as Context).in_exit = true;
      }),
      k.step(
        'hardware has stopped',
        (f) => {
          (f.drvdata as Context).running = false;
          (f.drvdata as Context).in_exit = false;
        },
        { indivisible: 'both say what the device does, and the driver learns it in one instant' },
      ),
    ];
    return [
      k.switch(mmExitContract, {
        kept: stop,
        'takes the lock': [
          k.mutexLock((f) => (f.drvdata as Context).lock),
          ...stop,
          k.mutexUnlock((f) => (f.drvdata as Context).lock),
        ],
        'calls unbind': [...stop, k.call(iommuSvaUnbindDevice, (f) => ({ dev: f.dev, pasid: f.pasid }))],
      }),
      k.return(0),
    ];
  },
);

/** The driver lets go of one process. */
const closeContext = procedure(
  'driver_close',
  { source: v2_04(), params: { dev: Device, pasid: int(0, MAX_PASID), context: Context } },
  (k) => {
    const closed = k.step('unbind has returned', (f) => {
      f.context.closed = true;
    });
    const unbind = k.call(iommuSvaUnbindDevice, (f) => ({ dev: f.dev, pasid: f.pasid }));
    const lock = k.mutexLock((f) => f.context.lock);
    const unlock = k.mutexUnlock((f) => f.context.lock);
    return [
      k.switch(unbindLocking, {
        'lock held': [lock, unbind, closed, unlock],
        'lock dropped': [
          lock,
          k.step('take the context off the list', (f) => {
            f.context.running = false;
          }),
          unlock,
          unbind,
          closed,
        ],
      }),
    ];
  },
);

export default scenario('sva-mm-exit-contract', {
  title: 'what a driver may do in mm_exit',
  about:
    'Unbind waits for an mm_exit that runs. So mm_exit must not call unbind, which would wait for itself, and must not ' +
    'take a lock that the driver holds over unbind. A driver of two contexts keeps to that or does not; processes exit ' +
    'while it closes the contexts.',
  systems: ['sva'],
  source: v2_04(IOMMU_SVA_C),
  corpus: 'guard (a)',
  bounds: { contexts: 1, exits: 1 },
  variants: {
    posted: {
      about: 'the contract is kept: the driver holds its lock over unbind, mm_exit takes none',
      bounds: { contexts: 2 },
      expect: { verdict: 'holds', states: 40_435, depth: 85 },
    },
    'takes-lock': {
      about: 'neighbour that must be reported: mm_exit takes the lock that is held over unbind',
      settings: [set(mmExitContract, 'takes the lock')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 20, states: 236 },
    },
    'calls-unbind': {
      about: 'neighbour that must be reported: mm_exit unbinds, and so waits for its own end',
      settings: [set(mmExitContract, 'calls unbind')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 29, states: 641 },
    },
    fixed: {
      about: 'mm_exit takes the lock, and the driver drops it before it unbinds',
      settings: [set(mmExitContract, 'takes the lock'), set(unbindLocking, 'lock dropped')],
      bounds: { contexts: 2 },
      expect: { verdict: 'holds', states: 33_796, depth: 89 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    s.implementations(MmExit, [contextMmExit]);
    const dev = makeDevice(s, parts, 'dev0');
    initAtStart(s, dev, contextMmExit);
    const contexts: Context[] = [];
    for (let i = 0; i < s.bounds.contexts; i++) {
      const mm = process(s, parts, `mm${i}`);
      const context = s.object(Context, `context${i}`);
      const { pasid } = bindAtStart(s, parts, dev, mm, context);
      contexts.push(context);
      s.task(`close${i}`, [does(closeContext, { dev, pasid, context })]);
      if (i < s.bounds.exits) s.task(`exit${i}`, [does(mmputProcedure, { mm })]);
    }
    promises(s, parts, contexts, { mms: s.bounds.exits >= s.bounds.contexts });
  },
});
