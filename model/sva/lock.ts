/** `iommu_sva_lock`, named in traces as the C code names it. */
import { kernelKit, type Statement } from '../kernel/index.ts';
import type { IommuSva } from './objects.ts';

/** spin_lock(&iommu_sva_lock); `then` runs in the instant it is taken. */
export function lockSva<F>(sva: (f: F) => IommuSva, then?: (f: F) => void): Statement<F> {
  return kernelKit.spinLock((f: F) => sva(f).lock, { as: '&iommu_sva_lock', ...(then ? { do: then } : {}) });
}

/** spin_unlock(&iommu_sva_lock). */
export function unlockSva<F>(sva: (f: F) => IommuSva): Statement<F> {
  return kernelKit.spinUnlock((f: F) => sva(f).lock, { as: '&iommu_sva_lock' });
}
