/** IOASID, one call after the other: errors, counts, who is told and in which order, and what is left behind. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  allocAtStart,
  allocUndo,
  bindAtStart,
  bindGet,
  bindGpasid,
  bindUndo,
  chainOrder,
  IntelSvm,
  type IoasidData,
  type IoasidParts,
  IoasidSetNb,
  type IoasidUser,
  ioasidGet,
  ioasidGetIfOwned,
  ioasidPut,
  ioasidRegisterNotifierMm,
  ioasidUnregisterNotifierMm,
  iommuSvaAllocPasid,
  iommuSvaFreePasid,
  kvmAtStart,
  lockOrder,
  makeCleanup,
  makeIoasid,
  makeIommu,
  makeKvm,
  openAtStart,
  priorities,
  quotaReturn,
  registerPut,
  registerUndo,
  SvaLib,
  SvaMm,
  setLife,
  svmLife,
  unbindGpasid,
  unregisterLock,
  userAlloc,
  userFree,
  userOpen,
  userRelease,
  VtdDevice,
  vdcmAtStart,
  vdcmWork,
  workerDrain,
} from '../../../../model/ioasid/index.ts';
import {
  type Bounds,
  bool,
  does,
  EBUSY,
  EINVAL,
  ENOENT,
  ENOMEM,
  EPERM,
  errno,
  nameOf,
  type Operation,
  object,
  type Params,
  type Procedure,
  procedure,
  type Setting,
  type Setup,
  set,
} from '../../../../model/kernel/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

const repaired = [
  set(setLife, 'counted'),
  set(quotaReturn, 'returned'),
  set(allocUndo, 'undone'),
  set(svmLife, 'counted'),
  set(workerDrain, 'outside'),
  set(bindGet, 'refused'),
  set(bindUndo, 'all'),
];

/** What a test keeps of results. */
const Results = object('results', { a: errno(), b: errno() }, { permanent: true });

interface World {
  readonly parts: IoasidParts;
  readonly user: IoasidUser;
  readonly data: IoasidData;
  readonly results: { a: number; b: number };
}

/** All ends of one task that runs the operations, and the kind of the first violation, if any. */
async function endsOf<T>(
  operations: (w: World, s: Setup<Bounds>) => readonly Operation[],
  look: (w: World) => T,
  options: {
    readonly settings?: readonly Setting[];
    readonly failures?: Record<string, number>;
    readonly subscribers?: readonly ('vtd' | 'kvm' | 'vdcm')[];
  } = {},
): Promise<{ readonly ends: T[]; readonly kind: string | null }> {
  const ends: T[] = [];
  const settings = options.settings ?? repaired.slice(0, 3);
  const verdict = await check(
    tiny(
      (s) => {
        // One list of settings for all tests, be they read or not.
        for (const { switch: one } of settings) s.setting(one);
        const parts = makeIoasid(s, { ids: 2, sets: 2 }, options.subscribers);
        const user = openAtStart(s, parts, 'user', 1);
        const data = allocAtStart(s, parts, user);
        const w = { parts, user, data, results: s.object(Results, 'results') };
        s.task('task', operations(w, s));
        s.failures(options.failures ?? {});
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'collects what is left',
          check: () => {
            ends.push(look(w));
            return null;
          },
        });
      },
      { settings },
    ),
    { explain: false },
  );
  if (verdict.outcome === 'undecided') throw new Error(verdict.incompleteBecause ?? 'undecided');
  return {
    ends: [...new Map(ends.map((end) => [JSON.stringify(end), end])).values()],
    kind: verdict.violations[0]?.evidence.kind ?? null,
  };
}

const Got = { ret: errno() };

/** A call that keeps its result. */
const keeping = <P extends Params>(inner: Procedure<P, number>, slot: 'a' | 'b') =>
  procedure(`${inner.name}, kept`, { source, params: { ...inner.params, results: Results }, locals: Got }, (k) => [
    k.call(
      inner,
      (f) => Object.fromEntries(Object.keys(inner.params).map((name) => [name, f[name as never]])) as never,
      (f, ret) => {
        (f as { ret: number }).ret = ret;
      },
    ),
    k.step('keep', (f) => {
      const { results, ret } = f as unknown as { results: World['results']; ret: number };
      results[slot] = ret;
    }),
  ]);

const getting = keeping(ioasidGet, 'a');
/** ioasid_put(), which tells whether the ID is free. */
const putting = procedure(
  'ioasid_put, kept',
  { source, params: { ...ioasidPut.params, results: Results }, locals: { freed: bool() } },
  (k) => [
    k.call(
      ioasidPut,
      (f) => ({ core: f.core, set: f.set, id: f.id }),
      (f, freed) => {
        f.freed = freed;
      },
    ),
    k.step('keep', (f) => {
      if (f.freed) f.results.b++;
      else f.results.a++;
    }),
  ],
);
const owning = keeping(ioasidGetIfOwned, 'b');
const binding = keeping(bindGpasid, 'a');

