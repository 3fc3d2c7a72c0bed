/** Allocation and free: liveness, poison, reuse of addresses, double and invalid frees, leaks. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  actor,
  actors,
  type Body,
  int,
  type Kit,
  list,
  type ObjectType,
  object,
  procedure,
  ref,
  ring,
  type Setup,
  struct,
} from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { attempt, drive, lock, refused, source, take, tiny, values } from '../../../support/tiny.ts';

const Mm = object('mm', { users: int(0, 9, 1), lock: lock() });
const Slab = object('slab', { value: int(0, 9) }, { reusesAddress: true });
const Root = object(
  'root',
  { mm: ref(Mm), slab: ref(Slab), mms: list(Mm, 2), queue: ring(ref(Mm), 2) },
  { permanent: true },
);

/** One actor `a` with locals, on `root` and pools of two. */
function alone(build: (k: Kit<any>) => Body<any>, more: (s: Setup<any>) => void = () => {}) {
  const main = procedure(
    'main',
    { source, params: { root: Root }, locals: { mm: ref(Mm), slab: ref(Slab), old: ref(Slab) } },
    build as never,
  );
  return tiny((s) => {
    s.pool(Mm, 2);
    s.pool(Slab, 1);
    more(s);
    s.actor('a', main, { root: s.object(Root, 'root') });
  });
}

/** The object in a slot of the pool of mms, as a model could never get hold of it. */
const slotOf = (sim: Simulator, slot: number) => sim.model.memory.views[1 + slot] as unknown as { users: number };

const alloc = (k: Kit<any>) =>
  k.alloc(Mm, (f, mm) => {
    f.root.mm = mm;
  });

describe('a fresh object', () => {
  test('takes the first free slot and starts with initial values', () => {
    const sim = drive(
      alone((k) => [alloc(k), alloc(k)]),
      'a a',
    );
    expect(values(sim)).toMatchObject({ 'mm#0': 'mm', 'mm#0.users': '1', 'mm#1': 'mm', 'root.mm': 'mm#1' });
  });

  test('starts with initial values again when its slot was used before', () => {
    const scenario = alone((k) => [
      k.alloc(Slab, (f, slab) => {
        f.root.slab = slab;
        slab.value = 7;
      }),
      k.free((f) => f.root.slab),
      k.alloc(Slab, (f, slab) => {
        f.root.slab = slab;
      }),
    ]);
    expect(values(drive(scenario, 'a a a'))).toMatchObject({ 'slab#0.value': '0' });
  });

  test('without a slot left breaks the model and says how many are needed', () => {
    const scenario = alone((k) => [alloc(k), alloc(k), alloc(k)]);
    expect(() => drive(scenario, 'a a a')).toThrow(
      expect.objectContaining({
        code: 'model-threw',
        message: 'no slot is left for mm',
        where: 'main/allocate mm (3) (actor a)',
        hint: 'give the scenario more: s.pool(mm, 3)',
      }),
    );
  });

  test('that is used before it is allocated breaks the model', () => {
    const scenario = alone((k) => [k.step('use', () => void slotOf(sim, 0).users)]);
    const sim = new Simulator(scenario);
    expect(() => drive(sim, 'a')).toThrow('users of mm#0 is accessed before mm#0 was allocated');
  });
});

