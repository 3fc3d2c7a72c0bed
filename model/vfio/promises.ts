/**
 * What VFIO promises about SVA, as properties over the containers and groups of a scenario.
 *
 * Source: spec (d), properties.
 */
import { type Always, type AtEnd, always, atEnd, type MmView, nameOf, type Pool, violated } from '../kernel/index.ts';
import type { Bond, Device, IommuSvaParam } from '../sva/index.ts';
import type { IommuGroup } from './iommu-group.ts';
import type { BindParams, VfioGroup, VfioIommu, VfioMm } from './objects.ts';
import type { Container } from './setup.ts';

function* devicesOf(group: IommuGroup): Iterable<Device> {
  for (const dev of group.devices) if (dev !== null) yield dev;
}

function bondOf(dev: Device, vfio_mm: VfioMm): Bond | null {
  const param = dev.sva_param as IommuSvaParam | null;
  return param?.mm_list.find((b) => b.io_mm.pasid === vfio_mm.pasid && b.io_mm.mm === vfio_mm.mm) ?? null;
}

/**
 * A process that a container lists and that has not begun to exit is bound on every device of the container, by the
 * container. Looked at while nobody holds `iommu->lock`.
 */
export function listedProcessIsBound(containers: readonly Container[], mms: Pool<MmView>): Always {
  return always(
    'a listed process is bound',
    'while nobody holds iommu->lock, a living process on the mm_list of a container is bound on each of its devices',
    () => {
      for (const { file } of containers) {
        const iommu = file.iommu_data as VfioIommu | null;
        if (iommu === null || iommu.lock.owner !== null) continue;
        const missing = missingBond(iommu, [...mms]);
        if (missing !== null)
          return violated(
            'protocol',
            `${nameOf(missing.vfio_mm.mm)} is bound to ${nameOf(iommu)} but not on ${nameOf(missing.dev)}`,
            { objects: [nameOf(missing.dev), nameOf(iommu)] },
          );
      }
      return null;
    },
  );
}

/** The other way round: what a container has bound on a device of its groups, it lists. */
export function boundProcessIsListed(containers: readonly Container[]): Always {
  return always(
    'a bound process is listed',
    'while nobody holds iommu->lock, a living process that a container has bound on a device of its groups is listed',
    () => {
      for (const { file } of containers) {
        const iommu = file.iommu_data as VfioIommu | null;
        const stray = iommu === null || iommu.lock.owner !== null ? null : strayBond(iommu);
        if (stray !== null)
          return violated(
            'protocol',
            `${nameOf(stray.io_mm.mm)} is bound on ${nameOf(stray.dev)} but ${nameOf(iommu)} does not know it`,
            { objects: [nameOf(stray.dev), nameOf(iommu)] },
          );
      }
      return null;
    },
  );
}

function strayBond(iommu: VfioIommu): Bond | null {
  for (const domain of iommu.domain_list)
    for (const group of domain.group_list)
      for (const dev of devicesOf(group.iommu_group)) {
        const param = dev.sva_param as IommuSvaParam | null;
        for (const bond of param?.mm_list ?? [])
          if (bond.drvdata === iommu && bond.io_mm.mm.mm_users.counter > 0 && !isListed(iommu, bond)) return bond;
      }
  return null;
}

function isListed(iommu: VfioIommu, { io_mm }: Bond): boolean {
  return iommu.mm_list.find((vfio_mm) => vfio_mm.pasid === io_mm.pasid && vfio_mm.mm === io_mm.mm) !== null;
}

function missingBond(
  iommu: VfioIommu,
  mms: readonly MmView[],
): { readonly vfio_mm: VfioMm; readonly dev: Device } | null {
  for (const vfio_mm of iommu.mm_list) {
    // What is left of a process that exits is removed by mm_exit, in its own time.
    if (mms.includes(vfio_mm.mm) && vfio_mm.mm.mm_users.counter === 0) continue;
    for (const domain of iommu.domain_list)
      for (const group of domain.group_list)
        for (const dev of devicesOf(group.iommu_group))
          if (bondOf(dev, vfio_mm)?.drvdata !== iommu) return { vfio_mm, dev };
  }
  return null;
}

