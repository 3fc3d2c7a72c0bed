/** iommufd for the explorer: user space destroys objects and asks about them, drivers unbind devices. */
import { type Bounds, does, type Operation, type Setup } from '../../checker/lang/index.ts';
import {
  bindAtStart,
  destroyById,
  Ioas,
  IommufdDevice,
  iommufdCtxPut,
  iommufdDestroy,
  iommufdDeviceUnbind,
  iommufdGetHwInfo,
  iommufdIoasIovaRanges,
  MAIN_C,
  makeCtx,
  makeGroup,
  makeIoas,
  repaired,
} from '../../model/iommufd/index.ts';
import { iommufdPromises } from '../../scenarios/iommufd-parts.ts';
import { type Call, namedObjects, type Program } from '../program.ts';
import type { ExplorableSystem } from '../system.ts';
import { once } from './contracts.ts';

export const iommufd: ExplorableSystem = {
  name: 'iommufd',
  about: 'User space destroys objects of a context and asks about them, while kernel drivers unbind their devices.',
  systems: ['iommufd'],
  source: destroyById(MAIN_C),
  objects: { dev: 2, ioas: 1 },
  operations: {
    unbind: { about: 'iommufd_device_unbind by the kernel driver of the device', on: ['dev'] },
    destroy_dev: { about: 'IOMMU_DESTROY of a device', on: ['dev'] },
    destroy_ioas: { about: 'IOMMU_DESTROY of an IOAS', on: ['ioas'] },
    hw_info: { about: 'IOMMU_GET_HW_INFO of a device', on: ['dev'] },
    ranges: { about: 'IOMMU_IOAS_IOVA_RANGES', on: ['ioas'] },
  },
  contracts: {
    'unbinds-once': { about: 'a driver unbinds its device once', kept: (program) => once(program, 'unbind') },
  },
  presets: {
    posted: { about: 'IOMMU_DESTROY takes a temporary reference', settings: [] },
    fixed: { about: 'destroyers wait for a count of temporary holders', repaired: true, settings: repaired },
  },
  setup,
};

const byUser = ({ op }: Call) => op !== 'unbind';

function setup(s: Setup<Bounds>, program: Program): void {
  const names = namedObjects(program, 'dev');
  const users = program.actors.filter((calls) => calls.some(byUser)).length;
  // The file is kept by each thread in a call, and by each device that is bound.
  const ictx = makeCtx(s, Math.max(1, users + names.length));
  const devices = new Map(names.map((name, i) => [name, bindAtStart(s, ictx, makeGroup(s, `igroup${i}`), `i${name}`)]));
  const spaces = new Map(namedObjects(program, 'ioas').map((name) => [name, makeIoas(s, ictx, name)]));
  const operation = ({ op, on }: Call): Operation[] => {
    const idev = devices.get(on[0] as string);
    const ioas = spaces.get(on[0] as string);
    if (idev !== undefined) {
      if (op === 'unbind') return [does(iommufdDeviceUnbind, { idev })];
      return [
        op === 'destroy_dev'
          ? does(iommufdDestroy, { ictx, id: idev.id })
          : does(iommufdGetHwInfo, { ictx, id: idev.id }),
      ];
    }
    if (ioas === undefined) return [];
    return [
      op === 'destroy_ioas'
        ? does(iommufdDestroy, { ictx, id: ioas.id })
        : does(iommufdIoasIovaRanges, { ictx, id: ioas.id }),
    ];
  };
  for (const [i, calls] of program.actors.entries())
    s.task(`thread${i}`, [...calls.flatMap(operation), ...(calls.some(byUser) ? [does(iommufdCtxPut, { ictx })] : [])]);
  const unbound = program.actors.flat().filter(({ op }) => op === 'unbind').length;
  s.property(...iommufdPromises(s, [s.pool(IommufdDevice, 1), s.pool(Ioas, 1)], { closed: unbound === names.length }));
}