describe('references', () => {
  test('a get of a known ID counts, and a put gives it back', async () => {
    const { ends, kind } = await endsOf(
      ({ parts: { core }, data, results }) => [
        does(getting, { core, set: null, id: data.id, results }),
        does(ioasidPut, { core, set: null, id: data.id }),
      ],
      ({ data, results }) => [results.a, data.refs.counter],
    );
    expect(kind).toBeNull();
    expect(ends).toEqual([[0, 1]]);
  });

  test('an unknown ID, one that is FREE_PENDING, and one of somebody else are refused', async () => {
    const unknown = await endsOf(
      ({ parts: { core }, results }) => [
        does(getting, { core, set: null, id: 3, results }),
        does(owning, { core, id: 3, mm: 1, results }),
      ],
      ({ results }) => [results.a, results.b],
    );
    expect(unknown.ends).toEqual([[-EINVAL, -ENOENT]]);
    const pending = await endsOf(
      ({ parts: { core }, user, data, results }) => {
        data.refs.counter = 2;
        return [
          does(userFree, { core, user }),
          does(getting, { core, set: null, id: data.id, results }),
          does(owning, { core, id: data.id, mm: 1, results }),
        ];
      },
      ({ data, results }) => [results.a, results.b, data.state, data.refs.counter],
    );
    expect(pending.ends).toEqual([[-EBUSY, -EBUSY, 'free-pending', 1]]);
    const foreign = await endsOf(
      ({ parts: { core }, data, results }) => [does(owning, { core, id: data.id, mm: 2, results })],
      ({ data, results }) => [results.b, data.refs.counter],
    );
    expect(foreign.ends).toEqual([[-EPERM, 1]]);
  });

  test('the last put reclaims the ID and, in V4, its set', async () => {
    for (const [life, sets] of [
      ['counted', 1],
      ['last-id', 0],
    ] as const) {
      const { ends } = await endsOf(
        ({ parts: { core }, data }) => [does(ioasidPut, { core, set: null, id: data.id })],
        ({ parts }) => [parts.core.xa.at(1) === null, [...parts.ids].length, [...parts.sets].length],
        { settings: [set(setLife, life)] },
      );
      expect(ends).toEqual([[true, 0, sets]]);
    }
  });
});

describe('what a put tells', () => {
  const puts = (times: number, set = (_: World): IoasidData['set'] | null => null) =>
    endsOf(
      (w) => {
        w.data.refs.counter = 2;
        const put = does(putting, { core: w.parts.core, set: set(w), id: w.data.id, results: w.results });
        return Array.from({ length: times }, () => put);
      },
      ({ parts, results }) => [results.a, results.b, parts.core.xa.at(1) === null],
    );

  test('only the last one that the ID is free, and one of a free ID that it is not', async () => {
    expect((await puts(1)).ends).toEqual([[1, 0, false]]);
    expect((await puts(2)).ends).toEqual([[1, 1, true]]);
    expect((await puts(3)).ends).toEqual([[2, 1, true]]);
  });

  test('nothing of an ID of another set', async () => {
    const ofOwn = await puts(2, ({ data }) => data.set);
    expect(ofOwn.ends).toEqual([[1, 1, true]]);
    const { ends } = await endsOf(
      (w, s) => {
        const other = openAtStart(s, w.parts, 'other', 2).set;
        return [does(putting, { core: w.parts.core, set: other, id: w.data.id, results: w.results })];
      },
      ({ data, results }) => [results.a, results.b, data.refs.counter],
    );
    expect(ends).toEqual([[1, 0, 1]]);
  });
});

describe('the PASID of a process', () => {
  const hosts = (order: readonly ('alloc' | 'free')[], failures: Record<string, number> = {}) =>
    endsOf(
      (w, s) => {
        const { core } = w.parts;
        const sva = s.object(SvaLib, 'iommu_sva', { set: w.user.set });
        const mm = s.object(SvaMm, 'mm');
        mmOf.set(w, mm);
        return order.map((call) =>
          call === 'alloc' ? does(iommuSvaAllocPasid, { core, sva, mm }) : does(iommuSvaFreePasid, { core, sva, mm }),
        );
      },
      (w) => {
        const mm = mmOf.get(w);
        const data = w.parts.core.xa.at(2);
        return [mm?.pasid, data?.refs.counter ?? 0, data?.private === mm];
      },
      { failures },
    );
  const mmOf = new WeakMap<World, SvaMm>();

  test('comes with the first bind, is shared by the next, and goes with the last unbind', async () => {
    expect((await hosts(['alloc'])).ends).toEqual([[2, 1, true]]);
    expect((await hosts(['alloc', 'alloc'])).ends).toEqual([[2, 2, true]]);
    expect((await hosts(['alloc', 'alloc', 'free'])).ends).toEqual([[2, 1, true]]);
    expect((await hosts(['alloc', 'alloc', 'free', 'free'])).ends).toEqual([[0, 0, false]]);
  });

  test('is none where there is no memory', async () => {
    const { ends, kind } = await hosts(['alloc'], { kmalloc: 1 });
    expect(kind).toBeNull();
    expect(ends).toEqual(
      expect.arrayContaining([
        [0, 0, false],
        [2, 1, true],
      ]),
    );
    expect(ends).toHaveLength(2);
  });
});

