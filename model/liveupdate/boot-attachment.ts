/**
 * A device that the boot has attached to a restored domain, so that its DMA goes on. Until its user binds it and attaches
 * it to another HWPT, the restored HWPT is not destroyed and the session is not finished.
 *
 * Source: spec (i), can_finish and DESTROY of a restored HWPT. Limits: nobody is attached to a restored domain later.
 */
import { IommufdCtx, iommufdDestroy, objectId, PagingDomain } from '../iommufd/index.ts';
import {
  type Always,
  always,
  atomic,
  bool,
  EBUSY,
  errno,
  nameOf,
  object,
  type Pool,
  procedure,
  ref,
  type ViewOf,
  violated,
} from '../kernel/index.ts';
import { Session } from './objects.ts';
import { iommufdLiveupdateFinish } from './restore.ts';
import { CORE_C, LIVEUPDATE_C, specI } from './sources.ts';
import { restoredTest } from './switches.ts';

export const BootAttachment = object(
  'boot_attachment',
  {
    attached: atomic(bool(true), 'the attachments of the domain, under the lock of the IOMMU driver'),
    domain: ref(PagingDomain),
  },
  { permanent: true, source: specI(CORE_C) },
);
export interface BootAttachment extends ViewOf<typeof BootAttachment> {}

const source = specI(LIVEUPDATE_C);

/** IOMMU_DESTROY of the restored HWPT. */
export const destroyRestored = procedure(
  'iommufd_destroy, restored',
  {
    source,
    params: { boot: BootAttachment, ictx: IommufdCtx, id: objectId() },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.switch(restoredTest, {
      tested: [k.test('the domain has attachments', (f) => f.boot.attached, [k.return(-EBUSY)])],
      untested: [],
    }),
    k.call(
      iommufdDestroy,
      (f) => ({ ictx: f.ictx, id: f.id }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.return((f) => f.ret),
  ],
);

/** can_finish() asks for it as well; then as finish() does. */
export const finishRestored = procedure(
  'iommufd_lu_file_ops.can_finish',
  {
    source,
    params: { boot: BootAttachment, session: Session, ictx: IommufdCtx },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.switch(restoredTest, {
      tested: [k.test('a restored domain is attached', (f) => f.boot.attached, [k.return(-EBUSY)])],
      untested: [],
    }),
    k.call(
      iommufdLiveupdateFinish,
      (f) => ({ session: f.session, ictx: f.ictx }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.return((f) => f.ret),
  ],
);

/** The user binds its device to the new iommufd and attaches it to another HWPT. */
export const deviceMovesOn = procedure(
  'iommufd_device_attach, first after boot',
  { source, params: { boot: BootAttachment } },
  (k) => [
    k.step('the device leaves the restored domain', (f) => {
      f.boot.attached = false;
    }),
  ],
);

/** What the boot has attached a device to is there, and in its record, until the device leaves it. */
export function bootDomainStays(boot: BootAttachment, domains: Pool<PagingDomain>, ictx: IommufdCtx): Always {
  return always('a restored domain stays', 'a device is not left behind on a domain that is freed or finished', () => {
    if (!boot.attached) return null;
    const objects = { objects: [nameOf(boot), nameOf(ictx)] };
    if (![...domains].some((domain) => domain === boot.domain))
      return violated('use-after-free', 'the domain is freed that the boot has attached a device to', objects);
    if (ictx.lu === null)
      return violated('protocol', 'the session is finished while the boot has a device attached', objects);
    return null;
  });
}
