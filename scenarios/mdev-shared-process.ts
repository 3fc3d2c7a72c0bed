/** Corpus #23: two mdevs of a parent work for one process; the close of one takes the bond of the other. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { MmStruct, makeMm, mmputProcedure } from '../model/kernel/index.ts';
import {
  allClosedMeansOff,
  bindMdevAtStart,
  boundStaysBound,
  exitLookup,
  MDEV_C,
  Mdev,
  MdevBond,
  MdevParent,
  makeMdev,
  makeParent,
  mdevBind,
  mdevClose,
  mdevOpen,
  openAtStart,
  openMeansInitialised,
  parentBonds,
  parentUsers,
  seed0,
} from '../model/mdev/index.ts';
import { bondRefs, makeSva, unbindAllWalk } from '../model/sva/index.ts';
import { allFreed } from '../properties/lifetime.ts';

const core = [set(bondRefs, 'every waiter'), set(unbindAllWalk, 'restart from the head')];
const v3 = [set(parentUsers, 'states'), set(parentBonds, 'counted'), set(exitLookup, 'living'), ...core];

// `fixed` has one mdev that closes, as the posted form; `fixed-both-close` is the large one.
export default scenario('mdev-shared-process', {
  title: 'two mdevs of one parent share a process',
  about:
    'The SVA core has one bond of a parent device with a process. When a second mdev of the parent is bound to the same ' +
    'process, it finds the bond and uses its PASID; when it is closed it unbinds that PASID, and the first mdev works ' +
    'on with a PASID that is free. The process may exit at any time, and each mdev is told once.',
  systems: ['mdev', 'sva'],
  source: seed0(MDEV_C),
  corpus: '#23',
  bounds: { exits: 0, closes: 0 },
  assumptions: ['the SVA core has the repairs of #2 and #13'],
  variants: {
    posted: {
      about: 'users of the parent are counted (V3), bonds are not',
      settings: [set(parentUsers, 'states'), set(parentBonds, 'direct'), ...core],
      expect: { verdict: 'violated', kind: 'isolation', length: 31, states: 32 },
    },
    fixed: {
      about: 'bonds are counted for each mdev; the process exits meanwhile',
      settings: v3,
      bounds: { exits: 1 },
      expect: { verdict: 'holds', states: 1_306, depth: 92 },
    },
    'fixed-both-close': {
      about: 'the same; both mdevs are closed',
      settings: v3,
      bounds: { exits: 1, closes: 1 },
      expect: { verdict: 'holds', states: 197_774, depth: 197 },
    },
  },
  setup: (s) => {
    const { exits, closes } = s.bounds;
    const parts = makeSva(s, { params: 1, ioMms: 1, bonds: 1 });
    const parent = makeParent(s, parts, 'parent');
    const first = makeMdev(s, parent, 0);
    const second = makeMdev(s, parent, 1);
    const mm = makeMm(s, 'mm0', parts);
    openAtStart(s, first);
    bindMdevAtStart(s, parts, first, mm);
    if (exits === 1) s.task('thread0', [does(mmputProcedure, { mm })]);
    mm.mm_users.counter = 2;
    s.task('thread1', [
      does(mdevOpen, { mdev: second }),
      does(mdevBind, { mdev: second, mm }),
      does(mmputProcedure, { mm }),
      does(mdevClose, { mdev: second }),
    ]);
    if (closes === 1) s.task('closer0', [does(mdevClose, { mdev: first })]);
    const mdevs = s.pool(Mdev, 1);
    const bonds = s.pool(MdevBond, 1);
    const mms = s.pool(MmStruct, 1);
    s.property(
      openMeansInitialised(mdevs),
      boundStaysBound(mdevs),
      allClosedMeansOff(mdevs, s.pool(MdevParent, 1)),
      sometimes('both', 'both mdevs work for the process', () =>
        [first, second].every((mdev) => [...mdevs].includes(mdev) && mdev.running),
      ),
    );
    // An exit ends the bonds of an mdev that stays open as well.
    s.property(
      allFreed([...(exits === 1 ? [bonds, parts.bonds, mms] : []), ...(closes === 1 ? [mdevs, parts.params] : [])]),
    );
    if (closes === 1)
      s.property(
        sometimes('no-wait-for-others', 'an mdev is closed while mm_exit tells the other one', () => {
          return [...mdevs].length === 1 && [...bonds].some((b) => b.telling !== null);
        }),
      );
  },
});
