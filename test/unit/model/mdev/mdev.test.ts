/** Mediated devices, one call after the other: what open, bind, exit and close leave behind, in each of the four ways. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import type { Evidence, Property } from '../../../../checker/lang/index.ts';
import {
  type Bounds,
  does,
  type MmView,
  makeMm,
  mmputProcedure,
  type Operation,
  type Pool,
  type Setting,
  type Setup,
  set,
} from '../../../../model/kernel/index.ts';
import {
  allClosedMeansOff,
  bindMdevAtStart,
  boundStaysBound,
  Mdev,
  MdevBond,
  MdevParent,
  makeMdev,
  makeParent,
  mdevBind,
  mdevClose,
  mdevCreate,
  mdevOpen,
  openAtStart,
  openMeansInitialised,
  parentBonds,
  parentRemove,
  parentUsers,
  removalLock,
  removedMeansUnused,
} from '../../../../model/mdev/index.ts';
import { type IommuSvaParam, initTest, makeSva, type SvaParts } from '../../../../model/sva/index.ts';
import { everyEnd } from '../../../support/ends.ts';
import { plain, tiny } from '../../../support/tiny.ts';

interface World {
  readonly parts: SvaParts;
  readonly parent: MdevParent;
  readonly a: Mdev;
  readonly b: Mdev;
  readonly mm: MmView;
  readonly mdevs: Pool<Mdev>;
  readonly parents: Pool<MdevParent>;
}

function world(s: Setup<Bounds>): World {
  const parts = makeSva(s, { params: 2, ioMms: 1, bonds: 2 });
  const parent = makeParent(s, parts, 'parent');
  s.pool(MdevBond, 2);
  return {
    parts,
    parent,
    a: makeMdev(s, parent, 0),
    b: makeMdev(s, parent, 1),
    mm: makeMm(s, 'mm0', parts),
    mdevs: s.pool(Mdev, 1),
    parents: s.pool(MdevParent, 1),
  };
}

const endsOf = <T>(
  settings: readonly Setting[],
  operations: (w: World) => readonly Operation[],
  look: (w: World) => T,
  failures: Record<string, number> = {},
): Promise<T[]> => everyEnd({ world, settings, operations, look, failures });

const bonds = ({ parent }: World) => {
  const param = parent.dev.sva_param as IommuSvaParam | null;
  return param === null ? null : [...param.mm_list].map((b) => b.io_mm.pasid);
};
const table = ({ parent }: World) => [...parent.bonds].map((b) => [b.pasid, [...b.users].map((m) => m !== null)]);
const open = (mdev: Mdev) => does(mdevOpen, { mdev });
const bind = (mdev: Mdev, mm: MmView) => does(mdevBind, { mdev, mm });
const close = (mdev: Mdev) => does(mdevClose, { mdev });
const v3 = [set(parentUsers, 'states'), set(parentBonds, 'counted')];

const forms: readonly (readonly [string, readonly Setting[]])[] = [
  ['V1', [set(parentUsers, 'mutex'), set(parentBonds, 'counted')]],
  ['V2', [set(parentUsers, 'count'), set(parentBonds, 'counted')]],
  ['V3', v3],
];

describe.each(forms)('%s, one call after the other', (_name, settings) => {
  test('the first open initialises, the last close shuts down', async () => {
    const look = (w: World) => [w.parent.users, bonds(w)];
    expect(await endsOf(settings, (w) => [open(w.a), open(w.b), close(w.a)], look)).toEqual([[1, []]]);
    expect(await endsOf(settings, (w) => [open(w.a), open(w.b), close(w.a), close(w.b)], look)).toEqual([[0, null]]);
  });

  test('two mdevs share a bond, which goes with the last of them', async () => {
    const look = (w: World) => [bonds(w), table(w)];
    const both = (w: World) => [open(w.a), open(w.b), bind(w.a, w.mm), bind(w.b, w.mm)];
    expect(await endsOf(settings, both, look)).toEqual([[[1], [[1, [true, true]]]]]);
    expect(await endsOf(settings, (w) => [...both(w), close(w.a)], look)).toEqual([[[1], [[1, [false, true]]]]]);
    expect(await endsOf(settings, (w) => [...both(w), close(w.a), close(w.b)], look)).toEqual([[null, []]]);
  });

  test('a process that exits is forgotten, and its mdevs have stopped', async () => {
    const exits = (w: World) => [open(w.a), bind(w.a, w.mm), does(mmputProcedure, { mm: w.mm })];
    const look = (w: World) => [bonds(w), table(w), w.a.running];
    expect(await endsOf(settings, exits, look)).toEqual([[[], [], false]]);
    expect(await endsOf(settings, (w) => [...exits(w), close(w.a)], bonds)).toEqual([null]);
  });

  test('an open that fails leaves no user', async () => {
    const ends = await endsOf(
      settings,
      (w) => [open(w.a)],
      (w) => [w.parent.users, w.a.opened, bonds(w)],
      {
        kmalloc: 1,
      },
    );
    expect(ends).toContainEqual([0, false, null]);
    expect(ends).toContainEqual([1, true, []]);
  });
});

test('V4: a second init is no failure, and shutdown ends what is bound', async () => {
  const settings = [set(initTest, 'first and at the end')];
  const both = (w: World) => [open(w.a), open(w.b), bind(w.a, w.mm)];
  expect(await endsOf(settings, both, (w) => [w.b.opened, bonds(w)])).toEqual([[true, [1]]]);
  expect(await endsOf(settings, (w) => [...both(w), close(w.b)], bonds)).toEqual([null]);
});

test('a parent is removed with its mdevs; afterwards none is created or opened', async () => {
  const settings = [...v3, set(removalLock, 'semaphore')];
  const ends = await endsOf(
    settings,
    (w) => {
      w.parent.refs.counter = 3;
      const { parent } = w;
      return [
        does(mdevCreate, { parent, slot: 0 }),
        does(parentRemove, { parent }),
        open(w.a),
        ...[does(mdevCreate, { parent, slot: 1 })],
      ];
    },
    (w) => [w.a.opened, [...w.mdevs].length, [...w.parents].length],
  );
  // The two mdevs of the world are left; the last creation gave back the last reference of the parent.
  expect(ends).toEqual([[false, 2, 0]]);
});

describe('promises', () => {
  const idles = plain('idles', (k) => [k.step('nothing', () => {})]);

  /** The evidence against a property in the state that `spoil` makes of an open mdev with one bond. */
  async function evidence(promise: (w: World) => Property, spoil: (w: World) => void): Promise<Evidence | null> {
    const verdict = await check(
      tiny(
        (s) => {
          const w = world(s);
          openAtStart(s, w.a);
          bindMdevAtStart(s, w.parts, w.a, w.mm);
          spoil(w);
          s.task('task', [does(idles, {})]);
          s.property(promise(w));
        },
        { settings: [set(parentBonds, 'counted')] },
      ),
      { explain: false },
    );
    return verdict.violations[0]?.evidence ?? null;
  }

  test('an open mdev has a parent that is initialised', async () => {
    const promise = (w: World) => openMeansInitialised(w.mdevs);
    expect(await evidence(promise, () => {})).toBeNull();
    const off = (w: World) => {
      w.parent.dev.sva_param = null;
    };
    expect(await evidence(promise, off)).toMatchObject({ kind: 'protocol', objects: ['mdev0', 'parent_dev'] });
  });

  test('what an open mdev has bound stays bound', async () => {
    const promise = (w: World) => boundStaysBound(w.mdevs);
    const unbind = (w: World) => (w.parent.dev.sva_param as IommuSvaParam).mm_list.clear();
    expect(await evidence(promise, () => {})).toBeNull();
    expect(await evidence(promise, unbind)).toMatchObject({ kind: 'isolation' });
    // A process that exits takes its bond with it.
    expect(
      await evidence(promise, (w) => {
        unbind(w);
        w.mm.mm_users.counter = 0;
      }),
    ).toBeNull();
  });

  test('a parent that nobody uses is off, and one that is removed is unused', async () => {
    const off = (w: World) => allClosedMeansOff(w.mdevs, w.parents);
    expect(await evidence(off, () => {})).toBeNull();
    expect(
      await evidence(off, (w) => {
        w.a.opened = false;
      }),
    ).toMatchObject({ kind: 'protocol' });
    const removed = (w: World) => removedMeansUnused(w.parents, w.mdevs);
    expect(await evidence(removed, () => {})).toBeNull();
    expect(
      await evidence(removed, (w) => {
        w.parent.gone = true;
      }),
    ).toMatchObject({ kind: 'protocol', objects: ['mdev0', 'parent'] });
    expect(
      await evidence(removed, (w) => {
        w.parent.gone = true;
        w.a.opened = false;
      }),
    ).toMatchObject({ message: 'parent is removed and still initialised' });
  });
});
