/** Invalidation of a range against unbind: the driver is called for bonds that are attached, and for no other. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  type Bounds,
  does,
  errno,
  MmStruct,
  makeMm,
  procedure,
  type Setup,
  Srcu,
  Violation,
} from '../../../../model/kernel/index.ts';
import {
  bindAtStart,
  ContextTable,
  contextAttach,
  contextDetach,
  DriverData,
  driverMmExit,
  driverUnbind,
  IoMm,
  initAtStart,
  iommuNotifierInvalidateRange,
  MmAttach,
  MmDetach,
  MmExit,
  MmInvalidate,
  makeDevice,
  makeSva,
} from '../../../../model/sva/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

/** The CPU changes a mapping: the notifier is found and called inside a read section. */
const munmap = procedure('munmap', { source, params: { mm: MmStruct, io_mm: IoMm, srcu: Srcu } }, (k) => [
  k.srcuReadLock((f) => f.srcu),
  k.test('is the notifier still linked?', (f) => f.mm.notifiers.has(f.io_mm), [
    k.call(iommuNotifierInvalidateRange, (f) => ({ mn: f.io_mm })),
  ]),
  k.srcuReadUnlock((f) => f.srcu),
]);

const invalidate = procedure('invalidate', { source, params: MmInvalidate.params, returns: errno() }, (k) => [
  k.step('invalidate', (f) => {
    if (!(f.dev.iommu_priv as ContextTable).valid.at(f.io_mm.pasid))
      throw new Violation('protocol', 'the context is gone');
  }),
  k.return(0),
]);

async function run(race: boolean): Promise<{ outcome: string; steps: readonly string[] }> {
  const verdict = await check(
    tiny((s: Setup<Bounds>) => {
      s.implementations(MmExit, [driverMmExit]);
      s.implementations(MmAttach, [contextAttach]);
      s.implementations(MmDetach, [contextDetach]);
      s.implementations(MmInvalidate, [invalidate]);
      const parts = makeSva(s);
      parts.ops.mm_detach = contextDetach;
      parts.ops.mm_invalidate = invalidate;
      const dev = makeDevice(s, parts, 'dev0');
      const contexts = s.object(ContextTable, 'contexts');
      dev.iommu_priv = contexts;
      initAtStart(s, dev, driverMmExit);
      const mm = makeMm(s, 'mm0', { srcu: parts.srcu });
      const data = s.object(DriverData, 'drvdata');
      const { pasid, bond } = bindAtStart(s, parts, dev, mm, data);
      contexts.valid.set(pasid, true);
      s.task('cpu', [does(munmap, { mm, io_mm: bond.io_mm, srcu: parts.srcu })]);
      if (race) s.task('unbinder', [does(driverUnbind, { dev, pasid, data })]);
    }),
    { explain: false },
  );
  return {
    outcome: verdict.violations[0]?.evidence.message ?? verdict.outcome,
    steps: verdict.coverage.neverTaken.map((c) => c.label),
  };
}

describe('iommu_notifier_invalidate_range', () => {
  test('calls the driver for a bond', async () => {
    const { outcome, steps } = await run(false);
    expect(outcome).toBe('holds');
    expect(steps).not.toContain('invalidate');
  });

  test('against unbind: never after the driver has detached, and never in freed memory', async () => {
    const { outcome, steps } = await run(true);
    expect(outcome).toBe('holds');
    expect(steps).not.toContain('invalidate');
  });
});
