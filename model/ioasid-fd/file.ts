/**
 * Files: found by fd, counted, and the end of /dev/ioasid with the last reference.
 *
 * Source: spec (f), "the last file put frees the ictx and all address spaces"; fget() of Linux.
 */
import { inc, incNotZero, procedure, ptr, ref } from '../kernel/index.ts';
import { Fd, Ictx, IctxFile, IoDomain } from './objects.ts';
import { FILE_C, IOASID_DEV_C, specF } from './sources.ts';
import { fileGet, shimFile } from './switches.ts';

const underRcu = 'files are freed after a grace period, and the slot is read again when the count has been taken';

/** ioasid_get_from_fd(): the file with one more reference, or NULL. */
export const ioasidGetFromFd = procedure(
  'ioasid_get_from_fd',
  { source: specF(FILE_C), params: { fd: Fd }, locals: { file: ref(IctxFile) }, returns: ref(IctxFile) },
  (k) => [
    k.switch(fileGet, {
      any: [
        k.step('file = files_lookup_fd(fd)', (f) => {
          f.file = f.fd.file;
        }),
        k.when((f) => f.file, [k.step('get_file(file)', (f) => inc((f.file as IctxFile).f_count))]),
      ],
      live: [
        k.step(
          'file = fget(fd)',
          (f) => {
            f.file = f.fd.file;
            if (f.file !== null && !incNotZero(f.file.f_count)) f.file = null;
          },
          { indivisible: underRcu },
        ),
      ],
    }),
    k.return((f) => f.file),
  ],
);

/** fput(), and ioasid_fops_release() by the last one. */
export const fput = procedure(
  'fput',
  {
    source: specF(IOASID_DEV_C),
    params: { file: ptr(IctxFile) },
    locals: { ictx: ptr(Ictx), domain: ref(IoDomain), next: ref(IoDomain) },
  },
  (k) => [
    k.refcountDecAndTest(
      (f) => f.file.f_count,
      [
        k.step('ictx = file->private_data', (f) => {
          f.ictx = f.file.ictx;
          f.ictx.released = true;
        }),
        k.switch(shimFile, {
          borrowed: [],
          held: [],
          // As vfio_del_group_dev() does: waits with a time-out, and again.
          awaited: [
            k.loop([
              k.test('wait_event_timeout(ictx->wait, no group is attached)', (f) => f.ictx.domains.length === 0, [
                k.break(),
              ]),
            ]),
            k.mutexLock((f) => f.ictx.lock),
            k.mutexUnlock((f) => f.ictx.lock),
          ],
        }),
        k.step('domain = first of ictx->domains', (f) => {
          f.domain = f.ictx.domains.first;
        }),
        k.loop([
          k.when((f) => f.domain === null, [k.break()]),
          k.step('next = domain->next', (f) => {
            f.next = f.ictx.domains.next(f.domain as IoDomain);
          }),
          k.kfree((f) => f.domain, { label: 'iommu_domain_free(domain)' }),
          k.local((f) => {
            f.domain = f.next;
          }),
        ]),
        k.kfree((f) => f.ictx),
        k.kfree((f) => f.file),
      ],
    ),
  ],
);

/** close(fd). */
export const closeFd = procedure(
  'close',
  { source: specF(FILE_C), params: { fd: Fd }, locals: { file: ref(IctxFile) } },
  (k) => [
    k.step('file = the file of fd, which is free now', (f) => {
      f.file = f.fd.file;
      f.fd.file = null;
    }),
    k.when((f) => f.file, [k.call(fput, (f) => ({ file: f.file as IctxFile }))]),
  ],
);