describe('sets', () => {
  test('a set gives out as many IDs as its quota, and what it counts goes back with it', async () => {
    const { ends, kind } = await endsOf(
      ({ parts: { core }, user }) => [
        does(userAlloc, { core, user }),
        does(userAlloc, { core, user }),
        does(userRelease, { core, user }),
      ],
      ({ parts, user }) => [user.id, parts.core.capacity_avail, [...parts.ids].length, [...parts.sets].length],
    );
    expect(kind).toBeNull();
    expect(ends).toEqual([[0, 4, 0, 0]]);
  });

  test('a token has one set, and a set no more than the system has left', async () => {
    for (const [token, quota] of [
      [1, 1],
      [2, 3],
    ] as const) {
      const { ends } = await endsOf(
        ({ parts: { core }, user }) => [does(userOpen, { core, user, token, quota })],
        ({ parts, user }) => [user.set, parts.core.capacity_avail],
      );
      expect(ends).toEqual([[null, 2]]);
    }
  });

  test('a quota of zero takes all that is left', async () => {
    const { ends } = await endsOf(
      ({ parts: { core }, user }) => [does(userOpen, { core, user, token: 2, quota: 0 })],
      ({ parts, user }) => [user.set?.quota, parts.core.capacity_avail],
    );
    expect(ends).toEqual([[2, 0]]);
  });

  test('whatever of an allocation fails, nothing of it is left', async () => {
    for (const failure of ['kmalloc', 'xa_alloc', 'xa_store']) {
      const { ends, kind } = await endsOf(
        ({ parts: { core }, user }) => [does(userAlloc, { core, user })],
        ({ parts, user, data }) => [user.id, [...parts.ids].length, data.set.nr_ioasids],
        { failures: { [failure]: 1 } },
      );
      expect(kind).toBeNull();
      expect(ends).toEqual(
        expect.arrayContaining([
          [0, 1, 1],
          [2, 2, 2],
        ]),
      );
      expect(ends).toHaveLength(2);
    }
  });
});

describe('notifiers', () => {
  const mm = [
    ...repaired.slice(0, 2),
    set(lockOrder, 'nb-first'),
    set(registerPut, 'locked-form'),
    set(registerUndo, 'given-back'),
    set(unregisterLock, 'wait-later'),
  ];

  test('who registers before there is a set joins the chain when it comes, and waits again when it goes', async () => {
    const { ends, kind } = await endsOf(
      ({ parts: { core }, user }, s) => {
        s.pool(IoasidSetNb, 1);
        const nb = makeKvm(s, 'kvm');
        return [
          does(ioasidRegisterNotifierMm, { core, token: 2, nb }),
          does(userOpen, { core, user, token: 2, quota: 1 }),
        ];
      },
      ({ parts, user }) => [user.set?.nh !== null, [...parts.core.pending].map((one) => one.active)],
      { settings: mm },
    );
    expect(kind).toBeNull();
    expect(ends).toEqual([[true, [true]]]);
    const gone = await endsOf(
      ({ parts: { core }, user }, s) => {
        s.pool(IoasidSetNb, 1);
        const nb = makeKvm(s, 'kvm');
        return [
          does(ioasidRegisterNotifierMm, { core, token: 2, nb }),
          does(userOpen, { core, user, token: 2, quota: 1 }),
          does(userRelease, { core, user }),
        ];
      },
      ({ parts }) => [...parts.core.pending].map((one) => one.active),
      { settings: mm },
    );
    expect(gone.ends).toEqual([[false]]);
  });

  test('a set with IDs takes no notifier, and one that leaves is off the chain', async () => {
    const { ends } = await endsOf(
      ({ parts: { core } }, s) => {
        s.pool(IoasidSetNb, 1);
        return [does(ioasidRegisterNotifierMm, { core, token: 1, nb: makeKvm(s, 'kvm') })];
      },
      ({ parts, data }) => [data.set.nh, parts.core.pending.length, data.set.ref.counter],
      { settings: mm },
    );
    expect(ends).toEqual([[null, 0, 2]]);
    const left = await endsOf(
      ({ parts: { core }, user }, s) => {
        s.pool(IoasidSetNb, 1);
        const nb = makeKvm(s, 'kvm');
        return [
          does(userOpen, { core, user, token: 2, quota: 1 }),
          does(ioasidRegisterNotifierMm, { core, token: 2, nb }),
          does(ioasidUnregisterNotifierMm, { core, token: 2, nb }),
        ];
      },
      ({ parts, user }) => [user.set?.nh, parts.core.pending.length, user.set?.ref.counter],
      { settings: mm },
    );
    expect(left.ends).toEqual([[null, 0, 1]]);
  });

  test('subscribers of one chain are told by priority, those of the global chain before all others', async () => {
    const order = async (settings: readonly Setting[]) => {
      const { ends } = await endsOf(
        ({ parts, data }, s) => {
          makeCleanup(s, parts, true);
          makeIommu(s, parts, data.set);
          vdcmAtStart(s, parts, data, s.object(VtdDevice, 'dev'));
          kvmAtStart(s, data);
          return [];
        },
        ({ parts, data }) => {
          const names: string[] = [];
          for (let nb = parts.core.notifier; nb !== null; nb = nb.next) names.push(`global: ${nameOf(nb)}`);
          for (let nb = data.set.nh; nb !== null; nb = nb.next) names.push(nameOf(nb));
          return names;
        },
        { settings, subscribers: ['vtd', 'kvm', 'vdcm'] },
      );
      return ends;
    };
    expect(await order([set(vdcmWork, 'embedded')])).toEqual([['global: pasid_nb', 'kvm_nb', 'vdcm_nb']]);
    expect(await order([set(vdcmWork, 'embedded'), set(chainOrder, 'one-chain')])).toEqual([
      ['kvm_nb', 'pasid_nb', 'vdcm_nb'],
    ]);
    expect(
      await order([set(vdcmWork, 'embedded'), set(chainOrder, 'one-chain'), set(priorities, 'cpu-device-iommu')]),
    ).toEqual([['kvm_nb', 'vdcm_nb', 'pasid_nb']]);
  });
});

