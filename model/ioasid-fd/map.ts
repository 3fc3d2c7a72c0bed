/**
 * The map ioctl on an fd of /dev/ioasid: recorded in the ictx, and entered into every domain that it has.
 *
 * Source: seed S2 (type1 recast), spec (f). Limits: a page at a time, no unmap.
 */
import {
  EBADF,
  EEXIST,
  ENOMEM,
  errno,
  inc,
  type KernelKit,
  procedure,
  ptr,
  ref,
  type Statement,
} from '../kernel/index.ts';
import { putDomain } from './attach.ts';
import { fput, ioasidGetFromFd } from './file.ts';
import { Fd, Ictx, IctxFile, IoDomain, page } from './objects.ts';
import { IOASID_DEV_C, seed2 } from './sources.ts';
import { mapLock } from './switches.ts';

interface Maps {
  ictx: Ictx;
  domain: IoDomain | null;
  page: number;
  ret: number;
}

/** The entry in the page table of the domain; where it fails the page is not mapped. */
function enter<F extends Maps>(k: KernelKit<F>): Statement<F> {
  return k.attempt('iommu_map', 'iommu_map(domain, the page)', (f) => (f.domain as IoDomain).pte.set(f.page, true), [
    k.local((f) => {
      f.ret = -ENOMEM;
    }),
  ]);
}

/** VFIO_IOMMU_MAP_DMA. All groups are compatible: there is one domain, or none yet. */
export const mapDma = procedure(
  'ioasid_map_dma',
  {
    source: seed2(IOASID_DEV_C),
    params: { fd: Fd, page: page() },
    locals: { file: ref(IctxFile), ictx: ptr(Ictx), domain: ref(IoDomain), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const lock = k.mutexLock((f) => f.ictx.lock);
    const unlock = k.mutexUnlock((f) => f.ictx.lock);
    const first = k.step('domain = first of ictx->domains', (f) => {
      f.domain = f.ictx.domains.first;
    });
    const forget = k.when(
      (f) => f.ret !== 0,
      [k.step('the page leaves ictx->dma_list again', (f) => f.ictx.dma.set(f.page, false))],
    );
    return [
      k.call(
        ioasidGetFromFd,
        (f) => ({ fd: f.fd }),
        (f, file) => {
          f.file = file;
        },
      ),
      k.when((f) => f.file === null, [k.return(-EBADF)]),
      k.step('ictx = file->private_data', (f) => {
        f.ictx = (f.file as IctxFile).ictx;
      }),
      lock,
      k.test('the page is mapped', (f) => f.ictx.dma.at(f.page), [
        k.local((f) => {
          f.ret = -EEXIST;
        }),
        unlock,
        k.goto('out_fput'),
      ]),
      k.step('the page enters ictx->dma_list', (f) => f.ictx.dma.set(f.page, true)),
      first,
      k.switch(mapLock, {
        unlocked: [unlock, k.when((f) => f.domain, [enter(k)]), k.when((f) => f.ret !== 0, [lock, forget, unlock])],
        pinned: [
          k.when((f) => f.domain, [k.step('get_domain(domain)', (f) => inc((f.domain as IoDomain).refs))]),
          unlock,
          k.when((f) => f.domain, [enter(k), putDomain(k, 'of the map')]),
          k.when((f) => f.ret !== 0, [lock, forget, unlock]),
        ],
        held: [k.when((f) => f.domain, [enter(k)]), forget, unlock],
      }),
      k.label('out_fput'),
      k.call(fput, (f) => ({ file: f.file as IctxFile })),
      k.return((f) => f.ret),
    ];
  },
);
