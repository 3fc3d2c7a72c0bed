/**
 * What an IOAS maps: MAP and UNMAP with the flag that makes an IOAS immutable, and the test that its pages can be kept.
 *
 * MAP reserves its area first, without pages, and fills the page tables later under another lock (#33).
 *
 * Source: io_pagetable.c of mainline with v1 11/14; revisions 3 and 4. Limits: an area is one page; the page tables can
 * always be filled; the caller has a reference of the IOAS.
 */
import { Ioas, IoptArea, IoptPages, PagingDomain } from '../iommufd/index.ts';
import { EBUSY, EEXIST, EINVAL, ENOENT, ENOMEM, errno, int, procedure, ptr, ref } from '../kernel/index.ts';
import { IO_PAGETABLE_C, LIVEUPDATE_C, rev1, rev4, specI } from './sources.ts';
import { emptyArea, mapTest, preserveForm, sharedIoas } from './switches.ts';

const source = rev1(IO_PAGETABLE_C);

/** iopt_lu_map_immutable(): a count in the repair of LU-8, zero or one else. */
const immutable = (f: { ioas: Ioas }): boolean => f.ioas.lu_map_immutable !== 0;

/** iopt_map_pages(): 0, or a negated error number. */
export const ioptMapPages = procedure(
  'iopt_map_pages',
  {
    source,
    params: { ioas: ptr(Ioas), iova: int(1, 2), pages: IoptPages },
    locals: { area: ptr(IoptArea), domain: ref(PagingDomain), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const fail = (ret: number) => [
      k.local((f) => {
        f.ret = ret;
      }),
      k.goto('out_unlock'),
    ];
    return [
      k.kmalloc(
        IoptArea,
        (f, area) => {
          area.iova = f.iova;
          f.area = area;
        },
        { label: 'iopt_area_alloc()', orElse: [k.return(-ENOMEM)] },
      ),
      k.switch(mapTest, {
        'at-reservation': [],
        'whole-map': [k.downRead((f) => f.ioas.domains_rwsem, { source: specI(IO_PAGETABLE_C) })],
      }),
      k.downWrite((f) => f.ioas.iova_rwsem),
      k.test('iopt_lu_map_immutable(iopt)', immutable, fail(-EBUSY)),
      k.test('the IOVA is taken', (f) => f.ioas.areas.find((a) => a.iova === f.iova) !== null, fail(-EEXIST), [], {
        source: specI(IO_PAGETABLE_C),
      }),
      k.step('iopt_insert_area(), area->pages = NULL', (f) => f.ioas.areas.add(f.area)),
      k.upWrite((f) => f.ioas.iova_rwsem),
      k.switch(mapTest, { 'at-reservation': [k.downRead((f) => f.ioas.domains_rwsem)], 'whole-map': [] }),
      k.listForEachEntry(
        (f) => f.ioas.domains,
        {
          get: (f) => f.domain,
          set: (f, domain) => {
            f.domain = domain;
          },
        },
        [
          k.step('iopt_area_fill_domain(area, domain)', (f) => {
            (f.domain as PagingDomain).table |= f.iova;
          }),
        ],
      ),
      k.downWrite((f) => f.ioas.iova_rwsem),
      k.step('area->pages = pages', (f) => {
        f.area.pages = f.pages;
      }),
      k.upWrite((f) => f.ioas.iova_rwsem),
      k.upRead((f) => f.ioas.domains_rwsem),
      k.return(0),
      k.label('out_unlock'),
      k.upWrite((f) => f.ioas.iova_rwsem),
      k.switch(mapTest, { 'at-reservation': [], 'whole-map': [k.upRead((f) => f.ioas.domains_rwsem)] }),
      k.kfree((f) => f.area),
      k.return((f) => f.ret),
    ];
  },
);

/** iopt_unmap_iova_range() of one area: it is taken out of sight, emptied, and then removed. */
export const ioptUnmap = procedure(
  'iopt_unmap_iova_range',
  {
    source,
    params: { ioas: ptr(Ioas), iova: int(1, 2) },
    locals: { area: ref(IoptArea), domain: ref(PagingDomain), ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.downRead((f) => f.ioas.domains_rwsem),
    k.downWrite((f) => f.ioas.iova_rwsem),
    k.test('iopt_lu_map_immutable(iopt)', immutable, [
      k.local((f) => {
        f.ret = -EBUSY;
      }),
      k.goto('out_unlock_iova'),
    ]),
    k.step('area = iopt_area_iter_first(), its pages are taken away', (f) => {
      f.area = f.ioas.areas.find((a) => a.iova === f.iova);
      f.ret = f.area === null ? -ENOENT : f.area.pages === null ? -EBUSY : 0;
      if (f.area !== null && f.ret === 0) f.area.pages = null;
    }),
    k.when((f) => f.ret !== 0, [k.goto('out_unlock_iova')]),
    k.upWrite((f) => f.ioas.iova_rwsem),
    k.listForEachEntry(
      (f) => f.ioas.domains,
      {
        get: (f) => f.domain,
        set: (f, domain) => {
          f.domain = domain;
        },
      },
      [
        k.step('iopt_area_unfill_domain(area, domain)', (f) => {
          (f.domain as PagingDomain).table &= ~f.iova;
        }),
      ],
    ),
    k.downWrite((f) => f.ioas.iova_rwsem),
    k.step('interval_tree_remove(&area->node)', (f) => f.ioas.areas.remove(f.area as IoptArea)),
    k.upWrite((f) => f.ioas.iova_rwsem),
    k.kfree((f) => f.area),
    k.upRead((f) => f.ioas.domains_rwsem),
    k.return(0),
    k.label('out_unlock_iova'),
    k.upWrite((f) => f.ioas.iova_rwsem),
    k.upRead((f) => f.ioas.domains_rwsem),
    k.return((f) => f.ret),
  ],
);

/** ioas_set_immutable() of revision 4. */
export const ioasSetImmutable = procedure(
  'ioas_set_immutable',
  { source: rev4(LIVEUPDATE_C), params: { ioas: ptr(Ioas) } },
  (k) => [
    k.downWrite((f) => f.ioas.domains_rwsem),
    k.switch(sharedIoas, {
      first: [
        k.step('iopt->liveupdate_immutable = true', (f) => {
          f.ioas.lu_map_immutable = 1;
        }),
      ],
      last: [
        k.step('iopt->liveupdate_immutable++', (f) => {
          f.ioas.lu_map_immutable++;
        }),
      ],
    }),
    k.upWrite((f) => f.ioas.domains_rwsem),
  ],
);

/** ioas_set_immutable(false) of revision 4. */
export const ioasSetMutable = procedure(
  'ioas_set_mutable',
  { source: rev4(LIVEUPDATE_C), params: { ioas: ptr(Ioas) } },
  (k) => [
    k.downWrite((f) => f.ioas.domains_rwsem),
    k.switch(sharedIoas, {
      first: [
        k.step('iopt->liveupdate_immutable = false', (f) => {
          f.ioas.lu_map_immutable = 0;
        }),
      ],
      last: [
        k.step('iopt->liveupdate_immutable--', (f) => {
          f.ioas.lu_map_immutable--;
        }),
      ],
    }),
    k.upWrite((f) => f.ioas.domains_rwsem),
  ],
);

/** check_iopt_pages_preserved(): 0 when every page is in a file that is sealed and kept. */
export const checkIoptPagesPreserved = procedure(
  'check_iopt_pages_preserved',
  {
    source: rev1(LIVEUPDATE_C),
    params: { ioas: ptr(Ioas) },
    locals: { area: ref(IoptArea), pages: ptr(IoptPages), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const walk = k.listForEachEntry(
      (f) => f.ioas.areas,
      {
        get: (f) => f.area,
        set: (f, area) => {
          f.area = area;
        },
      },
      [
        k.step('pages = area->pages', (f) => {
          f.pages = (f.area as IoptArea).pages as IoptPages;
        }),
        k.switch(emptyArea, { followed: [], 'passed-by': [k.when((f) => !f.pages, [k.continue()])] }),
        k.test(
          'pages->type != IOPT_ADDRESS_FILE',
          (f) => f.pages.type !== 'file',
          [
            k.local((f) => {
              f.ret = -EINVAL;
            }),
            k.break(),
          ],
          [],
          { note: 'stands for the test of the seals and of the session as well' },
        ),
      ],
    );
    const locked = [
      k.downRead((f) => f.ioas.iova_rwsem, { source: rev4(LIVEUPDATE_C) }),
      walk,
      k.upRead((f) => f.ioas.iova_rwsem),
    ];
    return [
      k.switch(preserveForm, { 'two-passes': [walk], 'two-passes-locked': [walk], table: locked, 'lock-each': locked }),
      k.return((f) => f.ret),
    ];
  },
);
