/** The series that this folder models, its earlier revisions and their reviews, and what is ours. */
import { patch } from '../../checker/lang/index.ts';

/** Sets, allocation, quota, the set of the PASIDs of processes; states and free; private IDs of a set. */
export const v4_05 = patch('IOASID V4 05/18', '1614463286-97618-6-git-send-email-jacob.jun.pan@linux.intel.com');
export const v4_06 = patch('IOASID V4 06/18', '1614463286-97618-7-git-send-email-jacob.jun.pan@linux.intel.com');
export const v4_08 = patch('IOASID V4 08/18', '1614463286-97618-9-git-send-email-jacob.jun.pan@linux.intel.com');
/** Notifications, and the lock over the list of pending ones. */
export const v4_09 = patch('IOASID V4 09/18', '1614463286-97618-10-git-send-email-jacob.jun.pan@linux.intel.com');
/** Notifiers by address space. V4 10/18 was not found; v3 11/14, read whole, and its review stand for it. */
export const v3_11 = patch('IOASID v3 11/14', '1601329121-36979-12-git-send-email-jacob.jun.pan@linux.intel.com');
export const reviewV2 = patch('review of IOASID v2 6/9', '20200825102617.GD3252704@myrica');
/** Ownership test in guest bind; cleanup workqueue; the VT-d driver as a subscriber. */
export const v4_11 = patch('IOASID V4 11/18', '1614463286-97618-12-git-send-email-jacob.jun.pan@linux.intel.com');
export const v4_13 = patch('IOASID V4 13/18', '1614463286-97618-14-git-send-email-jacob.jun.pan@linux.intel.com');
export const v4_14 = patch('IOASID V4 14/18', '1614463286-97618-15-git-send-email-jacob.jun.pan@linux.intel.com');
/** What /dev/ioasid does with a set when its last user goes. */
export const v4_18 = patch('IOASID V4 18/18', '1614463286-97618-19-git-send-email-jacob.jun.pan@linux.intel.com');
/** KVM and the mediating driver, known by what the series says of them. */
export const specF = patch('spec (f) IOASID');

export const IOASID_C = 'drivers/iommu/ioasid.c';
export const IOMMU_C = 'drivers/iommu/iommu.c';
export const SVA_LIB_C = 'drivers/iommu/iommu-sva-lib.c';
export const SVM_C = 'drivers/iommu/intel/svm.c';
export const KVM_C = 'arch/x86/kvm/vmx/vmx.c';
export const VDCM_C = 'drivers/vfio/mdev/idxd/vdev.c';
