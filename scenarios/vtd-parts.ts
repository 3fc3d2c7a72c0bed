/** What the scenarios of shared virtual addresses on VT-d have in common: the driver, its fault queue, devices. */
import type { Bounds, Setup, ViewOf } from '../checker/lang/index.ts';
import { PciFunction } from '../hw/pci/objects.ts';
import { VtdPrq } from '../hw/vtd/prq.ts';
import {
  Device,
  IommuSva,
  IopfDeviceParam,
  IopfQueue,
  iopfHandleGroup,
  iopfRevision,
  PageResponseOp,
  pageResponseBy,
} from '../model/iopf/index.ts';
import { set, WorkFunc, Workqueue } from '../model/kernel/index.ts';
import { drainMutex, drainWait, pageResponseOf, SvmGlobals, svmDevUnlink } from '../model/vtd/index.ts';

/** Fault queue and page response of Linux 5.14. */
export const vtd = [set(iopfRevision, '5.13'), set(pageResponseBy, 'operation')];
/** pasid_mutex is released over all of the drain, and the device leaves the list of the svm after it. */
export const released = [...vtd, set(drainMutex, 'mutex released'), set(svmDevUnlink, 'after the drain')];
/** And a drain waits on a wait queue: the form in which drain and worker do not stand in each other's way. */
export const repaired = [...released, set(drainWait, 'wait queue')];

export interface Driver {
  readonly prq: VtdPrq;
  readonly svms: SvmGlobals;
  readonly sva: IommuSva;
  readonly wq: ViewOf<typeof Workqueue>;
  readonly queue: IopfQueue;
  /** A function and the device that stands for it, in the fault queue. */
  device(suffix: string): { readonly fn: PciFunction; readonly dev: Device };
}

/** The driver of one IOMMU. */
export function svmDriver(s: Setup<Bounds>): Driver {
  const prq = s.object(VtdPrq, 'prq');
  const svms = s.object(SvmGlobals, 'svms');
  const sva = s.object(IommuSva, 'sva');
  const wq = s.object(Workqueue, 'iopf_wq');
  const queue = s.object(IopfQueue, 'iopf_queue', { wq });
  const page_response = pageResponseOf(svms);
  s.implementations(PageResponseOp, [page_response]);
  s.implementations(WorkFunc, [iopfHandleGroup]);
  const device = (suffix: string) => {
    const fn = s.object(PciFunction, `function${suffix}`);
    const dev = s.object(Device, `dev${suffix}`, { fn, sva, page_response, opened: true });
    dev.iopf_param = s.object(IopfDeviceParam, `iopf_param${suffix}`, { dev, queue });
    queue.devices.add(dev.iopf_param);
    return { fn, dev };
  };
  return { prq, svms, sva, wq, queue, device };
}
