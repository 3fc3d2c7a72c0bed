/** Init, bind, unbind, shutdown and find, one after the other: results, error paths, and what they leave behind. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  type Bounds,
  does,
  EDOM,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOMEM,
  ESRCH,
  errno,
  int,
  MmStruct,
  makeMm,
  mmputProcedure,
  object,
  opaque,
  procedure,
  ref,
  type Setup,
} from '../../../../model/kernel/index.ts';
import {
  bindAtStart,
  Device,
  DriverData,
  driverMmExit,
  IommuSva,
  initAtStart,
  iommuSvaBindDevice,
  iommuSvaDeviceInit,
  iommuSvaDeviceShutdown,
  iommuSvaFind,
  iommuSvaUnbindDevice,
  MAX_PASID,
  MmExit,
  makeDevice,
  makeSva,
  type SvaParts,
} from '../../../../model/sva/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

const Log = object('log', { rc: errno(), found: opaque() }, { permanent: true });

const init = procedure(
  'init',
  { source, params: { dev: Device, features: int(0, 3), log: Log }, locals: { rc: errno() } },
  (k) => [
    k.call(
      iommuSvaDeviceInit,
      (f) => ({ dev: f.dev, features: f.features, mm_exit: driverMmExit }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.step('log', (f) => {
      f.log.rc = f.rc;
    }),
  ],
);

const bind = procedure(
  'bind',
  {
    source,
    params: { dev: Device, mm: MmStruct, flags: int(0, 3), drvdata: opaque(), log: Log },
    locals: { rc: errno() },
  },
  (k) => [
    k.call(
      iommuSvaBindDevice,
      (f) => ({ dev: f.dev, mm: f.mm, flags: f.flags, drvdata: f.drvdata }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.step('log', (f) => {
      f.log.rc = f.rc;
    }),
  ],
);

const unbind = procedure(
  'unbind',
  { source, params: { dev: Device, pasid: int(0, MAX_PASID), log: Log }, locals: { rc: errno() } },
  (k) => [
    k.call(
      iommuSvaUnbindDevice,
      (f) => ({ dev: f.dev, pasid: f.pasid }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.step('log', (f) => {
      f.log.rc = f.rc;
    }),
  ],
);

const shutdown = procedure('shutdown', { source, params: { dev: Device, log: Log }, locals: { rc: errno() } }, (k) => [
  k.call(
    iommuSvaDeviceShutdown,
    (f) => ({ dev: f.dev }),
    (f, rc) => {
      f.rc = rc;
    },
  ),
  k.step('log', (f) => {
    f.log.rc = f.rc;
  }),
]);

const find = procedure(
  'find',
  { source, params: { sva: IommuSva, pasid: int(0, MAX_PASID), log: Log }, locals: { mm: ref(MmStruct) } },
  (k) => [
    k.call(
      iommuSvaFind,
      (f) => ({ sva: f.sva, pasid: f.pasid }),
      (f, mm) => {
        f.mm = mm;
      },
    ),
    k.step('log', (f) => {
      f.log.found = f.mm;
    }),
  ],
);

function world(s: Setup<Bounds>) {
  s.implementations(MmExit, [driverMmExit]);
  const parts = makeSva(s, { params: 2, ioMms: 2, bonds: 2 });
  return {
    parts,
    dev: makeDevice(s, parts, 'dev0'),
    mm: makeMm(s, 'mm0', { srcu: parts.srcu }),
    drvdata: s.object(DriverData, 'drvdata'),
    log: s.object(Log, 'log'),
  };
}
type World = ReturnType<typeof world>;

/** Everything that init and bind change, without the names of objects. */
function picture(parts: SvaParts, dev: Device, mm: World['mm']) {
  const param = dev.sva_param;
  return {
    param: param === null ? null : { features: param.features, max: param.max_pasid, exit: param.mm_exit?.name },
    users: mm.mm_users.counter,
    count: mm.mm_count.counter,
    hasNotifiers: mm.has_notifiers,
    notifiers: mm.notifiers.length,
    table: [...parts.sva.pasid_idr].map((io_mm) =>
      io_mm === null
        ? null
        : {
            pasid: io_mm.pasid,
            flags: io_mm.flags,
            kref: io_mm.kref.counter,
            mine: io_mm.mm === mm && io_mm.sva === parts.sva && io_mm.ops === parts.ops,
            registered: mm.notifiers.has(io_mm),
            released: io_mm.mn_released,
            release: io_mm.mn_release?.name,
            bonds: [...io_mm.devices].map((bond) => ({
              refs: bond.refs.counter,
              linked: bond.linked,
              active: bond.mm_exit_active,
              mine: bond.io_mm === io_mm && bond.dev === dev && bond.domain === parts.domain && bond.param === param,
              onDomain: parts.domain.mm_list.has(bond),
              onDevice: param?.mm_list.has(bond),
            })),
          },
    ),
  };
}

