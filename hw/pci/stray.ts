/**
 * A function that asks for a page with a PASID that nobody gave it, whenever the scenario lets it: what a device does is
 * not in step with what software knows of it.
 *
 * Source: spec (c), device machine, without a driver that stops it.
 */
import { constant, machine, patch } from '../../checker/lang/index.ts';
import { SmmuV3 } from '../smmu/objects.ts';
import { takePageRequest } from '../smmu/translate.ts';
import { PageRequest, PciFunction } from './objects.ts';

export const strayRequest = machine(
  'stray_page_request',
  {
    source: patch('spec (c) SMMUv3 and PCIe device')(),
    params: { fn: PciFunction, smmu: SmmuV3, request: PageRequest, may: constant<() => boolean>() },
    states: ['silent', 'waiting', 'answered'],
    indivisible: 'one message to the IOMMU; the request is written before it is sent',
  },
  [
    {
      label: 'page request (last of its group)',
      from: 'silent',
      to: 'waiting',
      when: (f) => f.may(),
      do: (f) => {
        f.fn.prg.set(f.request.group, f.request);
        takePageRequest(f.smmu, f.fn, f.request);
      },
    },
    {
      label: 'response',
      from: 'waiting',
      to: 'answered',
      when: (f) => f.request.answer !== 'none',
    },
  ],
);
