/**
 * IOMMU groups, as far as VFIO drives them: walk over the devices, attach to a domain, detach.
 *
 * Detaching takes every device out of its domain, and the IOMMU driver removes all its bonds on the way
 * (v2 28/40), waiting for each mm_exit that runs; all of it under the mutex of the group.
 *
 * Source: spec (d) and (a). Limits: two devices a group. A mediated device has no domain of its own: attaching or
 * detaching its group leaves the parent alone, and SVA calls resolve to the parent (as in the set-up of the mail
 * thread).
 */
import {
  array,
  bool,
  EBUSY,
  type Field,
  int,
  type KernelKit,
  mutex,
  object,
  procedure,
  type Reads,
  ref,
  type Statement,
  type ViewOf,
} from '../kernel/index.ts';
import { Device, IommuDomain, iommuSvaUnbindDevAll } from '../sva/index.ts';

import { IOMMU_C, iommuCore, seed0 } from './sources.ts';

const DEVICES = 2;

/** A device that is shared out as mediated devices. Repairs only: how many groups have SVA enabled on it. */
export const MdevParent = object(
  'mdev_parent',
  { lock: mutex(), dev: ref(Device), sva_users: int(0, 2) },
  { permanent: true, source: seed0() },
);
export interface MdevParent extends ViewOf<typeof MdevParent> {}

export const IommuGroup = object(
  'iommu_group',
  {
    mutex: mutex(),
    devices: array(ref(Device), DEVICES),
    /** For the group of a mediated device: its parent, which is then also what `devices` names. */
    parent: ref(MdevParent),
    /** Where the group is attached; NULL: nowhere. */
    domain: ref(IommuDomain),
    /** Where it goes back to when it is detached; NULL where the IOMMU driver has none. */
    default_domain: ref(IommuDomain),
  },
  { permanent: true, source: iommuCore(IOMMU_C) },
);
export interface IommuGroup extends ViewOf<typeof IommuGroup> {}

/** Locals of a procedure that walks the devices of a group: the device, and the result of the last call for it. */
export const deviceWalk = {
  dev: ref(Device),
  parent: ref(MdevParent),
  next_dev: int(0, DEVICES),
  rc: int(-128, 127, 0) as Field<number>,
};

export interface DeviceWalk {
  dev: Device | null;
  parent: MdevParent | null;
  next_dev: number;
  rc: number;
}

/**
 * The walk itself, with the mutex held: `fn` sets `rc`, and a non-zero one ends the walk. For the IOMMU driver
 * (`ofDriver`), a mediated device is none of its devices.
 */
function eachDevice<F extends DeviceWalk>(
  k: KernelKit<F>,
  group: Reads<F, IommuGroup>,
  name: string,
  fn: readonly Statement<F>[],
  ofDriver = false,
): readonly Statement<F>[] {
  return [
    k.local((f) => {
      f.next_dev = 0;
      f.rc = 0;
    }),
    k.loop([
      k.step(`next device for ${name}`, (f, self) => {
        const { devices, parent } = group(f, self);
        f.dev = f.next_dev < devices.length && !(ofDriver && parent !== null) ? devices.at(f.next_dev) : null;
        f.parent = parent;
      }),
      k.when((f) => f.dev === null, [k.break()]),
      k.local((f) => {
        f.next_dev++;
      }),
      ...fn,
      k.when((f) => f.rc !== 0, [k.break()]),
    ]),
  ];
}

/** iommu_group_for_each_dev(group, data, fn). `name` is that of `fn`. The result of the walk is in `rc`. */
export function forEachDev<F extends DeviceWalk>(
  k: KernelKit<F>,
  group: Reads<F, IommuGroup>,
  name: string,
  fn: readonly Statement<F>[],
): readonly Statement<F>[] {
  return [
    k.mutexLock((f, self) => group(f, self).mutex),
    ...eachDevice(k, group, name, fn),
    k.mutexUnlock((f, self) => group(f, self).mutex),
  ];
}

/**
 * iommu_attach_group(): the group must be in its default domain, if it has one. Fails when the scenario's budget
 * `iommu_attach_group` allows.
 */
export const iommuAttachGroup = procedure(
  'iommu_attach_group',
  {
    source: iommuCore(IOMMU_C),
    params: { domain: IommuDomain, group: IommuGroup },
    locals: { ...deviceWalk, busy: bool() },
  },
  (k) => [
    k.mutexLock((f) => f.group.mutex),
    k.attempt(
      'iommu_attach_group',
      'group->domain != group->default_domain?',
      (f) => {
        f.busy = f.group.default_domain !== null && f.group.domain !== f.group.default_domain;
      },
      [
        k.local((f) => {
          f.busy = true;
        }),
      ],
    ),
    k.when((f) => f.busy, [k.mutexUnlock((f) => f.group.mutex), k.return(-EBUSY)]),
    ...eachDevice(
      k,
      (f) => f.group,
      'attach_dev',
      [
        k.step('domain->ops->attach_dev(domain, dev)', (f) => {
          (f.dev as Device).domain = f.domain;
        }),
      ],
      true,
    ),
    k.step('group->domain = domain', (f) => {
      f.group.domain = f.domain;
    }),
    k.mutexUnlock((f) => f.group.mutex),
    k.return(0),
  ],
);

/** iommu_detach_group(): back to the default domain, or nowhere. The driver detaches each device, with its bonds. */
export const iommuDetachGroup = procedure(
  'iommu_detach_group',
  { source: iommuCore(IOMMU_C), params: { group: IommuGroup }, locals: deviceWalk },
  (k) => [
    k.mutexLock((f) => f.group.mutex),
    ...eachDevice(
      k,
      (f) => f.group,
      'detach_dev',
      [
        k.call(iommuSvaUnbindDevAll, (f) => ({ dev: f.dev as Device })),
        k.step('domain->ops->detach_dev(domain, dev)', (f) => {
          (f.dev as Device).domain = f.group.default_domain;
        }),
      ],
      true,
    ),
    k.step('group->domain = group->default_domain', (f) => {
      f.group.domain = f.group.default_domain;
    }),
    k.mutexUnlock((f) => f.group.mutex),
    k.return(0),
  ],
);
