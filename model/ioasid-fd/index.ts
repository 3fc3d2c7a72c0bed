/** The /dev/ioasid flow as scenarios use it. */
export { setContainer, unsetContainer } from './container.ts';
export { closeFd } from './file.ts';
export { mapDma } from './map.ts';
export { Fd, Ictx, IctxFile, IoDomain, ShimContainer, VfioGroup } from './objects.ts';
export { domainsAreReplayed, filesAreCounted, lastPutReleases, oneDomain, oneShimEach } from './promises.ts';
export { attachAtStart, type FdParts, makeGroups, makePools, openIoasid } from './setup.ts';
export { FILE_C, IOASID_DEV_C, SHIM_C, seed2, VFIO_C } from './sources.ts';
export * from './switches.ts';
