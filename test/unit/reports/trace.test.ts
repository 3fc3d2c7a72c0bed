import { describe, expect, it } from 'vitest';
import {
  allocationOf,
  belongsTo,
  freeOf,
  heldSince,
  historyOf,
  locksOf,
  mainOrderings,
  objectOf,
  participants,
  weights,
} from '../../../reports/trace.ts';
import { crowded, deadlock, useAfterFree } from './fixtures.ts';

describe('trace', () => {
  it('knows which object a path belongs to', () => {
    expect(['bond0.refs', 'bond0', 'slots[3].x', 'user0:bond'].map(objectOf)).toEqual([
      'bond0',
      'bond0',
      'slots',
      null,
    ]);
    expect([belongsTo('bond0.refs', 'bond0'), belongsTo('bond01.refs', 'bond0')]).toEqual([true, false]);
  });

  it('finds the life of an object', () => {
    expect(allocationOf(useAfterFree, 'bond0')?.index).toBe(2);
    expect(freeOf(useAfterFree, 'bond0')?.index).toBe(17);
    expect(freeOf(deadlock, 'bond0')).toBeNull();
    expect(
      historyOf(useAfterFree, 'bond0')
        .filter((e) => e.change.path === 'bond0.refs')
        .map((e) => e.change.after),
    ).toEqual(['0', '1', '2', '1', '0', null]);
  });

  it('leaves out of charts who neither moves nor waits', () => {
    expect(participants(deadlock).in.map((s) => s.actor)).toEqual(['owner', 'exit', 'priq', 'device']);
    expect(participants(deadlock).out.map((s) => s.actor)).toEqual(['fault']);
  });

  it('lists locks by first appearance and who holds them since when', () => {
    expect(locksOf(deadlock)).toEqual(['iommu.lock', 'iommu_sva_lock', 'group0.mutex']);
    const last = deadlock.steps[16]?.standings ?? [];
    expect([heldSince(last, 'owner', 'iommu.lock'), heldSince(last, 'exit', 'iommu.lock')]).toEqual([13, null]);
  });

  it('keeps the orderings that do not follow from others', () => {
    // 11 before 17 follows: 11, 12 are one actor's, 12 before 15 is needed, 15, 17 are one actor's.
    expect(mainOrderings(deadlock)).toEqual({ main: [{ before: 12, after: 15 }], implied: 1 });
    expect(mainOrderings(useAfterFree)).toEqual({ main: useAfterFree.needed, implied: 0 });
    expect(mainOrderings({ ...deadlock, needed: null })).toBeNull();
  });

  it('weighs essential steps most and reads least', () => {
    const w = weights(deadlock);
    expect([w[11], w[14], w[10], w[13], w[15], w[6]]).toEqual([4, 4, 3, 3, 2, 0]);
    expect(weights(crowded)[47]).toBe(4);
  });
});
