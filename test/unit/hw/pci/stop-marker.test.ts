/** A Stop Marker comes after the stop, once at most, and is lost without an answer when the queue is full. */
import { expect, test } from 'vitest';
import { always, type Setup, sometimes, violated } from '../../../../checker/lang/index.ts';
import { PageRequest, PciContext } from '../../../../hw/pci/objects.ts';
import { stopMarker } from '../../../../hw/pci/stop-marker.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { resultOf, small } from '../small.ts';

function world(s: Setup<any>, ctxState: { run: boolean; active: boolean; pasid?: number }, fullQueue = false) {
  const smmu = s.object(SmmuV3, 'smmu', { priq_entries: 1 });
  const ctx = s.object(PciContext, 'ctx', { pasid: 1, ...ctxState });
  const marker = s.object(PageRequest, 'marker', { last: true });
  if (fullQueue) smmu.priq.push(s.object(PageRequest, 'request', { context: ctx, last: true, pasid: 1 }));
  s.actor('device', stopMarker, { ctx, smmu, marker });
  s.property(
    sometimes('sent', 'the marker is in the queue', () => [...smmu.priq].includes(marker)),
    sometimes('lost', 'the overflow is told', () => smmu.priq_overflow),
    always('no-answer', 'nobody answers it', () => (marker.answer === 'none' ? null : violated('assertion', 'answer'))),
  );
}

test.each([
  [{ run: true, active: true }, 'never reached'],
  [{ run: false, active: true }, 'never reached'],
  [{ run: false, active: false, pasid: 0 }, 'never reached'],
  [{ run: false, active: false }, 'reached'],
])('of a context in state %o: %s', async (state, result) => {
  expect(resultOf(await small((s) => world(s, state)), 'sent')).toBe(result);
});

test('is discarded when the queue is full, and not answered', async () => {
  const verdict = await small((s) => world(s, { run: false, active: false }, true));
  expect(resultOf(verdict, 'sent')).toBe('never reached');
  expect(resultOf(verdict, 'lost')).toBe('reached');
  expect(resultOf(verdict, 'no-answer')).toBe('holds');
});
