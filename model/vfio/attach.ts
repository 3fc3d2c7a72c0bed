/**
 * vfio_iommu_type1_attach_group(): a group joins the container. It gets a domain of its own, or is moved to an
 * existing domain that is compatible; either way every bound process is bound to it.
 *
 * Source: v2 13/40; spec (d) attach_group.
 * Limits: no mdev bus, no DMA mappings to replay, no reserved regions other than the MSI window. The group is moved
 * from its new domain's list to the other's in one step, where C links it a second time and then frees the first
 * list head.
 */
import { bool, EINVAL, EIO, ENOMEM, errno, int, procedure, ref } from '../kernel/index.ts';
import { IommuDomain } from '../sva/index.ts';
import { disableSva } from './bind.ts';
import { cursor } from './cursor.ts';
import { deviceWalk, IommuGroup, iommuAttachGroup, iommuDetachGroup } from './iommu-group.ts';
import { VfioDomain, VfioGroup, VfioIommu } from './objects.ts';
import { putReplayed, vfioIommuReplayBind } from './replay.ts';
import { TYPE1_C, v2_13 } from './sources.ts';
import { attachUnwind, replayPut } from './switches.ts';

const source = v2_13(TYPE1_C);

/** vfio_iommu_try_attach_group(): 0 done, 1 try the next domain, negative: the group is attached nowhere. */
export const vfioIommuTryAttachGroup = procedure(
  'vfio_iommu_try_attach_group',
  {
    source,
    params: { iommu: VfioIommu, group: VfioGroup, cur_domain: VfioDomain, new_domain: VfioDomain },
    locals: { cur: ref(IommuDomain), to: ref(IommuDomain), iommu_group: ref(IommuGroup), ret: errno() },
  },
  (k) => {
    const received = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    return [
      k.test(
        'the domains are compatible',
        (f) => {
          f.cur = f.cur_domain.domain;
          f.to = f.new_domain.domain;
          f.iommu_group = f.group.iommu_group;
          return f.new_domain.prot === f.cur_domain.prot;
        },
        [],
        [k.return(1)],
      ),
      k.call(iommuDetachGroup, (f) => ({ group: f.iommu_group as IommuGroup })),
      k.call(iommuAttachGroup, (f) => ({ domain: f.to as IommuDomain, group: f.iommu_group as IommuGroup }), received),
      k.when((f) => f.ret !== 0, [k.goto('out_reattach')]),
      k.call(vfioIommuReplayBind, (f) => ({ iommu: f.iommu, group: f.group }), received),
      k.when((f) => f.ret !== 0, [k.goto('out_detach')]),
      k.return(0),

      k.label('out_detach'),
      k.call(iommuDetachGroup, (f) => ({ group: f.iommu_group as IommuGroup })),

      k.label('out_reattach'),
      k.call(iommuAttachGroup, (f) => ({ domain: f.cur as IommuDomain, group: f.iommu_group as IommuGroup }), received),
      k.when((f) => f.ret !== 0, [k.return(-EINVAL)]),
      k.return(1),
    ];
  },
);

