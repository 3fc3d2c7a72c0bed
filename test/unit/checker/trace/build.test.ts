/** Counterexamples: what each step changed, who holds and waits since when, what it needed, and how it is told. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  type Actor,
  int,
  list,
  object,
  patch,
  procedure,
  ref,
  type Scenario,
  type Setup,
  Violation,
} from '../../../../checker/lang/index.ts';
import { diff } from '../../../../checker/trace/build.ts';
import type { Counterexample } from '../../../../checker/trace/counterexample.ts';
import { drop, lock, plain, source, take, tiny } from '../../../support/tiny.ts';

async function counterexample(scenario: Scenario): Promise<Counterexample> {
  const found = (await check(scenario)).violations[0];
  if (found === undefined) throw new Error('nothing is violated');
  return found;
}

const fail = () => {
  throw new Violation('assertion', 'the end is reached');
};

describe('the difference of two sets of values', () => {
  const of = (before: Record<string, string>, after: Record<string, string>) =>
    diff(new Map(Object.entries(before)), new Map(Object.entries(after))).map((c) => [
      c.kind,
      c.path,
      c.before,
      c.after,
    ]);

  test('is what was added, modified and deleted, and not what is the same', () => {
    expect(of({ 'w.n': '1', 'w.m': '2', 'a:x': '3' }, { 'w.n': '1', 'w.m': '4', 'b:y': '5' })).toEqual([
      ['deleted', 'a:x', '3', null],
      ['modified', 'w.m', '2', '4'],
      ['added', 'b:y', null, '5'],
    ]);
    expect(of({ 'w.n': '1' }, { 'w.n': '1' })).toEqual([]);
  });

  test('shows of a new object the fields that are not at rest', () => {
    const fresh = { 'mm#0': 'mm', 'mm#0.users': '1', 'mm#0.next': 'NULL', 'mm#0.list': '[]', 'mm#0.on': 'false' };
    expect(of({}, fresh)).toEqual([
      ['added', 'mm#0', null, 'mm'],
      ['added', 'mm#0.users', null, '1'],
    ]);
  });

  test('folds the fields of a freed object into it, and of no other of a similar name', () => {
    const gone = { mm1: 'mm', 'mm1.users': '1', mm10: 'mm', 'mm10.users': '2' };
    expect(of(gone, { mm10: 'mm', 'mm10.users': '3' })).toEqual([
      ['deleted', 'mm1', 'mm', null],
      ['modified', 'mm10.users', '2', '3'],
    ]);
  });
});

describe('the changes of a step', () => {
  const Mm = object('mm', { users: int(0, 9, 1), next: ref((): any => Mm) as never });
  const Root = object('root', { mm: ref(Mm), mms: list(Mm, 2) }, { permanent: true });

  test('name shared fields, locals, objects that come and objects that go', async () => {
    const main = procedure('probe', { source, params: { root: Root }, locals: { mm: ref(Mm), n: int(0, 9) } }, (k) => [
      k.alloc(Mm, (f, mm) => {
        f.mm = mm;
        f.n = 4;
      }),
      k.step('link', (f) => {
        f.root.mms.add(f.mm as never);
        f.root.mm = f.mm;
      }),
      k.step('unlink', (f) => {
        f.root.mms.remove(f.mm as never);
        f.root.mm = null;
        f.n = 0;
      }),
      k.free((f) => f.mm, { label: 'kfree' }),
      k.step('fail', fail),
    ]);
    const c = await counterexample(
      tiny((s) => {
        s.pool(Mm, 1);
        s.actor('a', main, { root: s.object(Root, 'root') });
      }),
    );
    const text = c.steps.map((s) =>
      s.changes.map(({ kind, path, before, after }) => `${kind} ${path} ${before} ${after}`),
    );
    expect(text).toEqual([
      ['added mm#0.users null 1', 'added mm#0 null mm', 'added a:mm null mm#0', 'added a:n null 4'],
      ['modified root.mm NULL mm#0', 'modified root.mms [] [mm#0]'],
      ['deleted a:n 4 null', 'modified root.mm mm#0 NULL', 'modified root.mms [mm#0] []'],
      ['deleted mm#0 mm null'],
      [],
    ]);
    expect(c.initial).toEqual([
      { path: 'root.mm', value: 'NULL' },
      { path: 'root.mms', value: '[]' },
    ]);
  });

  test('name what was read and written, in paths', async () => {
    const Cell = object('cell', { x: int(0, 9), y: int(0, 9) }, { permanent: true });
    const c = await counterexample(
      tiny((s) => {
        const cell = s.object(Cell, 'cell');
        const p = plain('p', (k) => [
          k.step('copy', () => {
            cell.y = cell.x;
          }),
          k.step('fail', () => {
            if (cell.y === 0) fail();
          }),
        ]);
        s.actor('a', p, {});
      }),
    );
    expect(c.steps.map((s) => [s.reads, s.writes])).toEqual([
      [['cell.x'], ['cell.y']],
      [['cell.y'], []],
    ]);
  });
});

const World = object('w', { l: lock(), m: lock(), n: int(0, 9) }, { permanent: true });

/** Two actors that take two locks in two orders, each after a step of its own. */
const abba = tiny((s) => {
  const w = s.object(World, 'w');
  const locks = (first: 'l' | 'm', second: 'l' | 'm') =>
    plain(`${first}_then_${second}`, (k) => [
      k.step('before', () => {}),
      take(`take ${first}`, () => w[first]),
      take(`take ${second}`, () => w[second]),
      drop(`drop ${second}`, () => w[second]),
      drop(`drop ${first}`, () => w[first]),
    ]);
  s.actor('a', locks('l', 'm'), {});
  s.actor('b', locks('m', 'l'), {});
});

