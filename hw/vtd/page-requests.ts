/**
 * The way of a page request to the ring of VT-d, with room for few entries: on the link, in a buffer of the IOMMU, in the
 * ring or lost; and the descriptors of the invalidation queue that drain it.
 *
 * Source: VT-d specification r4.1, page request overflow and 7.10, as far as intel_iommu_drain_pasid_prq() and
 * prq_event_thread() quote it. A request that meets a full ring sets PRO and is dropped, as is each that follows until
 * software clears PRO; one that is the last of its group is answered by the IOMMU itself, so that the function tries
 * again. An answer to a device TLB invalidation pushes what was posted before it off the link. A wait descriptor with the
 * page-request drain flag completes when the buffer is empty.
 *
 * Limits: one function, one drain at a time; what the invalidations do to caches is left out.
 */
import {
  bool,
  each,
  machine,
  object,
  oneOf,
  patch,
  racy,
  ref,
  ring,
  u8,
  type ViewOf,
} from '../../checker/lang/index.ts';
import { GROUPS, PageRequest, PciContext, PciFunction } from '../pci/objects.ts';
import { PasidEntry, VtdPrq } from './prq.ts';

const source = patch('VT-d specification r4.1, page request overflow');
const ON_THE_WAY = 2;

/** What a drain puts into the invalidation queue, in its order. */
export const drainDescriptors = ['wait, fence', 'IOTLB', 'device TLB', 'wait', 'wait, drain'] as const;
export type VtdDescriptor = (typeof drainDescriptors)[number];

/** What lies between a function and the ring, and what drains it. */
export const VtdRequestPath = object(
  'VtdRequestPath',
  {
    link: racy(ring(ref(PageRequest), ON_THE_WAY), 'of the hardware'),
    buffer: racy(ring(ref(PageRequest), ON_THE_WAY), 'of the hardware'),
    /** DMA_PRS_PRO: requests were lost, and are lost, until software clears it. */
    overflow: racy(bool(), 'a register'),
    /** Entries that the ring may hold. */
    entries: u8(),
    /** The descriptors of a drain between the head and the tail of the invalidation queue. */
    queue: racy(ring(oneOf(...drainDescriptors), 4), 'readl and writel of its head and tail'),
    /** Status of the last wait descriptor. */
    drained: racy(bool(), 'READ_ONCE of the status'),
  },
  { permanent: true, source: source() },
);
export type VtdRequestPath = ViewOf<typeof VtdRequestPath>;

interface Way {
  readonly path: VtdRequestPath;
  readonly prq: VtdPrq;
  readonly fn: PciFunction;
}

const full = ({ path, prq }: Way) => path.overflow || prq.entries.length >= path.entries;

const working = { from: 'working', to: 'working' } as const;

/** The IOMMU moves requests on. */
export const requestWriter = machine(
  'vtd_page_request_writer',
  {
    source: source(),
    params: { path: VtdRequestPath, prq: VtdPrq, fn: PciFunction },
    states: ['working'],
    indivisible: 'one message moves on; software sees it when the tail register or PRO says so',
  },
  [
    {
      label: 'a page request arrives in the buffer',
      ...working,
      when: (f) => f.path.link.length > 0 && !f.path.buffer.full,
      do: (f) => f.path.buffer.push(f.path.link.shift()),
    },
    {
      label: 'a page request is written to the ring',
      ...working,
      when: (f) => f.path.buffer.length > 0 && !full(f),
      do: (f) => f.prq.entries.push(f.path.buffer.shift()),
    },
    {
      label: 'the ring is full: PRO, the request is dropped',
      ...working,
      when: (f) => f.path.buffer.length > 0 && full(f),
      do: (f) => {
        const request = f.path.buffer.shift();
        f.path.overflow = true;
        if (!request.last) return;
        request.answer = 'overflow';
        f.fn.prg.set(request.group, null);
      },
    },
  ],
);

const next = (path: VtdRequestPath) => path.queue.first;

/** The invalidation queue, as far as a drain uses it. */
export const drainQueue = machine(
  'vtd_invalidation_queue',
  {
    source: source(),
    params: { path: VtdRequestPath },
    states: ['fetching'],
    indivisible: 'software learns of a descriptor by the status of the last one, which is written last',
  },
  [
    {
      label: 'fence or IOTLB invalidation completes',
      from: 'fetching',
      to: 'fetching',
      when: (f) => next(f.path) === 'wait, fence' || next(f.path) === 'IOTLB',
      do: (f) => {
        f.path.queue.shift();
      },
    },
    {
      label: 'device TLB invalidation: the function answers, behind what it has posted',
      from: 'fetching',
      to: 'fetching',
      when: (f) => next(f.path) === 'device TLB' && f.path.link.length === 0,
      do: (f) => {
        f.path.queue.shift();
      },
    },
    {
      label: 'wait descriptor writes its status',
      from: 'fetching',
      to: 'fetching',
      when: (f) => next(f.path) === 'wait' || (next(f.path) === 'wait, drain' && f.path.buffer.length === 0),
      do: (f) => {
        f.path.queue.shift();
        f.path.drained = true;
      },
    },
  ],
);

interface Frame extends Way {
  readonly ctx: PciContext;
  readonly entry: PasidEntry;
  readonly requests: readonly PageRequest[];
  next: number;
}

const newest = (f: Frame) => f.requests[f.next - 1] as PageRequest;

/** Within a group the index is kept; a new group takes the lowest one free. */
function groupFor(f: Frame): number {
  if (f.next > 0 && !newest(f).last) return newest(f).group;
  for (let group = 0; group < GROUPS; group++) if (f.fn.prg.at(group) === null) return group;
  return -1;
}

const asks = (f: Frame, last: boolean) =>
  f.next < f.requests.length && f.requests[f.next]?.last === last && groupFor(f) >= 0 && !f.path.link.full;

function post(f: Frame): void {
  const request = f.requests[f.next] as PageRequest;
  request.pasid = f.ctx.pasid;
  request.group = groupFor(f);
  f.fn.prg.set(request.group, request);
  f.path.link.push(request);
  f.next++;
}

/**
 * A context that misses pages while it runs; `requests` are what it may send in its life, in order. It may stop before
 * its answer has come, but not in the middle of a group.
 */
export const postingContext = machine(
  'vtd_pci_context',
  {
    source: source(),
    params: {
      path: VtdRequestPath,
      prq: VtdPrq,
      fn: PciFunction,
      ctx: PciContext,
      entry: PasidEntry,
      requests: each(PageRequest),
    },
    locals: { next: u8() },
    states: ['idle', 'running', 'in group', 'waiting', 'stopped'],
    indivisible: 'one translation request and the page request that follows; invalidations wait for it',
  },
  [
    { label: 'start', from: 'idle', to: 'running', when: (f) => f.ctx.run },
    {
      label: 'page request (last of its group)',
      from: 'running',
      to: 'waiting',
      when: (f) => f.ctx.run && f.entry.present && asks(f, true),
      do: post,
    },
    {
      label: 'page request',
      from: 'running',
      to: 'in group',
      when: (f) => f.ctx.run && f.entry.present && asks(f, false),
      do: post,
    },
    { label: 'last page request of the group', from: 'in group', to: 'waiting', when: (f) => asks(f, true), do: post },
    { label: 'response', from: 'waiting', to: 'running', when: (f) => newest(f).answer !== 'none' },
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
