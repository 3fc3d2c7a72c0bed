/** The SVA core for the explorer: what device drivers, group detach and processes do. */
import { type Bounds, does, type Operation, type Setup, set } from '../../checker/lang/index.ts';
import { priqAccounting, priqFlushWait, svaCore } from '../../model/iopf/index.ts';
import {
  errno,
  int,
  MmStruct,
  makeMm,
  mmputProcedure,
  object,
  procedure,
  type ViewOf,
} from '../../model/kernel/index.ts';
import {
  bindAtStart,
  bindMutex,
  bondRefs,
  Device,
  DriverData,
  driverMmExit,
  driverRemove,
  initAtStart,
  iommuSvaBindDevice,
  iommuSvaDeviceInit,
  iommuSvaDeviceShutdown,
  iommuSvaUnbindDevAll,
  iommuSvaUnbindDevice,
  MAX_PASID,
  MmExit,
  makeDevice,
  makeSva,
  shutdownBusy,
  unbindAllWalk,
} from '../../model/sva/index.ts';
import { IOMMU_SVA_C, v2_02, v2_04 } from '../../model/sva/sources.ts';
import { onePasidForEachSpace } from '../../properties/pasid.ts';
import { type Call, callsIn, namedObjects, type Program } from '../program.ts';
import type { ExplorableSystem } from '../system.ts';
import { neverAfter, once, pairs, share } from './contracts.ts';
import { setupWithFaults } from './sva-faults.ts';

/** What a driver remembers of a bind: the PASID, or 0. */
const Binding = object('driver_binding', { pasid: int(0, MAX_PASID) }, { permanent: true, source: v2_04() });
type Binding = ViewOf<typeof Binding>;

