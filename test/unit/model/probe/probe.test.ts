/** The probe of a device, one call after the other: who makes its parameters, who frees them, and what is left. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { atEnd, type Bounds, does, type Operation, type Setup, set, violated } from '../../../../model/kernel/index.ts';
import {
  DevIommu,
  Device,
  Fwspec,
  freeOrder,
  ofIommuConfigure,
  ProbeLock,
  probeIommuGroup,
  probeLock,
} from '../../../../model/probe/index.ts';
import { tiny } from '../../../support/tiny.ts';

interface World {
  readonly probe: ProbeLock;
  readonly dev: Device;
}

/** The end of one task that runs the operations alone: how many of each there are, and is the device in a group? */
async function endOf(
  operations: (w: World) => readonly Operation[],
  options: { readonly deferred?: boolean; readonly order?: string; readonly lock?: string } = {},
): Promise<string> {
  let end = '';
  const verdict = await check(
    tiny(
      (s: Setup<Bounds>) => {
        const w = { probe: s.object(ProbeLock, 'probe'), dev: s.object(Device, 'dev') };
        s.setting(freeOrder);
        s.setting(probeLock);
        if (options.deferred)
          w.dev.iommu = s.object(DevIommu, 'old', { fwspec: s.object(Fwspec, 'old_fwspec', { ops: false }) });
        const params = s.pool(DevIommu, 2);
        const specs = s.pool(Fwspec, 2);
        s.task('task', operations(w));
        s.property(
          atEnd('look', 'what is left', () => {
            end = `${[...params].length} ${[...specs].length} ${w.dev.iommu_group}`;
            return null;
          }),
          atEnd('reachable', 'a device in a group has parameters with a fwspec', () =>
            w.dev.iommu_group && !w.dev.iommu?.fwspec?.ops ? violated('protocol', 'no fwspec') : null,
          ),
        );
      },
      {
        settings: [
          set(freeOrder, (options.order ?? 'clear, free') as 'clear, free'),
          set(probeLock, (options.lock ?? 'probe and configure') as 'none'),
        ],
      },
    ),
    { explain: false },
  );
  return verdict.violations[0]?.evidence.message ?? (verdict.outcome === 'holds' ? end : verdict.outcome);
}

const bus = (w: World) => does(probeIommuGroup, w);
const own = (w: World) => does(ofIommuConfigure, w);

describe.each(freeOrder.values)('%s', (order) => {
  test.each(probeLock.values)('lock: %s', async (lock) => {
    const how = { order, lock };
    expect(await endOf((w) => [bus(w)], how)).toBe('0 0 false');
    expect(await endOf((w) => [own(w)], how)).toBe('1 1 true');
    expect(await endOf((w) => [bus(w), own(w)], how)).toBe('1 1 true');
    expect(await endOf((w) => [own(w), bus(w), own(w)], how)).toBe('1 1 true');
    expect(await endOf((w) => [own(w)], { ...how, deferred: true })).toBe('1 1 true');
    expect(await endOf((w) => [bus(w)], { ...how, deferred: true })).toBe('0 0 false');
  });
});
