/** Devices that are probed by the IOMMU core, as scenarios use them. */
export { devIommuFree, devIommuFwspecGet, devIommuGet, iommuFwspecFree, iommuFwspecInit } from './fwspec.ts';
export { DevIommu, Device, Fwspec, ProbeLock } from './objects.ts';
export { iommuProbeDevice, ofIommuConfigure, probeIommuGroup } from './probe.ts';
export * from './sources.ts';
export * from './switches.ts';
