/** The series that this folder models, in its four public revisions, and the review of it. */
import { patch } from '../../checker/lang/index.ts';

/** A mark on an HWPT, and the thread about the mark that stays (seed S4). */
export const rev1Mark = patch('v1 10/14', '20260203220948.2176157-11-skhawaja@google.com');
export const seed4 = patch('thread on v1 10/14', 'acQ0_LfXd_-2cv1I@google.com');
/** Preservation of an iommufd. */
export const rev1 = patch('v1 11/14', '20260203220948.2176157-12-skhawaja@google.com');
/** Preservation of a vfio device. */
export const rev1Device = patch('v1 12/14', '20260203220948.2176157-13-skhawaja@google.com');
export const rev1Vfio = patch('v1 13/14', '20260203220948.2176157-14-skhawaja@google.com');
/** Records of domains, devices and IOMMUs in the IOMMU core. */
export const rev1Core = patch('v1 02/14', '20260203220948.2176157-3-skhawaja@google.com');
/** The table of tokens, and the same with a mutex; public trees between the postings. */
export const rev2 = patch('revision 2, table of tokens');
export const rev3 = patch('revision 3, table of tokens and mutex');
/** Marks of the xarray, references until unpreserve; the form posted as v2. */
export const rev4 = patch('revision 4 (v2 12/16 to 14/16)', '20260427175633.1978233-1-skhawaja@google.com');
/** Restore and finish: a public tree that has what v1 leaves out. */
export const restoreTree = patch('tree with restore, before v1');
/** What no revision has: repairs that the review asks for or that we propose. */
export const specI = patch('spec (i) iommufd live update');

export const LIVEUPDATE_C = 'drivers/iommu/iommufd/liveupdate.c';
export const DEVICE_C = 'drivers/iommu/iommufd/device.c';
export const IO_PAGETABLE_C = 'drivers/iommu/iommufd/io_pagetable.c';
export const CORE_C = 'drivers/iommu/liveupdate.c';
export const VFIO_C = 'drivers/vfio/pci/vfio_pci_liveupdate.c';
export const LUO_C = 'kernel/liveupdate/luo_session.c';