describe('guest bind', () => {
  const vtd = { settings: repaired, subscribers: ['vtd'] as const };

  test('bind and unbind take and give back one reference, private data and SPID', async () => {
    const bound = await endsOf(
      ({ parts, data, results }, s) => {
        makeCleanup(s, parts, false);
        s.pool(IntelSvm, 1);
        const { core } = parts;
        const iommu = makeIommu(s, parts, data.set);
        const dev = s.object(VtdDevice, 'dev');
        return [does(binding, { core, iommu, dev, pasid: data.id, mm: 1, results })];
      },
      ({ data, results }) => [results.a, data.refs.counter, data.spid, data.private !== null],
      vtd,
    );
    expect(bound).toEqual({ ends: [[0, 2, 1, true]], kind: null });
    const unbound = await endsOf(
      ({ parts, data }, s) => {
        makeCleanup(s, parts, false);
        const { core } = parts;
        const iommu = makeIommu(s, parts, data.set);
        const dev = s.object(VtdDevice, 'dev');
        bindAtStart(s, parts, iommu, data, [dev]);
        return [does(unbindGpasid, { core, iommu, dev, pasid: data.id, mm: 1 })];
      },
      ({ data }) => [data.refs.counter, data.spid, data.private],
      vtd,
    );
    expect(unbound).toEqual({ ends: [[1, 0, null]], kind: null });
  });

  test('a bind that fails leaves the ID as it was', async () => {
    const { ends, kind } = await endsOf(
      ({ parts, data, results }, s) => {
        makeCleanup(s, parts, false);
        s.pool(IntelSvm, 1);
        const { core } = parts;
        const iommu = makeIommu(s, parts, data.set);
        const dev = s.object(VtdDevice, 'dev');
        return [does(binding, { core, iommu, dev, pasid: data.id, mm: 1, results })];
      },
      ({ data, results }) => [results.a, data.refs.counter, data.spid, data.private !== null],
      { ...vtd, failures: { kmalloc: 1 } },
    );
    expect(kind).toBeNull();
    expect(ends).toEqual(
      expect.arrayContaining([
        [0, 2, 1, true],
        [-ENOMEM, 1, 0, false],
      ]),
    );
    expect(ends).toHaveLength(2);
  });

  test('a free of a bound ID is cleaned up by the driver', async () => {
    const { ends, kind } = await endsOf(
      ({ parts, user, data }, s) => {
        makeCleanup(s, parts, false);
        const { core } = parts;
        bindAtStart(s, parts, makeIommu(s, parts, data.set), data, [s.object(VtdDevice, 'dev')]);
        return [does(userFree, { core, user })];
      },
      ({ parts }) => [parts.core.xa.at(1), [...parts.ids].length],
      vtd,
    );
    expect(kind).toBeNull();
    expect(ends).toEqual([[null, 0]]);
  });
});
