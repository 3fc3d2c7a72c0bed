/** The thread that asks for a mediating driver; its design is ours, as the specification gives it. */
import { patch } from '../../checker/lang/index.ts';

/** Why the sharing of a parent is no business of the SVA core (seed S0). */
export const seed0 = patch('reply to v2 13/40', 'fea420ff-e738-e2ed-ab1e-a3f4dde4b6ef@arm.com');
/** The mediating driver, in variants V1 to V4. */
export const specE = patch('spec (e) mediating driver');
/** Creation of a mediated device against the removal of its parent. */
export const mdev1 = patch(
  'vfio/mdev: synchronize device create/remove with parent removal, 5715c4dd66a3',
  '20190603185658.54517-4-parav@mellanox.com',
);

export const MDEV_C = 'drivers/vfio/mdev/mdev_core.c';
