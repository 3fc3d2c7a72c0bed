/**
 * iommu_sva_device_init() and iommu_sva_device_shutdown(): what a device driver calls once before the first bind and
 * once after the last use.
 *
 * Source: spec (a) init and shutdown; patches v2 02/40, 04/40, 09/40; the early return is the proposal in the
 * thread of v2 13/40.
 */
import { EEXIST, EINVAL, ENODEV, ENOMEM, errno, int, op, opaque, orNothing, procedure, ref } from '../kernel/index.ts';
import { FaultHandlerOp, IommuSvaParam, MmExit, SvaDeviceInit, SvaDeviceShutdown } from './callbacks.ts';
import { Device, MAX_PASID } from './objects.ts';
import { IOMMU_SVA_C, seed0, v2_02 } from './sources.ts';
import { deviceMutex, initTest, shutdownBusy } from './switches.ts';
import { iommuSvaUnbindDevAll } from './unbind.ts';

/** Page requests are wanted: the device's faults go to the fault queue. */
export const IOMMU_SVA_FEAT_IOPF = 1;

const initDevice = procedure(
  '__iommu_sva_device_init',
  {
    source: v2_02(IOMMU_SVA_C),
    params: { dev: Device, features: int(0, 3), mm_exit: op(MmExit) },
    locals: { param: ref(IommuSvaParam), rc: errno() },
    returns: errno(),
  },
  (k) => {
    const registerHandler = k.when(
      (f) => (f.features & IOMMU_SVA_FEAT_IOPF) !== 0,
      [
        k.callback(
          FaultHandlerOp,
          (f) => f.dev.ops.register_fault_handler,
          (f) => ({ dev: f.dev }),
          (f, rc) => {
            f.rc = rc;
          },
          [k.return(-ENODEV)],
        ),
        k.when((f) => f.rc < 0, [k.return((f) => f.rc)]),
      ],
    );
    // Whether or not this call has registered it: as posted.
    const unregisterHandler = k.callback(
      FaultHandlerOp,
      (f) => f.dev.ops.unregister_fault_handler,
      (f) => ({ dev: f.dev }),
      undefined,
      orNothing,
    );
    return [
      k.test(
        'device has a domain that can do SVA',
        (f) => f.dev.domain !== null && f.dev.ops.sva_device_init !== null,
        [],
        [k.return(-ENODEV)],
      ),
      k.when((f) => (f.features & ~IOMMU_SVA_FEAT_IOPF) !== 0, [k.return(-EINVAL)]),
      k.switch(initTest, {
        'at the end': [],
        'first and at the end': [
          k.mutexLock((f) => f.dev.param_lock, { source: seed0(IOMMU_SVA_C) }),
          k.test(
            'dev->iommu_param->sva_param is NULL',
            (f) => f.dev.sva_param === null,
            [],
            [k.mutexUnlock((f) => f.dev.param_lock, { source: seed0(IOMMU_SVA_C) }), k.return(-EEXIST)],
            { source: seed0(IOMMU_SVA_C) },
          ),
          k.mutexUnlock((f) => f.dev.param_lock, { source: seed0(IOMMU_SVA_C) }),
        ],
      }),
      registerHandler,
      k.kmalloc(
        IommuSvaParam,
        (f, param) => {
          param.features = f.features;
          param.max_pasid = MAX_PASID;
          param.mm_exit = f.mm_exit;
          f.param = param;
        },
        {
          orElse: [
            k.local((f) => {
              f.rc = -ENOMEM;
            }),
            k.goto('err_unregister'),
          ],
        },
      ),
      k.callback(
        SvaDeviceInit,
        (f) => f.dev.ops.sva_device_init,
        (f) => ({ dev: f.dev }),
        (f, rc) => {
          f.rc = rc;
        },
      ),
      k.when((f) => f.rc < 0, [k.goto('err_free')]),
      k.mutexLock((f) => f.dev.param_lock),
      k.test(
        'dev->iommu_param->sva_param is NULL: publish',
        (f) => {
          if (f.dev.sva_param !== null) return false;
          f.dev.sva_param = f.param;
          return true;
        },
        [k.mutexUnlock((f) => f.dev.param_lock), k.return(0)],
      ),
      k.mutexUnlock((f) => f.dev.param_lock),
      k.local((f) => {
        f.rc = -EEXIST;
      }),
      // These act on the instance that is live, since both belong to the device and not to the parameter.
      k.callback(
        SvaDeviceShutdown,
        (f) => f.dev.ops.sva_device_shutdown,
        (f) => ({ dev: f.dev }),
        undefined,
        orNothing,
      ),
      k.label('err_free'),
      k.kfree((f) => f.param),
      k.label('err_unregister'),
      unregisterHandler,
      k.return((f) => f.rc),
    ];
  },
);

