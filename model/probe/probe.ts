/**
 * The probe of a device by the IOMMU core: for every device of a bus when an IOMMU driver registers, and for one device
 * when its own driver is about to be probed, which reads firmware first.
 *
 * Source: Linux 5.16, iommu.c and of_iommu.c. Limits: a bus has the devices of the scenario; the IOMMU driver has an
 * IOMMU for every device that has a fwspec.
 */
import { ENODEV, errno, type KernelKit, procedure, ref, type Statement } from '../kernel/index.ts';
import { devIommuFree, devIommuFwspecGet, devIommuGet, iommuFwspecFree, iommuFwspecInit } from './fwspec.ts';
import { DevIommu, Device, Fwspec, ProbeLock } from './objects.ts';
import { configureLocked, IOMMU_C, OF_IOMMU_C, probeLocked, v5_16 } from './sources.ts';
import { probeLock } from './switches.ts';

const source = v5_16(IOMMU_C);

interface Locked {
  probe: ProbeLock;
}

const inProbe = { source: probeLocked(IOMMU_C) };
const outside = { source: configureLocked(IOMMU_C) };

/** The mutex where it is taken by the probe itself. */
const lockInside = <F extends Locked>(k: KernelKit<F>): Statement<F> =>
  k.switch(probeLock, { none: [], probe: [k.mutexLock((f) => f.probe.lock, inProbe)], 'probe and configure': [] });
const unlockInside = <F extends Locked>(k: KernelKit<F>): Statement<F> =>
  k.switch(probeLock, { none: [], probe: [k.mutexUnlock((f) => f.probe.lock, inProbe)], 'probe and configure': [] });
/** The mutex where it is taken by the callers. */
const lockAround = <F extends Locked>(k: KernelKit<F>): Statement<F> =>
  k.switch(probeLock, { none: [], probe: [], 'probe and configure': [k.mutexLock((f) => f.probe.lock, outside)] });
const unlockAround = <F extends Locked>(k: KernelKit<F>): Statement<F> =>
  k.switch(probeLock, { none: [], probe: [], 'probe and configure': [k.mutexUnlock((f) => f.probe.lock, outside)] });

/** __iommu_probe_device(). */
export const iommuProbeDeviceInner = procedure(
  '__iommu_probe_device',
  {
    source,
    params: { probe: ProbeLock, dev: Device },
    locals: { fwspec: ref(Fwspec), param: ref(DevIommu), ret: errno() },
    returns: errno(),
  },
  (k) => [
    lockInside(k),
    k.test('dev->iommu_group', (f) => f.dev.iommu_group, [k.goto('out_unlock')]),
    k.call(
      devIommuGet,
      (f) => ({ dev: f.dev }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when((f) => f.ret !== 0, [k.goto('out_unlock')]),
    k.call(
      devIommuFwspecGet,
      (f) => ({ dev: f.dev }),
      (f, fwspec) => {
        f.fwspec = fwspec;
      },
    ),
    k.when((f) => f.fwspec === null, [k.goto('err_free')]),
    k.test(
      'ops->probe_device(dev): fwspec->ops are those of the driver',
      (f) => (f.fwspec as Fwspec).ops,
      [],
      [k.goto('err_free')],
    ),
    k.step('param = dev->iommu', (f) => {
      f.param = f.dev.iommu;
    }),
    k.step('param->iommu_dev = iommu_dev', (f) => {
      (f.param as DevIommu).iommu_dev = true;
    }),
    k.step('dev->iommu_group = iommu_group_get_for_dev(dev)', (f) => {
      f.dev.iommu_group = true;
    }),
    k.goto('out_unlock'),
    k.label('err_free'),
    k.call(devIommuFree, (f) => ({ dev: f.dev })),
    k.local((f) => {
      f.ret = -ENODEV;
    }),
    k.label('out_unlock'),
    unlockInside(k),
    k.return((f) => f.ret),
  ],
);

const args = { probe: ProbeLock, dev: Device };

/** probe_iommu_group(): one device of the bus of an IOMMU that registers. */
export const probeIommuGroup = procedure('probe_iommu_group', { source, params: args }, (k) => [
  lockAround(k),
  k.call(iommuProbeDeviceInner, (f) => ({ probe: f.probe, dev: f.dev })),
  unlockAround(k),
]);

/** iommu_probe_device(). */
export const iommuProbeDevice = procedure('iommu_probe_device', { source, params: args }, (k) => [
  lockAround(k),
  k.call(iommuProbeDeviceInner, (f) => ({ probe: f.probe, dev: f.dev })),
  unlockAround(k),
]);

/** of_iommu_configure(): firmware says which IOMMU the device has; then it is probed if it is in no group. */
export const ofIommuConfigure = procedure(
  'of_iommu_configure',
  {
    source: v5_16(OF_IOMMU_C),
    params: args,
    locals: { fwspec: ref(Fwspec), ret: errno() },
    returns: errno(),
  },
  (k) => [
    lockAround(k),
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
        k.test('fwspec->ops', (f) => (f.fwspec as Fwspec).ops, [unlockAround(k), k.return(0)]),
        k.call(iommuFwspecFree, (f) => ({ dev: f.dev })),
      ],
    ),
    k.call(
      iommuFwspecInit,
      (f) => ({ dev: f.dev }),
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.when(
      (f) => f.ret === 0,
      [
        k.call(
          devIommuFwspecGet,
          (f) => ({ dev: f.dev }),
          (f, fwspec) => {
            f.fwspec = fwspec;
          },
        ),
        k.step('ops = fwspec->ops', (f) => {
          f.ret = (f.fwspec as Fwspec).ops ? 0 : -ENODEV;
        }),
      ],
    ),
    unlockAround(k),
    k.when(
      (f) => f.ret === 0,
      [
        k.test(
          'device_iommu_mapped(dev)',
          (f) => f.dev.iommu_group,
          [],
          [k.call(iommuProbeDevice, (f) => ({ probe: f.probe, dev: f.dev }))],
        ),
      ],
    ),
    k.return((f) => f.ret),
  ],
);
