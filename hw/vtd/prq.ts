/**
 * The page request queue of VT-d, an entry of a PASID table, and a context of a PCIe function behind both.
 *
 * Source: prq_event_thread() and intel_svm_drain_prq() of drivers/iommu/intel/svm.c, Linux 5.14, with what they quote of
 * the VT-d specification. An entry stays in the ring until software moves the head register behind it.
 *
 * Limits: the ring is large enough, so nothing is lost, and a request is in it when it is posted (`page-requests.ts` has
 * the way to it, and overflow); each request is the last of its group; caches are left out.
 */
import {
  bool,
  each,
  machine,
  object,
  opaque,
  patch,
  racy,
  ref,
  ring,
  u8,
  type ViewOf,
} from '../../checker/lang/index.ts';
import { GROUPS, PageRequest, PciContext, PciFunction } from '../pci/objects.ts';

const source = patch('VT-d specification r4.1, page requests')();

/** Entries the ring has room for. */
export const PRQ_CAPACITY = 4;

/** The ring between the head and the tail register. */
export const VtdPrq = object(
  'VtdPrq',
  { entries: racy(ring(ref(PageRequest), PRQ_CAPACITY), 'readq and writeq of its head and tail') },
  { permanent: true, source },
);
export type VtdPrq = ViewOf<typeof VtdPrq>;

/** The entry of one PASID in the PASID table of one device. */
export const PasidEntry = object('PasidEntry', { present: bool(), pgd: opaque() }, { permanent: true, source });
export type PasidEntry = ViewOf<typeof PasidEntry>;

interface Frame {
  readonly prq: VtdPrq;
  readonly fn: PciFunction;
  readonly ctx: PciContext;
  readonly entry: PasidEntry;
  readonly requests: readonly PageRequest[];
  next: number;
}

function freeGroup(f: Frame): number {
  for (let group = 0; group < GROUPS; group++) if (f.fn.prg.at(group) === null) return group;
  return -1;
}

/** A context that misses pages while it runs. It may stop before its answer has come, and then ignores it. */
export const vtdContext = machine(
  'vtd_pci_context',
  {
    source,
    params: { prq: VtdPrq, fn: PciFunction, ctx: PciContext, entry: PasidEntry, requests: each(PageRequest) },
    locals: { next: u8() },
    states: ['idle', 'running', 'waiting', 'stopped'],
    indivisible: 'one translation request and the page request that follows; invalidations wait for it',
  },
  [
    { label: 'start', from: 'idle', to: 'running', when: (f) => f.ctx.run },
    {
      label: 'page request',
      from: 'running',
      to: 'waiting',
      when: (f) =>
        f.ctx.run && f.entry.present && f.next < f.requests.length && freeGroup(f) >= 0 && !f.prq.entries.full,
      do: (f) => {
        const request = f.requests[f.next] as PageRequest;
        request.pasid = f.ctx.pasid;
        request.group = freeGroup(f);
        f.fn.prg.set(request.group, request);
        f.prq.entries.push(request);
        f.next++;
      },
    },
    {
      label: 'response',
      from: 'waiting',
      to: 'running',
      when: (f) => f.requests[f.next - 1]?.answer !== 'none',
    },
    {
      label: 'stop',
      from: ['idle', 'running', 'waiting'],
      to: 'stopped',
      when: (f) => f.ctx.active && !f.ctx.run,
      do: (f) => {
        f.ctx.active = false;
      },
    },
  ],
);
