import { expectNoRace, expectRace } from 'quiesce/vitest';
import { test } from 'vitest';
import ring from './ring.model.ts';

test('as it is, the handler uses a ring that is freed', () =>
  expectRace(ring, { variant: 'posted', kind: 'use-after-free', atMost: 6 }));

test('free_irq() before kfree() repairs it', () => expectNoRace(ring, { variant: 'fixed', bounds: { interrupts: 3 } }));
