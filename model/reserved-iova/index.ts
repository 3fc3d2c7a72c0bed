/** Reserved IOVAs as scenarios use them. */
export { refusesRights } from './binding.ts';
export { detachAndFree, domainPut, iommuDomainFree, lastBindingGone } from './domain.ts';
export { getReservedIova } from './get.ts';
export { allocIova, findIova, freeIova, putIovaDomain } from './iova.ts';
export { iommuMap, iommuUnmap } from './map.ts';
export { msiAlloc, msiFree } from './msi.ts';
export { getMsiPage, putMsiPage } from './msi-list.ts';
export {
  Binding,
  IOMMU_READ,
  IOMMU_WRITE,
  IommuDmaCookie,
  IommuDomain,
  Iova,
  IovaDomain,
  LAST_PAGE,
  MsiDevice,
  MsiPage,
  ReservedIovaDomain,
} from './objects.ts';
export {
  bindingsAreReserved,
  interruptsReachTheirDoorbell,
  mappedIsReserved,
  nothingIsLeft,
  oneBindingForAPage,
} from './promises.ts';
export { putReservedIova } from './put.ts';
export { allocReservedIovaDomain, freeReservedIovaDomain } from './reserved-domain.ts';
export { bindAtStart, type Domain, makeDomain, makeMsiDevice, partsOfDomain, room } from './setup.ts';
export { merged, RESERVED_C, review, specG, v7_06 } from './sources.ts';
export * from './switches.ts';