/** Runs one task through `operations` and returns what `look` sees at its end. */
async function endOf<T>(
  build: (s: Setup<Bounds>) => World,
  operations: (w: World) => ReturnType<typeof does>[],
  look: (w: World) => T,
  failures: Record<string, number> = {},
): Promise<T[]> {
  const seen: T[] = [];
  const verdict = await check(
    tiny((s) => {
      const w = build(s);
      s.task('task', operations(w));
      s.failures(failures);
      s.property({
        kind: 'at-end',
        name: 'look',
        about: 'the end',
        check: () => {
          const sight = look(w);
          if (!seen.some((known) => JSON.stringify(known) === JSON.stringify(sight))) seen.push(sight);
          return null;
        },
      });
    }),
    { explain: false },
  );
  expect(verdict.violations.map((v) => v.evidence.message)).toEqual([]);
  expect(verdict.complete).toBe(true);
  return seen;
}

describe('the state that scenarios start from', () => {
  test('is the one that init and bind leave behind', async () => {
    const look = (w: World) => picture(w.parts, w.dev, w.mm);
    const real = await endOf(
      world,
      ({ dev, mm, drvdata, log }) => [
        does(init, { dev, features: 0, log }),
        does(bind, { dev, mm, flags: 0, drvdata, log }),
      ],
      look,
    );
    const prepared = await endOf(
      (s) => {
        const w = world(s);
        initAtStart(s, w.dev, driverMmExit);
        bindAtStart(s, w.parts, w.dev, w.mm, w.drvdata);
        return w;
      },
      ({ dev, mm, drvdata, log }) => [does(bind, { dev, mm, flags: 0, drvdata, log })],
      look,
    );
    expect(real).toHaveLength(1);
    expect(real[0]?.table[1]?.bonds[0]).toEqual({
      refs: 1,
      linked: true,
      active: false,
      mine: true,
      onDomain: true,
      onDevice: true,
    });
    // The second bind of the prepared state finds its bond and changes nothing.
    expect(prepared).toEqual(real);
  });
});

describe('results', () => {
  const ready = (s: Setup<Bounds>) => {
    const w = world(s);
    initAtStart(s, w.dev, driverMmExit);
    return w;
  };
  const rc = (w: World) => w.log.rc;

  test.each<[string, number, (s: Setup<Bounds>) => World, (w: World) => ReturnType<typeof does>[]]>([
    [
      'init of a device without a domain',
      -ENODEV,
      (s) => {
        const w = world(s);
        w.dev.domain = null;
        return w;
      },
      (w) => [does(init, { dev: w.dev, features: 0, log: w.log })],
    ],
    ['init with unknown features', -EINVAL, world, (w) => [does(init, { dev: w.dev, features: 2, log: w.log })]],
    [
      'init with page requests and no fault queue',
      -ENODEV,
      world,
      (w) => [does(init, { dev: w.dev, features: 1, log: w.log })],
    ],
    ['a second init', -EEXIST, ready, (w) => [does(init, { dev: w.dev, features: 0, log: w.log })]],
    [
      'bind without init',
      -EINVAL,
      world,
      (w) => [does(bind, { dev: w.dev, mm: w.mm, flags: 0, drvdata: w.drvdata, log: w.log })],
    ],
    [
      'bind with flags the device does not have',
      -EINVAL,
      ready,
      (w) => [does(bind, { dev: w.dev, mm: w.mm, flags: 1, drvdata: w.drvdata, log: w.log })],
    ],
    ['bind', 1, ready, (w) => [does(bind, { dev: w.dev, mm: w.mm, flags: 0, drvdata: w.drvdata, log: w.log })]],
    [
      'a second bind',
      -EEXIST,
      ready,
      (w) => [
        does(bind, { dev: w.dev, mm: w.mm, flags: 0, drvdata: w.drvdata, log: w.log }),
        does(bind, { dev: w.dev, mm: w.mm, flags: 0, drvdata: w.drvdata, log: w.log }),
      ],
    ],
    ['unbind without init', -EINVAL, world, (w) => [does(unbind, { dev: w.dev, pasid: 1, log: w.log })]],
    ['unbind of an unknown PASID', -ESRCH, ready, (w) => [does(unbind, { dev: w.dev, pasid: 1, log: w.log })]],
    [
      'bind and unbind',
      0,
      ready,
      (w) => [
        does(bind, { dev: w.dev, mm: w.mm, flags: 0, drvdata: w.drvdata, log: w.log }),
        does(unbind, { dev: w.dev, pasid: 1, log: w.log }),
      ],
    ],
    ['shutdown without init', -ENODEV, world, (w) => [does(shutdown, { dev: w.dev, log: w.log })]],
    [
      'bind and shutdown',
      0,
      ready,
      (w) => [
        does(bind, { dev: w.dev, mm: w.mm, flags: 0, drvdata: w.drvdata, log: w.log }),
        does(shutdown, { dev: w.dev, log: w.log }),
      ],
    ],
  ])('%s gives %i', async (_what, expected, build, operations) => {
    expect(await endOf(build, operations, rc)).toEqual([expected]);
  });

  test('bind with other flags than the io_mm has gives -EDOM and drops its reference', async () => {
    const seen = await endOf(
      (s) => {
        const w = ready(s);
        const other = makeDevice(s, w.parts, 'dev1');
        const param = initAtStart(s, other, driverMmExit);
        param.features = 1;
        bindAtStart(s, w.parts, w.dev, w.mm, w.drvdata);
        return { ...w, dev: other };
      },
      (w) => [does(bind, { dev: w.dev, mm: w.mm, flags: 1, drvdata: w.drvdata, log: w.log })],
      (w) => [w.log.rc, w.parts.sva.pasid_idr.at(1)?.kref.counter],
    );
    expect(seen).toEqual([[-EDOM, 1]]);
  });
});

