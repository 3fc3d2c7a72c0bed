/** MDEV-1: a parent is removed while an mdev is created on it, or opened. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  allClosedMeansOff,
  MDEV_C,
  Mdev,
  MdevParent,
  makeMdev,
  makeParent,
  mdev1,
  mdevCloseIfOpen,
  mdevCreate,
  mdevOpen,
  openMeansInitialised,
  parentBonds,
  parentRemove,
  parentUsers,
  putParent,
  removalLock,
  removedMeansUnused,
} from '../model/mdev/index.ts';
import { makeSva } from '../model/sva/index.ts';
import { allFreed } from '../properties/lifetime.ts';

export default scenario('mdev-parent-removal', {
  title: 'a parent is removed while an mdev is created on it',
  about:
    'The driver of a parent goes: no mdev may be created or opened any more, those that exist are removed, and the ' +
    'parent is shut down by its last user. A creation that has passed the test of the parent meanwhile adds its mdev ' +
    'after the walk, or before its registration is complete: it is left on a parent that is gone, or freed half built.',
  systems: ['mdev', 'sva'],
  source: mdev1(MDEV_C),
  corpus: 'MDEV-1',
  bounds: { creators: 1, openers: 0, failures: 0 },
  variants: {
    posted: {
      about: 'as it was: creation and removal do not exclude each other',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 13, states: 96 },
    },
    fixed: {
      about: 'a semaphore is held for reading by creation and for writing by the removal; an mdev is opened and closed',
      settings: [set(parentUsers, 'states'), set(parentBonds, 'counted'), set(removalLock, 'semaphore')],
      bounds: { creators: 2, openers: 1, failures: 1 },
      expect: { verdict: 'holds', states: 45_196, depth: 83 },
    },
  },
  setup: (s) => {
    const { creators, openers, failures } = s.bounds;
    const parts = makeSva(s);
    const parent = makeParent(s, parts, 'parent');
    for (let i = 0; i < creators; i++) {
      parent.refs.counter++;
      s.task(`creator${i}`, [does(mdevCreate, { parent, slot: i % 2 })]);
    }
    for (let i = 0; i < openers; i++) {
      // Its file holds a reference of the parent.
      parent.refs.counter++;
      const mdev = makeMdev(s, parent, i % 2);
      s.task(`opener${i}`, [does(mdevOpen, { mdev }), does(mdevCloseIfOpen, { mdev }), does(putParent, { parent })]);
    }
    s.task('remover', [does(parentRemove, { parent })]);
    s.failures({ kmalloc: failures });
    const mdevs = s.pool(Mdev, creators);
    const parents = s.pool(MdevParent, 1);
    s.property(
      removedMeansUnused(parents, mdevs),
      openMeansInitialised(mdevs),
      allClosedMeansOff(mdevs, parents),
      allFreed([parents]),
      sometimes('removed-one', 'the removal meets an mdev', () =>
        [...parents].some((p) => p.removed && p.mdevs.length > 0),
      ),
    );
  },
});
