/** What the scenarios of live update have in common: an iommufd with HWPTs that a session preserves. */
import { type Bounds, type Pool, type Property, type Setup, sometimes } from '../checker/lang/index.ts';
import { Hwpt, type Ioas, type IommufdCtx, makeIoas, PagingDomain } from '../model/iommufd/index.ts';
import {
  cancelledLeavesNothing,
  type Devices,
  DomainSer,
  followsProtocol,
  HwptArray,
  IommufdSer,
  keptTablesStay,
  type LiveUpdate,
  type LuMonitor,
  makeLiveUpdate,
  makeOpenCtx,
  makeWatched,
  markAtStart,
  markForm,
  monitorAt,
  preservedIsGivenBack,
  preservedStays,
  unusedCanGo,
} from '../model/liveupdate/index.ts';

export interface World extends LiveUpdate {
  readonly ictx: IommufdCtx;
  readonly ioas: readonly Ioas[];
  readonly hwpts: readonly Hwpt[];
  readonly monitors: readonly LuMonitor[];
  /** All there are, those of the next kernel among them. */
  readonly domains: Pool<PagingDomain>;
  readonly pool: Pool<Hwpt>;
  /** A table of tokens owns the HWPTs that are marked. */
  readonly owned: boolean;
}

/**
 * An iommufd with one IOAS for all HWPTs or one for each; the first `marked` of them have tokens 1, 2, ... There is room
 * for so many `restored` ones in the next kernel.
 */
export function iommufdWithHwpts<B extends Bounds>(
  s: Setup<B>,
  options: {
    readonly hwpts: number;
    readonly marked: number;
    readonly shared?: boolean;
    readonly restored?: number;
    readonly records?: number;
  },
): World {
  const lu = makeLiveUpdate(s);
  const ictx = makeOpenCtx(s, lu);
  const ioas: Ioas[] = [];
  const hwpts = Array.from({ length: options.hwpts }, (_, i) => {
    if (i === 0 || !options.shared) ioas.push(makeIoas(s, ictx, `ioas${i}`));
    return makeWatched(s, ictx, ioas.at(-1) as Ioas, `hwpt${i}`);
  });
  for (const [i, hwpt] of hwpts.entries()) if (i < options.marked) markAtStart(s, ictx, hwpt, i + 1);
  const restored = Math.max(1, options.restored ?? 0);
  s.pool(DomainSer, options.records ?? options.hwpts);
  s.pool(IommufdSer, 1);
  s.pool(HwptArray, 1);
  return {
    ...lu,
    ictx,
    ioas,
    hwpts,
    monitors: hwpts.map(monitorAt),
    domains: s.pool(PagingDomain, restored),
    pool: s.pool(Hwpt, restored),
    owned: s.setting(markForm).startsWith('table'),
  };
}

/**
 * What is promised. `protocol` 0: only that a session leaves nothing behind, and what the kernel itself would trip over;
 * 1: also the protocol of each HWPT, and what its states forbid.
 */
export function promises(w: World, protocol: number, devices: Devices = { groups: [], iommus: [] }): Property[] {
  return [
    cancelledLeavesNothing(w.session, w.domains, w.pool, devices),
    ...(w.owned ? [] : [unusedCanGo(w.pool)]),
    ...(protocol > 0
      ? [followsProtocol(w.monitors), keptTablesStay(w.domains), preservedStays(w.monitors, w.pool)]
      : []),
  ];
}

/** G-LIVE of a session whose owner cancels it: what it has preserved is given back. */
export const givenBack = (w: World, cancels: number): Property[] =>
  cancels > 0 ? [preservedIsGivenBack(w.session)] : [];

/** The session gets as far as that. */
export const preserves = (w: World) =>
  sometimes('preserved', 'the session preserves the iommufd', () => w.session.iommufd !== null);