describe('a deadlock of two locks', () => {
  test('shows after each step who holds and waits, and since which step', async () => {
    const { steps } = await counterexample(abba);
    expect(steps.map((s) => `${s.actor} ${s.label}`)).toEqual(['b before', 'b take m', 'a before', 'a take l']);
    const at = (i: number) =>
      steps[i]?.standings.map(({ actor, status, next, holds, waits }) => ({ actor, status, next, holds, waits }));
    const held = (lock: string, since: number) => [{ lock, mode: 'exclusive', since }];
    expect(at(1)).toEqual([
      { actor: 'a', status: 'running', next: 'before', holds: [], waits: null },
      { actor: 'b', status: 'running', next: 'take l', holds: held('w.m', 2), waits: null },
    ]);
    expect(at(3)).toEqual([
      {
        actor: 'a',
        status: 'blocked',
        next: 'take m',
        holds: held('w.l', 4),
        waits: { kind: 'lock', on: 'w.m', owners: ['b'], since: 4 },
      },
      {
        actor: 'b',
        status: 'blocked',
        next: 'take l',
        holds: held('w.m', 2),
        waits: { kind: 'lock', on: 'w.l', owners: ['a'], since: 4 },
      },
    ]);
  });

  test('is told in sentences with names, locks and steps', async () => {
    const { story, headline } = await counterexample(abba);
    expect(headline).toBe('deadlock in l_then_m / m_then_l');
    expect(story).toEqual([
      'a holds w.l (since step 4) and waits for w.m in l_then_m, which b holds.',
      'b holds w.m (since step 2) and waits for w.l in m_then_l, which a holds.',
      'Nobody can ever run again.',
    ]);
  });

  test('names the locks that each step took and released', async () => {
    const { steps } = await counterexample(abba);
    expect(steps.map((s) => [s.acquires, s.releases])).toEqual([
      [[], []],
      [['w.m'], []],
      [[], []],
      [['w.l'], []],
    ]);
  });

  test('has the same fingerprints each time, one for each state', async () => {
    const prints = async () => (await counterexample(abba)).steps.map((s) => s.fingerprint);
    expect(await prints()).toEqual(await prints());
    expect(new Set(await prints()).size).toBe(4);
    for (const print of await prints()) expect(print).toMatch(/^[0-9a-f]{8}$/);
  });
});

test('a wait begins anew when the actor was free to go in between', async () => {
  const c = await counterexample(
    tiny((s) => {
      const w = s.object(World, 'w');
      const set = (n: number) => (): void => {
        w.n = n;
      };
      s.actor(
        'a',
        plain('p', (k) => [k.blockUntil('wait', () => w.n === 1)]),
        {},
      );
      s.actor(
        'b',
        plain('q', (k) => [
          k.step('one', set(1)),
          k.step('two', set(2)),
          k.step('three', set(3)),
          k.step('fail', fail),
        ]),
        {},
      );
    }),
  );
  const since = c.steps.map((s) => s.standings[0]?.waits?.since ?? null);
  expect(c.initialStandings[0]?.waits?.since).toBe(0);
  expect(since.slice(0, 3)).toEqual([null, 2, 2]);
});

test('who must move is who last wrote what the guard reads, where the model does not say', async () => {
  const c = await counterexample(
    tiny((s) => {
      const w = s.object(World, 'w');
      const wait = plain('p', (k) => [k.blockUntil('wait', () => w.n === 9)]);
      const write = (name: string, n: number) =>
        plain(name, (k) => [
          k.blockUntil('turn', () => w.n === n - 1, {
            do: () => {
              w.n = n;
            },
          }),
        ]);
      s.actor('a', wait, {});
      s.actor('b', write('q', 1), {});
      s.actor('c', write('r', 2), {});
    }),
  );
  expect(c.steps.at(-1)?.standings[0]?.waits).toMatchObject({ kind: 'wait', on: 'wait', owners: ['c'] });
});

