/**
 * The IOVA allocator: the highest free range of the window first, so that what was freed last is given out next.
 *
 * iova_rbtree_lock covers each step here; nobody sleeps or takes another lock with it, so it is folded into them.
 *
 * Source: drivers/iommu/iova.c as of 4.6, as far as v7 06/10 calls it.
 */
import { int, procedure, ref } from '../kernel/index.ts';
import { Iova, IovaDomain, page } from './objects.ts';
import { IOVA_C, specG } from './sources.ts';

const source = specG(IOVA_C);

/** Why a node is unlinked and freed in one step. */
export const unlinkedAndFreed = 'between the two it is linked nowhere: who looks for it finds what is there afterwards';

/** The allocation that a page belongs to. */
export const findIova = (iovad: IovaDomain, pfn: number): Iova | null =>
  iovad.rbroot.find((iova) => iova.pfn_lo <= pfn && pfn <= iova.pfn_hi);

/** Takes the highest free range of that many pages; false when there is none. */
function insertRange(iovad: IovaDomain, iova: Iova, pages: number): boolean {
  for (let hi = iovad.end_pfn; hi - pages + 1 >= iovad.start_pfn; hi--) {
    let free = true;
    for (let pfn = hi - pages + 1; pfn <= hi; pfn++) if (findIova(iovad, pfn) !== null) free = false;
    if (!free) continue;
    iova.pfn_lo = hi - pages + 1;
    iova.pfn_hi = hi;
    iovad.rbroot.add(iova);
    return true;
  }
  return false;
}

/** alloc_iova(): atomic; NULL when there is no memory or no room. */
export const allocIova = procedure(
  'alloc_iova',
  {
    source,
    params: { iovad: IovaDomain, size: int(1, 2) },
    locals: { new_iova: ref(Iova) },
    returns: ref(Iova),
  },
  (k) => [
    k.kmalloc(
      Iova,
      (f, iova) => {
        f.new_iova = iova;
      },
      { atomic: true, budget: 'alloc_iova', orElse: [k.return(null)] },
    ),
    k.test(
      '__alloc_and_insert_iova_range(iovad, size)',
      (f) => insertRange(f.iovad, f.new_iova as Iova, f.size),
      [k.return((f) => f.new_iova)],
      [k.kfree((f) => f.new_iova), k.return(null)],
    ),
  ],
);

/** free_iova(): a page that is not given out is passed over. */
export const freeIova = procedure(
  'free_iova',
  { source, params: { iovad: IovaDomain, pfn: page() }, locals: { iova: ref(Iova) } },
  (k) => [
    k.test(
      'find_iova(iovad, pfn)',
      (f) => {
        f.iova = findIova(f.iovad, f.pfn);
        return f.iova !== null;
      },
      [
        k.free((f) => f.iova, {
          label: '__free_iova(iovad, iova)',
          indivisible: unlinkedAndFreed,
          do: (f) => f.iovad.rbroot.remove(f.iova as Iova),
        }),
      ],
    ),
  ],
);

/** put_iova_domain(): frees what is given out, whoever has it. */
export const putIovaDomain = procedure(
  'put_iova_domain',
  { source, params: { iovad: IovaDomain }, locals: { iova: ref(Iova) } },
  (k) => [
    k.loop([
      k.test(
        'iova = rb_first(&iovad->rbroot)',
        (f) => {
          f.iova = f.iovad.rbroot.first;
          return f.iova !== null;
        },
        [
          k.free((f) => f.iova, {
            label: 'rb_erase(iova), free_iova_mem(iova)',
            indivisible: unlinkedAndFreed,
            do: (f) => f.iovad.rbroot.remove(f.iova as Iova),
          }),
        ],
        [k.break()],
      ),
    ]),
  ],
);
