/**
 * The teardown model that other checkers were given (Promela, Murphi, TLA+), step by step the same, so that the
 * numbers of reachable states must agree with theirs. It is coarser than the systems in `model/`: a step is one
 * indivisible action of that model.
 */
import {
  actor,
  atomic,
  bool,
  each,
  int,
  machine,
  object,
  oneOf,
  patch,
  procedure,
  racy,
  ref,
  ring,
  scenario,
  set,
  struct,
  switchOf,
  type View,
  Violation,
} from '../../checker/lang/index.ts';

const source = patch('teardown model of the peers')();

const callbackLock = switchOf(
  'peers.callback-lock',
  'whether the driver callback takes iommu->lock',
  'locked',
  'lockless',
);

const flag = (name: string, spins: boolean) => struct(name, { owner: actor() }, { spins });

const Mm = object(
  'mm',
  {
    users: atomic(int(0, 15), 'atomic_t'),
    bond: oneOf('none', 'live', 'dying'),
    refs: int(0, 15),
    vfio: racy(bool(), 'looked at without a lock, as in the models of the other checkers'),
  },
  { permanent: true },
);
type Mm = View<typeof Mm.shape>;

const Iommu = object(
  'iommu',
  {
    lock: flag('mutex', false),
    spin: flag('spinlock', true),
    disabled: bool(),
    produced: int(0, 15),
    busy: bool(),
    queue: ring(ref(Mm), 2),
  },
  { permanent: true },
);

/** Why steps take several of the kernel's at once. */
const oneRule = { indivisible: 'one rule in the models of the other checkers, whose counts this one equals' };

/** A user thread: bind, then unbind. */
const userThread = procedure('user_thread', { source, params: { iommu: Iommu, mm: Mm } }, (k) => [
  k.test('mmget_not_zero', (f) => f.mm.users > 0 && f.mm.users++ >= 0, [], [k.return()]),
  k.blockUntil('lock iommu to bind', (f) => f.iommu.lock.owner === null, {
    do: (f, self) => {
      f.iommu.lock.owner = self;
    },
    waiting: { kind: 'lock', lock: (f) => f.iommu.lock, owners: (f) => [f.iommu.lock.owner].filter((a) => a !== null) },
  }),
  k.blockUntil('spin to bind', (f) => f.iommu.spin.owner === null, {
    do: (f, self) => {
      f.iommu.spin.owner = self;
    },
    waiting: { kind: 'lock', lock: (f) => f.iommu.spin, owners: (f) => [f.iommu.spin.owner].filter((a) => a !== null) },
  }),
  k.test(
    'bind',
    (f) => {
      f.iommu.spin.owner = null;
      if (f.iommu.disabled || f.mm.bond === 'dying') return false;
      f.mm.bond = 'live';
      f.mm.refs++;
      f.mm.vfio = true;
      return true;
    },
    [],
    [
      k.step('unlock after a failed bind', (f) => {
        f.iommu.lock.owner = null;
      }),
      k.step('mmput after a failed bind', (f) => {
        f.mm.users--;
      }),
      k.return(),
    ],
    oneRule,
  ),
  k.step('unlock after bind', (f) => {
    f.iommu.lock.owner = null;
  }),
  k.step('mmput', (f) => {
    f.mm.users--;
  }),
  k.blockUntil('lock iommu to unbind', (f) => f.iommu.lock.owner === null, {
    do: (f, self) => {
      f.iommu.lock.owner = self;
    },
    waiting: { kind: 'lock', lock: (f) => f.iommu.lock, owners: (f) => [f.iommu.lock.owner].filter((a) => a !== null) },
  }),
  k.test('is vfio_mm on the list?', (f) => f.mm.vfio, [
    k.loop([
      k.blockUntil('spin to unbind', (f) => f.iommu.spin.owner === null, {
        do: (f, self) => {
          f.iommu.spin.owner = self;
        },
        waiting: {
          kind: 'lock',
          lock: (f) => f.iommu.spin,
          owners: (f) => [f.iommu.spin.owner].filter((a) => a !== null),
        },
      }),
      k.test(
        'unbind unless dying',
        (f) => {
          f.iommu.spin.owner = null;
          if (f.mm.bond === 'dying') return false;
          if (f.mm.bond === 'live' && --f.mm.refs === 0) {
            f.mm.bond = 'none';
            f.mm.vfio = false;
          }
          return true;
        },
        [k.break()],
        [],
        oneRule,
      ),
      k.blockUntil('wait until the callback is done', (f) => f.mm.bond !== 'dying'),
    ]),
  ]),
  k.step('unlock after unbind', (f) => {
    f.iommu.lock.owner = null;
  }),
]);

