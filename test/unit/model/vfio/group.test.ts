/** Groups that join and leave a container with bound processes: results, error paths, and what they leave behind. */
import { describe, expect, test } from 'vitest';
import { does, EBUSY, EINVAL, ENOMEM, set } from '../../../../model/kernel/index.ts';
import {
  attachUnwind,
  detachGroup,
  detachLocking,
  detachOrder,
  putContainer,
  replayExiting,
  replayPut,
} from '../../../../model/vfio/index.ts';
import { endsOf, picture, type World } from './world.ts';

const detach = (w: World, group = w.first) => does(detachGroup, { iommu: w.container.iommu, iommu_group: group });
const group = (of: number, sva: boolean) => ({ of, sva });

describe('attach_group', () => {
  test('moves a compatible group to the domain that exists, and binds it', async () => {
    const ends = await endsOf(
      (w) => [w.bind(w.processes[0]), w.attach(w.second, 0)],
      (w) => ({
        ...picture(w),
        domain: w.second.domain === w.parts.domain && w.second.devices.at(0)?.domain === w.parts.domain,
        left: [[...w.vfioDomains].length, [...w.iommuDomains].length],
      }),
    );
    expect(ends).toEqual([
      {
        ret: 0,
        domains: [[group(1, true), group(0, true)]],
        listed: [1],
        first: [[1]],
        second: [[1]],
        domain: true,
        // The container's domain; and the iommu_domain behind it with the two default domains.
        left: [1, 3],
      },
    ]);
  });

  test('gives any other group a domain of its own', async () => {
    const ends = await endsOf((w) => [w.bind(w.processes[0]), w.attach(w.second, 1)], picture);
    expect(ends).toEqual([
      { ret: 0, domains: [[group(1, true)], [group(0, true)]], listed: [1], first: [[1]], second: [[1]] },
    ]);
  });

  test('refuses a group that is in the container', async () => {
    const ends = await endsOf((w) => [w.attach(w.first, 0)], picture);
    expect(ends).toEqual([{ ret: -EINVAL, domains: [[group(0, false)]], listed: [], first: [null], second: [null] }]);
  });

  test('passes over a process that exits', async () => {
    const ends = await endsOf(
      // As when mm_exit waits for iommu->lock.
      (w) => [w.bind(w.processes[0]), w.bind(w.processes[1]), w.leave(w.processes[0]), w.attach(w.second, 1)],
      picture,
    );
    expect(ends).toEqual([
      { ret: 0, domains: [[group(1, true)], [group(0, true)]], listed: [2, 1], first: [[1, 2]], second: [[2]] },
    ]);
  });

  test('repaired, forgets a process that exits, wherever it is on the list', async () => {
    const left = (which: 0 | 1) =>
      endsOf(
        (w) => [w.bind(w.processes[0]), w.bind(w.processes[1]), w.leave(w.processes[which]), w.attach(w.second, 1)],
        (w) => ({ ...picture(w), left: [...w.vfioMms].length }),
        { settings: [set(replayExiting, 'forget')] },
      );
    const domains = [[group(1, true)], [group(0, true)]];
    expect(await left(0)).toEqual([{ ret: 0, domains, listed: [2], first: [[1, 2]], second: [[2]], left: 1 }]);
    expect(await left(1)).toEqual([{ ret: 0, domains, listed: [1], first: [[1, 2]], second: [[1]], left: 1 }]);
  });

  test('fails whole when the IOMMU core refuses the group', async () => {
    for (const prot of [0, 1]) {
      const ends = await endsOf((w) => [w.bind(w.processes[0]), w.attach(w.second, prot)], picture, {
        failures: { iommu_attach_group: 1 },
      });
      expect(ends).toContainEqual({
        ret: -EBUSY,
        domains: [[group(0, true)]],
        listed: [1],
        first: [[1]],
        second: [null],
      });
      // With a domain to move to, one failure after another still leaves the group its own domain.
      expect(ends.map(({ ret, second }) => [ret, second])).toContainEqual([0, [[1]]]);
    }
  });

  test('leaves SVA enabled when it fails late, as posted; shuts it down, repaired', async () => {
    const fails = async (value: 'leave' | 'shutdown') => {
      const ends = await endsOf((w) => [w.bind(w.processes[0]), w.attach(w.second, 1)], picture, {
        failures: { iommu_get_msi_cookie: 1 },
        settings: [set(attachUnwind, value), set(replayPut, 'kept')],
      });
      return ends.filter(({ ret }) => ret === -ENOMEM).map(({ second }) => second);
    };
    expect(await fails('leave')).toEqual([[[]]]);
    expect(await fails('shutdown')).toEqual([[null]]);
  });
});

describe('detach_group', () => {
  const arms = (['locked', 'unlocked', 'unlinked'] as const).flatMap((locking) =>
    (['detach-first', 'shutdown-first'] as const).map((order) => [locking, order] as const),
  );

  test.each(arms)(
    'removes every bond and forgets the processes with the last group: %s, %s',
    async (locking, order) => {
      const ends = await endsOf(
        (w) => [w.bind(w.processes[0]), w.bind(w.processes[1]), detach(w)],
        (w) => ({
          ...picture(w),
          home: w.first.domain === w.first.default_domain && w.first.devices.at(0)?.domain === w.first.default_domain,
          left: [w.vfioMms, w.vfioGroups, w.vfioDomains, w.parts.bonds, w.parts.ioMms].map((p) => [...p].length),
        }),
        { settings: [set(detachLocking, locking), set(detachOrder, order)] },
      );
      expect(ends).toEqual([
        { ret: 0, domains: [], listed: [], first: [null], second: [null], home: true, left: [0, 0, 0, 0, 0] },
      ]);
    },
  );

  test.each(arms)('keeps what other groups have: %s, %s', async (locking, order) => {
    const ends = await endsOf((w) => [w.bind(w.processes[0]), w.attach(w.second, 0), detach(w, w.second)], picture, {
      settings: [set(detachLocking, locking), set(detachOrder, order)],
    });
    expect(ends).toEqual([{ ret: 0, domains: [[group(0, true)]], listed: [1], first: [[1]], second: [null] }]);
  });

  test('does nothing about a group that is not there', async () => {
    const ends = await endsOf((w) => [w.bind(w.processes[0]), detach(w, w.second)], picture);
    expect(ends).toEqual([{ ret: 0, domains: [[group(0, true)]], listed: [1], first: [[1]], second: [null] }]);
  });

  test('without a default domain, leaves the device initialised unless shutdown comes first', async () => {
    const left = async (order: 'detach-first' | 'shutdown-first') =>
      endsOf(
        (w) => [w.bind(w.processes[0]), detach(w)],
        (w) => picture(w).first,
        { defaultDomain: false, settings: [set(detachOrder, order)] },
      );
    expect(await left('detach-first')).toEqual([[[]]]);
    expect(await left('shutdown-first')).toEqual([[null]]);
  });
});

describe('the end of a container', () => {
  test('comes with its last user', async () => {
    const container = (w: World) => ({ container: w.container.file });
    const ends = await endsOf(
      (w) => [w.bind(w.processes[0]), detach(w), does(putContainer, container(w)), does(putContainer, container(w))],
      (w) => ({ iommu: w.container.file.iommu_data, left: [...w.vfioMms].length }),
    );
    expect(ends).toEqual([{ iommu: null, left: 0 }]);
  });

  test('is refused while a group is attached', async () => {
    const put = (w: World) => does(putContainer, { container: w.container.file });
    await expect(endsOf((w) => [put(w), put(w)], picture)).rejects.toThrow(/released while a group is attached/);
  });
});
