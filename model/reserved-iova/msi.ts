/**
 * Who calls get and put: the MSI code binds the doorbell when a device's interrupt is set up, writes the IOVA into the
 * device in place of the doorbell's address, and gives the binding back when the interrupt is freed.
 *
 * Source: spec (g) callers; v7 08/10 and 09/10. Limits: one interrupt a device, and its driver sets it up and frees it
 * in one thread.
 */
import { EINVAL, errno, int, nameOf, procedure, ptr, ref, Violation } from '../kernel/index.ts';
import { domainPut } from './domain.ts';
import { getReservedIova } from './get.ts';
import { getMsiPage, putMsiPage } from './msi-list.ts';
import { Binding, IOMMU_WRITE, IommuDmaCookie, IommuDomain, MsiDevice, MsiPage, page } from './objects.ts';
import { putReservedIova } from './put.ts';
import { DMA_IOMMU_C, IOMMU_C, MSI_C, merged, RESERVED_C, specG, v7_08 } from './sources.ts';
import { design, domainUsers } from './switches.ts';

/** iommu_get_domain_for_dev(), in the repair with a reference that the caller gives back; NULL without a domain. */
const domainForDev = procedure(
  'iommu_get_domain_for_dev',
  {
    source: v7_08(IOMMU_C),
    params: { dev: MsiDevice },
    locals: { domain: ref(IommuDomain) },
    returns: ref(IommuDomain),
  },
  (k) => [
    k.switch(domainUsers, {
      unpinned: [
        k.step('domain = group->domain', (f) => {
          f.domain = f.dev.group.domain;
        }),
      ],
      counted: [
        k.mutexLock((f) => f.dev.group.mutex, { source: specG(IOMMU_C) }),
        k.step(
          'domain = group->domain',
          (f) => {
            f.domain = f.dev.group.domain;
          },
          { source: specG(IOMMU_C) },
        ),
        k.when(
          (f) => f.domain !== null,
          [k.refcountInc((f) => (f.domain as IommuDomain).users, { as: '&domain->users', source: specG(IOMMU_C) })],
        ),
        k.mutexUnlock((f) => f.dev.group.mutex, { source: specG(IOMMU_C) }),
      ],
    }),
    k.return((f) => f.domain),
  ],
);

/**
 * iommu_msi_mapping_translate_msg(): swaps the doorbell's address for the IOVA; atomic, it only looks up. The walk is
 * step by step here: what the lock is for.
 */
const translateMsg = procedure(
  'iommu_msi_mapping_translate_msg',
  {
    source: v7_08(RESERVED_C),
    params: { dev: MsiDevice, domain: IommuDomain, addr: page() },
    locals: { b: ref(Binding), found: int(0, 1) },
    returns: errno(),
  },
  (k) => [
    k.spinLock((f) => f.domain.reserved_lock),
    k.test('domain->reserved_iova_cookie', (f) => f.domain.reserved_iova_cookie !== null, [
      k.listForEachEntry(
        (f) => f.domain.reserved_binding_list,
        {
          get: (f) => f.b,
          set: (f, b) => {
            f.b = b;
          },
        },
        [
          k.test(
            'b has the doorbell: msg->address = its iova',
            (f) => {
              const b = f.b as Binding;
              if (f.addr < b.addr || f.addr >= b.addr + b.size) return false;
              f.dev.fn.address = b.iova + f.addr - b.addr;
              f.found = 1;
              return true;
            },
            [k.break()],
          ),
        ],
        { label: 'b = next in domain->reserved_binding_list' },
      ),
    ]),
    k.spinUnlock((f) => f.domain.reserved_lock),
    k.return((f) => (f.found === 1 ? 0 : -EINVAL)),
  ],
);

/** iommu_dma_compose_msi_msg(): the same for the list; the page stays on it, so looking it up cannot fail. */
const composeMsiMsg = procedure(
  'iommu_dma_compose_msi_msg',
  {
    source: merged(DMA_IOMMU_C),
    params: { dev: MsiDevice, domain: IommuDomain, addr: page() },
    locals: { cookie: ptr(IommuDmaCookie), msi_page: ref(MsiPage), found: int(0, 1) },
    returns: errno(),
  },
  (k) => [
    k.step('cookie = domain->iova_cookie', (f) => {
      f.cookie = f.domain.iova_cookie as IommuDmaCookie;
    }),
    k.spinLock((f) => f.cookie.msi_lock),
    k.listForEachEntry(
      (f) => f.cookie.msi_page_list,
      {
        get: (f) => f.msi_page,
        set: (f, msi_page) => {
          f.msi_page = msi_page;
        },
      },
      [
        k.test(
          'msi_page has the doorbell: msg->address = its iova',
          (f) => {
            const msi_page = f.msi_page as MsiPage;
            if (msi_page.phys !== f.addr) return false;
            f.dev.fn.address = msi_page.iova;
            f.found = 1;
            return true;
          },
          [k.break()],
        ),
      ],
    ),
    k.spinUnlock((f) => f.cookie.msi_lock),
    k.return((f) => (f.found === 1 ? 0 : -EINVAL)),
  ],
);

