/**
 * The Stop Marker of a context: a message that some functions send some time after a PASID was stopped, to tell that no
 * page request of it is under way any more. It asks for no page and expects no answer.
 *
 * Source: PCIe, stop of a PASID (marker: L = 1, R = W = 0); Arm IHI 0070, page request queue: a marker that meets a full
 * queue is discarded, and no response is made up for it.
 *
 * A marker is a page request of no context here. Everything else that a page request is about, it is not.
 */
import { machine, patch } from '../../checker/lang/index.ts';
import { SmmuV3 } from '../smmu/objects.ts';
import { PageRequest, PciContext } from './objects.ts';

/** Sends the marker of one context once, as late as it likes or never. */
export const stopMarker = machine(
  'stop_marker',
  {
    source: patch('spec (c) SMMUv3 and PCIe device')(),
    params: { ctx: PciContext, smmu: SmmuV3, marker: PageRequest },
    states: ['not sent', 'sent'],
    indivisible: 'one message: it is in the queue, or it is discarded',
  },
  [
    {
      label: 'Stop Marker',
      from: 'not sent',
      to: 'sent',
      when: (f) => f.ctx.pasid !== 0 && !f.ctx.run && !f.ctx.active,
      do: (f) => {
        f.marker.pasid = f.ctx.pasid;
        if (f.smmu.priq.length < f.smmu.priq_entries) f.smmu.priq.push(f.marker);
        else f.smmu.priq_overflow = true;
      },
    },
  ],
);
