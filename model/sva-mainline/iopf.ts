/**
 * Faults of a device are enabled with the first domain that handles them and disabled with the last.
 *
 * Source: 17fce9d2336d; drivers/iommu/intel/iommu.c. The group mutex is held. Before that patch a device driver enabled
 * and disabled them itself, once.
 */
import { errno, procedure } from '../kernel/index.ts';
import { Device } from './objects.ts';
import { iopfQueueAddDevice, iopfQueueRemoveDevice } from './queue.ts';
import { INTEL_C, rework } from './sources.ts';

/** intel_iommu_enable_iopf() */
export const intelEnableIopf = procedure(
  'intel_iommu_enable_iopf',
  { source: rework(INTEL_C), params: { dev: Device }, locals: { ret: errno() }, returns: errno() },
  (k) => [
    k.test('info->iopf_refcount', (f) => f.dev.iopf_refcount > 0, [
      k.step('info->iopf_refcount++', (f) => {
        f.dev.iopf_refcount++;
      }),
      k.return(0),
    ]),
    k.call(
      iopfQueueAddDevice,
      (f) => ({ dev: f.dev }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.return((f) => f.ret)]),
    k.step('info->iopf_refcount = 1', (f) => {
      f.dev.iopf_refcount = 1;
    }),
    k.return(0),
  ],
);

/** intel_iommu_disable_iopf() */
export const intelDisableIopf = procedure(
  'intel_iommu_disable_iopf',
  { source: rework(INTEL_C), params: { dev: Device } },
  (k) => [
    k.test('--info->iopf_refcount', (f) => --f.dev.iopf_refcount > 0, [k.return()]),
    k.call(iopfQueueRemoveDevice, (f) => ({ dev: f.dev })),
    k.return(),
  ],
);

/** A device driver that disables faults itself. */
export const disableFeature = procedure(
  'iommu_dev_disable_feature',
  { source: rework(INTEL_C), params: { dev: Device } },
  (k) => [k.call(intelDisableIopf, (f) => ({ dev: f.dev })), k.return(0)],
);
