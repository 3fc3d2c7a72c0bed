/** What the scenarios of iommufd have in common. */
import type { Bounds, Pool, Property, Setup } from '../checker/lang/index.ts';
import {
  closedAtEnd,
  destroyedAlone,
  destroyUserSucceeds,
  drainedAtClose,
  IommufdCtx,
  type IommufdObject,
  removedIsDestroyed,
} from '../model/iommufd/index.ts';

/** The promises that every scenario keeps an eye on. */
export function iommufdPromises(s: Setup<Bounds>, objects: readonly Pool<IommufdObject>[]): Property[] {
  const ctxs = s.pool(IommufdCtx, 1);
  return [
    destroyedAlone(objects),
    destroyUserSucceeds(ctxs),
    removedIsDestroyed(ctxs),
    drainedAtClose(ctxs),
    closedAtEnd(ctxs),
  ];
}
