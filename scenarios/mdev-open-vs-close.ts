/** Corpus #10, and the mediating driver that the thread asks for instead: four ways to initialise a parent once. */
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
import { bondRefs, initTest, makeSva, shutdownBusy, unbindAllWalk } from '../model/sva/index.ts';
import { allFreed } from '../properties/lifetime.ts';

const core = [set(bondRefs, 'every waiter'), set(unbindAllWalk, 'restart from the head')];
const v3 = [set(parentUsers, 'states'), set(parentBonds, 'counted'), set(exitLookup, 'living'), ...core];

// `fixed-exit` is `fixed` without its second mdev, to tell the two apart.
export default scenario('mdev-open-vs-close', {
  title: 'one mdev of a parent is closed while its process exits and another mdev is opened',
  about:
    'A process is bound to the first mediated device of a parent and exits, while the mdev is closed; a second mdev of ' +
    'the parent is opened, bound to another process, and closed. The SVA core initialises and shuts down the parent, ' +
    'so somebody has to count. As proposed in the thread the core does it: init finds that it was done, shutdown ' +
    'returns early while there are bonds, and mm_exit goes on with an mdev that is freed.',
  systems: ['mdev', 'sva'],
  source: seed0(MDEV_C),
  corpus: '#10',
  bounds: { exits: 1, others: 1, other_exits: 0 },
  assumptions: ['the SVA core has the repairs of #2 and #13'],
  variants: {
    posted: {
      about: 'V4, as proposed: init skips what was done, shutdown returns early; the driver relies on it',
      settings: [set(initTest, 'first and at the end'), set(shutdownBusy, 'return early'), ...core],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 19, states: 1_024 },
    },
    'one-mutex': {
      about: 'V1: a mutex over everything, which mm_exit needs as well',
      settings: [set(parentUsers, 'mutex'), set(parentBonds, 'counted'), ...core],
      bounds: { others: 0 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'deadlock', length: 23, states: 256 },
    },
    'count-outside': {
      about: 'V2: the count is under the lock, init and shutdown are not, and overlap',
      settings: [set(parentUsers, 'count'), set(parentBonds, 'counted'), ...core],
      bounds: { exits: 0 },
      expect: { verdict: 'violated', kind: 'protocol', length: 47, states: 2_303 },
    },
    'reused-pasid': {
      about: 'V3, but mm_exit takes any bond with its PASID: that of a bond which was just removed is given out again',
      settings: [set(parentUsers, 'states'), set(parentBonds, 'counted'), ...core],
      bounds: { other_exits: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 90, states: 99_319 },
    },
    fixed: {
      about: 'V3: a state machine; who comes while the parent starts or stops waits until that is settled',
      settings: v3,
      bounds: { other_exits: 1 },
      expect: { verdict: 'holds', states: 612_610, depth: 226 },
    },
    'fixed-no-exit': {
      about: 'as fixed, and the process of the first mdev does not exit',
      settings: v3,
      bounds: { exits: 0, other_exits: 1 },
      expect: { verdict: 'holds', states: 34_198, depth: 202 },
    },
    'fixed-exit': {
      about: 'the same without the second mdev',
      settings: v3,
      bounds: { others: 0 },
      expect: { verdict: 'holds', states: 4_911, depth: 83 },
    },
  },
  setup: (s) => {
    const { exits, others, other_exits } = s.bounds;
    const parts = makeSva(s, { params: 2, ioMms: 1, bonds: 1 });
    const parent = makeParent(s, parts, 'parent');
    const first = makeMdev(s, parent, 0);
    const mm = makeMm(s, 'mm0', parts);
    openAtStart(s, first);
    bindMdevAtStart(s, parts, first, mm);
    s.task('closer0', [does(mdevClose, { mdev: first })]);
    if (exits === 1) s.task('process0', [does(mmputProcedure, { mm })]);
    if (others === 1) {
      const second = makeMdev(s, parent, 1);
      const other = makeMm(s, 'mm1', parts);
      s.task('process1', [
        does(mdevOpen, { mdev: second }),
        does(mdevBind, { mdev: second, mm: other }),
        ...(other_exits === 1 ? [does(mmputProcedure, { mm: other })] : []),
        does(mdevClose, { mdev: second }),
      ]);
    }
    const mdevs = s.pool(Mdev, 1);
    const bonds = s.pool(MdevBond, 1);
    const mms = s.pool(MmStruct, 1);
    // A process that does not exit keeps its mm.
    const ended = exits === 1 && others === other_exits ? [mms] : [];
    s.property(
      openMeansInitialised(mdevs),
      boundStaysBound(mdevs),
      allClosedMeansOff(mdevs, s.pool(MdevParent, 1)),
      allFreed([mdevs, bonds, parts.bonds, parts.ioMms, parts.params, ...ended]),
      sometimes('off', 'the parent is shut down', () => parent.dev.sva_param === null),
    );
  },
});
