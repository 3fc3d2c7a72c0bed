/** Data races: which edges order two accesses, what is no access, and that what is told is what happened. */
import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { findRaces, type Races } from '../../../../checker/analyse/races.ts';
import {
  actor,
  actors,
  array,
  atomic,
  type Body,
  bool,
  int,
  type Kit,
  list,
  machine,
  type None,
  object,
  procedure,
  racy,
  ref,
  type Scenario,
  struct,
  type View,
} from '../../../../checker/lang/index.ts';
import { formatMove } from '../../../../checker/trace/schedule.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { drop, lock, plain, refusalOf, source, take, tiny } from '../../../support/tiny.ts';

const SEED = process.env['QUIESCE_SEED'] ?? 'races';

const Box = object(
  'box',
  {
    x: int(0, 9),
    y: int(0, 9),
    l: lock(),
    m: lock(),
    rw: struct('rw', { owner: actor(), readers: actors() }, { spins: false }),
    ready: bool(),
    once: racy(int(0, 9), 'READ_ONCE'),
    flag: atomic(bool(), 'xchg'),
    cells: racy(array(struct('cell', { v: int(0, 9) }), 2), 'READ_ONCE'),
    refs: struct('refcount', { counter: int(0, 3, 2) }, 'references'),
  },
  { permanent: true },
);
type Box = View<typeof Box.shape>;
type Program = (k: Kit<None>, b: Box) => Body<None>;

const two = (a: Program, b: Program): Scenario =>
  tiny((s) => {
    const box = s.object(Box, 'box');
    for (const [name, p] of Object.entries({ a, b }))
      s.actor(
        name,
        plain(`p${name}`, (k) => p(k, box)),
        {},
      );
  });

const racesOf = (scenario: Scenario): Races => findRaces(new Simulator(scenario));
/** `x: write by a, read by b`, without who came first. */
const told = (scenario: Scenario): string[] =>
  racesOf(scenario).found.map((r) => {
    const [p, q] = [r.first, r.second].map((a) => `${a.access} by ${a.actor}`).sort();
    return `${r.field.slice(4)}: ${p}, ${q}`;
  });

const write: Program = (k, b) => [
  k.step('write x', () => {
    b.x = 1;
  }),
];
const read: Program = (k, b) => [k.step('read x', () => void b.x)];
const under =
  (name: 'l' | 'm', inside: Program): Program =>
  (k, b) => [take(`take ${name}`, () => b[name]), ...inside(k, b), drop(`drop ${name}`, () => b[name])];
const reading =
  (inside: Program): Program =>
  (k, b) => [
    k.blockUntil('down_read', () => b.rw.owner === null, { do: (_f, self) => b.rw.readers.add(self) }),
    ...inside(k, b),
    k.step('up_read', (_f, self) => b.rw.readers.delete(self)),
  ];
const writing =
  (inside: Program): Program =>
  (k, b) => [
    k.blockUntil('down_write', () => b.rw.owner === null && b.rw.readers.size === 0, {
      do: (_f, self) => {
        b.rw.owner = self;
      },
    }),
    ...inside(k, b),
    k.step('up_write', () => {
      b.rw.owner = null;
    }),
  ];

describe('a race', () => {
  test('is two accesses that nothing orders, one of them a write', () => {
    expect(told(two(write, read))).toEqual(['x: read by b, write by a']);
    expect(told(two(write, write))).toEqual(['x: write by a, write by b']);
    expect(told(two(read, read))).toEqual([]);
    expect(
      told(
        two(write, (k, b) => [
          k.step('y', () => {
            b.y = 1;
          }),
        ]),
      ),
    ).toEqual([]);
  });

  test('is told with the shortest schedule that showed it, whose steps can be taken', () => {
    const scenario = two(write, read);
    const [race] = racesOf(scenario).found;
    expect(race?.steps).toHaveLength(2);
    expect([race?.first.step, race?.second.step]).toEqual([1, 2]);
    const sim = new Simulator(scenario);
    for (const text of race?.steps ?? []) {
      const next = sim.model.actors.filter(({ index, view }) => {
        const point = sim.point(index);
        return (
          point &&
          text === formatMove({ actor: view.name, procedure: point.procedure, label: point.label, choice: null })
        );
      });
      expect(sim.step(next[0]?.index as number, 0).result).toBe('moved');
    }
  });

  test('of a walk is the same every time', () => {
    expect(racesOf(two(write, read))).toEqual(racesOf(two(write, read)));
  });
});

