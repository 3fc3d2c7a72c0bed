/** The mediating driver as scenarios use it. */
export { mdevBind, mdevUnbindAll } from './bonds.ts';
export { mdevClose, mdevCloseIfOpen, mdevOpen } from './mdev.ts';
export { Mdev, MdevBond, MdevParent, ParentHardware } from './objects.ts';
export { allClosedMeansOff, boundStaysBound, openMeansInitialised, removedMeansUnused } from './promises.ts';
export { mdevCreate, parentRemove, putParent } from './removal.ts';
export { bindMdevAtStart, makeMdev, makeParent, openAtStart } from './setup.ts';
export { MDEV_C, mdev1, seed0, specE } from './sources.ts';
export * from './switches.ts';
export { parentGet, parentPut } from './users.ts';
