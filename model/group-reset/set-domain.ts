/**
 * __iommu_group_set_domain_internal() and its callers: attach a group to a domain, and detach it, which must not fail.
 *
 * Source: IOMMU-RST-1. Limits: the IOMMU driver's attach succeeds.
 */
import { bool, EBUSY, errno, int, procedure, ptr, ref } from '../kernel/index.ts';
import { DEVICES, GroupDevice, GroupDomain, ResetGroup } from './objects.ts';
import { fenced, honoured, IOMMU_C } from './sources.ts';
import { resetFence } from './switches.ts';

/** With group->mutex held: every device of the group goes to the domain. */
export const setDomain = procedure(
  '__iommu_group_set_domain_internal',
  {
    source: fenced(IOMMU_C),
    params: { group: ResetGroup, domain: GroupDomain, must_succeed: bool() },
    locals: { gdev: ref(GroupDevice), next: int(0, DEVICES), left_out: bool() },
    returns: errno(),
  },
  (k) => {
    const fence = k.test('group->recovery_cnt', (f) => f.group.recovery_cnt > 0, [k.return(-EBUSY)]);
    return [
      k.switch(resetFence, {
        everybody: [fence],
        'not nofail': [k.when((f) => !f.must_succeed, [fence])],
        'not nofail, blocked left out': [k.when((f) => !f.must_succeed, [fence])],
      }),
      k.loop([
        k.when((f) => f.next === DEVICES, [k.break()]),
        k.step('next device of the group', (f) => {
          f.gdev = f.group.devices.at(f.next);
          f.next++;
        }),
        k.when((f) => f.gdev === null, [k.break()]),
        k.switch(resetFence, {
          everybody: [],
          'not nofail': [],
          'not nofail, blocked left out': [
            k.step(
              'gdev->blocked',
              (f) => {
                f.left_out = (f.gdev as GroupDevice).blocked;
              },
              { source: honoured(IOMMU_C) },
            ),
          ],
        }),
        k.when(
          (f) => !f.left_out,
          [
            k.step('ops->attach_dev(domain, dev)', (f) => {
              if (f.domain.has_table) (f.gdev as GroupDevice).attached = f.domain;
            }),
          ],
        ),
      ]),
      k.step('group->domain = domain', (f) => {
        f.group.domain = f.domain;
      }),
      k.return(0),
    ];
  },
);

/** iommu_attach_group(): to a domain of the caller's, from the default domain only. */
export const attachGroup = procedure(
  'iommu_attach_group',
  {
    source: fenced(IOMMU_C),
    params: { group: ResetGroup, domain: GroupDomain },
    locals: { rc: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.group.mutex),
    k.test(
      'group->domain is the default domain',
      (f) => f.group.domain === f.group.default_domain,
      [
        k.call(
          setDomain,
          (f) => ({ group: f.group, domain: f.domain, must_succeed: false }),
          (f, rc) => {
            f.rc = rc;
          },
        ),
      ],
      [
        k.local((f) => {
          f.rc = -EBUSY;
        }),
      ],
    ),
    k.mutexUnlock((f) => f.group.mutex),
    k.return((f) => f.rc),
  ],
);

/** iommu_detach_group(): back to the default domain. It cannot fail: a failure is warned of, and ignored. */
export const detachGroup = procedure(
  'iommu_detach_group',
  { source: fenced(IOMMU_C), params: { group: ResetGroup }, locals: { domain: ref(GroupDomain) } },
  (k) => [
    k.mutexLock((f) => f.group.mutex),
    k.step('group->default_domain', (f) => {
      f.domain = f.group.default_domain;
    }),
    k.call(setDomain, (f) => ({ group: f.group, domain: f.domain as GroupDomain, must_succeed: true })),
    k.mutexUnlock((f) => f.group.mutex),
  ],
);

/** The owner of a domain that the group is attached to gives it up. */
export const giveUp = procedure(
  'iommu_group_release_dma_owner',
  { source: fenced(IOMMU_C), params: { group: ResetGroup, domain: ptr(GroupDomain) } },
  (k) => [
    k.call(detachGroup, (f) => ({ group: f.group })),
    k.kfree((f) => f.domain, { label: 'iommu_domain_free(domain)' }),
  ],
);

/** One that attaches the group to a domain of its own, and gives it up; during a reset it is refused. */
export const useGroup = procedure(
  'attach and detach',
  { source: fenced(IOMMU_C), params: { group: ResetGroup, domain: ptr(GroupDomain) }, locals: { rc: errno() } },
  (k) => [
    k.call(
      attachGroup,
      (f) => ({ group: f.group, domain: f.domain }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.when((f) => f.rc === 0, [k.call(detachGroup, (f) => ({ group: f.group }))]),
    k.kfree((f) => f.domain, { label: 'iommu_domain_free(domain)' }),
  ],
);
