/** A mapped BAR, one call after the other: faults, what a zap leaves, and what a failed fault leaves. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { atEnd, type Bounds, does, type Operation, type Setup, set } from '../../../../model/kernel/index.ts';
import {
  accessBar,
  BarVma,
  barRead,
  disableAndEnable,
  MmapVma,
  MmioDevice,
  MmioMm,
  mapOver,
  mmapFault,
  vfioPciBarRead,
  zapBars,
} from '../../../../model/vfio-pci/index.ts';
import { tiny } from '../../../support/tiny.ts';

interface World {
  readonly vdev: MmioDevice;
  readonly mms: readonly [MmioMm, MmioMm];
}

type Fault = (typeof mmapFault.values)[number];

/** The ends of one task: which of two processes has the BAR mapped, how many mappings are listed, how many vmas there are. */
async function endsOf(
  operations: (w: World) => readonly Operation[],
  fault: Fault,
  failures: Record<string, number> = {},
): Promise<readonly string[]> {
  const ends = new Set<string>();
  const verdict = await check(
    tiny(
      (s: Setup<Bounds>) => {
        for (const one of [barRead, mmapFault, zapBars]) s.setting(one as never);
        const vdev = s.object(MmioDevice, 'vdev');
        const mms = s.objects(MmioMm, 'mm', 2) as [MmioMm, MmioMm];
        const entries = s.pool(MmapVma, 3);
        for (const [i, mm] of mms.entries()) {
          const vma = s.object(BarVma, `vma${i}`, { vm_mm: mm });
          mm.vma = vma;
          vdev.i_mmap.add(vma);
        }
        const vmas = s.pool(BarVma, 1);
        s.task('task', operations({ vdev, mms }));
        s.failures(failures);
        s.property(
          atEnd('look', 'what is left', () => {
            ends.add(`${mms.map((mm) => mm.pte)} ${vdev.vma_list.length}/${[...entries].length} ${[...vmas].length}`);
            return null;
          }),
        );
      },
      {
        settings: [
          set(barRead, 'for the access'),
          set(mmapFault, fault),
          set(zapBars, fault === 'without list' ? 'by file' : 'drops vma_lock'),
        ],
      },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') return [verdict.violations[0]?.evidence.message ?? verdict.outcome];
  return [...ends].sort();
}

const touch = ({ vdev, mms }: World, which: 0 | 1 = 0) => does(accessBar, { vdev, mm: mms[which] });
const disable = ({ vdev }: World) => does(disableAndEnable, { vdev });
const over = ({ vdev, mms }: World) => does(mapOver, { vdev, mm: mms[0] });
const read = ({ vdev, mms }: World) => does(vfioPciBarRead, { vdev, mm: mms[0], buffer: 'bar' as const });

describe.each(mmapFault.values)('a fault that %s', (fault) => {
  const listed = (n: number) => (fault === 'without list' ? 0 : n);

  test('maps the BAR once, for the process that faults', async () => {
    const [n] = [listed(1)];
    expect(await endsOf((w) => [touch(w), touch(w)], fault)).toEqual([`true,false ${n}/${n} 2`]);
    expect(await endsOf((w) => [read(w)], fault)).toEqual([`true,false ${n}/${n} 2`]);
  });

  test('is undone by who disables memory, in every process, and comes again', async () => {
    expect(await endsOf((w) => [touch(w), touch(w, 1), disable(w)], fault)).toEqual(['false,false 0/0 2']);
    const n = listed(1);
    expect(await endsOf((w) => [touch(w), disable(w), touch(w, 1)], fault)).toEqual([`false,true ${n}/${n} 2`]);
  });

  test('does not come back once something else is mapped there', async () => {
    expect(await endsOf((w) => [touch(w), over(w), touch(w)], fault)).toEqual(['false,false 0/0 1']);
  });

  test('leaves nothing where there is no memory for its entry', async () => {
    const n = listed(1);
    const mapped = `true,false ${n}/${n} 2`;
    expect(await endsOf((w) => [touch(w)], fault, { kmalloc: 1 })).toEqual(
      fault === 'without list' ? [mapped] : ['false,false 0/0 2', mapped],
    );
  });
});
