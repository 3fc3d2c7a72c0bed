/**
 * iommu_map() and iommu_unmap() of the IOMMU core over a driver whose behaviour the switches choose.
 *
 * Source: drivers/iommu/iommu.c as of 4.6; spec (g). What a driver does with an entry that is in use: ARM's LPAE
 * tables warn and refuse, VT-d complains and keeps it, some embedded ones overwrite it.
 */
import { ENOMEM, errno, int, nameOf, procedure, Violation } from '../kernel/index.ts';
import { IommuDomain, page } from './objects.ts';
import { IOMMU_C, specG } from './sources.ts';
import { driverMap, remap, tlbFlush } from './switches.ts';

const source = specG(IOMMU_C);
const range = { domain: IommuDomain, iova: page(), size: int(1, 2) };

/** iommu_unmap(): clears the entries, then invalidates what the IOMMU has cached of them. */
export const iommuUnmap = procedure('iommu_unmap', { source, params: range, locals: { unmapped: int(0, 2) } }, (k) => {
  const unmap = (sleeps: boolean) =>
    k.step(
      'domain->ops->unmap(domain, iova)',
      (f) => {
        f.domain.pgtable.pte.set(f.iova + f.unmapped, 0);
        f.unmapped++;
      },
      sleeps ? { sleeps } : {},
    );
  return [
    k.loop([
      k.when((f) => f.unmapped === f.size, [k.break()]),
      k.switch(driverMap, { atomic: [unmap(false)], sleeps: [unmap(true)] }),
    ]),
    k.switch(tlbFlush, {
      flushed: [
        k.step(
          'invalidate the TLB and wait',
          (f) => {
            for (let i = 0; i < f.size; i++) f.domain.pgtable.tlb.set(f.iova + i, 0);
          },
          { indivisible: 'one command for the range, and a device looks at one entry of it at a time' },
        ),
      ],
      left: [],
    }),
  ];
});

/** What the driver does with an entry that is in use. */
type Remap = (typeof remap)['values'][number];

function writeEntry(f: { domain: IommuDomain; iova: number; paddr: number; mapped: number }, how: Remap): void {
  const { pte } = f.domain.pgtable;
  const at = f.iova + f.mapped;
  const used = pte.at(at);
  if (used !== 0 && how === 'refuses')
    throw new Violation(
      'assertion',
      `WARN_ON() in iommu_map(): page ${at}, as the allocator gave it out, is still mapped to page ${used}`,
      [nameOf(f.domain)],
    );
  if (used === 0 || how === 'overwrites') pte.set(at, f.paddr + f.mapped);
  f.mapped++;
}

/** iommu_map(): undoes the pages before one that fails. Fails when the scenario's budget `iommu_map` allows. */
export const iommuMap = procedure(
  'iommu_map',
  {
    source,
    params: { ...range, paddr: page() },
    locals: { mapped: int(0, 2), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const map = (how: Remap, sleeps: boolean) =>
      k.attempt(
        'iommu_map',
        'domain->ops->map(domain, iova, paddr)',
        (f) => writeEntry(f, how),
        [
          k.local((f) => {
            f.ret = -ENOMEM;
          }),
        ],
        sleeps ? { sleeps } : {},
      );
    const maps = (how: Remap) => [k.switch(driverMap, { atomic: [map(how, false)], sleeps: [map(how, true)] })];
    return [
      k.loop([
        k.when((f) => f.mapped === f.size, [k.return(0)]),
        k.switch(remap, { overwrites: maps('overwrites'), refuses: maps('refuses'), keeps: maps('keeps') }),
        k.when((f) => f.ret !== 0, [k.break()]),
      ]),
      k.when((f) => f.mapped > 0, [k.call(iommuUnmap, (f) => ({ domain: f.domain, iova: f.iova, size: f.mapped }))]),
      k.return((f) => f.ret),
    ];
  },
);