/** iommu_sva_device_init(): must not run together with another init, bind or shutdown of the device. */
export const iommuSvaDeviceInit = procedure(
  'iommu_sva_device_init',
  {
    source: v2_02(IOMMU_SVA_C),
    params: { dev: Device, features: int(0, 3), mm_exit: op(MmExit) },
    locals: { rc: errno() },
    returns: errno(),
  },
  (k) => {
    const init = k.call(
      initDevice,
      (f) => ({ dev: f.dev, features: f.features, mm_exit: f.mm_exit }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      k.switch(deviceMutex, {
        none: [init],
        held: [k.mutexLock((f) => f.dev.sva_lock), init, k.mutexUnlock((f) => f.dev.sva_lock)],
      }),
      k.return((f) => f.rc),
    ];
  },
);

const shutdownDevice = procedure(
  '__iommu_sva_device_shutdown',
  {
    source: v2_02(IOMMU_SVA_C),
    params: { dev: Device },
    locals: { param: opaque<IommuSvaParam>() },
    returns: errno(),
  },
  (k) => [
    k.test('device has a domain', (f) => f.dev.domain !== null, [], [k.return(-ENODEV)]),
    k.switch(shutdownBusy, {
      wait: [],
      ignore: [],
      'return early': [
        k.mutexLock((f) => f.dev.param_lock, { source: seed0(IOMMU_SVA_C) }),
        k.test(
          'list_empty(&sva_param->mm_list)',
          (f) => (f.dev.sva_param as IommuSvaParam).mm_list.first === null,
          [],
          [k.mutexUnlock((f) => f.dev.param_lock, { source: seed0(IOMMU_SVA_C) }), k.return(0)],
          { source: seed0(IOMMU_SVA_C), note: 'the list is read without iommu_sva_lock' },
        ),
        k.mutexUnlock((f) => f.dev.param_lock, { source: seed0(IOMMU_SVA_C) }),
      ],
    }),
    k.switch(shutdownBusy, {
      wait: [k.call(iommuSvaUnbindDevAll, (f) => ({ dev: f.dev }))],
      'return early': [k.call(iommuSvaUnbindDevAll, (f) => ({ dev: f.dev }))],
      ignore: [],
    }),
    k.mutexLock((f) => f.dev.param_lock),
    k.step('take sva_param and clear the pointer', (f) => {
      f.param = f.dev.sva_param;
      f.dev.sva_param = null;
    }),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.when((f) => f.param === null, [k.return(-ENODEV)]),
    k.callback(
      SvaDeviceShutdown,
      (f) => f.dev.ops.sva_device_shutdown,
      (f) => ({ dev: f.dev }),
      undefined,
      orNothing,
    ),
    k.kfree((f) => f.param),
    k.callback(
      FaultHandlerOp,
      (f) => f.dev.ops.unregister_fault_handler,
      (f) => ({ dev: f.dev }),
      undefined,
      orNothing,
    ),
    k.return(0),
  ],
);

/**
 * iommu_sva_device_shutdown(): when it returns, no mm_exit of the device runs or will start, so that the driver may
 * free its data. As proposed in review (`return early`) it does not keep that promise.
 */
export const iommuSvaDeviceShutdown = procedure(
  'iommu_sva_device_shutdown',
  { source: v2_02(IOMMU_SVA_C), params: { dev: Device }, locals: { rc: errno() }, returns: errno() },
  (k) => {
    const shutdown = k.call(
      shutdownDevice,
      (f) => ({ dev: f.dev }),
      (f, rc) => {
        f.rc = rc;
      },
    );
    return [
      k.switch(deviceMutex, {
        none: [shutdown],
        held: [k.mutexLock((f) => f.dev.sva_lock), shutdown, k.mutexUnlock((f) => f.dev.sva_lock)],
      }),
      k.return((f) => f.rc),
    ];
  },
);
