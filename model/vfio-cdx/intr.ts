/**
 * VFIO_DEVICE_SET_IRQS of a CDX device: interrupts are configured with the first eventfd, taken away, and triggered.
 *
 * Source: intr.c of Linux 6.10. Limits: the handler itself is left out; cdx_enable_msi() always succeeds.
 */
import {
  bool,
  EBUSY,
  EINVAL,
  ENOMEM,
  errno,
  inc,
  type KernelKit,
  nameOf,
  procedure,
  ptr,
  ref,
  type Statement,
  Violation,
} from '../kernel/index.ts';
import { CdxIrqs, EventfdCtx, VfioCdx } from './objects.ts';
import { configured, EVENTFD_C, INTR_C, serialized, v6_10 } from './sources.ts';
import { irqsLock, triggerTest } from './switches.ts';

const source = v6_10(INTR_C);

/** eventfd_ctx_put(). */
const eventfdCtxPut = procedure(
  'eventfd_ctx_put',
  { source: v6_10(EVENTFD_C), params: { ctx: ptr(EventfdCtx) } },
  (k) => [k.refcountDecAndTest((f) => f.ctx.kref, [k.kfree((f) => f.ctx)])],
);

/** vfio_cdx_msi_set_vector_signal(): whatever the vector signals is taken away, and `fd` is put in its place. */
export const setVectorSignal = procedure(
  'vfio_cdx_msi_set_vector_signal',
  {
    source,
    params: { vdev: VfioCdx, fd: ref(EventfdCtx) },
    locals: { irqs: ptr(CdxIrqs), trigger: ref(EventfdCtx), busy: bool() },
    returns: errno(),
  },
  (k) => [
    k.test('vector >= vdev->msi_count', (f) => f.vdev.msi_count === 0, [k.return(-EINVAL)]),
    k.step('vdev->cdx_irqs', (f) => {
      f.irqs = f.vdev.cdx_irqs as CdxIrqs;
    }),
    k.step('vdev->cdx_irqs[vector].trigger', (f) => {
      f.trigger = f.irqs.trigger;
    }),
    k.when(
      (f) => f.trigger !== null,
      [
        k.step('free_irq(irq_no, trigger)', (f) => {
          if (f.vdev.action !== f.trigger)
            throw new Violation('protocol', `free_irq() of a handler that ${nameOf(f.vdev)} has not`, [nameOf(f.vdev)]);
          f.vdev.action = null;
        }),
        k.call(eventfdCtxPut, (f) => ({ ctx: f.trigger as EventfdCtx })),
        k.step('vdev->cdx_irqs[vector].trigger = NULL', (f) => {
          f.irqs.trigger = null;
        }),
      ],
    ),
    k.when((f) => f.fd === null, [k.return(0)]),
    k.step('trigger = eventfd_ctx_fdget(fd)', (f) => {
      inc((f.fd as EventfdCtx).kref);
    }),
    k.step('request_irq(irq_no, vfio_cdx_msihandler, trigger)', (f) => {
      f.busy = f.vdev.action !== null;
      if (!f.busy) f.vdev.action = f.fd;
    }),
    k.when((f) => f.busy, [k.call(eventfdCtxPut, (f) => ({ ctx: f.fd as EventfdCtx })), k.return(-EBUSY)]),
    k.step('vdev->cdx_irqs[vector].trigger = trigger', (f) => {
      f.irqs.trigger = f.fd;
    }),
    k.return(0),
  ],
);

/** vfio_cdx_msi_enable(). */
const msiEnable = procedure(
  'vfio_cdx_msi_enable',
  { source, params: { vdev: VfioCdx }, locals: { irqs: ptr(CdxIrqs) }, returns: errno() },
  (k) => [
    k.kmalloc(
      CdxIrqs,
      (f, irqs) => {
        f.irqs = irqs;
      },
      { orElse: [k.return(-ENOMEM)] },
    ),
    k.step('vdev->cdx_irqs = irqs', (f) => {
      f.vdev.cdx_irqs = f.irqs;
    }),
    k.attempt(
      'kmalloc',
      'msi_domain_alloc_irqs(dev, MSI_DEFAULT_DOMAIN, nvec)',
      (f) => {
        f.vdev.irq = true;
      },
      [
        k.kfree((f) => f.irqs),
        k.step('vdev->cdx_irqs = NULL, which nobody looks at unless config_msi is set', (f) => {
          f.vdev.cdx_irqs = null;
        }),
        k.return(-ENOMEM),
      ],
    ),
    k.step('vdev->msi_count = nvec', (f) => {
      f.vdev.msi_count = 1;
    }),
    k.step('vdev->config_msi = 1', (f) => {
      f.vdev.config_msi = true;
    }),
    k.return(0),
  ],
);