describe('a lock', () => {
  test('orders what it covers on both sides, and nothing else', () => {
    expect(told(two(under('l', write), under('l', read)))).toEqual([]);
    expect(told(two(under('l', write), under('m', read)))).toEqual(['x: read by b, write by a']);
    expect(told(two(under('l', write), read))).toEqual(['x: read by b, write by a']);
  });

  test('for reading orders readers and writers, and no two readers', () => {
    expect(told(two(reading(read), writing(write)))).toEqual([]);
    expect(told(two(reading(write), reading(read)))).toEqual(['x: read by b, write by a']);
  });
});

describe('a wait', () => {
  const publish: Program = (k, b) => [
    ...write(k, b),
    k.step('ready', () => {
      b.ready = true;
    }),
  ];

  test('orders what was done before that which it waits for', () => {
    const waits: Program = (k, b) => [k.blockUntil('wait', () => b.ready), ...read(k, b)];
    expect(told(two(publish, waits))).toEqual([]);
  });

  test('is no test in passing, unless its notes say that it decides about sleeping', () => {
    const looks =
      (awaits: boolean): Program =>
      (k, b) => [k.test('ready?', () => b.ready, read(k, b), [], awaits ? { awaits } : {})];
    expect(told(two(publish, looks(false)))).toEqual(['ready: read by b, write by a', 'x: read by b, write by a']);
    expect(told(two(publish, looks(true)))).toEqual([]);
  });
});

describe('a mark', () => {
  test('of a racy field hides it and what is inside, and orders nothing', () => {
    const publish: Program = (k, b) => [
      ...write(k, b),
      k.step('once', () => {
        b.once = 1;
      }),
      k.step('cell', () => {
        b.cells.at(0).v = 1;
      }),
    ];
    const looks: Program = (k, b) => [
      k.test('cell?', () => b.cells.at(0).v === 1, []),
      k.test('once?', () => b.once === 1, read(k, b)),
    ];
    expect(told(two(publish, looks))).toEqual(['x: read by b, write by a']);
  });

  test('of an atomic one orders what was done before the write', () => {
    const publish: Program = (k, b) => [
      ...write(k, b),
      k.step('flag', () => {
        b.flag = true;
      }),
    ];
    const looks: Program = (k, b) => [k.test('flag?', () => b.flag, read(k, b))];
    expect(told(two(publish, looks))).toEqual([]);
  });

  test('must say why', () => {
    expect(refusalOf(() => racy(bool(), ' ')).what).toBe('a field is marked racy without a reason');
    expect(refusalOf(() => atomic(bool(), '')).what).toBe('a field is marked atomic without a reason');
  });
});

test('the last reference is ordered after those that were dropped before, and no other', () => {
  const put: Program = (k, b) => [
    ...write(k, b),
    k.test('put', () => --b.refs.counter === 0, [k.step('read as the last', () => void b.x)]),
  ];
  // Both write without order before they put; what the last one reads is ordered.
  expect(racesOf(two(put, put)).found.map((r) => [r.first.place, r.second.place].sort())).toEqual([
    ['pa/write x', 'pb/write x'],
  ]);
  // Of two that only lower it, and never to zero, nothing is ordered.
  const some = two(
    (k, b) => [...write(k, b), k.step('lower', () => void b.refs.counter--)],
    (k, b) => [k.test('many?', () => b.refs.counter > 0, read(k, b))],
  );
  expect(told(some)).toEqual(['x: read by b, write by a']);
});

