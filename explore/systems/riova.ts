/** Reserved IOVAs for the explorer: drivers set up and free interrupts, user space changes windows and domains. */
import { type Bounds, does, type Operation, type Setup, set } from '../../checker/lang/index.ts';
import { IoPageTable, MsiFunction } from '../../hw/iommu/objects.ts';
import {
  allocReservedIovaDomain,
  bindAtStart,
  bindingsAreReserved,
  detachAndFree,
  domainUsers,
  freeBindings,
  freeReservedIovaDomain,
  getRace,
  IOMMU_WRITE,
  IovaDomain,
  interruptsReachTheirDoorbell,
  makeDomain,
  makeMsiDevice,
  mappedIsReserved,
  msiAlloc,
  msiFree,
  nothingIsLeft,
  oneBindingForAPage,
  putOrder,
  RESERVED_C,
  ReservedIovaDomain,
  remap,
  room,
  v7_06,
} from '../../model/reserved-iova/index.ts';
import { callsIn, namedObjects, type Program } from '../program.ts';
import type { ExplorableSystem } from '../system.ts';
import { neverAfter, once, pairs, share } from './contracts.ts';

const windowCalls = ['window_free', 'window_alloc', 'domain_free'];

export const reservedIova: ExplorableSystem = {
  name: 'reserved-iova',
  about:
    'Drivers set up and free interrupts of devices in one IOMMU domain, whose window and life user space decides on.',
  systems: ['reserved-iova'],
  source: v7_06(RESERVED_C),
  objects: { dev: 3, page: 2 },
  operations: {
    setup: {
      about: 'the interrupt of a device is set up for the doorbell on a page',
      on: ['dev', 'page'],
      atStart: true,
      fails: ['kmalloc', 'alloc_iova', 'iommu_map'],
    },
    free: { about: 'the interrupt of a device is freed', on: ['dev', 'page'] },
    window_free: { about: 'iommu_free_reserved_iova_domain', on: [] },
    window_alloc: { about: 'iommu_alloc_reserved_iova_domain', on: [] },
    domain_free: { about: 'the group is detached and its domain freed', on: [] },
  },
  contracts: {
    'one-driver': {
      about: 'the interrupt of a device is set up and freed by its driver alone, by turns',
      kept: (program) => {
        for (const [a, b] of pairs(program)) if (share(a, b, 'dev')) return false;
        return namedObjects(program, 'dev').every((dev) => {
          let page: string | undefined;
          for (const { op, on } of callsIn(program)) {
            if (on[0] !== dev) continue;
            if (op === 'setup' ? page !== undefined : page !== on[1]) return false;
            page = op === 'setup' ? on[1] : undefined;
          }
          return true;
        });
      },
    },
    'one-owner': {
      about: 'one owner of the domain changes its window and frees it, once, and nothing after that',
      kept: (program) => {
        for (const [a, b] of pairs(program)) if (windowCalls.includes(a.op) && windowCalls.includes(b.op)) return false;
        return (
          once(program, 'domain_free') &&
          neverAfter(
            program,
            ({ op }) => op === 'domain_free',
            (_, later) => windowCalls.includes(later.op),
          )
        );
      },
    },
    'window-once': {
      about: 'a window is set up when there is none, so after it was freed',
      kept: (program) => {
        const window = program.actors
          .flat()
          .filter(({ op }) => op.startsWith('window'))
          .map(({ op }) => op);
        return window.every((op, i) => op === (i % 2 === 0 ? 'window_free' : 'window_alloc')) && window.length <= 2;
      },
    },
    'window-tied': {
      about: 'in the repaired form the window comes and goes with its domain only',
      kept: (program, variant) =>
        variant !== 'fixed' || !program.actors.flat().some(({ op }) => op.startsWith('window')),
    },
  },
  presets: {
    posted: { about: 'the series as posted', settings: [] },
    'posted-deletes': {
      about: 'the series as posted with 07/10: bindings go with their window',
      settings: [set(freeBindings, 'deletes')],
    },
    fixed: {
      about: 'get searches again, put unmaps first, and interrupts hold the domain',
      repaired: true,
      settings: [
        set(getRace, 'search-again'),
        set(putOrder, 'unmap-first'),
        set(remap, 'refuses'),
        set(freeBindings, 'deletes'),
        set(domainUsers, 'counted'),
      ],
    },
  },
  setup,
};

function setup(s: Setup<Bounds>, program: Program): void {
  const names = namedObjects(program, 'dev');
  const setups = callsIn(program).filter(({ op }) => op === 'setup').length;
  const of = makeDomain(s, s.object(IoPageTable, 'table'), 3);
  const { domain, group } = of;
  const devices = names.map((name) => makeMsiDevice(s, of, s.object(MsiFunction, name.replace('dev', 'msi')), name));
  const deviceOf = (name = '') => devices[names.indexOf(name)];
  const pageOf = (name = '') => 1 + Number(name.slice('page'.length));
  for (const page of namedObjects(program, 'page')) {
    const bound = program.start.filter(({ on }) => on[1] === page).flatMap(({ on }) => deviceOf(on[0]) ?? []);
    if (bound.length > 0) bindAtStart(s, of, pageOf(page), bound);
  }
  const operation = ({ op, on }: (typeof program.start)[number]): Operation[] => {
    if (op === 'window_free') return [does(freeReservedIovaDomain, { domain })];
    if (op === 'window_alloc') return [does(allocReservedIovaDomain, { domain, iova: 1, size: 3, prot: IOMMU_WRITE })];
    if (op === 'domain_free') return [does(detachAndFree, { group, devices })];
    const dev = deviceOf(on[0]);
    const addr = pageOf(on[1]);
    if (dev === undefined) return [];
    return op === 'setup' ? [does(msiAlloc, { dev, base: addr, size: 1, addr })] : [does(msiFree, { dev, addr })];
  };
  for (const [i, calls] of program.actors.entries()) s.task(`thread${i}`, calls.flatMap(operation));
  room(s, Math.max(1, setups));
  if (callsIn(program).some(({ op }) => op === 'window_alloc')) {
    s.pool(ReservedIovaDomain, 1);
    s.pool(IovaDomain, 1);
  }
  s.property(
    interruptsReachTheirDoorbell(devices),
    bindingsAreReserved(of),
    nothingIsLeft(of),
    oneBindingForAPage(of),
    mappedIsReserved(of),
  );
}
