/**
 * VFIO_GROUP_SET_CONTAINER with an fd of /dev/ioasid, and its opposites. Errors unwind in reverse.
 *
 * Source: seed S2; spec (f), steps 1 to 5.
 */
import { EBADF, EINVAL, ENOMEM, errno, type KernelKit, procedure, ptr, ref, type Statement } from '../kernel/index.ts';
import { ioasidAttachGroup, ioasidDetachGroup } from './attach.ts';
import { fput, ioasidGetFromFd } from './file.ts';
import { Fd, Ictx, IctxFile, ShimContainer, VfioGroup } from './objects.ts';
import { seed2, specF, VFIO_C } from './sources.ts';
import { groupLock, shimFile } from './switches.ts';

const lockGroup = <F extends { group: VfioGroup }>(k: KernelKit<F>): Statement<F> =>
  k.switch(groupLock, { none: [], held: [k.mutexLock((f) => f.group.lock)] });
const unlockGroup = <F extends { group: VfioGroup }>(k: KernelKit<F>): Statement<F> =>
  k.switch(groupLock, { none: [], held: [k.mutexUnlock((f) => f.group.lock)] });

/** The shim leads to the ictx, and nothing keeps that. */
const borrow = <F extends { file: IctxFile | null; ictx: Ictx; container: ShimContainer | null }>(
  k: KernelKit<F>,
): Statement<F> =>
  k.step('container->iommu_driver = ioasid_shim, its data is the ictx', (f) => {
    f.ictx = (f.file as IctxFile).ictx;
    (f.container as ShimContainer).ictx = f.ictx;
  });

/** vfio_group_set_container(). */
export const setContainer = procedure(
  'vfio_group_set_container',
  {
    source: seed2(VFIO_C),
    params: { group: VfioGroup, fd: Fd },
    locals: { file: ref(IctxFile), ictx: ptr(Ictx), container: ref(ShimContainer), ret: errno() },
    returns: errno(),
  },
  (k) => [
    lockGroup(k),
    k.test('group->container', (f) => f.group.container !== null, [
      k.local((f) => {
        f.ret = -EINVAL;
      }),
      k.goto('out_unlock'),
    ]),
    k.call(
      ioasidGetFromFd,
      (f) => ({ fd: f.fd }),
      (f, file) => {
        f.file = file;
      },
    ),
    k.when(
      (f) => f.file === null,
      [
        k.local((f) => {
          f.ret = -EBADF;
        }),
        k.goto('out_unlock'),
      ],
    ),
    k.kmalloc(
      ShimContainer,
      (f, container) => {
        f.container = container;
      },
      {
        orElse: [
          k.local((f) => {
            f.ret = -ENOMEM;
          }),
          k.goto('out_fput'),
        ],
      },
    ),
    k.switch(shimFile, {
      borrowed: [borrow(k)],
      awaited: [borrow(k)],
      held: [
        k.step('container->iommu_driver = ioasid_shim, its data is the ictx, which the file keeps', (f) => {
          f.ictx = (f.file as IctxFile).ictx;
          (f.container as ShimContainer).ictx = f.ictx;
          (f.container as ShimContainer).file = f.file;
        }),
      ],
    }),
    k.call(
      ioasidAttachGroup,
      (f) => ({ ictx: f.ictx, group: f.group }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.kfree((f) => f.container), k.goto('out_fput')]),
    k.step('group->container = container', (f) => {
      f.group.container = f.container;
    }),
    k.switch(shimFile, { borrowed: [], held: [k.goto('out_unlock')], awaited: [] }),
    k.label('out_fput'),
    k.call(fput, (f) => ({ file: f.file as IctxFile })),
    k.label('out_unlock'),
    unlockGroup(k),
    k.return((f) => f.ret),
  ],
);

/** vfio_group_unset_container(), also when the group's own fd is closed. */
export const unsetContainer = procedure(
  'vfio_group_unset_container',
  {
    source: specF(VFIO_C),
    params: { group: VfioGroup },
    locals: { container: ref(ShimContainer), ictx: ptr(Ictx), file: ref(IctxFile) },
    returns: errno(),
  },
  (k) => [
    lockGroup(k),
    k.step('container = group->container', (f) => {
      f.container = f.group.container;
    }),
    k.when((f) => f.container === null, [unlockGroup(k), k.return(-EINVAL)]),
    k.step('ictx and file of the container', (f) => {
      const container = f.container as ShimContainer;
      f.ictx = container.ictx;
      f.file = container.file;
    }),
    k.call(ioasidDetachGroup, (f) => ({ ictx: f.ictx, group: f.group })),
    k.step('group->container = NULL', (f) => {
      f.group.container = null;
    }),
    k.kfree((f) => f.container),
    k.when((f) => f.file, [k.call(fput, (f) => ({ file: f.file as IctxFile }))]),
    unlockGroup(k),
    k.return(0),
  ],
);