test('what an allocator does before it publishes its object is its own; memory that is given out anew is other memory', () => {
  const Node = object('node', { v: int(0, 9) });
  const Root = object('root', { l: lock(), nodes: list(Node, 2) }, { permanent: true });
  const found = (early: boolean) => {
    const scenario = tiny((s) => {
      const root = s.object(Root, 'root');
      s.pool(Node, 2);
      const add = procedure('add', { source, locals: { n: ref(Node) } }, (k) => [
        k.alloc(Node, (f, fresh) => {
          f.n = fresh;
        }),
        k.step('fill', (f) => {
          (f.n as { v: number }).v = 1;
        }),
        take('lock', () => root.l),
        k.step('publish', (f) => root.nodes.add(f.n as never)),
        drop('unlock', () => root.l),
        ...(early
          ? [
              k.step('fill late', (f) => {
                (f.n as { v: number }).v = 2;
              }),
            ]
          : []),
      ]);
      const look = procedure('look', { source, locals: { n: ref(Node) } }, (k) => [
        take('lock', () => root.l),
        k.step('first', (f) => {
          f.n = root.nodes.first;
        }),
        drop('unlock', () => root.l),
        k.when((f) => f.n, [k.step('look at it', (f) => void (f.n as { v: number }).v)]),
      ]);
      s.actor('a', add as never, {});
      s.actor('b', look as never, {});
    });
    return racesOf(scenario).found.map((r) => r.field);
  };
  expect(found(false)).toEqual([]);
  expect(found(true)).toEqual(['node#0.v']);
});

test('hardware takes no part, but what it waits for and answers orders', () => {
  const Device = object('device', { request: bool(), answer: bool(), buffer: int(0, 9) }, { permanent: true });
  const run = (waits: boolean) =>
    tiny((s) => {
      const d = s.object(Device, 'device');
      s.actor(
        'hw',
        machine('engine', { source, states: ['on'], rest: ['on'] }, [
          {
            label: 'serve',
            from: 'on',
            to: 'on',
            when: () => d.request,
            do: () => {
              d.request = false;
              d.buffer = 3;
              d.answer = true;
            },
          },
        ]) as never,
        {},
        { role: 'hardware' },
      );
      s.actor(
        'driver',
        plain('ask', (k) => [
          k.step('ask', () => {
            d.request = true;
          }),
          ...(waits ? [k.blockUntil('answered', () => d.answer)] : []),
          k.step('look', () => void d.buffer),
        ]),
        {},
      );
    });
  expect(racesOf(run(true)).found).toEqual([]);
  expect(racesOf(run(false)).found).toEqual([]);
});

test(`200 random programs: no race between accesses under a common lock, and some without one (seed ${SEED})`, () => {
  const random = seedrandom(SEED);
  const below = (n: number) => Math.floor(random() * n);
  let found = 0;
  for (let run = 0; run < 200; run++) {
    /** Locks held at each access, by its label. */
    const held = new Map<string, readonly string[]>();
    const program =
      (who: string): Program =>
      (k, b) =>
        Array.from({ length: 2 }, (_, i) => {
          const locks = (['l', 'm'] as const).filter(() => below(2) === 0);
          const label = `${who}${i}`;
          held.set(label, locks);
          const field = below(2) === 0 ? 'x' : 'y';
          const access =
            below(2) === 0
              ? k.step(label, () => {
                  b[field] = 1;
                })
              : k.step(label, () => void b[field]);
          return [
            ...locks.map((l) => take<None>(`${label} ${l}`, () => b[l])),
            access,
            ...locks.map((l) => drop<None>(`${label} -${l}`, () => b[l])),
          ];
        }).flat();
    const { found: races } = findRaces(new Simulator(two(program('a'), program('b'))), { walks: 40 });
    for (const race of races) {
      const [p, q] = [race.first, race.second].map((a) => held.get(a.place.split('/')[1] as string) as string[]);
      expect(p?.filter((l) => q?.includes(l))).toEqual([]);
      found++;
    }
  }
  expect(found).toBeGreaterThan(50);
});

/** `rx`, `wy`: accesses; `+l`, `-m`: locks; `set` and `wait`: a flag that is waited for. */
type Word = `${'r' | 'w'}${'x' | 'y'}` | `${'+' | '-'}${'l' | 'm'}` | 'set' | 'wait';

