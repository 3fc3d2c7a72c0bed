/**
 * A function that asks for pages, one group after the other, until its driver stops it. One that has stopped has posted all
 * it had to post; what it has posted may still be in the queue, unanswered.
 *
 * Source: spec (c), device machine, without translation requests: `context.ts` has those.
 */
import { each, machine, patch, u8 } from '../../checker/lang/index.ts';
import { SmmuV3 } from '../smmu/objects.ts';
import { takePageRequest } from '../smmu/translate.ts';
import { freeGroup, PageRequest, PciContext, PciFunction } from './objects.ts';

interface Frame {
  readonly requests: readonly PageRequest[];
  next: number;
}
const newest = (f: Frame) => f.requests[f.next - 1] as PageRequest;

/** `requests` are what it may send in its life, in order; each is a group by itself. */
export const askingContext = machine(
  'asking_context',
  {
    source: patch('spec (c) SMMUv3 and PCIe device')(),
    params: { fn: PciFunction, ctx: PciContext, smmu: SmmuV3, requests: each(PageRequest) },
    locals: { next: u8() },
    states: ['running', 'waiting', 'stopped'],
    indivisible: 'one message to the IOMMU; the request is written before it is sent',
  },
  [
    {
      label: 'page request (last of its group)',
      from: 'running',
      to: 'waiting',
      when: (f) => f.ctx.run && f.next < f.requests.length && freeGroup(f.fn) >= 0,
      do: (f) => {
        const request = f.requests[f.next++] as PageRequest;
        request.pasid = f.ctx.pasid;
        request.group = freeGroup(f.fn);
        f.fn.prg.set(request.group, request);
        takePageRequest(f.smmu, f.fn, request);
      },
    },
    { label: 'response', from: 'waiting', to: 'running', when: (f) => newest(f).answer !== 'none' },
    {
      label: 'stop',
      from: ['running', 'waiting'],
      to: 'stopped',
      when: (f) => !f.ctx.run,
      do: (f) => {
        f.ctx.active = false;
      },
    },
  ],
);