/** vfio_cdx_msi_disable(). */
const msiDisable = procedure(
  'vfio_cdx_msi_disable',
  { source, params: { vdev: VfioCdx }, locals: { irqs: ptr(CdxIrqs) } },
  (k) => [
    k.call(setVectorSignal, (f) => ({ vdev: f.vdev, fd: null })),
    k.test('vdev->config_msi', (f) => f.vdev.config_msi, [], [k.return(0)]),
    k.step('msi_domain_free_irqs_all(dev, MSI_DEFAULT_DOMAIN)', (f) => {
      f.vdev.irq = false;
    }),
    k.step('vdev->cdx_irqs', (f) => {
      f.irqs = f.vdev.cdx_irqs as CdxIrqs;
    }),
    k.kfree((f) => f.irqs),
    k.step('vdev->cdx_irqs = NULL', (f) => {
      f.vdev.cdx_irqs = null;
    }),
    k.step('vdev->msi_count = 0', (f) => {
      f.vdev.msi_count = 0;
    }),
    k.step('vdev->config_msi = 0', (f) => {
      f.vdev.config_msi = false;
    }),
  ],
);

/** vfio_cdx_set_msi_trigger(), which each of the three begins and ends with. */
const locked = <F extends { vdev: VfioCdx }>(k: KernelKit<F>): Statement<F> =>
  k.switch(irqsLock, { none: [], held: [k.mutexLock((f) => f.vdev.cdx_irqs_lock)] });
const unlocked = <F extends { vdev: VfioCdx }>(k: KernelKit<F>): Statement<F> =>
  k.switch(irqsLock, { none: [], held: [k.mutexUnlock((f) => f.vdev.cdx_irqs_lock)] });
const setIrqs = serialized(INTR_C);

/** VFIO_DEVICE_SET_IRQS with an eventfd. */
export const setEventfd = procedure(
  'vfio_cdx_set_msi_trigger, an eventfd',
  {
    source: setIrqs,
    params: { vdev: VfioCdx, fd: ptr(EventfdCtx) },
    locals: { on: bool(), ret: errno() },
    returns: errno(),
  },
  (k) => {
    const receive = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    return [
      locked(k),
      k.step('vdev->config_msi', (f) => {
        f.on = f.vdev.config_msi;
      }),
      k.when((f) => !f.on, [k.call(msiEnable, (f) => ({ vdev: f.vdev }), receive)]),
      k.when(
        (f) => f.ret === 0,
        [
          k.call(setVectorSignal, (f) => ({ vdev: f.vdev, fd: f.fd }), receive),
          k.when((f) => f.ret !== 0 && !f.on, [k.call(msiDisable, (f) => ({ vdev: f.vdev }))]),
        ],
      ),
      unlocked(k),
      k.return((f) => f.ret),
    ];
  },
);

/** VFIO_DEVICE_SET_IRQS with nothing: all interrupts are taken away. */
export const disableIrqs = procedure(
  'vfio_cdx_set_msi_trigger, none',
  { source: setIrqs, params: { vdev: VfioCdx } },
  (k) => [locked(k), k.call(msiDisable, (f) => ({ vdev: f.vdev })), unlocked(k)],
);

/** VFIO_DEVICE_SET_IRQS by which user space signals what is set. */
export const triggerIrqs = procedure(
  'vfio_cdx_set_msi_trigger, to signal',
  { source: setIrqs, params: { vdev: VfioCdx }, locals: { irqs: ptr(CdxIrqs), trigger: ref(EventfdCtx) } },
  (k) => [
    locked(k),
    k.switch(triggerTest, {
      untested: [],
      tested: [
        k.test('vdev->config_msi', (f) => f.vdev.config_msi, [], [k.goto('out')], { source: configured(INTR_C) }),
      ],
    }),
    k.step('vdev->cdx_irqs', (f) => {
      f.irqs = f.vdev.cdx_irqs as CdxIrqs;
    }),
    k.step('vdev->cdx_irqs[i].trigger', (f) => {
      f.trigger = f.irqs.trigger;
    }),
    k.when(
      (f) => f.trigger !== null,
      [
        k.step('eventfd_signal(vdev->cdx_irqs[i].trigger)', (f) => {
          if ((f.trigger as EventfdCtx).kref.counter === 0)
            throw new Violation('refcount', `${nameOf(f.trigger as EventfdCtx)} is signalled without a reference`, [
              nameOf(f.trigger as EventfdCtx),
            ]);
        }),
      ],
    ),
    k.label('out'),
    unlocked(k),
  ],
);
