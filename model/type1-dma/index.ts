/** Mappings of type1 and what they are accounted to, as scenarios use them. */
export { accountLockedVm, execMmap, exitMm, getTaskMm, vfioLockAcct } from './account.ts';
export { type1Release, vfioChangeDmaOwner, vfioDmaDoMap, vfioDmaDoUnmap, vfioRemoveDma } from './map.ts';
export { AcctMm, ExecUser, MOST_PAGES, Task, Type1, VfioDma } from './objects.ts';
export { chargedIsMapped } from './promises.ts';
export * from './sources.ts';
export * from './switches.ts';
export { attachEmulated, comesBack, execs, invalidateVaddr, mdevWorks, pinPages, updateVaddr } from './vaddr.ts';
