/**
 * Calls that have an object for a while and change nothing: what a destroyer meets.
 *
 * Source: ioas.c, iommufd_ioas_iova_ranges(); device.c, iommufd_get_hw_info().
 */
import { containerOf, ENOENT, errno, opaque, procedure } from '../kernel/index.ts';
import { iommufdGetObject, iommufdPutObject } from './get-put.ts';
import { Ioas, type Ioas as IoasView, IommufdCtx, type ObjectWithOps, objectId } from './objects.ts';
import { DEVICE_C, IOAS_C, specH } from './sources.ts';

const params = { ictx: IommufdCtx, id: objectId() };
const locals = { obj: opaque<ObjectWithOps>() };
const receive = (f: { obj: ObjectWithOps | null }, obj: ObjectWithOps | null) => {
  f.obj = obj;
};

/** IOMMU_IOAS_IOVA_RANGES: 0 or -ENOENT. */
export const iommufdIoasIovaRanges = procedure(
  'iommufd_ioas_iova_ranges',
  { source: specH(IOAS_C), params, locals, returns: errno() },
  (k) => [
    k.call(iommufdGetObject, (f) => ({ ictx: f.ictx, id: f.id, type: 'ioas' as const }), receive),
    k.when((f) => f.obj === null, [k.return(-ENOENT)]),
    k.downRead((f) => (containerOf(f.obj as ObjectWithOps, Ioas) as IoasView).iova_rwsem, {
      as: 'ioas->iopt.iova_rwsem',
    }),
    k.upRead((f) => (containerOf(f.obj as ObjectWithOps, Ioas) as IoasView).iova_rwsem, {
      as: 'ioas->iopt.iova_rwsem',
    }),
    k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
    k.return(0),
  ],
);

/** IOMMU_GET_HW_INFO: 0 or -ENOENT. */
export const iommufdGetHwInfo = procedure(
  'iommufd_get_hw_info',
  { source: specH(DEVICE_C), params, locals, returns: errno() },
  (k) => [
    k.call(iommufdGetObject, (f) => ({ ictx: f.ictx, id: f.id, type: 'device' as const }), receive),
    k.when((f) => f.obj === null, [k.return(-ENOENT)]),
    k.step('ops->hw_info(idev->dev)', (f) => (f.obj as ObjectWithOps).type),
    k.call(iommufdPutObject, (f) => ({ ictx: f.ictx, obj: f.obj as ObjectWithOps })),
    k.return(0),
  ],
);

/** A caller that takes a temporary reference and never lets go, as when user space makes it wait. */
export const neverPut = procedure(
  'a call that never ends',
  { source: specH(DEVICE_C), params, locals, returns: errno() },
  (k) => [
    k.call(iommufdGetObject, (f) => ({ ictx: f.ictx, id: f.id, type: 'any' as const }), receive),
    k.when((f) => f.obj === null, [k.return(-ENOENT)]),
    k.step('has the object for ever', (f) => {
      f.ictx.endless++;
    }),
    k.return(0),
  ],
);
