/** What an exporter and its importers owe each other, as properties. Source: DMARESV, and the rules of dma-buf.h. */
import { type Always, always, nameOf, type Pool, violated } from '../kernel/index.ts';
import type { DmaBuf } from './objects.ts';

/** Pins are those of the attachments. What the reservation lock covers is looked at while nobody holds it. */
export function pinsAreCounted(buffers: Pool<DmaBuf>): Always {
  return always('pins are counted', 'the pins of a buffer are those of its attachments', () => {
    for (const dmabuf of buffers) {
      if (dmabuf.resv.owner !== null) continue;
      let pinned = 0;
      for (const attach of dmabuf.attachments) if (attach.pinned) pinned++;
      if (pinned !== dmabuf.pin_count)
        return violated('refcount', `${nameOf(dmabuf)} counts ${dmabuf.pin_count} pins, its importers have ${pinned}`, {
          objects: [nameOf(dmabuf)],
        });
    }
    return null;
  });
}
