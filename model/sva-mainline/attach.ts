/**
 * Attach and detach of a PASID, both under the group mutex: the PASID array of the group, and the driver.
 *
 * Source: spec (j); drivers/iommu/iommu.c, drivers/iommu/intel/iommu.c.
 */

import { LAST_PASID } from '../iopf/hardware.ts';
import { errno, int, procedure, ptr } from '../kernel/index.ts';
import { intelDisableIopf } from './iopf.ts';
import { Device, Handle, IommuGroup, SvaDomain } from './objects.ts';
import { xaErase, xaInsert } from './pasid-array.ts';
import { removeDevPasid, setDevPasid, tearDownEntry } from './pasid-entry.ts';
import { INTEL_C, IOMMU_C, v6_14 } from './sources.ts';
import { entryPublished, iopfDisable, unbindDrain } from './switches.ts';

const bond = { dev: Device, domain: SvaDomain, pasid: int(0, LAST_PASID) };

/** iommu_attach_device_pasid() */
export const iommuAttachDevicePasid = procedure(
  'iommu_attach_device_pasid',
  {
    source: v6_14(IOMMU_C),
    params: { ...bond, handle: Handle },
    locals: { group: ptr(IommuGroup), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const build = k.step('handle->domain = domain', (f) => {
      f.handle.domain = f.domain;
    });
    const insert = [
      k.call(
        xaInsert,
        (f) => ({ group: f.group, pasid: f.pasid, handle: f.handle }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.when((f) => f.ret !== 0, [k.goto('out_unlock')]),
    ];
    const set = [
      k.call(
        setDevPasid,
        (f) => ({ dev: f.dev, pasid: f.pasid, domain: f.domain }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.when((f) => f.ret !== 0, [k.call(xaErase, (f) => ({ group: f.group, pasid: f.pasid })), k.goto('out_unlock')]),
    ];
    return [
      k.step('group = dev->iommu_group', (f) => {
        f.group = f.dev.group;
      }),
      k.mutexLock((f) => f.group.mutex),
      k.switch(entryPublished, {
        'built before': [build, ...insert, ...set],
        'built after': [...insert, ...set, build],
      }),
      k.label('out_unlock'),
      k.mutexUnlock((f) => f.group.mutex),
      k.return((f) => f.ret),
    ];
  },
);

/** intel_iommu_remove_dev_pasid() */
const intelRemoveDevPasid = procedure('intel_iommu_remove_dev_pasid', { source: v6_14(INTEL_C), params: bond }, (k) => {
  const tearDown = k.switch(unbindDrain, {
    'before the domain is freed': [k.call(tearDownEntry, (f) => ({ dev: f.dev, pasid: f.pasid, drain: true }))],
    'after the domain is freed': [k.call(tearDownEntry, (f) => ({ dev: f.dev, pasid: f.pasid, drain: false }))],
  });
  const remove = k.call(intelDisableIopf, (f) => ({ dev: f.dev }));
  return [
    k.switch(iopfDisable, {
      'in detach, after the teardown': [tearDown, remove],
      'in detach, before the teardown': [remove, tearDown],
      'by the driver, after unbind': [tearDown],
    }),
    k.call(removeDevPasid, (f) => ({ dev: f.dev, domain: f.domain })),
    k.return(),
  ];
});

/** iommu_detach_device_pasid() */
export const iommuDetachDevicePasid = procedure(
  'iommu_detach_device_pasid',
  { source: v6_14(IOMMU_C), params: bond, locals: { group: ptr(IommuGroup) } },
  (k) => [
    k.step('group = dev->iommu_group', (f) => {
      f.group = f.dev.group;
    }),
    k.mutexLock((f) => f.group.mutex),
    k.call(intelRemoveDevPasid, (f) => ({ dev: f.dev, domain: f.domain, pasid: f.pasid })),
    k.call(xaErase, (f) => ({ group: f.group, pasid: f.pasid })),
    k.mutexUnlock((f) => f.group.mutex),
    k.return(),
  ],
);