/** Of a process that is gone no container keeps anything: only its last group or its end would take it away. */
export function exitedProcessIsForgotten(vfioMms: Pool<VfioMm>, mms: Pool<MmView>): AtEnd {
  return atEnd(
    'a process that exited is forgotten',
    'at the end no vfio_mm is of an address space that is gone',
    () => {
      const living = [...mms].filter((mm) => mm.mm_users.counter > 0);
      for (const vfio_mm of vfioMms)
        if (!living.includes(vfio_mm.mm))
          return violated('leak', `${nameOf(vfio_mm)} is kept for ${nameOf(vfio_mm.mm)}, which is gone`, {
            objects: [nameOf(vfio_mm)],
          });
      return null;
    },
  );
}

/** The PASID that the bind ioctl hands out is the one of the address space that was asked for. */
export function pasidBelongsToMm(args: readonly BindParams[], devices: readonly Device[]): Always {
  return always(
    'a PASID handed out is that of the process',
    'when bind_process returns a PASID, the device reaches with it the address space that was asked for',
    () => {
      for (const arg of args) {
        if (arg.granted === null) continue;
        for (const dev of devices) {
          const param = dev.sva_param as IommuSvaParam | null;
          const bond = param?.mm_list.find((b) => b.io_mm.pasid === arg.pasid) ?? null;
          if (bond?.io_mm.mm !== arg.granted)
            return violated(
              'isolation',
              `bind_process returns PASID ${arg.pasid} for ${nameOf(arg.granted)}, which on ${nameOf(dev)} ` +
                (bond === null ? 'is bound to nothing' : `reaches ${nameOf(bond.io_mm.mm)}`),
              { objects: [nameOf(arg.granted), nameOf(dev)] },
            );
        }
      }
      return null;
    },
  );
}

/** A device is initialised for SVA exactly when a group says so; nothing of a detached group is bound. */
export function svaStateIsKnown(iommuGroups: readonly IommuGroup[], groups: Pool<VfioGroup>): AtEnd {
  return atEnd(
    'SVA is enabled where a group says so',
    'at the end a device is initialised for SVA if and only if a vfio_group that contains it has sva_enabled',
    () => {
      for (const iommu_group of iommuGroups)
        for (const dev of devicesOf(iommu_group)) {
          let enabled = false;
          for (const group of groups)
            for (const other of devicesOf(group.iommu_group)) if (other === dev && group.sva_enabled) enabled = true;
          if (enabled !== (dev.sva_param !== null))
            return violated(
              'protocol',
              enabled
                ? `${nameOf(dev)} is not initialised for SVA although its group says so`
                : `${nameOf(dev)} is still initialised for SVA although no group knows`,
              { objects: [nameOf(dev)] },
            );
        }
      return null;
    },
  );
}

/**
 * At the end the users of an address space are its processes, and one that has none is freed, unless a vfio_mm that counts
 * it still leads to it.
 */
export function mmsAreGivenBack(
  tasks: readonly { readonly mm: MmView | null }[],
  mms: Pool<MmView>,
  vfioMms?: Pool<VfioMm>,
): AtEnd {
  return atEnd('mms are given back', 'at the end an mm has the users that processes are, and is freed without', () => {
    for (const mm of mms) {
      const users = tasks.filter((task) => task.mm === mm).length;
      const listed = [...(vfioMms ?? [])].some((vfioMm) => vfioMm.mm === mm);
      if (mm.mm_users.counter !== users || (users === 0 && !listed))
        return violated('leak', `${nameOf(mm)} has ${mm.mm_users.counter} users and ${users} processes at the end`, {
          objects: [nameOf(mm)],
        });
    }
    return null;
  });
}