const driverBinds = procedure(
  'driver_bind',
  {
    source: v2_04(),
    params: { dev: Device, mm: MmStruct, drvdata: DriverData, binding: Binding },
    locals: { ret: errno() },
  },
  (k) => [
    k.call(
      iommuSvaBindDevice,
      (f) => ({ dev: f.dev, mm: f.mm, flags: 0, drvdata: f.drvdata }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when(
      (f) => f.ret > 0,
      [
        k.step('remember the PASID', (f) => {
          f.binding.pasid = f.ret;
        }),
      ],
    ),
  ],
);

const driverUnbinds = procedure(
  'driver_unbind',
  { source: v2_04(), params: { dev: Device, binding: Binding }, locals: { pasid: int(0, MAX_PASID) } },
  (k) => [
    k.step('pasid = the one remembered', (f) => {
      f.pasid = f.binding.pasid;
    }),
    k.when((f) => f.pasid > 0, [k.call(iommuSvaUnbindDevice, (f) => ({ dev: f.dev, pasid: f.pasid }))]),
  ],
);

/** Calls of the driver that change what the others find. */
const changes: readonly string[] = ['init', 'bind', 'shutdown', 'remove'];

const asks = ({ op }: Call) => op === 'pri';
/** Page requests go through all of the core. */
const whole = set(svaCore, 'whole');

export const sva: ExplorableSystem = {
  name: 'sva',
  about: 'Drivers bind processes to devices and let go of them, groups are detached, and processes exit.',
  systems: ['sva'],
  source: v2_02(IOMMU_SVA_C),
  objects: { dev: 2, mm: 2 },
  operations: {
    init: { about: 'iommu_sva_device_init', on: ['dev'], atStart: true, fails: ['kmalloc'] },
    bind: { about: 'iommu_sva_bind_device', on: ['dev', 'mm'], atStart: true, fails: ['kmalloc'] },
    unbind: { about: 'iommu_sva_unbind_device with the PASID of a bind', on: ['dev', 'mm'] },
    shutdown: { about: 'iommu_sva_device_shutdown', on: ['dev'] },
    remove: { about: "iommu_sva_device_shutdown, then the driver's data is freed", on: ['dev'] },
    detach: { about: '__iommu_sva_unbind_dev_all, as a group does that is detached', on: ['dev'] },
    mm_exit: { about: 'the last user of an address space drops it', on: ['mm'] },
    pri: {
      about: 'a device asks for a page of a process that is bound to it, and waits for the answer',
      on: ['dev', 'mm'],
      large: true,
    },
  },
  limits: [
    {
      about: 'what has been bound before was bound on a device that was initialised, once',
      kept: ({ start }) =>
        start.every(({ op, on }, i) => {
          const earlier = start.slice(0, i);
          if (op === 'init') return !earlier.some((c) => c.op === 'init' && c.on[0] === on[0]);
          return (
            earlier.some((c) => c.op === 'init' && c.on[0] === on[0]) &&
            !earlier.some((c) => c.op === 'bind' && c.on.join() === on.join())
          );
        }),
    },
    {
      about: 'where pages are asked for there is one device, and nobody takes its driver or its group away',
      kept: (program) =>
        !program.actors.flat().some(asks) ||
        (namedObjects(program, 'dev').length === 1 &&
          callsIn(program).every(({ op }) => op !== 'remove' && op !== 'detach')),
    },
  ],
  contracts: {
    'one-caller': {
      about: 'init, bind, shutdown and whatever else is called for a device do not run at a time',
      kept: (program) => {
        for (const [a, b] of pairs(program))
          if (!asks(a) && !asks(b) && share(a, b, 'dev') && (changes.includes(a.op) || changes.includes(b.op)))
            return false;
        return true;
      },
    },
    'mm-users': {
      about: 'a bind holds a user of the address space, which exits once',
      kept: (program) => {
        if (!once(program, 'mm_exit')) return false;
        for (const [a, b] of pairs(program))
          if (share(a, b, 'mm') && [a, b].some(({ op }) => op === 'bind') && [a, b].some(({ op }) => op === 'mm_exit'))
            return false;
        return neverAfter(
          program,
          ({ op }) => op === 'mm_exit',
          (exit, later) => later.op === 'bind' && share(exit, later, 'mm'),
        );
      },
    },
    'removed-for-good': {
      about: 'a driver that has left the device calls nothing for it any more',
      kept: (program) =>
        neverAfter(
          program,
          ({ op }) => op === 'remove',
          (first, later) => share(first, later, 'dev'),
        ),
    },
  },
  presets: {
    posted: { about: 'the series as posted', settings: [whole] },
    'early-return': {
      about: 'with a shutdown that returns early while processes are bound, as proposed in the thread',
      settings: [whole, set(shutdownBusy, 'return early')],
    },
    fixed: {
      about:
        'the walk restarts, waiters hold references, binds exclude each other, and a flush of page requests counts what ' +
        'was popped and waits for no signal',
      repaired: true,
      settings: [
        whole,
        set(unbindAllWalk, 'restart from the head'),
        set(bondRefs, 'every waiter'),
        set(bindMutex, 'held'),
        set(priqAccounting, 'counted'),
        set(priqFlushWait, 'uninterruptible'),
      ],
    },
  },
  setup,
};

function setup(s: Setup<Bounds>, program: Program): void {
  const called = program.actors.flat();
  if (called.some(asks)) {
    setupWithFaults(s, program);
    return;
  }
  const count = (op: string) => called.filter((call) => call.op === op).length;
  const binds = Math.max(1, count('bind'));
  const parts = makeSva(s, { params: Math.max(1, count('init')), ioMms: binds, bonds: binds });
  s.implementations(MmExit, [driverMmExit]);
  const devices = new Map(
    namedObjects(program, 'dev').map((name) => [
      name,
      { dev: makeDevice(s, parts, name), data: s.object(DriverData, name.replace('dev', 'drvdata')) },
    ]),
  );
  const mms = new Map(namedObjects(program, 'mm').map((name) => [name, makeMm(s, name, { srcu: parts.srcu })]));
  const bindings = new Map<string, Binding>();
  const bindingOf = (dev: string, mm: string): Binding => {
    const name = `${dev}.${mm}.binding`;
    const known = bindings.get(name) ?? s.object(Binding, name);
    bindings.set(name, known);
    return known;
  };
  const on = (call: Call) => {
    const [first = '', second = ''] = call.on;
    return { first, second, at: devices.get(first), mm: mms.get(call.op === 'mm_exit' ? first : second) };
  };
  for (const call of program.start) {
    const { first, second, at, mm } = on(call);
    if (at === undefined) continue;
    if (call.op === 'init') initAtStart(s, at.dev, driverMmExit);
    else if (mm !== undefined) bindingOf(first, second).pasid = bindAtStart(s, parts, at.dev, mm, at.data).pasid;
  }
  const operation = (call: Call): Operation[] => {
    const { first, second, at, mm } = on(call);
    if (call.op === 'mm_exit') return mm === undefined ? [] : [does(mmputProcedure, { mm })];
    if (at === undefined) return [];
    const { dev, data } = at;
    if (call.op === 'init') return [does(iommuSvaDeviceInit, { dev, features: 0, mm_exit: driverMmExit })];
    if (call.op === 'shutdown') return [does(iommuSvaDeviceShutdown, { dev })];
    if (call.op === 'remove') return [does(driverRemove, { dev, data })];
    if (call.op === 'detach') return [does(iommuSvaUnbindDevAll, { dev })];
    const binding = bindingOf(first, second);
    if (call.op === 'unbind') return [does(driverUnbinds, { dev, binding })];
    return mm === undefined ? [] : [does(driverBinds, { dev, mm, drvdata: data, binding })];
  };
  for (const [i, calls] of program.actors.entries()) s.task(`thread${i}`, calls.flatMap(operation));
  s.property(onePasidForEachSpace(parts.sva.pasid_idr));
}
