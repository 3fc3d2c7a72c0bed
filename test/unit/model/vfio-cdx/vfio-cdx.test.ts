/** Interrupts of a CDX device, one call after the other: what is configured, and what each eventfd is left with. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { atEnd, type Bounds, does, type Operation, type Setup, set } from '../../../../model/kernel/index.ts';
import {
  CdxIrqs,
  disableIrqs,
  EventfdCtx,
  irqsAreWhole,
  irqsLock,
  setEventfd,
  triggerIrqs,
  triggerTest,
  VfioCdx,
} from '../../../../model/vfio-cdx/index.ts';
import { tiny } from '../../../support/tiny.ts';

interface World {
  readonly vdev: VfioCdx;
  readonly fds: readonly [EventfdCtx, EventfdCtx];
}

/** The ends of one task: is it configured, how many arrays are there, and the references of two eventfds; or what is violated. */
async function endsOf(
  operations: (w: World) => readonly Operation[],
  { failures = 0, tested = true } = {},
): Promise<readonly string[]> {
  const ends = new Set<string>();
  const verdict = await check(
    tiny(
      (s: Setup<Bounds>) => {
        for (const one of [irqsLock, triggerTest]) s.setting(one as never);
        const vdev = s.object(VfioCdx, 'vdev');
        const fds = s.objects(EventfdCtx, 'eventfd', 2) as [EventfdCtx, EventfdCtx];
        const arrays = s.pool(CdxIrqs, 3);
        s.task('task', operations({ vdev, fds }));
        s.failures({ kmalloc: failures });
        s.property(
          irqsAreWhole(vdev, arrays, fds),
          atEnd('look', 'what is left', () => {
            ends.add(`${vdev.config_msi} ${[...arrays].length} ${fds.map((fd) => fd.kref.counter)}`);
            return null;
          }),
        );
      },
      { settings: [set(irqsLock, 'held'), set(triggerTest, tested ? 'tested' : 'untested')] },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') return [verdict.violations[0]?.evidence.message ?? verdict.outcome];
  return [...ends].sort();
}

const sets = ({ vdev, fds }: World, which: 0 | 1 = 0) => does(setEventfd, { vdev, fd: fds[which] });
const clears = ({ vdev }: World) => does(disableIrqs, { vdev });
const signals = ({ vdev }: World) => does(triggerIrqs, { vdev });

describe('an eventfd', () => {
  test('configures the interrupts, and the next one takes its place', async () => {
    expect(await endsOf((w) => [sets(w)])).toEqual(['true 1 2,1']);
    expect(await endsOf((w) => [sets(w), sets(w, 1)])).toEqual(['true 1 1,2']);
    expect(await endsOf((w) => [sets(w), signals(w), sets(w)])).toEqual(['true 1 2,1']);
  });

  test('goes with all interrupts, which may be taken away at any time', async () => {
    expect(await endsOf((w) => [clears(w)])).toEqual(['false 0 1,1']);
    expect(await endsOf((w) => [sets(w), clears(w), clears(w)])).toEqual(['false 0 1,1']);
    expect(await endsOf((w) => [sets(w), clears(w), sets(w, 1)])).toEqual(['true 1 1,2']);
  });

  test('is left as it was where there is no memory', async () => {
    expect(await endsOf((w) => [sets(w)], { failures: 1 })).toEqual(['false 0 1,1', 'true 1 2,1']);
  });
});

test('a trigger before anything is configured is refused, or follows NULL', async () => {
  expect(await endsOf((w) => [signals(w)])).toEqual(['false 0 1,1']);
  expect((await endsOf((w) => [signals(w)], { tested: false }))[0]).toMatch(/NULL/);
});