describe('a bind that fails', () => {
  test.each(['kmalloc', 'idr_alloc', 'mmu_notifier_register'])('for %s leaves everything as it was', async (budget) => {
    const ready = (s: Setup<Bounds>) => {
      const w = world(s);
      initAtStart(s, w.dev, driverMmExit);
      return w;
    };
    const seen = await endOf(
      ready,
      ({ dev, mm, drvdata, log }) => [does(bind, { dev, mm, flags: 0, drvdata, log })],
      (w) => {
        const { table, hasNotifiers: _sticky, ...rest } = picture(w.parts, w.dev, w.mm);
        return {
          rc: w.log.rc,
          bound: table[1] !== null,
          ...rest,
          left: [...w.parts.ioMms].length + [...w.parts.bonds].length,
        };
      },
      { [budget]: 1 },
    );
    const unbound = {
      param: { features: 0, max: MAX_PASID, exit: 'driver_mm_exit' },
      users: 1,
      count: 1,
      notifiers: 0,
    };
    const bound = { ...unbound, count: 3, notifiers: 1 };
    expect(seen).toHaveLength(2);
    expect(seen).toContainEqual({ rc: 1, bound: true, left: 2, ...bound });
    expect(seen).toContainEqual({ rc: -ENOMEM, bound: false, left: 0, ...unbound });
  });
});

describe('find', () => {
  const bound = (s: Setup<Bounds>) => {
    const w = world(s);
    initAtStart(s, w.dev, driverMmExit);
    bindAtStart(s, w.parts, w.dev, w.mm, w.drvdata);
    // Kept by the test, so that the struct can be looked at after the exit.
    w.mm.mm_count.counter++;
    return w;
  };
  const look = (w: World) => [w.log.found === w.mm, w.mm.mm_users.counter];

  test('gives the address space with a user reference', async () => {
    expect(await endOf(bound, (w) => [does(find, { sva: w.parts.sva, pasid: 1, log: w.log })], look)).toEqual([
      [true, 2],
    ]);
  });

  test('gives nothing for a free PASID, or once exit has begun', async () => {
    expect(await endOf(bound, (w) => [does(find, { sva: w.parts.sva, pasid: 2, log: w.log })], look)).toEqual([
      [false, 1],
    ]);
    expect(
      await endOf(
        bound,
        (w) => [does(mmputProcedure, { mm: w.mm }), does(find, { sva: w.parts.sva, pasid: 1, log: w.log })],
        look,
      ),
    ).toEqual([[false, 0]]);
  });
});