describe('a step of a call', () => {
  const here = patch('v2 13/40')('drivers/vfio/vfio.c');
  const inner = procedure('vfio_iommu_unbind', { source: here }, (k) => [
    k.step('list_del', () => {}, { note: 'the bond is off the list' }),
    k.step('fail', fail, { source: patch('v3 2/7')('mm/mmu.c') }),
  ]);
  const outer = procedure('vfio_unbind', { source }, (k) => [k.call(inner, () => ({}))]);
  const scene = tiny((s) => void s.actor('a', outer, {}, { role: 'irq' }));

  test('has its stack, its note and its source, which may be narrower than that of the procedure', async () => {
    const { steps } = await counterexample(scene);
    expect(steps[0]).toMatchObject({
      procedure: 'vfio_iommu_unbind',
      label: 'list_del',
      note: 'the bond is off the list',
      source: here,
      stack: [
        { procedure: 'vfio_unbind', source },
        { procedure: 'vfio_iommu_unbind', source: here },
      ],
    });
    expect(steps[1]).toMatchObject({ note: null, source: { patch: 'v3 2/7', file: 'mm/mmu.c' } });
    expect(steps[0]?.standings[0]).toMatchObject({ role: 'irq', next: 'fail', status: 'running' });
  });

  test('names the procedure in the headline', async () => {
    expect((await counterexample(scene)).headline).toBe('assertion in vfio_iommu_unbind');
  });
});

describe('what a counterexample needed', () => {
  const failing = (budget: number) =>
    tiny((s) => {
      s.failures({ kmalloc: budget, copy: 2 });
      const p = plain('p', (k) => [
        k.attempt('kmalloc', 'kmalloc one', () => {}, []),
        k.attempt('copy', 'copy_to_user', () => {}, []),
        k.attempt('kmalloc', 'kmalloc two', () => {}, [k.step('fail', fail)]),
      ]);
      s.actor('a', p, {});
    });

  test('is counted by budget, without those that were not used', async () => {
    const c = await counterexample(failing(1));
    expect(c.failures).toEqual({ kmalloc: 1 });
    expect(c.steps.map((s) => s.choice)).toEqual(['ok', 'ok', 'fail', null]);
  });

  test('shows the budget going down', async () => {
    const c = await counterexample(failing(1));
    expect(c.steps[2]?.changes).toEqual([{ path: 'failures left:kmalloc', kind: 'modified', before: '1', after: '0' }]);
  });
});

test('a use after free is told with who freed and who used', async () => {
  const Mm = object('mm', { users: int(0, 9) });
  const c = await counterexample(
    tiny((s) => {
      const mm = s.object(Mm, 'mm0');
      s.actor(
        'exit',
        plain('mmput', (k) => [k.free(() => mm, { label: 'kfree(mm)' })]),
        {},
      );
      s.actor(
        'bind',
        plain('get_task_mm', (k) => [k.step('read users', () => void mm.users)]),
        {},
      );
    }),
  );
  expect(c.story).toEqual([
    'exit frees mm0 at step 1 (kfree(mm) in mmput).',
    'bind still uses it at step 2: read users in get_task_mm.',
    'Users of mm0 is accessed after mm0 was freed.',
  ]);
});

test('a violation in the initial state has no steps and is told', async () => {
  const { steps, schedule, headline, initialStandings } = await counterexample(
    tiny(
      (s) =>
        void s.actor(
          'a',
          plain('p', (k) => [k.blockUntil('never', () => false)]),
          {},
        ),
    ),
  );
  expect([steps, headline]).toEqual([[], 'deadlock in p']);
  expect(schedule).toContain('\nend 0 steps\n');
  expect(initialStandings[0]).toMatchObject({ status: 'blocked', waits: { on: 'never', since: 0, owners: [] } });
});

test('an actor that has ended and one that may rest are told apart from one that waits', async () => {
  const c = await counterexample(
    tiny((s: Setup<any>) => {
      const all: Actor[] = [];
      all.push(
        s.actor(
          'ended',
          plain('p', (k) => [k.step('once', () => {})]),
          {},
        ),
      );
      all.push(
        s.actor(
          'idle',
          plain('q', (k) => [k.blockUntil('work', () => false, { idle: true })]),
          {},
        ),
      );
      all.push(
        s.actor(
          'waiting',
          plain('r', (k) => [k.blockUntil('never', () => false)]),
          {},
        ),
      );
    }),
  );
  expect(c.steps.at(-1)?.standings.map((s) => [s.actor, s.status, s.next])).toEqual([
    ['ended', 'ended', null],
    ['idle', 'idle', 'work'],
    ['waiting', 'blocked', 'never'],
  ]);
  expect(c.evidence.actors).toEqual(['waiting']);
});
