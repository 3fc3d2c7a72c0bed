/** A function that asks for pages stops when it is told to, and may leave a request in the queue that nobody answered. */
import { expect, test } from 'vitest';
import { type Setup, sometimes } from '../../../../checker/lang/index.ts';
import { askingContext } from '../../../../hw/pci/asking.ts';
import { PageRequest, PciContext, PciFunction } from '../../../../hw/pci/objects.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { stopContext } from '../../../../model/iopf/index.ts';
import { does } from '../../../../model/kernel/index.ts';
import { resultOf, small } from '../small.ts';

function world(s: Setup<any>, run: boolean, count: number) {
  const smmu = s.object(SmmuV3, 'smmu', { priq_entries: 1 });
  const ctx = s.object(PciContext, 'ctx', { pasid: 1, run, active: true });
  const fn = s.object(PciFunction, 'fn');
  const requests = s.objects(PageRequest, 'request', count, () => ({ context: ctx, last: true }));
  s.actor('device', askingContext, { fn, ctx, smmu, requests });
  s.task('driver', [does(stopContext, { ctx })]);
  s.property(
    sometimes('asked', 'a request is in the queue', () => smmu.priq.length > 0),
    sometimes(
      'left',
      'the function has stopped with a request in the queue',
      () => !ctx.active && smmu.priq.length > 0,
    ),
    sometimes('second', 'a second request is posted before the first has its answer', () => smmu.priq_overflow),
  );
}

test('one that runs asks, and may stop with its request in the queue', async () => {
  const verdict = await small((s) => world(s, true, 1));
  expect(resultOf(verdict, 'asked')).toBe('reached');
  expect(resultOf(verdict, 'left')).toBe('reached');
});

test('one that was told to stop asks for nothing', async () => {
  expect(resultOf(await small((s) => world(s, false, 1)), 'asked')).toBe('never reached');
});

test('it has one request open at a time', async () => {
  expect(resultOf(await small((s) => world(s, true, 2)), 'second')).toBe('never reached');
});