/** Sets an interrupt up: `addr` is the page of the doorbell, in a region of `size` pages from `base` on. */
export const msiAlloc = procedure(
  'msi_domain_alloc_irqs',
  {
    source: specG(MSI_C),
    params: { dev: MsiDevice, base: page(), size: int(1, 2), addr: page() },
    locals: { domain: ref(IommuDomain), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const receive = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    const getPage = k.call(getMsiPage, (f) => ({ domain: f.domain as IommuDomain, addr: f.base }), receive);
    const composePage = k.call(
      composeMsiMsg,
      (f) => ({ dev: f.dev, domain: f.domain as IommuDomain, addr: f.addr }),
      receive,
    );
    return [
      k.call(
        domainForDev,
        (f) => ({ dev: f.dev }),
        (f, domain) => {
          f.domain = domain;
        },
      ),
      // Without a domain the doorbell's own address is right; such a device is of no interest here.
      k.when((f) => f.domain === null, [k.return(0)]),
      k.switch(design, {
        'reserved-iova': [
          k.call(
            getReservedIova,
            (f) => ({ domain: f.domain as IommuDomain, addr: f.base, size: f.size, prot: IOMMU_WRITE }),
            receive,
          ),
        ],
        'msi-list': [getPage],
        'msi-pages': [getPage],
      }),
      k.when(
        (f) => f.ret < 0,
        [
          k.switch(domainUsers, {
            unpinned: [],
            counted: [k.call(domainPut, (f) => ({ domain: f.domain as IommuDomain }))],
          }),
          k.return((f) => f.ret),
        ],
      ),
      k.switch(design, {
        'reserved-iova': [
          k.call(translateMsg, (f) => ({ dev: f.dev, domain: f.domain as IommuDomain, addr: f.addr }), receive),
        ],
        'msi-list': [composePage],
        'msi-pages': [composePage],
      }),
      k.when(
        (f) => f.ret < 0,
        [
          k.step('BUG_ON(irq_chip_compose_msi_msg())', (f) => {
            throw new Violation(
              'assertion',
              `BUG_ON() in msi_domain_alloc_irqs(): ${nameOf(f.dev)} has just bound its doorbell, page ${f.addr}, and ` +
                'no binding is found',
              [nameOf(f.dev)],
            );
          }),
        ],
      ),
      k.step('write the message and enable it', (f) => {
        f.dev.fn.doorbell = f.addr;
        f.dev.fn.enabled = true;
        f.dev.msi_domain = f.domain;
      }),
      k.return(0),
    ];
  },
);

/** Frees the interrupt of a device; the interrupt is masked and none is under way when the binding is given back. */
export const msiFree = procedure(
  'msi_domain_free_irqs',
  {
    source: specG(MSI_C),
    params: { dev: MsiDevice, addr: page() },
    locals: { domain: ref(IommuDomain), enabled: int(0, 1) },
  },
  (k) => {
    const putPage = k.call(putMsiPage, (f) => ({ domain: f.domain as IommuDomain, addr: f.addr }));
    return [
      k.step('disable the interrupt', (f) => {
        f.enabled = f.dev.fn.enabled ? 1 : 0;
        f.dev.fn.enabled = false;
      }),
      k.when((f) => f.enabled === 0, [k.return()]),
      k.switch(domainUsers, {
        unpinned: [
          k.call(
            domainForDev,
            (f) => ({ dev: f.dev }),
            (f, domain) => {
              f.domain = domain;
            },
          ),
          k.when((f) => f.domain === null, [k.return()]),
        ],
        counted: [
          k.step(
            'domain = the one that the interrupt holds',
            (f) => {
              f.domain = f.dev.msi_domain;
              f.dev.msi_domain = null;
            },
            { source: specG(MSI_C) },
          ),
        ],
      }),
      k.switch(design, {
        'reserved-iova': [k.call(putReservedIova, (f) => ({ domain: f.domain as IommuDomain, addr: f.addr }))],
        'msi-list': [putPage],
        'msi-pages': [],
      }),
      k.switch(domainUsers, {
        unpinned: [],
        counted: [k.call(domainPut, (f) => ({ domain: f.domain as IommuDomain }))],
      }),
    ];
  },
);
