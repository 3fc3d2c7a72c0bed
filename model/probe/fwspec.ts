/**
 * The parameters of a device and its fwspec: found, made when they are missing, and freed. Nothing is held here but what
 * the caller holds.
 *
 * Source: Linux 5.16, iommu.c and iommu.h.
 */
import { ENOMEM, errno, procedure, ref } from '../kernel/index.ts';
import { DevIommu, Device, Fwspec } from './objects.ts';
import { clearFirst, IOMMU_C, v5_16 } from './sources.ts';
import { freeOrder } from './switches.ts';

const source = v5_16(IOMMU_C);

/** dev_iommu_fwspec_get(): NULL where there are no parameters. */
export const devIommuFwspecGet = procedure(
  'dev_iommu_fwspec_get',
  { source, params: { dev: Device }, locals: { param: ref(DevIommu), fwspec: ref(Fwspec) }, returns: ref(Fwspec) },
  (k) => [
    k.step('dev->iommu', (f) => {
      f.param = f.dev.iommu;
    }),
    k.when(
      (f) => f.param !== null,
      [
        k.step('dev->iommu->fwspec', (f) => {
          f.fwspec = (f.param as DevIommu).fwspec;
        }),
      ],
    ),
    k.return((f) => f.fwspec),
  ],
);

/** dev_iommu_get(). */
export const devIommuGet = procedure(
  'dev_iommu_get',
  { source, params: { dev: Device }, locals: { param: ref(DevIommu) }, returns: errno() },
  (k) => [
    k.test('param = dev->iommu', (f) => f.dev.iommu !== null, [k.return(0)]),
    k.kmalloc(
      DevIommu,
      (f, param) => {
        f.param = param;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    k.step('dev->iommu = param', (f) => {
      f.dev.iommu = f.param;
    }),
    k.return(0),
  ],
);

/** iommu_fwspec_free(). */
export const iommuFwspecFree = procedure(
  'iommu_fwspec_free',
  { source, params: { dev: Device }, locals: { fwspec: ref(Fwspec), param: ref(DevIommu) } },
  (k) => [
    k.call(
      devIommuFwspecGet,
      (f) => ({ dev: f.dev }),
      (f, fwspec) => {
        f.fwspec = fwspec;
      },
    ),
    k.when(
      (f) => f.fwspec !== null,
      [
        k.kfree((f) => f.fwspec),
        k.step('param = dev->iommu', (f) => {
          f.param = f.dev.iommu;
        }),
        k.step('param->fwspec = NULL', (f) => {
          (f.param as DevIommu).fwspec = null;
        }),
      ],
    ),
  ],
);

/** dev_iommu_free(). */
export const devIommuFree = procedure(
  'dev_iommu_free',
  { source, params: { dev: Device }, locals: { param: ref(DevIommu), fwspec: ref(Fwspec) } },
  (k) => [
    k.switch(freeOrder, {
      'free, clear': [
        k.call(iommuFwspecFree, (f) => ({ dev: f.dev })),
        k.step('param = dev->iommu', (f) => {
          f.param = f.dev.iommu;
        }),
        k.kfree((f) => f.param),
        k.step('dev->iommu = NULL', (f) => {
          f.dev.iommu = null;
        }),
      ],
      'clear, free': [
        k.step('param = dev->iommu', (f) => {
          f.param = f.dev.iommu;
        }),
        k.step(
          'dev->iommu = NULL',
          (f) => {
            f.dev.iommu = null;
          },
          { source: clearFirst(IOMMU_C) },
        ),
        k.step('fwspec = param->fwspec', (f) => {
          f.fwspec = (f.param as DevIommu).fwspec;
        }),
        k.kfree((f) => f.fwspec),
        k.kfree((f) => f.param),
      ],
    }),
  ],
);

/** iommu_fwspec_init(), as of_iommu_xlate() calls it. */
export const iommuFwspecInit = procedure(
  'iommu_fwspec_init',
  {
    source,
    params: { dev: Device },
    locals: { fwspec: ref(Fwspec), param: ref(DevIommu), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.call(
      devIommuFwspecGet,
      (f) => ({ dev: f.dev }),
      (f, fwspec) => {
        f.fwspec = fwspec;
      },
    ),
    k.when((f) => f.fwspec !== null, [k.return(0)]),
    k.call(
      devIommuGet,
      (f) => ({ dev: f.dev }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.return((f) => f.ret)]),
    k.kmalloc(
      Fwspec,
      (f, fwspec) => {
        f.fwspec = fwspec;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    k.step('param = dev->iommu', (f) => {
      f.param = f.dev.iommu;
    }),
    k.step('param->fwspec = fwspec', (f) => {
      (f.param as DevIommu).fwspec = f.fwspec;
    }),
    k.return(0),
  ],
);
