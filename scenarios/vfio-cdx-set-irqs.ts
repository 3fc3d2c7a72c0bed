/** Corpus VFIO-CDX: two threads set the interrupts of one CDX device. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  CdxIrqs,
  disableIrqs,
  EventfdCtx,
  INTR_C,
  irqsAreWhole,
  irqsLock,
  serialized,
  setEventfd,
  triggerIrqs,
  triggerTest,
  VfioCdx,
} from '../model/vfio-cdx/index.ts';
import { returns } from '../properties/response.ts';

const held = set(irqsLock, 'held');
const tested = set(triggerTest, 'tested');

export default scenario('vfio-cdx-set-irqs', {
  title: 'two threads call VFIO_DEVICE_SET_IRQS of one CDX device',
  about:
    'The first eventfd configures the interrupts of a device, an empty set takes them away, and user space may signal what ' +
    'is set. Each call tests whether they are configured and then works on the array of interrupts, without a lock: the ' +
    'array is freed in between, or allocated twice.',
  systems: ['vfio-cdx'],
  source: serialized(INTR_C),
  corpus: 'VFIO-CDX',
  bounds: { configured: 0, setters: 1, disablers: 0, triggers: 0, failures: 0 },
  variants: {
    posted: {
      about: 'Linux 6.10: one sets an eventfd while another takes all interrupts away',
      bounds: { configured: 1, disablers: 1 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 11, states: 72 },
    },
    'two-enables': {
      about:
        'Linux 6.10: two set the first eventfd, and both allocate the array; who does not get the interrupt ' +
        'frees that of the other',
      bounds: { setters: 2 },
      expect: { verdict: 'violated', kind: 'use-after-free', length: 26, states: 842 },
    },
    'trigger-first': {
      about: 'the mutex, and a trigger before interrupts are configured (CVE-2026-46034)',
      settings: [held],
      bounds: { triggers: 1 },
      corpus: 'new',
      expect: { verdict: 'violated', kind: 'null-dereference', length: 3, states: 6 },
    },
    fixed: {
      about:
        'the mutex, and a trigger tests; two that set, signal and set again, two that take away, one that signals, a failure',
      settings: [held, tested],
      bounds: { setters: 2, disablers: 2, triggers: 2, failures: 1 },
      expect: { verdict: 'holds', states: 22_526, depth: 95 },
    },
  },
  setup: (s) => {
    const { configured, setters, disablers, triggers, failures } = s.bounds;
    const vdev = s.object(VfioCdx, 'vdev');
    const eventfds = s.objects(EventfdCtx, 'eventfd', setters);
    const arrays = s.pool(CdxIrqs, 2 * setters);
    if (configured > 0) {
      vdev.cdx_irqs = s.object(CdxIrqs, 'irqs');
      vdev.msi_count = 1;
      vdev.config_msi = true;
      vdev.irq = true;
    }
    const tasks = [
      ...eventfds.map((fd, i) =>
        s.task(`setter${i}`, [
          does(setEventfd, { vdev, fd }),
          ...(triggers > i ? [does(triggerIrqs, { vdev }), does(setEventfd, { vdev, fd })] : []),
        ]),
      ),
      ...Array.from({ length: disablers }, (_, i) => s.task(`disabler${i}`, [does(disableIrqs, { vdev })])),
      ...(triggers > 0 ? [s.task('trigger', [does(triggerIrqs, { vdev })])] : []),
    ];
    s.failures({ kmalloc: failures });
    s.property(
      ...tasks.map((task) => returns(task.name, task)),
      irqsAreWhole(vdev, arrays, eventfds),
      sometimes('set', 'an eventfd has the interrupt', () => vdev.action !== null),
    );
  },
});
