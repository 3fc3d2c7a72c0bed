/**
 * The invalidation queue at work, and an endpoint that is pulled out of its slot.
 *
 * Source: see `objects.ts`. An invalidation and its wait descriptor are carried out in one step: software sees the
 * status only.
 */
import { machine, patch } from '../../checker/lang/index.ts';
import { Endpoint, type Submission, VtdIommu } from './objects.ts';

const source = patch('VT-d specification r4.1, queued invalidation')();

interface Frame {
  readonly iommu: VtdIommu;
}

const next = (f: Frame): Submission | null => (f.iommu.ite ? null : f.iommu.queue.first);
const answers = (s: Submission | null): boolean => s !== null && (s.endpoint === null || s.endpoint.present);

/** Fetches submissions in order. An endpoint that is gone answers nothing: the invalidation times out. */
export const invalidationQueue = machine(
  'vtd_invalidation_queue',
  {
    source,
    params: { iommu: VtdIommu },
    states: ['fetching'],
    indivisible: 'software learns of a submission by its status alone, which is written last',
  },
  [
    {
      label: 'invalidation completes, wait descriptor writes its status',
      from: 'fetching',
      to: 'fetching',
      when: (f) => answers(next(f)),
      do: (f) => {
        f.iommu.queue.shift().status = 'done';
      },
    },
    {
      label: 'invalidation times out (ITE)',
      from: 'fetching',
      to: 'fetching',
      when: (f) => next(f) !== null && !answers(next(f)),
      do: (f) => {
        f.iommu.ite_source = f.iommu.queue.shift().endpoint;
        f.iommu.ite = true;
      },
    },
  ],
);

/** Somebody pulls the endpoint, at any time or never. */
export const pulledEndpoint = machine(
  'pcie_slot',
  { source: patch('PCIe hot plug')(), params: { endpoint: Endpoint }, states: ['linked', 'empty'] },
  [
    {
      label: 'the endpoint is pulled',
      from: 'linked',
      to: 'empty',
      do: (f) => {
        f.endpoint.present = false;
      },
    },
  ],
);
