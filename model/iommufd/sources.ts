/** The commits that this folder models, and what they do not print. */
import { patch } from '../kernel/index.ts';

export const MAIN_C = 'drivers/iommu/iommufd/main.c';
export const PRIVATE_H = 'drivers/iommu/iommufd/iommufd_private.h';
export const DEVICE_C = 'drivers/iommu/iommufd/device.c';
export const HWPT_C = 'drivers/iommu/iommufd/hw_pagetable.c';
export const IOAS_C = 'drivers/iommu/iommufd/ioas.c';
export const IOPT_C = 'drivers/iommu/iommufd/io_pagetable.c';

/** Objects, their life and the devices that use them, as mainline has them. */
export const specH = patch('spec (h) iommufd objects');
/** #8: DESTROY took a reference. */
export const destroyById = patch('99f98a7c0d69', 'CVE-2023-53795');
/** #9: a second counter in place of the semaphore. */
export const waitCount = patch('6f9c4d8c468c', 'syzbot d31adfb277377ef8fcba');
/** The time-out of a destroyer, from 10 s to 60 s. */
export const sixtySeconds = patch('d9df72c6acd6');
/** #34: the file of an event queue. */
export const abortWithFile = patch('4e034bf045b1', 'CVE-2025-39966');
export const EVENTQ_C = 'drivers/iommu/iommufd/eventq.c';
/** IOMMUFD-4: mmap. */
export const mmapRace = patch('7a425ec75d2b');
/** IOMMUFD-5: an HWPT linked twice. */
export const linkedTwice = patch('b4ff830eca09', 'CVE-2023-54043');
/** IOMMUFD-6: the IOAS of an access, read without its lock. */
export const accessFault = patch('cf7c2789822d', 'CVE-2024-26785');
export const SELFTEST_C = 'drivers/iommu/iommufd/selftest.c';
export const IOMMU_C = 'drivers/iommu/iommu.c';
export const IOPF_C = 'drivers/iommu/io-pgfault.c';
/** Attach handles and fault queues: where replace answered what belongs to the old HWPT. */
export const faultCapable = patch('b7d8833677ba');
/** The same for every HWPT: replace looks into the queue of the new one. */
export const handleForAll = patch('fb21b1568ada');
/** Its repair of 10 July 2026, applied: auto response in the queue of the old HWPT. */
export const replaceOld = patch('repair of fb21b1568ada');
/** A fault group that two lists own, and the proposal that gives it to one. */
export const groupOwner = patch(
  'proposal of 15 July 2026',
  '9BE255A7A4AB5AAA+20260715042421.3148159-1-peiyang_he@smail.nju.edu.cn',
);
/** The list of groups to read has a lock of its own. */
export const deliverLock = patch('3d49020a327c');
/** Destroy answers what has been read, too. */
export const destroyResponse = patch('3f4818ec1390');
