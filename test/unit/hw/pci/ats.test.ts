/** A context with an ATC: what it is given, by which cache, and what stays cached. */
import { describe, expect, test } from 'vitest';
import { does, procedure, type Setup, sometimes } from '../../../../checker/lang/index.ts';
import { atsContext, fetchDescriptor, grants, untranslated } from '../../../../hw/pci/ats.ts';
import { PciContext } from '../../../../hw/pci/objects.ts';
import { AtsFunction, fill, Page, PageTable, SmmuContexts, slot } from '../../../../hw/smmu/caches.ts';
import { resultOf, small, source } from '../small.ts';

function world(s: Setup<any>) {
  const smmu = s.object(SmmuContexts, 'smmu');
  const fn = s.object(AtsFunction, 'function');
  const ctx = s.object(PciContext, 'ctx', { pasid: 1, run: true, active: true });
  const table = s.object(PageTable, 'pgd');
  const page = s.object(Page, 'page');
  table.pte.set(0, page);
  Object.assign(smmu.cd.at(1), { valid: true, asid: 2, ttb: table });
  return { smmu, fn, ctx, table, page };
}
type World = ReturnType<typeof world>;

/** Can a state be reached in which `wanted` holds? */
async function canBe(
  prepare: (w: World) => void,
  wanted: (w: World) => boolean,
  machine = atsContext,
): Promise<boolean> {
  const verdict = await small((s) => {
    const w = world(s);
    prepare(w);
    const { fn, ctx, smmu } = w;
    if (machine === atsContext) s.actor('device', atsContext, { fn, ctx, smmu, pages: 2 });
    else s.actor('device', untranslated, { fn, ctx, smmu });
    s.property(sometimes('wanted', 'the state asked for', () => wanted(w)));
  });
  expect(verdict.complete).toBe(true);
  return resultOf(verdict, 'wanted') === 'reached';
}

const inAtc = ({ fn, page }: World) => fn.atc.at(slot(1, 0)).page === page;
const inTlb = ({ smmu, page }: World) => smmu.tlb.at(slot(2, 0)).page === page;
const nothing = () => {};

describe('a translation request', () => {
  test('fills the configuration cache, the TLB under the ASID, and the ATC under the PASID', async () => {
    expect(await canBe(nothing, (w) => inAtc(w) && inTlb(w) && w.smmu.cfg.at(1).cached)).toBe(true);
    expect(await canBe(nothing, (w) => inAtc(w) && !inTlb(w))).toBe(false);
  });

  test('of a page that is not mapped, or with an invalid descriptor, fills nothing but the configuration cache', async () => {
    expect(
      await canBe(
        (w) => w.table.pte.set(0, null),
        (w) => inAtc(w) || inTlb(w),
      ),
    ).toBe(false);
    const invalid = (w: World) => {
      w.smmu.cd.at(1).valid = false;
    };
    expect(await canBe(invalid, (w) => inAtc(w) || inTlb(w))).toBe(false);
    expect(await canBe(invalid, (w) => w.smmu.cfg.at(1).cached && !w.smmu.cfg.at(1).valid)).toBe(true);
  });

  test('with a quiet descriptor is answered from the TLB, and never by a walk', async () => {
    const quiet = (w: World) => {
      w.smmu.cd.at(1).quiet = true;
    };
    const quietAndCached = (w: World) => {
      quiet(w);
      fill(w.smmu.tlb.at(slot(2, 0)), w.page);
    };
    expect(await canBe(quiet, inAtc)).toBe(false);
    expect(await canBe(quietAndCached, inAtc)).toBe(true);
  });

  test('is answered from the TLB although the page table entry is gone', async () => {
    const gone = (w: World) => {
      fill(w.smmu.tlb.at(slot(2, 0)), w.page);
      w.table.pte.set(0, null);
    };
    expect(await canBe(gone, inAtc)).toBe(true);
  });

  test('is not made without ATS, by a function that is gone, or by a context that has stopped', async () => {
    for (const prepare of [
      (w: World) => {
        w.fn.ats = false;
      },
      (w: World) => {
        w.fn.present = false;
      },
      (w: World) => {
        Object.assign(w.ctx, { run: false, active: false });
      },
    ])
      expect(await canBe(prepare, inAtc)).toBe(false);
  });

  test('may be made again for what the ATC has, so that a TLB that was emptied is filled', async () => {
    const atcOnly = (w: World) => fill(w.fn.atc.at(slot(1, 0)), w.page);
    expect(await canBe(atcOnly, inTlb)).toBe(true);
  });
});

test('an untranslated access fills the TLB and no ATC, and only while ATS is off', async () => {
  const off = (w: World) => {
    w.fn.ats = false;
  };
  expect(await canBe(off, inTlb, untranslated as never)).toBe(true);
  expect(await canBe(off, inAtc, untranslated as never)).toBe(false);
  expect(await canBe(nothing, inTlb, untranslated as never)).toBe(false);
});

test('a cached descriptor is used whatever memory says, until it is forgotten', async () => {
  const verdict = await small((s) => {
    const { smmu } = world(s);
    const look = procedure('look', { source, params: { smmu: SmmuContexts } }, (k) => [
      k.step('look', (f) => {
        fetchDescriptor(f.smmu, 1);
        f.smmu.cd.at(1).valid = false;
        fetchDescriptor(f.smmu, 1);
        expect(grants(f.smmu, 1, 0)).toBe(true);
        f.smmu.cfg.at(1).cached = false;
        expect(grants(f.smmu, 1, 0)).toBe(false);
      }),
    ]);
    s.task('look', [does(look, { smmu })]);
  });
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
});
