/** Groups and the reset of their devices, as scenarios use them. */
export { DEVICES, GroupDevice, GroupDomain, ResetGroup } from './objects.ts';
export { attachedDomainLives, blockedDuringReset } from './promises.ts';
export { resetDevice } from './reset.ts';
export { attachGroup, detachGroup, giveUp, setDomain, useGroup } from './set-domain.ts';
export { fenced, honoured, IOMMU_C } from './sources.ts';
export { resetFence } from './switches.ts';
