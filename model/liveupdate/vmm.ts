/**
 * A virtual machine monitor that keeps HWPTs in a pool: the guest gives a device up, and the HWPT that is free now serves
 * another device, which is not to survive a live update.
 *
 * Source: the thread on v1 10/14 (S4), with the remedies that it considers.
 */
import {
  IommufdCtx,
  IommufdDevice,
  type IommuGroup,
  iommufdDestroy,
  iommufdDeviceAttach,
  iommufdDeviceDetach,
  objectId,
  type PagingDomain,
} from '../iommufd/index.ts';
import {
  type Always,
  always,
  bool,
  EADDRINUSE,
  EBUSY,
  errno,
  nameOf,
  object,
  type Pool,
  procedure,
  ptr,
  type ViewOf,
  violated,
} from '../kernel/index.ts';
import { iommufdHwptMarkPreserve, iommufdHwptUnmark } from './mark.ts';
import { type Session, token } from './objects.ts';
import { seed4 } from './sources.ts';
import { poolForm } from './switches.ts';

/** A monitor that destroys an HWPT, and tries again while that is refused: somebody is about to let go of it. */
export const destroyUntilGone = procedure(
  'vmm: DESTROY until it is not EBUSY',
  { source: seed4(), params: { ictx: IommufdCtx, id: objectId() }, locals: { rc: errno() } },
  (k) => [
    k.loop([
      k.call(
        iommufdDestroy,
        (f) => ({ ictx: f.ictx, id: f.id }),
        (f, rc) => {
          f.rc = rc;
        },
      ),
      k.when((f) => f.rc !== -EBUSY, [k.break()]),
    ]),
  ],
);

/** What the monitor has found out. Ghost. */
export const Vmm = object('vmm', { token_refused: bool() }, { permanent: true, source: seed4() });
export type Vmm = ViewOf<typeof Vmm>;

/**
 * The guest gives up `gone`; `comes` is attached to the HWPT from the pool, or to a spare one. Then the token of the HWPT
 * that nobody needs any more is given to the spare one.
 */
export const vmmReuses = procedure(
  'vmm: hot-unplug, then another device',
  {
    source: seed4(),
    params: {
      vmm: Vmm,
      ictx: IommufdCtx,
      gone: ptr(IommufdDevice),
      comes: ptr(IommufdDevice),
      hwpt: objectId(),
      spare: objectId(),
      token: token(),
    },
    locals: { rc: errno(), free: bool() },
  },
  (k) => {
    const receive = (f: { rc: number }, rc: number) => {
      f.rc = rc;
    };
    return [
      k.call(iommufdDeviceDetach, (f) => ({ idev: f.gone }), receive),
      k.when((f) => f.rc !== 0, [k.return()]),
      k.switch(poolForm, {
        pools: [k.call(iommufdDeviceAttach, (f) => ({ idev: f.comes, pt_id: f.hwpt }), receive)],
        unmarks: [
          k.call(iommufdHwptUnmark, (f) => ({ ictx: f.ictx, id: f.hwpt }), receive),
          k.local((f) => {
            f.free = f.rc === 0;
          }),
          k.when(
            (f) => f.free,
            [k.call(iommufdDeviceAttach, (f) => ({ idev: f.comes, pt_id: f.hwpt }), receive)],
            [k.call(iommufdDeviceAttach, (f) => ({ idev: f.comes, pt_id: f.spare }), receive)],
          ),
        ],
        discards: [
          k.call(iommufdDestroy, (f) => ({ ictx: f.ictx, id: f.hwpt }), receive),
          k.local((f) => {
            f.free = f.rc === 0;
          }),
          k.call(iommufdDeviceAttach, (f) => ({ idev: f.comes, pt_id: f.spare }), receive),
        ],
      }),
      k.when(
        (f) => f.token !== 0 && (f.free || f.rc === 0),
        [
          k.switch(poolForm, {
            pools: [k.call(iommufdHwptMarkPreserve, (f) => ({ ictx: f.ictx, id: f.spare, token: f.token }), receive)],
            unmarks: [
              k.when(
                (f) => f.free,
                [k.call(iommufdHwptMarkPreserve, (f) => ({ ictx: f.ictx, id: f.spare, token: f.token }), receive)],
              ),
            ],
            discards: [],
          }),
          k.when(
            (f) => f.rc === -EADDRINUSE,
            [
              k.step('the token is in use', (f) => {
                f.vmm.token_refused = true;
              }),
            ],
          ),
        ],
      ),
    ];
  },
);

/** What a session preserves is in use by a device that is to survive, or by none. */
export function preservedForWhoAsked(
  session: Session,
  domains: Pool<PagingDomain>,
  mortals: readonly IommuGroup[],
): Always {
  return always(
    'preserved for who asked',
    'a session does not preserve the HWPT of a device that is not to survive',
    () => {
      if (session.iommufd === null || session.mutex.owner !== null) return null;
      for (const group of mortals)
        for (const domain of domains)
          if (group.domain === domain && domain.kept > 0)
            return violated(
              'protocol',
              `${nameOf(domain)} is preserved, and ${nameOf(group)}, which did not ask, uses it`,
              {
                objects: [nameOf(domain), nameOf(group)],
              },
            );
      return null;
    },
  );
}

/** A token that nothing in use has can be given to another HWPT. */
export function tokensComeBack(vmm: Vmm): Always {
  return always('a token comes back', 'a token that no HWPT in use needs can be given to another', () =>
    vmm.token_refused
      ? violated('protocol', 'MARK refuses a token although no device that is to survive uses its HWPT', {
          objects: [nameOf(vmm)],
        })
      : null,
  );
}