const spoken =
  (words: readonly Word[]): Program =>
  (k, b) =>
    words.map((word, i) => {
      const label = `${i} ${word}`;
      const name = word[1] as 'x' & 'l';
      if (word === 'wait') return k.blockUntil(label, () => b.ready);
      if (word === 'set')
        return k.step(label, () => {
          b.ready = true;
        });
      if (word[0] === '+') return take<None>(label, () => b[name as 'l' | 'm']);
      if (word[0] === '-') return drop<None>(label, () => b[name as 'l' | 'm']);
      if (word[0] === 'r') return k.step(label, () => void b[name as 'x' | 'y']);
      return k.step(label, () => {
        b[name as 'x' | 'y'] = 1;
      });
    });

/** Every pair of steps that race in some execution, by the definition alone. */
function bruteForce(programs: readonly (readonly Word[])[]): string[] {
  const found = new Set<string>();
  const look = (run: readonly (readonly [number, number])[]): void => {
    const before = run.map(() => new Set<number>());
    run.forEach(([a, i], n) => {
      const word = programs[a]?.[i] as Word;
      run.slice(0, n).forEach(([c, j], m) => {
        const earlier = programs[c]?.[j] as Word;
        const edge =
          a === c || (word[0] === '+' && earlier === `-${word[1]}`) || (word === 'wait' && earlier === 'set');
        if (edge) for (const k of [m, ...(before[m] ?? [])]) before[n]?.add(k);
      });
      run.slice(0, n).forEach(([c, j], m) => {
        const earlier = programs[c]?.[j] as Word;
        // Two that set the flag write it; who waits for it reads it in order.
        const field = (w: Word) => (w === 'set' ? w : /^[rw][xy]/.test(w) ? w[1] : null);
        const accesses = field(word) !== null && field(word) === field(earlier);
        if (a === c || !accesses || (word[0] === 'r' && earlier[0] === 'r') || before[n]?.has(m)) return;
        found.add([`${'ab'[a]} ${i}`, `${'ab'[c]} ${j}`].sort().join(' | '));
      });
    });
  };
  const go = (
    pcs: readonly number[],
    held: Readonly<Record<string, number>>,
    ready: boolean,
    run: [number, number][],
  ) => {
    let moved = false;
    pcs.forEach((pc, a) => {
      const word = programs[a]?.[pc];
      if (word === undefined || (word === 'wait' && !ready)) return;
      if (word[0] === '+' && held[word[1] as string] !== undefined) return;
      moved = true;
      const { [word[1] as string]: _, ...rest } = held;
      const now = word[0] === '+' ? { ...held, [word[1] as string]: a } : word[0] === '-' ? rest : held;
      go(
        pcs.map((p, b) => (a === b ? p + 1 : p)),
        now,
        ready || word === 'set',
        [...run, [a, pc]],
      );
    });
    if (!moved) look(run);
  };
  go(
    programs.map(() => 0),
    {},
    false,
    [],
  );
  return [...found].sort();
}

test(`60 random programs show the races of all their executions, and no others (seed ${SEED})`, () => {
  const random = seedrandom(`${SEED} programs`);
  const below = (n: number) => Math.floor(random() * n);
  let racing = 0;
  let quiet = 0;
  for (let run = 0; run < 60; run++) {
    const programs = [0, 1].map(() => {
      const words: Word[] = [];
      const access = () => words.push(`${'rw'[below(2)]}${'xy'[below(2)]}` as Word);
      for (let i = 0; i < 2; i++) {
        const lock = [null, 'l', 'm'][below(3)];
        if (below(4) === 0) words.push(below(2) === 0 ? 'set' : 'wait');
        if (lock) words.push(`+${lock}` as Word);
        access();
        if (lock) words.push(`-${lock}` as Word);
      }
      return words;
    });
    const [a, b] = programs as [Word[], Word[]];
    // A race is kept once for its field and places; the fields are told by the places here.
    const races = findRaces(new Simulator(two(spoken(a), spoken(b))), { walks: 300 }).found.map((r) =>
      [r.first, r.second]
        .map((x) => `${x.actor} ${x.place.slice(3).split(' ')[0]}`)
        .sort()
        .join(' | '),
    );
    const wanted = bruteForce(programs);
    expect([...new Set(races)].sort(), JSON.stringify(programs)).toEqual(wanted);
    if (wanted.length > 0) racing++;
    else quiet++;
  }
  expect(racing).toBeGreaterThan(15);
  expect(quiet).toBeGreaterThan(10);
});
