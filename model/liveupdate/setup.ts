/**
 * What scenarios build with: a session with its records, HWPTs that can be watched, areas that are mapped, and the next
 * kernel in the state after a live update.
 */
import {
  destroyOps,
  type Hwpt,
  type Ioas,
  type IommufdCtx,
  IommufdCtx as IommufdCtxObject,
  type IommufdGroup,
  IoptArea,
  IoptPages,
  makeCtx,
  makeHwpt,
  PagingDomain,
} from '../iommufd/index.ts';
import { type Bounds, nameOf, type Setup, xaSetMark } from '../kernel/index.ts';
import { LIVEUPDATE_MARK } from './mark.ts';
import { LuMonitor } from './monitor.ts';
import { DomainSer, Flb, IommuDevice, IommufdSer, Machine, Session } from './objects.ts';
import { iommufdRestoredDestroy } from './restore.ts';
import { fixed } from './revisions.ts';
import { atomicSleep, deviceUndo, immutability, markForm } from './switches.ts';

/** One live update: the session, the records, and the machine. */
export interface LiveUpdate {
  readonly session: Session;
  readonly flb: Flb;
  readonly machine: Machine;
}

/** The presets name the choices of a whole revision, those among them that a scenario has no step for. */
export function makeLiveUpdate<B extends Bounds>(s: Setup<B>): LiveUpdate {
  for (const { switch: named } of fixed) s.setting(named);
  s.setting(deviceUndo);
  s.setting(immutability);
  s.setting(atomicSleep);
  return { session: s.object(Session, 'session'), flb: s.object(Flb, 'flb'), machine: s.object(Machine, 'machine') };
}

/** An HWPT with its monitor. */
export function makeWatched<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, ioas: Ioas, name: string): Hwpt {
  const hwpt = makeHwpt(s, ictx, ioas, name);
  (hwpt.domain as PagingDomain).monitor = s.object(LuMonitor, `${name}.protocol`);
  return hwpt;
}

/** The monitor of an HWPT that exists. */
export const monitorAt = (hwpt: Hwpt): LuMonitor => (hwpt.domain as PagingDomain).monitor as LuMonitor;

/** The state after MARK. */
export function markAtStart<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, hwpt: Hwpt, token: number): void {
  const form = s.setting(markForm);
  hwpt.lu_token = token;
  monitorAt(hwpt).state = 'marked';
  if (form === 'xa-mark') xaSetMark(ictx.objects, hwpt.id, LIVEUPDATE_MARK);
  else hwpt.lu_preserve = true;
  if (form === 'table' || form === 'table-mutex') {
    ictx.liveupdate_tokens.set(token, hwpt);
    hwpt.users.counter++;
    hwpt.wait_cnt.counter++;
  }
}

/** The state after MAP of memory that can be kept. */
export function mapAtStart<B extends Bounds>(s: Setup<B>, ioas: Ioas, iova: 1 | 2, pages: IoptPages): void {
  ioas.areas.add(s.object(IoptArea, `${nameOf(ioas)}.area${iova}`, { iova, pages }));
  for (const domain of ioas.domains) domain.table |= iova;
}

/** Memory of a file that is sealed and preserved. */
export const makePages = <B extends Bounds>(s: Setup<B>, name: string): IoptPages => s.object(IoptPages, name);

/** The devices of a group sit behind an IOMMU. */
export function behind(igroup: IommufdGroup, iommu: IommuDevice): void {
  igroup.group.iommu = iommu;
}

export const makeIommu = <B extends Bounds>(s: Setup<B>, name: string): IommuDevice => s.object(IommuDevice, name);

/** A context that user space has open until the end, and that knows how restored HWPTs end as well. */
export function makeOpenCtx<B extends Bounds>(s: Setup<B>, { machine }: LiveUpdate): IommufdCtx {
  const ictx = makeCtx(s, 1, { destroy: [...destroyOps, iommufdRestoredDestroy] });
  machine.file = ictx;
  return ictx;
}

/** The context that the next kernel makes of the file when it is retrieved. */
export function makeNextCtx<B extends Bounds>(s: Setup<B>, { machine }: LiveUpdate): IommufdCtx {
  const ictx = s.object(IommufdCtxObject, 'next_ictx');
  machine.next_file = ictx;
  return ictx;
}

/** The next kernel after boot and retrieve: a context with a record of `hwpts` domains, tokens 1, 2, ... */
export function retrieved<B extends Bounds>(s: Setup<B>, ictx: IommufdCtx, flb: Flb, hwpts: number): LuMonitor[] {
  const ser = s.object(IommufdSer, 'iommufd_lu', { room: hwpts, nr_hwpts: hwpts });
  ictx.lu = ser;
  return Array.from({ length: hwpts }, (_, i) => {
    const monitor = s.object(LuMonitor, `hwpt${i}.protocol`, { state: 'frozen' });
    const domain = s.object(PagingDomain, `domain${i}`, { monitor });
    const record = s.object(DomainSer, `domain${i}.ser`, { monitor, restored_domain: domain });
    flb.domains.add(record);
    const entry = ser.hwpts.at(i);
    entry.token = i + 1;
    entry.domain_data = record;
    return monitor;
  });
}