/** The exiting process. */
const exitNotifier = procedure('exit_notifier', { source, params: { iommu: Iommu, mm: Mm } }, (k) => [
  k.step('drop the own reference', (f) => {
    f.mm.users--;
  }),
  k.blockUntil('wait until mm_users is zero', (f) => f.mm.users === 0),
  k.blockUntil('spin to mark', (f) => f.iommu.spin.owner === null, {
    do: (f, self) => {
      f.iommu.spin.owner = self;
    },
    waiting: { kind: 'lock', lock: (f) => f.iommu.spin, owners: (f) => [f.iommu.spin.owner].filter((a) => a !== null) },
  }),
  k.test(
    'live becomes dying',
    (f) => {
      f.iommu.spin.owner = null;
      if (f.mm.bond !== 'live') return false;
      f.mm.bond = 'dying';
      return true;
    },
    [],
    [k.return()],
  ),
  k.switch(callbackLock, {
    locked: [
      k.blockUntil('callback locks iommu', (f) => f.iommu.lock.owner === null, {
        do: (f, self) => {
          f.iommu.lock.owner = self;
        },
        waiting: {
          kind: 'lock',
          lock: (f) => f.iommu.lock,
          owners: (f) => [f.iommu.lock.owner].filter((a) => a !== null),
        },
      }),
      k.step('callback removes vfio_mm and unlocks', (f) => {
        f.mm.vfio = false;
        f.iommu.lock.owner = null;
      }),
    ],
    lockless: [
      k.step('callback removes vfio_mm', (f) => {
        f.mm.vfio = false;
      }),
    ],
  }),
  k.blockUntil('spin to finish', (f) => f.iommu.spin.owner === null, {
    do: (f, self) => {
      f.iommu.spin.owner = self;
    },
    waiting: { kind: 'lock', lock: (f) => f.iommu.spin, owners: (f) => [f.iommu.spin.owner].filter((a) => a !== null) },
  }),
  k.step('the bond is gone', (f) => {
    f.iommu.spin.owner = null;
    f.mm.bond = 'none';
    f.mm.refs = 0;
  }),
]);

const anyDying = (mms: readonly Mm[]) => {
  for (let i = 0; i < mms.length; i++) if ((mms[i] as Mm).bond === 'dying') return true;
  return false;
};

const shutdown = procedure('shutdown', { source, params: { iommu: Iommu, mms: each(Mm) } }, (k) => [
  k.blockUntil('lock iommu', (f) => f.iommu.lock.owner === null, {
    do: (f, self) => {
      f.iommu.lock.owner = self;
    },
    waiting: { kind: 'lock', lock: (f) => f.iommu.lock, owners: (f) => [f.iommu.lock.owner].filter((a) => a !== null) },
  }),
  k.loop([
    k.blockUntil('spin', (f) => f.iommu.spin.owner === null, {
      do: (f, self) => {
        f.iommu.spin.owner = self;
      },
      waiting: {
        kind: 'lock',
        lock: (f) => f.iommu.spin,
        owners: (f) => [f.iommu.spin.owner].filter((a) => a !== null),
      },
    }),
    k.test(
      'remove all bonds unless one is dying',
      (f) => {
        f.iommu.spin.owner = null;
        if (anyDying(f.mms)) return false;
        f.iommu.disabled = true;
        for (const mm of f.mms) {
          mm.bond = 'none';
          mm.refs = 0;
        }
        return true;
      },
      [k.break()],
      [],
      oneRule,
    ),
    k.blockUntil('wait until none is dying', (f) => !anyDying(f.mms), oneRule),
  ]),
  k.blockUntil('wait until the queue is empty', (f) => f.iommu.queue.length === 0 && !f.iommu.busy, oneRule),
  k.step(
    'empty the list and unlock',
    (f) => {
      if (anyDying(f.mms)) throw new Violation('assertion', 'a callback runs after shutdown');
      for (const mm of f.mms) mm.vfio = false;
      f.iommu.lock.owner = null;
    },
    oneRule,
  ),
]);

const device = procedure('device', { source, params: { iommu: Iommu, mms: each(Mm), requests: int(0, 15) } }, (k) => [
  k.loop([
    k.pick(
      'raise a request',
      (f) => f.mms,
      (f, mm) => {
        f.iommu.queue.push(mm);
        f.iommu.produced++;
      },
      {
        when: (f, mm) => f.iommu.produced < f.requests && !f.iommu.queue.full && mm.bond === 'live',
        idle: true,
        waiting: { kind: 'device' },
        ...oneRule,
      },
    ),
  ]),
]);

