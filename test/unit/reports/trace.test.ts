import { describe, expect, it } from 'vitest';
import {
  allocationOf,
  belongsTo,
  foldChanges,
  freeOf,
  heldSince,
  historyOf,
  locksOf,
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
    // An object's coming and going stand for its fields'.
    const refs = historyOf(useAfterFree, 'bond0').map((e) => `${e.change.path} ${e.change.after}`);
    expect(refs.filter((r) => /^bond0(\.refs)? /.test(r))).toEqual([
      'bond0 iommu_bond',
      'bond0.refs 1',
      'bond0.refs 2',
      'bond0.refs 1',
      'bond0.refs 0',
      'bond0 null',
    ]);
  });

  it('tells an object from one whose name begins with its own', () => {
    const change = (path: string, kind: 'added' | 'deleted', value: string) => ({
      path,
      kind,
      before: kind === 'deleted' ? value : null,
      after: kind === 'added' ? value : null,
    });
    const step = (index: number, changes: readonly ReturnType<typeof change>[]) => ({
      ...useAfterFree.steps[0],
      index,
      changes,
    });
    const ce = {
      ...useAfterFree,
      initial: [],
      steps: [
        step(1, [change('mm0.users', 'added', '1'), change('mm0', 'added', 'mm')]),
        step(2, [change('mm0.bond.refs', 'added', '1'), change('mm0.bond', 'added', 'bond')]),
        step(3, [change('mm0.bond.refs', 'deleted', '1'), change('mm0.bond', 'deleted', 'bond')]),
      ],
    } as typeof useAfterFree;
    expect([allocationOf(ce, 'mm0')?.index, allocationOf(ce, 'mm0.bond')?.index]).toEqual([1, 2]);
    expect([freeOf(ce, 'mm0'), freeOf(ce, 'mm0.bond')?.index]).toEqual([null, 3]);
    expect(historyOf(ce, 'mm0').map((e) => e.change.path)).toEqual(['mm0']);
    expect(foldChanges(ce.steps[1]?.changes ?? [])).toEqual([
      { change: change('mm0.bond', 'added', 'bond'), fields: [change('mm0.bond.refs', 'added', '1')] },
    ]);
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

  it('weighs essential steps most and reads least', () => {
    const w = weights(deadlock);
    expect([w[11], w[14], w[10], w[13], w[15], w[6]]).toEqual([4, 4, 3, 3, 2, 0]);
    expect(weights(crowded)[47]).toBe(4);
  });
});
