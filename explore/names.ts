/** The systems that can be explored, by name: known without loading any of them. */
export const explorable = ['sva', 'iopf', 'vfio', 'reserved-iova', 'iommufd', 'liveupdate'] as const;
/** The name of a system that can be explored. */
export type SystemName = (typeof explorable)[number];