const worker = machine(
  'worker',
  {
    source,
    params: { iommu: Iommu },
    locals: { current: ref(Mm) },
    states: ['idle', 'taken', 'faulting', 'handled', 'answering'],
    rest: ['idle'],
    ...oneRule,
  },
  [
    {
      label: 'take',
      from: 'idle',
      to: 'taken',
      when: (f) => f.iommu.queue.length > 0,
      do: (f) => {
        f.current = f.iommu.queue.shift();
        f.iommu.busy = true;
      },
    },
    {
      label: 'mmget',
      from: 'taken',
      to: 'faulting',
      when: (f) => f.iommu.spin.owner === null && f.current?.bond === 'live' && f.current.users > 0,
      do: (f) => {
        if (f.current) f.current.users++;
      },
    },
    {
      label: 'no mm',
      from: 'taken',
      to: 'answering',
      when: (f) => f.iommu.spin.owner === null && !(f.current?.bond === 'live' && f.current.users > 0),
    },
    { label: 'fault', from: 'faulting', to: 'handled' },
    {
      label: 'mmput',
      from: 'handled',
      to: 'answering',
      do: (f) => {
        if (f.current) f.current.users--;
      },
    },
    {
      label: 'answer',
      from: 'answering',
      to: 'idle',
      do: (f) => {
        f.current = null;
        f.iommu.busy = false;
      },
    },
  ],
);

export default scenario('peers-sva', {
  title: 'VFIO and SVA teardown, as the other checkers have it',
  about:
    'User threads bind and unbind, processes exit, the device shuts down while a worker answers page requests. ' +
    'In the posted form the exit callback takes the lock that unbind and shutdown hold while they wait for it.',
  systems: ['peers'],
  source,
  corpus: 'peer',
  bounds: { mms: 2, threads: 1, requests: 2 },
  variants: {
    posted: {
      about: 'the callback takes iommu->lock',
      expect: { verdict: 'violated', kind: 'deadlock', length: 15, states: 14_080 },
    },
    fixed: {
      about: 'the callback takes no lock',
      settings: [set(callbackLock, 'lockless')],
      expect: { verdict: 'holds', states: 94_998, depth: 40 },
    },
    'posted-m': {
      about: 'two threads for each of two address spaces',
      bounds: { threads: 2, requests: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 17, states: 136_782 },
    },
    'fixed-m': {
      about: 'two threads for each of two address spaces, no lock in the callback',
      settings: [set(callbackLock, 'lockless')],
      bounds: { threads: 2, requests: 1 },
      expect: { verdict: 'holds', states: 996_776, depth: 54 },
    },
    'posted-l': {
      about: 'three address spaces and three requests',
      bounds: { mms: 3, requests: 3 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 17, states: 310_024 },
    },
    'fixed-l': {
      about: 'three address spaces and three requests, no lock in the callback',
      settings: [set(callbackLock, 'lockless')],
      bounds: { mms: 3, requests: 3 },
      expect: { verdict: 'holds', states: 11_275_974, depth: 58 },
    },
  },
  setup: (s) => {
    const iommu = s.object(Iommu, 'iommu');
    const mms = s.objects(Mm, 'mm', s.bounds.mms, () => ({ users: 1 }));
    const users = mms.map((mm, m) =>
      Array.from({ length: s.bounds.threads }, (_, t) => s.actor(`user${m}.${t}`, userThread, { iommu, mm })),
    );
    const exits = mms.map((mm, m) => s.actor(`exit${m}`, exitNotifier, { iommu, mm }));
    for (const threads of users) s.interchangeable(threads.map((thread) => [thread]));
    s.interchangeable(mms.map((mm, m) => [mm, ...(users[m] ?? []), ...exits.slice(m, m + 1)]));
    s.actor('shutdown', shutdown, { iommu, mms });
    s.actor('device', device, { iommu, mms, requests: s.bounds.requests }, { role: 'hardware' });
    s.actor('worker', worker, { iommu }, { role: 'worker' });
    s.view('bonds that live', 'neither unbound nor in teardown', () => mms.filter((mm) => mm.bond === 'live').length);
    s.view('teardown under way', 'a bond is dying, so that shutdown has to wait', () =>
      mms.some((mm) => mm.bond === 'dying'),
    );
  },
});
