/** Bind, faults and unbind one after the other leave nothing behind; the count tells who still has the state. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  bindHolds,
  bindPasid,
  type DeviceState,
  PasidState,
  pprNotifier,
  putWait,
  releaseFrees,
  unbindPasid,
} from '../../../../model/amd-v2/index.ts';
import { does, type Operation, type Pool, set } from '../../../../model/kernel/index.ts';
import { allFreed } from '../../../../properties/lifetime.ts';
import { type AmdParts, amdParts } from '../../../../scenarios/amd-parts.ts';
import scenario from '../../../../scenarios/amd-spurious-wakeup.ts';
import { tiny } from '../../../support/tiny.ts';

const settings = [set(bindHolds, 'mm_count'), set(putWait, 'completion'), set(releaseFrees, 'only stops')];

/** What a task that runs through the operations leaves behind, in every order of the other actors. */
async function endsOf<T>(
  operations: (parts: AmdParts) => readonly Operation[],
  look: (dev: DeviceState, states: Pool<PasidState>) => T,
): Promise<T[]> {
  const seen: T[] = [];
  const verdict = await check(
    tiny(
      (s) => {
        const parts = amdParts(s, 1);
        const states = s.pool(PasidState, 1);
        s.task('task', operations(parts));
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'the end',
          check: () => {
            const sight = look(parts.dev_state, states);
            if (!seen.some((known) => JSON.stringify(known) === JSON.stringify(sight))) seen.push(sight);
            return null;
          },
        });
      },
      { settings },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') throw new Error(verdict.violations[0]?.evidence.message ?? verdict.outcome);
  return seen;
}

test('a bound PASID has one reference when its faults are done', async () => {
  const look = (dev: DeviceState, states: Pool<PasidState>) => [
    dev.gcr3,
    dev.state?.count.counter,
    dev.state?.invalid,
    [...states].length,
  ];
  expect(await endsOf(({ dev_state, mm }) => [does(bindPasid, { dev_state, mm })], look)).toEqual([
    [true, 1, false, 1],
  ]);
});

test('unbind leaves neither the state nor the way to the address space', async () => {
  const operations = ({ dev_state, mm }: AmdParts) => [
    does(bindPasid, { dev_state, mm }),
    does(unbindPasid, { dev_state }),
    does(unbindPasid, { dev_state }),
  ];
  const look = (dev: DeviceState, states: Pool<PasidState>) => [dev.gcr3, dev.state, allFreed([states]).check()];
  expect(await endsOf(operations, look)).toEqual([[false, null, null]]);
});

test('a fault without a state is refused', async () => {
  const look = (dev: DeviceState) => dev.state;
  expect(await endsOf(({ dev_state }) => [does(pprNotifier, { dev_state })], look)).toEqual([null]);
});

test('without a wake-up for another reason one schedule() is enough', async () => {
  const verdict = await check(scenario, { variant: 'posted', bounds: { wakeups: 0 }, explain: false });
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
});