describe('a freed object', () => {
  test('is a use after free at the next read and at the next write', () => {
    const scenario = (use: (mm: { users: number }) => void) =>
      alone((k) => [alloc(k), k.free((f) => f.root.mm), k.step('use', (f) => use(f.root.mm))]);
    const expected = 'use-after-free: users of mm#0 is accessed after mm#0 was freed';
    expect(
      attempt(
        drive(
          scenario((mm) => void mm.users),
          'a a',
        ),
        'a',
      ),
    ).toBe(expected);
    expect(
      attempt(
        drive(
          scenario((mm) => {
            mm.users = 2;
          }),
          'a a',
        ),
        'a',
      ),
    ).toBe(expected);
  });

  test('may still be pointed to and compared', () => {
    const scenario = alone((k) => [
      alloc(k),
      k.free((f) => f.root.mm),
      k.test('same?', (f) => f.root.mm === null, [k.step('null', () => {})], [k.step('dangling', () => {})]),
    ]);
    expect(drive(scenario, 'a a a').point(0)?.label).toBe('dangling');
  });

  test('freed again is a double free', () => {
    const scenario = alone((k) => [alloc(k), k.free((f) => f.root.mm), k.free((f) => f.root.mm)]);
    expect(attempt(drive(scenario, 'a a'), 'a')).toBe('double-free: mm#0 is freed a second time');
  });

  test('that a guard reads is a use after free of the actor that waits', () => {
    const scenario = alone((k) => [
      alloc(k),
      k.free((f) => f.root.mm),
      k.blockUntil('wait', (f) => f.root.mm.users > 3),
    ]);
    expect(attempt(drive(scenario, 'a a'), 'a')).toMatch(/^use-after-free: users of mm#0/);
  });

  test('of the setup can be freed as well', () => {
    const scenario = tiny((s) => {
      const mm = s.object(Mm, 'mm0');
      const p = procedure('p', { source }, (k) => [k.free(() => mm), k.step('use', () => void mm.users)]);
      s.actor('a', p, {});
    });
    expect(attempt(drive(scenario, 'a'), 'a')).toBe('use-after-free: users of mm0 is accessed after mm0 was freed');
  });
});

describe('free', () => {
  test('of NULL does nothing', () => {
    expect(
      drive(
        alone((k) => [k.free((f) => f.root.mm)]),
        'a',
      ).point(0),
    ).toBeNull();
  });

  test('of an object that was never allocated is an invalid free', () => {
    const sim = new Simulator(alone((k) => [k.free(() => slotOf(sim, 1), { label: 'free it' })]));
    expect(attempt(sim, 'a')).toBe('invalid-free: mm#1 is freed but was never allocated');
  });

  test('of a permanent object breaks the model', () => {
    const scenario = alone((k) => [k.free((f) => f.root)]);
    expect(() => drive(scenario, 'a')).toThrow(
      expect.objectContaining({
        code: 'model-threw',
        message: 'root cannot be freed',
        hint: 'it is permanent or embedded in another object',
      }),
    );
  });

  test('with a lock held inside is an invalid free that names the holder', () => {
    const scenario = alone((k) => [alloc(k), take('lock', (f: any) => f.root.mm.lock), k.free((f) => f.root.mm)]);
    expect(attempt(drive(scenario, 'a a'), 'a')).toBe('invalid-free: mm#0 is freed while mm#0.lock is held');
  });

  test.each([
    ['deep inside', () => struct('outer', { inner: struct('inner', { lock: lock() }) }), 'box0.x.inner.lock'],
    ['in a struct', () => struct('outer', { lock: lock() }), 'box0.x.lock'],
  ])('with a lock held %s is an invalid free', (_where, field, name) => {
    const Box = object('box', { x: field() as ReturnType<typeof deep> });
    const scenario = tiny((s) => {
      const box = s.object(Box, 'box0');
      const holder = procedure('hold', { source }, (k) => [
        take('lock', () => box.x.inner?.lock ?? (box.x as any).lock),
        k.step('rest', () => {}),
      ]);
      s.actor('h', holder, {});
      s.actor(
        'a',
        procedure('p', { source }, (k) => [k.free(() => box)]),
        {},
      );
    });
    expect(attempt(new Simulator(scenario), 'a')).toBe('moved');
    const outcome = drive(scenario, 'h').step(1, 0);
    expect(outcome).toMatchObject({
      evidence: { kind: 'invalid-free', message: `box0 is freed while ${name} is held`, actors: ['a', 'h'] },
    });
  });

  test('with a reader inside is an invalid free', () => {
    const Box = object('box', { sem: struct('rwsem', { owner: actor(), readers: actors() }, { spins: false }) });
    const scenario = tiny((s) => {
      const box = s.object(Box, 'box0');
      const read = procedure('read', { source }, (k) => [
        k.step('down_read', (_f, self) => box.sem.readers.add(self)),
        k.step('rest', () => {}),
      ]);
      s.actor('r', read, {});
      s.actor(
        'a',
        procedure('p', { source }, (k) => [k.free(() => box)]),
        {},
      );
    });
    expect(drive(scenario, 'r').step(1, 0)).toMatchObject({
      evidence: { kind: 'invalid-free', message: 'box0 is freed while box0.sem is held', actors: ['a', 'r'] },
    });
  });
});

const deep = () => struct('outer', { inner: struct('inner', { lock: lock() }) });

describe('a slot', () => {
  const twice = (k: Kit<any>, keep: boolean) => [
    k.alloc(
      Mm,
      (f, mm) => {
        f.mm = mm;
        f.root.mm = keep ? mm : null;
      },
      { label: 'first' },
    ),
    k.free((f) => f.mm),
    k.step('forget', (f) => {
      f.mm = null;
    }),
    k.alloc(Mm, () => {}, { label: 'second' }),
    k.alloc(Mm, () => {}, { label: 'third' }),
  ];

  test('that was freed is used again only when nothing points to it', () => {
    const free = drive(
      alone((k) => twice(k, false)),
      'a a a a a',
    );
    expect(values(free)).toMatchObject({ 'mm#0': 'mm', 'mm#1': 'mm' });
    expect(() =>
      drive(
        alone((k) => twice(k, true)),
        'a a a a a',
      ),
    ).toThrow('no slot is left for mm');
  });

  test('that a list, a ring or a local of somebody points to is not used again', () => {
    const holds = (keep: (f: any, mm: any) => void) =>
      alone((k) => [
        k.alloc(Mm, (f, mm) => keep(f, mm), { label: 'first' }),
        k.free((f) => f.mm ?? f.root.mms.first ?? f.root.queue.first),
        k.alloc(Mm, () => {}, { label: 'second' }),
        k.alloc(Mm, () => {}, { label: 'third' }),
      ]);
    for (const keep of [
      (f: any, mm: any) => f.root.mms.add(mm),
      (f: any, mm: any) => f.root.queue.push(mm),
      (f: any, mm: any) => {
        f.mm = mm;
      },
    ])
      expect(() => drive(holds(keep), 'a a a a')).toThrow('no slot is left for mm');
  });

  test('of a type that reuses addresses is used again at once, so that a stale pointer meets the new object', () => {
    const scenario = alone((k) => [
      k.alloc(Slab, (f, slab) => {
        f.old = slab;
      }),
      k.free((f) => f.old),
      k.alloc(Slab, (f, slab) => {
        f.slab = slab;
        slab.value = 3;
      }),
      k.step('use the stale one', (f) => {
        f.old.value = 4;
      }),
      k.step('keep the frame', () => {}),
    ]);
    const sim = drive(scenario, 'a a a a');
    expect(values(sim)).toMatchObject({ 'a:old': 'slab#0', 'a:slab': 'slab#0', 'slab#0.value': '4' });
  });
});

test('following NULL is evidence with the step and the field', () => {
  const scenario = alone((k) => [k.step('get', (f) => void f.root.mm.users)]);
  expect(new Simulator(scenario).step(0, 0)).toEqual({
    result: 'fault',
    evidence: {
      kind: 'null-dereference',
      message: 'get in main follows a NULL pointer to users',
      objects: [],
      actors: ['a'],
    },
  });
});

test('writing through NULL is a NULL dereference too', () => {
  const scenario = alone((k) => [
    k.step('put', (f) => {
      f.root.mm.users = 1;
    }),
  ]);
  expect(attempt(new Simulator(scenario), 'a')).toBe('null-dereference: put in main follows a NULL pointer to users');
});

describe('at the end', () => {
  const left = (keep: (f: any, mm: any) => void, more?: (s: Setup<any>) => void) =>
    check(alone((k) => [k.alloc(Mm, keep)], more));

  test('an object to which nothing leads is a leak', async () => {
    const verdict = await left(() => {});
    expect(verdict.violations[0]).toMatchObject({
      property: 'leak',
      evidence: {
        kind: 'leak',
        message: 'mm#0 is still allocated at the end and nothing leads to it',
        objects: ['mm#0'],
      },
    });
  });

  test('an object that a field, a list or a ring of the setup leads to is none', async () => {
    for (const keep of [
      (f: any, mm: any) => {
        f.root.mm = mm;
      },
      (f: any, mm: any) => f.root.mms.add(mm),
      (f: any, mm: any) => f.root.queue.push(mm),
    ])
      expect((await left(keep)).outcome).toBe('holds');
  });

  test('an object that may outlive the run is none', async () => {
    expect(
      (
        await left(
          () => {},
          (s) => s.mayOutlive(Mm),
        )
      ).outcome,
    ).toBe('holds');
  });

  test('two objects that lead to each other only are a leak', async () => {
    const Twin: ObjectType<{ other: any }> = object('twin', { other: ref((): ObjectType<any> => Twin) });
    const scenario = tiny((s) => {
      s.pool(Twin, 2);
      const p = procedure('p', { source, locals: { x: ref(Twin) } }, (k) => [
        k.alloc(Twin, (f, t) => {
          f.x = t;
        }),
        k.alloc(Twin, (f, t) => {
          t.other = f.x;
          (f.x as any).other = t;
        }),
      ]);
      s.actor('a', p, {});
    });
    expect((await check(scenario)).violations[0]?.evidence).toMatchObject({ kind: 'leak', objects: ['twin#0'] });
  });
});

test('an allocation that fails by budget takes no slot', () => {
  const scenario = alone(
    (k) => [
      k.alloc(
        Mm,
        (f, mm) => {
          f.root.mm = mm;
        },
        { label: 'kzalloc', mayFail: 'kmalloc', orElse: [k.step('out of memory', () => {})] },
      ),
    ],
    (s) => s.failures({ kmalloc: 1 }),
  );
  const sim = drive(scenario, 'a/1');
  expect(sim.point(0)?.label).toBe('out of memory');
  expect(values(sim)).toMatchObject({ 'root.mm': 'NULL', 'failures left:kmalloc': '0' });
  expect(values(sim)).not.toHaveProperty('mm#0');
});

test('two pools of one type are refused', () => {
  expect(
    refused(
      alone(
        (k) => [k.step('x', () => {})],
        (s) => void s.pool(Mm, 1),
      ),
    ),
  ).toMatchObject({
    what: 'two things are named "mm#0"',
  });
});
