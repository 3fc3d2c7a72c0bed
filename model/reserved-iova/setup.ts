/**
 * What scenarios build with: a domain with its reserved window or its MSI cookie, devices with their MSI function, and
 * a state in which a doorbell is bound already.
 */
import type { IoPageTable, MsiFunction } from '../../hw/iommu/objects.ts';
import type { Bounds, Pool, Setup } from '../kernel/index.ts';
import {
  Binding,
  IOMMU_WRITE,
  IommuDmaCookie,
  IommuDomain,
  IommuGroup,
  Iova,
  IovaDomain,
  MsiDevice,
  MsiPage,
  ReservedIovaDomain,
} from './objects.ts';
import { design, domainUsers } from './switches.ts';

/** A domain with what scenarios and promises look at. */
export interface Domain {
  readonly domain: IommuDomain;
  readonly group: IommuGroup;
  readonly table: IoPageTable;
  readonly iovad: IovaDomain;
}

/** A domain whose window has that many pages, the highest of them page `pages`. */
export function makeDomain<B extends Bounds>(s: Setup<B>, table: IoPageTable, pages: number): Domain {
  const domain = s.object(IommuDomain, 'domain', { pgtable: table });
  const iovad = s.object(IovaDomain, 'iovad', { start_pfn: 1, end_pfn: pages });
  if (s.setting(design) === 'reserved-iova')
    domain.reserved_iova_cookie = s.object(ReservedIovaDomain, 'rid', { iovad, prot: IOMMU_WRITE });
  else domain.iova_cookie = s.object(IommuDmaCookie, 'cookie', { iovad });
  return { domain, group: s.object(IommuGroup, 'group', { domain }), table, iovad };
}

/** A device of the group that is attached to the domain. */
export function makeMsiDevice<B extends Bounds>(
  s: Setup<B>,
  { group, table }: Domain,
  fn: MsiFunction,
  name: string,
): MsiDevice {
  fn.table = table;
  return s.object(MsiDevice, name, { group, fn });
}

/** The state after msi_domain_alloc_irqs(): the doorbell is bound once for each of the devices. */
export function bindAtStart<B extends Bounds>(
  s: Setup<B>,
  of: Domain,
  addr: number,
  devices: readonly MsiDevice[],
): void {
  const { domain, table, iovad } = of;
  let pfn = iovad.end_pfn;
  while (iovad.rbroot.find((node) => node.pfn_lo === pfn) !== null) pfn--;
  iovad.rbroot.add(s.object(Iova, `iova${pfn}`, { pfn_lo: pfn, pfn_hi: pfn }));
  table.pte.set(pfn, addr);
  if (s.setting(design) === 'reserved-iova') {
    const b = s.object(Binding, `binding${addr}`, { domain, addr, iova: pfn, size: 1 });
    b.kref.counter = devices.length;
    domain.reserved_binding_list.add(b);
  } else {
    const msi = s.object(MsiPage, `msi_page${addr}`, { iova: pfn, phys: addr });
    msi.refs.counter = devices.length;
    domain.iova_cookie?.msi_page_list.addFirst(msi);
  }
  for (const dev of devices) {
    dev.fn.address = pfn;
    dev.fn.doorbell = addr;
    dev.fn.enabled = true;
    dev.msi_domain = domain;
    if (s.setting(domainUsers) === 'counted') domain.users.counter++;
  }
}

/** Room for what get and alloc_msi_page allocate. */
export function room<B extends Bounds>(s: Setup<B>, allocations: number): readonly Pool<object>[] {
  const kept = s.setting(design) === 'reserved-iova' ? Binding : MsiPage;
  return [s.pool(Iova, allocations), s.pool(kept as typeof MsiPage, allocations)];
}

/** What a domain consists of besides what `room` allocates. */
export function partsOfDomain<B extends Bounds>(s: Setup<B>): readonly Pool<object>[] {
  const cookie = s.setting(design) === 'reserved-iova' ? ReservedIovaDomain : IommuDmaCookie;
  return [s.pool(IommuDomain, 1), s.pool(IovaDomain, 1), s.pool(cookie as typeof IommuDmaCookie, 1)];
}
