/**
 * What VFIO scenarios build with: groups, containers, processes, and a state in which processes are bound already.
 * Such a state is what the procedures would have left behind, so that a search begins where the race begins.
 */
import { type Bounds, type MmView, makeMm, nameOf, type Setup } from '../kernel/index.ts';
import { bindAtStart, IommuDomain, initAtStart, MmExit, makeDevice, type SvaParts } from '../sva/index.ts';
import { IommuGroup, MdevParent } from './iommu-group.ts';
import { vfioIommuMmExit } from './mm-exit.ts';
import { TaskStruct, VfioDomain, VfioGroup, VfioIommu, VfioMm } from './objects.ts';
import { VfioContainer } from './release.ts';
import { vfioMmCount } from './switches.ts';

/** A container with one domain that its groups are attached to. */
export interface Container {
  readonly file: VfioContainer;
  readonly iommu: VfioIommu;
  readonly domain: VfioDomain;
  readonly groups: readonly VfioGroup[];
}

/** A process: what a pid leads to. */
export interface Process {
  readonly task: TaskStruct;
  readonly mm: MmView;
}

/** The number at the end of a name: devices, mms and the like are numbered as what they belong to. */
const numberOf = (name: string) => /\d*$/.exec(name)?.[0] ?? '';

/**
 * One device, or several, as a group that is attached to the domain of `parts` unless said otherwise. When it is
 * detached it goes back to its default domain, unless the IOMMU driver has none.
 */
export function makeGroup<B extends Bounds>(
  s: Setup<B>,
  parts: SvaParts,
  name: string,
  options: { readonly devices?: number; readonly defaultDomain?: boolean; readonly attached?: boolean } = {},
): IommuGroup {
  const default_domain = options.defaultDomain === false ? null : s.object(IommuDomain, `${name}.default_domain`);
  const domain = options.attached === false ? default_domain : parts.domain;
  const group = s.object(IommuGroup, name, { domain, default_domain });
  const count = options.devices ?? 1;
  for (let i = 0; i < count; i++) {
    const dev = makeDevice(s, parts, `dev${numberOf(name)}${count === 1 ? '' : 'ab'[i]}`);
    dev.domain = domain;
    group.devices.set(i, dev);
  }
  return group;
}

/** The group of a mediated device on a parent. */
export function makeMdevGroup<B extends Bounds>(s: Setup<B>, name: string, parent: MdevParent): IommuGroup {
  const group = s.object(IommuGroup, name, { parent });
  group.devices.set(0, parent.dev);
  return group;
}

/** A device that is shared out as mediated devices. It stays in its own domain. */
export function makeParent<B extends Bounds>(s: Setup<B>, parts: SvaParts, name: string): MdevParent {
  return s.object(MdevParent, name, { dev: makeDevice(s, parts, `${name}_dev`) });
}

/** A container that the groups belong to, used by `users` threads and files. Call once for each container. */
export function makeContainer<B extends Bounds>(
  s: Setup<B>,
  parts: SvaParts,
  name: string,
  iommuGroups: readonly IommuGroup[],
  users = 1,
): Container {
  s.implementations(MmExit, [vfioIommuMmExit]);
  const iommu = s.object(VfioIommu, `iommu${numberOf(name)}`);
  const file = s.object(VfioContainer, name, { iommu_data: iommu });
  file.users.counter = users;
  // Mediated devices have no use for a domain of their own; their parent stays in the common one.
  const onlyMdevs = iommuGroups.every((group) => group.parent !== null);
  const domain = s.object(VfioDomain, `${name}.domain`, {
    domain: onlyMdevs ? s.object(IommuDomain, `${name}.iommu_domain`) : parts.domain,
  });
  const groups = iommuGroups.map((iommu_group) =>
    s.object(VfioGroup, `${name}.${nameOf(iommu_group)}`, { iommu_group }),
  );
  for (const group of groups) domain.group_list.add(group);
  if (groups.length > 0) iommu.domain_list.add(domain);
  return { file, iommu, domain, groups };
}

/** A living process. */
export function makeProcess<B extends Bounds>(
  s: Setup<B>,
  name: string,
  globals: Parameters<typeof makeMm>[2],
  type?: Parameters<typeof makeMm>[3],
): Process {
  const mm = makeMm(s, `mm${numberOf(name)}`, globals, type);
  return { task: s.object(TaskStruct, `task${numberOf(name)}`, { mm }), mm };
}

/** The state after a successful bind_process. */
export function bindProcessAtStart<B extends Bounds>(
  s: Setup<B>,
  parts: SvaParts,
  container: Container,
  process: Process,
): VfioMm {
  const { mm } = process;
  const vfio_mm = s.object(VfioMm, `${nameOf(container.iommu)}.${nameOf(mm)}.vfio_mm`, { mm });
  if (s.setting(vfioMmCount) === 'held') mm.mm_count.counter++;
  for (const group of container.groups) {
    const dev = group.iommu_group.devices.at(0);
    if (dev === null) continue;
    const { parent } = group.iommu_group;
    if (!group.sva_enabled && dev.sva_param === null) initAtStart(s, dev, vfioIommuMmExit);
    if (!group.sva_enabled && parent !== null) parent.sva_users++;
    group.sva_enabled = true;
    vfio_mm.pasid = bindAtStart(s, parts, dev, mm, container.iommu).pasid;
  }
  container.iommu.mm_list.addFirst(vfio_mm);
  return vfio_mm;
}
