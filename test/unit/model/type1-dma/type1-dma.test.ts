/** Mappings of type1, one call after the other: what is charged to whom, and who is refused. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { atEnd, type Bounds, does, type Operation, type Setup, set } from '../../../../model/kernel/index.ts';
import {
  AcctMm,
  acctMm,
  comesBack,
  ExecUser,
  execMmap,
  execs,
  exitMm,
  mdevWorks,
  Task,
  Type1,
  type1Release,
  VfioDma,
  vaddrMdev,
  vfioChangeDmaOwner,
  vfioDmaDoMap,
  vfioDmaDoUnmap,
} from '../../../../model/type1-dma/index.ts';
import { tiny } from '../../../support/tiny.ts';

interface World {
  readonly iommu: Type1;
  readonly task: Task;
  readonly user: ExecUser;
}

/** The end of one task: pages charged to each address space that is left, mappings, devices, addresses that are invalid. */
async function endOf(
  operations: (w: World) => readonly Operation[],
  form: (typeof acctMm.values)[number] = 'saved',
  vaddr: (typeof vaddrMdev.values)[number] = 'refused with mdevs',
): Promise<string> {
  let end = '';
  const verdict = await check(
    tiny(
      (s: Setup<Bounds>) => {
        s.setting(acctMm);
        s.setting(vaddrMdev);
        const iommu = s.object(Type1, 'iommu');
        const task = s.object(Task, 'task', { mm: s.object(AcctMm, 'mm') });
        const user = s.object(ExecUser, 'user');
        const mms = s.pool(AcctMm, 1);
        s.pool(VfioDma, 2);
        s.task('main', operations({ iommu, task, user }));
        s.property(
          atEnd('look', 'what is left', () => {
            const charged = [...mms].map((mm) => mm.locked_vm).join();
            end = `[${charged}] ${iommu.dma_list.length} ${iommu.emulated_iommu_groups} ${iommu.vaddr_invalid_count}`;
            return null;
          }),
        );
      },
      { settings: [set(acctMm, form), set(vaddrMdev, vaddr)] },
    ),
    { explain: false },
  );
  return verdict.violations[0]?.evidence.kind ?? (verdict.outcome === 'holds' ? end : verdict.outcome);
}

const map = (w: World, iova: number, limit = 2) => does(vfioDmaDoMap, { iommu: w.iommu, task: w.task, iova, limit });
const unmap = (w: World, iova: number) => does(vfioDmaDoUnmap, { iommu: w.iommu, iova });
const exec = (w: World) => does(execMmap, { task: w.task });
const owner = (w: World, iova: number) => does(vfioChangeDmaOwner, { iommu: w.iommu, task: w.task, iova, limit: 2 });

describe.each(acctMm.values)('charged %s', (form) => {
  test('what is mapped is charged, once for each place, up to the limit', async () => {
    expect(await endOf((w) => [map(w, 1)], form)).toBe('[1] 1 0 0');
    expect(await endOf((w) => [map(w, 1), map(w, 1)], form)).toBe('[1] 1 0 0');
    expect(await endOf((w) => [map(w, 1), unmap(w, 1), unmap(w, 1)], form)).toBe('[0] 0 0 0');
  });
});

test('a map above the limit leaves nothing behind', async () => {
  expect(await endOf((w) => [map(w, 1, 1), map(w, 2, 1)])).toBe('[1] 1 0 0');
});

test('after exec the old address space is kept by the mapping only, and the new one is charged when it takes over', async () => {
  expect(await endOf((w) => [map(w, 1), exec(w)])).toBe('[1,0] 1 0 0');
  expect(await endOf((w) => [map(w, 1), exec(w), unmap(w, 1)])).toBe('[0] 0 0 0');
  expect(await endOf((w) => [map(w, 1), exec(w), owner(w, 1)])).toBe('[1] 1 0 0');
  expect(await endOf((w) => [map(w, 1), exec(w), owner(w, 1), unmap(w, 1)])).toBe('[0] 0 0 0');
  expect(await endOf((w) => [map(w, 1), exec(w), unmap(w, 1)], 'of the task')).toBe('refcount');
  expect(await endOf((w) => [map(w, 1), exec(w), unmap(w, 1)], 'pointer')).toBe('use-after-free');
});

test('the last close removes what is mapped, also of a process that is gone', async () => {
  const close = ({ iommu }: World) => does(type1Release, { iommu });
  expect(await endOf((w) => [map(w, 1), map(w, 2), close(w)])).toBe('[0] 0 0 0');
  expect(await endOf((w) => [map(w, 1), does(exitMm, { task: w.task }), close(w)])).toBe('[] 0 0 0');
});

describe.each(vaddrMdev.values)('%s', (form) => {
  const pin = ({ iommu }: World) => does(mdevWorks, { iommu, iova: 1 });
  const goes = ({ iommu, user }: World) => does(execs, { iommu, user, iova: 1, round: 1 });
  const back = ({ user }: World) => does(comesBack, { user });

  test('addresses are valid again after exec, and a page can be pinned', async () => {
    expect(await endOf((w) => [map(w, 1), back(w), goes(w), pin(w)], 'saved', form)).toBe('[1] 1 1 0');
  });

  test('with a mediated device exec goes on without', async () => {
    const left = await endOf((w) => [map(w, 1), pin(w), goes(w)], 'saved', form);
    expect(left).toBe(form === 'pinning waits' ? '[1] 1 1 1' : '[1] 1 1 0');
  });
});
