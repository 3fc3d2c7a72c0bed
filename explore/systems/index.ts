/** The systems that can be explored; each is loaded when it is asked for. */
import { nearest, QuiesceError } from '../../checker/lang/index.ts';
import { explorable, type SystemName } from '../names.ts';
import type { ExplorableSystem } from '../system.ts';

const systems: { readonly [name in SystemName]: () => Promise<ExplorableSystem> } = {
  sva: async () => (await import('./sva.ts')).sva,
  iopf: async () => (await import('./iopf.ts')).iopf,
  vfio: async () => (await import('./vfio.ts')).vfio,
  'reserved-iova': async () => (await import('./riova.ts')).reservedIova,
  iommufd: async () => (await import('./iommufd.ts')).iommufd,
  liveupdate: async () => (await import('./liveupdate.ts')).liveupdate,
};

/**
 * The system of that name. Throws a `usage` error where there is none.
 *
 * @example
 * ```ts
 * import { systemNamed } from 'quiesce';
 *
 * const { operations } = await systemNamed('sva');
 * console.log(Object.keys(operations).length > 0); // true
 * ```
 */
export async function systemNamed(name: string): Promise<ExplorableSystem> {
  const known = explorable.find((one) => one === name);
  if (known !== undefined) return systems[known]();
  const near = nearest(name, explorable);
  throw new QuiesceError('usage', `there is no system "${name}" to explore`, {
    hint: near === undefined ? `there are ${explorable.join(', ')}` : `did you mean ${near}?`,
  });
}
