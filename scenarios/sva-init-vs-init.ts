/** SVA-INIT-1: the second init of a device finds that it is too late, and shuts the first one's device down. */
import { always, does, scenario, set, violated } from '../checker/lang/index.ts';
import { bool, EBUSY, errno, nameOf, object, procedure, type ViewOf } from '../model/kernel/index.ts';
import {
  deviceMutex,
  driverMmExit,
  FaultHandlerOp,
  IOMMU_SVA_FEAT_IOPF,
  type IommuSvaParam,
  initTest,
  iommuSvaDeviceInit,
  MmExit,
  makeDevice,
  makeSva,
  SvaDeviceInit,
  SvaDeviceShutdown,
} from '../model/sva/index.ts';
import { IOMMU_SVA_C, v2_02, v2_09 } from '../model/sva/sources.ts';

/** What the IOMMU driver knows of the device. */
const Master = object('arm_smmu_master_data', { pri_enabled: bool(), handler: bool() }, { permanent: true });
const masterOf = (dev: { readonly iommu_priv: object | null }) => dev.iommu_priv as ViewOf<typeof Master>;

const enablePri = procedure(
  'arm_smmu_sva_init',
  { source: v2_02('drivers/iommu/arm-smmu-v3.c'), params: SvaDeviceInit.params, returns: errno() },
  (k) => [
    k.step('enable PRI', (f) => {
      masterOf(f.dev).pri_enabled = true;
    }),
    k.return(0),
  ],
);

const disablePri = procedure(
  'arm_smmu_sva_shutdown',
  { source: v2_02('drivers/iommu/arm-smmu-v3.c'), params: SvaDeviceShutdown.params, returns: errno() },
  (k) => [
    k.step('disable PRI', (f) => {
      masterOf(f.dev).pri_enabled = false;
    }),
    k.return(0),
  ],
);

/** The fault handler of the device: one at a time, put down as a field of the same object. */
const registerHandler = procedure(
  'iommu_register_device_fault_handler',
  { source: v2_09('drivers/iommu/iommu.c'), params: FaultHandlerOp.params, returns: errno() },
  (k) => [
    k.mutexLock((f) => f.dev.param_lock),
    k.test(
      'no handler is installed: install it',
      (f) => {
        if (masterOf(f.dev).handler) return false;
        masterOf(f.dev).handler = true;
        return true;
      },
      [k.mutexUnlock((f) => f.dev.param_lock), k.return(0)],
    ),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.return(-EBUSY),
  ],
);

const unregisterHandler = procedure(
  'iommu_unregister_device_fault_handler',
  { source: v2_09('drivers/iommu/iommu.c'), params: FaultHandlerOp.params, returns: errno() },
  (k) => [
    k.mutexLock((f) => f.dev.param_lock),
    k.step('remove the handler', (f) => {
      masterOf(f.dev).handler = false;
    }),
    k.mutexUnlock((f) => f.dev.param_lock),
    k.return(0),
  ],
);

// The fixed forms are small: under a mutex over the whole of init only the order of the two is left, and which fails.
export default scenario('sva-init-vs-init', {
  title: 'two inits of one device',
  about:
    'Two users of one device, such as two mediated devices, initialise it at the same time. The loser notices when ' +
    'it wants to publish its parameters; its unwinding disables page requests of the device, which the winner uses.',
  systems: ['sva'],
  source: v2_02(IOMMU_SVA_C),
  corpus: 'SVA-INIT-1',
  bounds: { handlers: 0 },
  variants: {
    posted: {
      about: 'init looks for another instance only at the end',
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'failed-init-changes-nothing',
        length: 16,
        states: 133,
      },
    },
    'early-test': {
      about: 'init also looks first, as proposed in the thread; both may look before either publishes',
      settings: [set(initTest, 'first and at the end')],
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'failed-init-changes-nothing',
        length: 22,
        states: 191,
      },
    },
    'posted-handler': {
      about:
        'the first wants page requests, the second does not: its unwinding removes the handler of the first (09/40)',
      bounds: { handlers: 1 },
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'failed-init-keeps-the-handler',
        length: 16,
        states: 206,
      },
    },
    'fixed-handler': {
      about: 'the same with both repairs',
      settings: [set(initTest, 'first and at the end'), set(deviceMutex, 'held')],
      bounds: { handlers: 1 },
      expect: { verdict: 'holds', states: 81, depth: 27 },
    },
    fixed: {
      about: 'init looks first, with a mutex of the device held over the whole of it',
      settings: [set(initTest, 'first and at the end'), set(deviceMutex, 'held')],
      expect: { verdict: 'holds', states: 65, depth: 20 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s, { params: 2 });
    s.implementations(MmExit, [driverMmExit]);
    s.implementations(SvaDeviceInit, [enablePri]);
    s.implementations(SvaDeviceShutdown, [disablePri]);
    parts.ops.sva_device_init = enablePri;
    parts.ops.sva_device_shutdown = disablePri;
    const dev = makeDevice(s, parts, 'dev0');
    const master = s.object(Master, 'master');
    dev.iommu_priv = master;
    const init = (features: number) => does(iommuSvaDeviceInit, { dev, features, mm_exit: driverMmExit });
    if (s.bounds.handlers > 0) {
      s.implementations(FaultHandlerOp, [registerHandler, unregisterHandler]);
      parts.ops.register_fault_handler = registerHandler;
      parts.ops.unregister_fault_handler = unregisterHandler;
      s.task('user0', [init(IOMMU_SVA_FEAT_IOPF)]);
      s.task('user1', [init(0)]);
      s.property(
        always('failed-init-keeps-the-handler', 'a device that wants page requests has a fault handler', () => {
          const param = dev.sva_param as IommuSvaParam | null;
          return param !== null && param.features === IOMMU_SVA_FEAT_IOPF && !master.handler
            ? violated('protocol', `${nameOf(dev)} is initialised for page requests but has no fault handler`, {
                objects: [nameOf(dev), nameOf(master)],
              })
            : null;
        }),
      );
    } else s.interchangeable([[s.task('user0', [init(0)])], [s.task('user1', [init(0)])]]);
    s.failures({ kmalloc: 1 });
    s.property(
      always('failed-init-changes-nothing', 'page requests are enabled while the device is initialised', () =>
        dev.sva_param !== null && !master.pri_enabled
          ? violated('protocol', `${nameOf(dev)} is initialised for SVA but its page requests are disabled`, {
              objects: [nameOf(dev), nameOf(master)],
            })
          : null,
      ),
    );
  },
});
