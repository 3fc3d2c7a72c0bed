/** Stalled transactions: tags, the record in the event queue, and what a full queue does. */
import { expect, test } from 'vitest';
import { always, type Setup, sometimes, violated } from '../../../../checker/lang/index.ts';
import { PageRequest, PciContext, PciFunction } from '../../../../hw/pci/objects.ts';
import { SmmuEvtq, stallingContext, type WhenFull } from '../../../../hw/smmu/stalls.ts';
import { resultOf, small } from '../small.ts';

/** Contexts with one transaction each; nobody answers. */
function world(s: Setup<any>, count: number, entries: number, whenFull: WhenFull = 'kept') {
  const master = s.object(PciFunction, 'master');
  const evtq = s.object(SmmuEvtq, 'evtq', { entries });
  const transactions = Array.from({ length: count }, (_, i) => {
    const context = s.object(PciContext, `ctx${i}`);
    const transaction = s.object(PageRequest, `transaction${i}`, { context, last: true });
    s.actor(`device${i}`, stallingContext, { master, evtq, transactions: [transaction], whenFull });
    return transaction;
  });
  return { master, evtq, transactions };
}

test('stalled transactions have tags of their own, and a third waits until one is free', async () => {
  const verdict = await small((s) => {
    const { transactions, master } = world(s, 3, 2);
    const stalled = () => transactions.filter((t) => t.pasid !== 0);
    s.property(
      sometimes('two', 'two are stalled', () => stalled().length === 2),
      always('own-tags', 'each is found under its tag', () =>
        stalled().every((t) => master.prg.at(t.group) === t) ? null : violated('assertion', 'a shared tag'),
      ),
    );
  });
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
});

test.each([
  ['kept', false],
  ['lost', true],
] as const)('a record that meets a full queue is %s', async (whenFull, lost) => {
  const verdict = await small((s) => {
    const { evtq, transactions } = world(s, 2, 1, whenFull);
    s.property(
      sometimes(
        'one-record',
        'two are stalled and one is recorded',
        () => transactions.every((t) => t.pasid !== 0) && evtq.records.length === 1,
      ),
      always('size', 'the queue is not longer than it is', () =>
        evtq.records.length <= 1 ? null : violated('assertion', 'too long'),
      ),
    );
  });
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  // One actor has one more place to be in when its record was lost.
  expect(verdict.coverage.neverTaken.some((step) => JSON.stringify(step).includes('record is lost'))).toBe(!lost);
});

test('a transaction goes on when it is resumed, and not before', async () => {
  const run = (answer: 'none' | 'success' | 'invalid') =>
    small((s) => {
      const { master, evtq } = world(s, 0, 1);
      const context = s.object(PciContext, 'ctx');
      const transactions = s.objects(PageRequest, 'transaction', 2, () => ({ context, last: true }));
      for (const t of transactions) t.answer = answer;
      s.actor('device', stallingContext, { master, evtq, transactions, whenFull: 'kept' });
      s.property(sometimes('next', 'the next one stalls', () => transactions[1]?.pasid === 1));
    });
  expect(resultOf(await run('none'), 'next')).toBe('never reached');
  expect(resultOf(await run('success'), 'next')).toBe('reached');
  expect(resultOf(await run('invalid'), 'next')).toBe('reached');
});
