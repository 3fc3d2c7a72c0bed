/** What SET_IRQS keeps, as properties. Source: VFIO-CDX. */
import { type AtEnd, atEnd, nameOf, type Pool, violated } from '../kernel/index.ts';
import type { CdxIrqs, EventfdCtx, VfioCdx } from './objects.ts';

/** There is one array while interrupts are configured, its eventfd has the handler, and each has its references. */
export function irqsAreWhole(vdev: VfioCdx, arrays: Pool<CdxIrqs>, eventfds: readonly EventfdCtx[]): AtEnd {
  return atEnd('interrupts are whole', 'at the end array, handler and references belong together', () => {
    for (const irqs of arrays)
      if (irqs !== vdev.cdx_irqs)
        return violated('leak', `${nameOf(irqs)} is lost: ${nameOf(vdev)} has another array, or none`, {
          objects: [nameOf(irqs), nameOf(vdev)],
        });
    const trigger = vdev.cdx_irqs?.trigger ?? null;
    if (vdev.action !== trigger || vdev.irq !== vdev.config_msi || (vdev.cdx_irqs !== null) !== vdev.config_msi)
      return violated('protocol', `handler and interrupts of ${nameOf(vdev)} are not what it has configured`, {
        objects: [nameOf(vdev)],
      });
    for (const ctx of eventfds)
      if (ctx.kref.counter !== (ctx === trigger ? 2 : 1))
        return violated('refcount', `${nameOf(ctx)} has ${ctx.kref.counter} references`, { objects: [nameOf(ctx)] });
    return null;
  });
}
