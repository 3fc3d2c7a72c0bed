import { expectNoRace, expectRace, RaceError } from 'quiesce/vitest';
import { expect, test } from 'vitest';
import ring from './ring.model.ts';

test('as it is, the handler uses a ring that is freed', () =>
  expectRace(ring, { variant: 'posted', kind: 'use-after-free', atMost: 6 }));

test('free_irq() before kfree() repairs it', () => expectNoRace(ring, { variant: 'fixed', bounds: { interrupts: 3 } }));

test('an expectation that is not met carries the verdict', async () => {
  const error: unknown = await expectNoRace(ring, { variant: 'posted' }).catch((thrown) => thrown);
  expect(error instanceof RaceError && error.verdict.outcome).toBe('violated');
});
