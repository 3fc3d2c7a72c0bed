/** Groups and resets: what each call leaves behind when it runs alone, and who is refused during a reset. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  attachGroup,
  detachGroup,
  GroupDevice,
  GroupDomain,
  ResetGroup,
  resetDevice,
  resetFence,
} from '../../../../model/group-reset/index.ts';
import { atEnd, type Bounds, does, type Setup, set, sometimes, violated } from '../../../../model/kernel/index.ts';
import { tiny } from '../../../support/tiny.ts';

type Fence = (typeof resetFence.values)[number];

/** A group of two devices in its default domain, another domain, and what should be so in the end. */
async function run(
  fence: Fence | null,
  build: (s: Setup<Bounds>, world: World) => void,
  wanted: (world: World) => boolean,
): Promise<{ outcome: string; reached: string | undefined }> {
  const verdict = await check(
    tiny(
      (s: Setup<Bounds>) => {
        const first = s.object(GroupDomain, 'default_domain');
        const group = s.object(ResetGroup, 'group', { domain: first, default_domain: first });
        const devices = [0, 1].map((i) => s.object(GroupDevice, `gdev${i}`, { attached: first }));
        for (const [i, gdev] of devices.entries()) group.devices.set(i, gdev);
        const world = { group, devices, first, other: s.object(GroupDomain, 'other') };
        build(s, world);
        s.property(
          atEnd('wanted', 'what the test wants', () => (wanted(world) ? null : violated('protocol', 'not so'))),
          sometimes('refused', 'a device is blocked while the group stays', () => group.recovery_cnt > 0),
        );
      },
      { settings: fence === null ? [] : [set(resetFence, fence)] },
    ),
    { explain: false },
  );
  return {
    outcome: verdict.violations[0]?.evidence.message ?? verdict.outcome,
    reached: verdict.properties.find((p) => p.name === 'refused')?.result,
  };
}

interface World {
  readonly group: ResetGroup;
  readonly devices: readonly GroupDevice[];
  readonly first: GroupDomain;
  readonly other: GroupDomain;
}

const fences = resetFence.values as readonly Fence[];

test('a reset alone puts the device back where it was', async () => {
  const { outcome, reached } = await run(
    null,
    (s, { group, devices }) => s.task('reset', [does(resetDevice, { group, gdev: devices[0] as GroupDevice })]),
    ({ group, devices, first }) => group.recovery_cnt === 0 && devices.every((d) => d.attached === first && !d.blocked),
  );
  expect([outcome, reached]).toEqual(['holds', 'reached']);
});

describe.each(fences)('%s', (fence) => {
  test('attach moves every device, detach brings every device back', async () => {
    const attach = (w: World) => does(attachGroup, { group: w.group, domain: w.other });
    const reset = (w: World) => does(resetDevice, { group: w.group, gdev: w.devices[1] as GroupDevice });
    const there = await run(
      fence,
      (s, w) => s.task('user', [reset(w), attach(w)]),
      ({ group, devices, other }) => group.domain === other && devices.every((d) => d.attached === other),
    );
    expect(there.outcome).toBe('holds');
    const back = await run(
      fence,
      (s, w) => s.task('user', [reset(w), attach(w), does(detachGroup, { group: w.group })]),
      ({ group, devices, first }) => group.domain === first && devices.every((d) => d.attached === first),
    );
    expect(back.outcome).toBe('holds');
  });

  test('an attach during a reset is refused as a whole, or comes after it', async () => {
    const { outcome } = await run(
      fence,
      (s, { group, devices, other }) => {
        s.task('reset', [does(resetDevice, { group, gdev: devices[0] as GroupDevice })]);
        s.task('user', [does(attachGroup, { group, domain: other })]);
      },
      ({ group, devices }) => devices.every((d) => d.attached === group.domain),
    );
    expect(outcome).toBe('holds');
  });

  test('a detach during a reset takes effect, but for the code as it was', async () => {
    const { outcome } = await run(
      fence,
      (s, w) => {
        w.group.domain = w.other;
        for (const gdev of w.devices) gdev.attached = w.other;
        s.task('reset', [does(resetDevice, { group: w.group, gdev: w.devices[0] as GroupDevice })]);
        s.task('owner', [does(detachGroup, { group: w.group })]);
      },
      ({ group, devices, first }) => group.domain === first && devices.every((d) => d.attached === first),
    );
    expect(outcome).toBe(fence === 'everybody' ? 'not so' : 'holds');
  });
});