export const attachGroup = procedure(
  'vfio_iommu_type1_attach_group',
  {
    source,
    params: { iommu: VfioIommu, iommu_group: IommuGroup, prot: int(0, 1) },
    locals: {
      ...deviceWalk,
      group: ref(VfioGroup),
      domain: ref(VfioDomain),
      d: ref(VfioDomain),
      iommu_domain: ref(IommuDomain),
      ret: errno(),
      known: bool(),
    },
  },
  (k) => {
    const received = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    const fails = (error: number) => [
      k.local((f) => {
        f.ret = -error;
      }),
      k.goto('out_free'),
    ];
    const settled = k.switch(replayPut, {
      async: [],
      plain: [],
      kept: [k.call(putReplayed, (f) => ({ iommu: f.iommu }))],
    });
    return [
      k.mutexLock((f) => f.iommu.lock),
      k.step('find_iommu_group(d, iommu_group)', (f) => {
        f.known =
          f.iommu.domain_list.find(
            (d) => d.group_list.find((group) => group.iommu_group === f.iommu_group) !== null,
          ) !== null;
      }),
      k.when((f) => f.known, [k.mutexUnlock((f) => f.iommu.lock), k.return(-EINVAL)]),

      k.kmalloc(
        VfioGroup,
        (f, group) => {
          group.iommu_group = f.iommu_group;
          f.group = group;
        },
        { orElse: fails(ENOMEM) },
      ),
      k.kmalloc(
        VfioDomain,
        (f, domain) => {
          domain.prot = f.prot;
          f.domain = domain;
        },
        { orElse: fails(ENOMEM) },
      ),
      k.kmalloc(
        IommuDomain,
        (f, iommu_domain) => {
          f.iommu_domain = iommu_domain;
        },
        { label: 'iommu_domain_alloc(bus)', budget: 'iommu_domain_alloc', orElse: fails(EIO) },
      ),
      k.step('domain->domain = the new iommu_domain', (f) => {
        (f.domain as VfioDomain).domain = f.iommu_domain as IommuDomain;
      }),
      k.call(iommuAttachGroup, (f) => ({ domain: f.iommu_domain as IommuDomain, group: f.iommu_group }), received),
      k.when((f) => f.ret !== 0, [k.goto('out_domain')]),
      k.step('list_add(&group->next, &domain->group_list)', (f) => {
        (f.domain as VfioDomain).group_list.addFirst(f.group as VfioGroup);
      }),

      k.listForEachEntry((f) => f.iommu.domain_list, cursor('d'), [
        k.call(
          vfioIommuTryAttachGroup,
          (f) => ({
            iommu: f.iommu,
            group: f.group as VfioGroup,
            cur_domain: f.domain as VfioDomain,
            new_domain: f.d as VfioDomain,
          }),
          received,
        ),
        k.when(
          (f) => f.ret < 0,
          [
            // The group is attached nowhere, but SVA may be enabled: the repair goes through the shutdown.
            k.switch(attachUnwind, { leave: [k.goto('out_domain')], shutdown: [k.goto('out_detach')] }),
          ],
        ),
        k.when(
          (f) => f.ret === 0,
          [
            k.step('list_add(&group->next, &d->group_list)', (f) => {
              (f.domain as VfioDomain).group_list.remove(f.group as VfioGroup);
              (f.d as VfioDomain).group_list.addFirst(f.group as VfioGroup);
            }),
            k.kfree((f) => f.iommu_domain, { label: 'iommu_domain_free(domain->domain), d is used' }),
            k.kfree((f) => f.domain),
            settled,
            k.mutexUnlock((f) => f.iommu.lock),
            k.return(0),
          ],
        ),
      ]),

      k.call(vfioIommuReplayBind, (f) => ({ iommu: f.iommu, group: f.group as VfioGroup }), received),
      k.when((f) => f.ret !== 0, [k.goto('out_detach')]),
      k.attempt('iommu_get_msi_cookie', 'iommu_get_msi_cookie(domain->domain)', () => {}, [
        k.local((f) => {
          f.ret = -ENOMEM;
        }),
        k.goto('out_detach'),
      ]),
      k.step('list_add(&domain->next, &iommu->domain_list)', (f) => {
        f.iommu.domain_list.addFirst(f.domain as VfioDomain);
      }),
      settled,
      k.mutexUnlock((f) => f.iommu.lock),
      k.return(0),

      k.label('out_detach'),
      k.switch(attachUnwind, {
        leave: [],
        shutdown: [
          k.test('group->sva_enabled', (f) => (f.group as VfioGroup).sva_enabled, [
            ...disableSva(k, (f) => f.group as VfioGroup),
          ]),
        ],
      }),
      k.call(iommuDetachGroup, (f) => ({ group: f.iommu_group })),
      settled,

      k.label('out_domain'),
      k.kfree((f) => f.iommu_domain, { label: 'iommu_domain_free(domain->domain)' }),

      k.label('out_free'),
      k.kfree((f) => f.domain),
      k.kfree((f) => f.group),
      k.mutexUnlock((f) => f.iommu.lock),
      k.return((f) => f.ret),
    ];
  },
);
