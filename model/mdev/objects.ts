/**
 * Objects of a mediating driver: a parent device that several mediated devices (mdevs) share, and the bonds it has made
 * for them.
 *
 * Source: spec (e). Limits: two mdevs a parent, two bonds.
 */
import {
  array,
  bool,
  int,
  list,
  listOf,
  MmStruct,
  mutex,
  object,
  oneOf,
  pointerTo,
  ptr,
  ref,
  refcount,
  rwsem,
  type ViewOf,
  waitQueueHead,
} from '../kernel/index.ts';
import { Device, MAX_PASID } from '../sva/index.ts';
import { MDEV_C, specE } from './sources.ts';

/** Places for mdevs on a parent. */
export const SLOTS = 2;

const source = specE(MDEV_C);

/** A mediated device, private data of its open file. */
export const Mdev = object(
  'mdev',
  {
    parent: pointerTo<MdevParent>(),
    slot: int(0, SLOTS - 1),
    /** Ghost: open has returned, close has not begun. */
    opened: bool(),
    /** `left` and `direct`: what it has bound itself. */
    pasid: int(0, MAX_PASID),
    /** Its part of the hardware works for a process. */
    running: bool(),
    /** Creation is complete. */
    registered: bool(),
  },
  { source },
);
export interface Mdev extends ViewOf<typeof Mdev> {}

/** `counted`: a bond of the parent, with the mdevs that use it. It holds mm_count of its mm. */
export const MdevBond = object(
  'mdev_bond',
  {
    mm: ptr(MmStruct),
    pasid: int(0, MAX_PASID),
    users: array(ref(Mdev), SLOTS),
    /** Somebody removes it; the core may not know it any more. */
    dying: bool(),
    /** mm_exit runs, and tells this mdev now. */
    exiting: bool(),
    telling: ref(Mdev),
  },
  { source },
);
export type MdevBond = ViewOf<typeof MdevBond>;

/** A parent device. `state` belongs to V3, `users` to V1 to V3. */
export const MdevParent = object(
  'mdev_parent',
  {
    dev: ptr(Device),
    lock: mutex(),
    wq: waitQueueHead(),
    users: int(0, 3),
    state: oneOf('off', 'starting', 'on', 'stopping'),
    bonds: list(MdevBond, 2),
    /** Parent removal: who may still reach it, whether it goes, and its mdevs. */
    refs: refcount(1),
    unreg_sem: rwsem(),
    removed: bool(),
    /** Ghost: the removal has returned. */
    gone: bool(),
    mdevs: listOf<Mdev>(SLOTS),
  },
  { source },
);
export interface MdevParent extends ViewOf<typeof MdevParent> {}

/** What init and shutdown of the IOMMU driver do to the parent. Ghost. */
export const ParentHardware = object('parent_hardware', { live: bool() }, { permanent: true, source });
export type ParentHardware = ViewOf<typeof ParentHardware>;
