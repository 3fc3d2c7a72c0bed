/** The systems that can be explored; each is loaded when it is asked for. */
import { nearest, QuiesceError } from '../../checker/lang/index.ts';
import type { ExplorableSystem } from '../system.ts';

const systems: Readonly<Record<string, () => Promise<ExplorableSystem>>> = {
  sva: async () => (await import('./sva.ts')).sva,
  vfio: async () => (await import('./vfio.ts')).vfio,
  'reserved-iova': async () => (await import('./riova.ts')).reservedIova,
};

export const explorable: readonly string[] = Object.keys(systems);

/** The system of that name. Throws a `usage` error where there is none. */
export async function systemNamed(name: string): Promise<ExplorableSystem> {
  const load = Object.hasOwn(systems, name) ? systems[name] : undefined;
  if (load !== undefined) return load();
  const near = nearest(name, explorable);
  throw new QuiesceError('usage', `there is no system "${name}" to explore`, {
    hint: near === undefined ? `there are ${explorable.join(', ')}` : `did you mean ${near}?`,
  });
}
