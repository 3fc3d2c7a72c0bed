/**
 * Masters without ATS whose transactions stall when they fault: the SMMU keeps the transaction, records an event with a
 * tag (STAG), and lets it go on when CMD_RESUME names the tag.
 *
 * Source: spec (c), Arm IHI 0070, stall model and event queue. A record of a stall that meets a full queue is not lost
 * but written when there is room again; other records are lost. What the kernel knows of a stall has the form of a page
 * request that is the last of its group, with the tag as group index, so it is one here.
 *
 * Limits: tags 0 and 1, for all streams together; each context has at most one transaction stalled.
 */
import { constant, each, int, machine, object, patch, ref, ring, u8, type ViewOf } from '../../checker/lang/index.ts';
import { freeGroup, PageRequest, PciContext, PciFunction } from '../pci/objects.ts';

const source = patch('spec (c) SMMUv3 and PCIe device')();

/** Records the ring has room for; a scenario may give the hardware fewer. */
export const EVTQ_CAPACITY = 2;

export const SmmuEvtq = object(
  'SmmuEvtq',
  {
    records: ring(ref(PageRequest), EVTQ_CAPACITY),
    /** Size of the queue as the driver set it up. */
    entries: int(1, EVTQ_CAPACITY, 1),
  },
  { permanent: true, source },
);
export type SmmuEvtq = ViewOf<typeof SmmuEvtq>;

/** What becomes of the record of a stall that meets a full queue: the architecture keeps it. */
export type WhenFull = 'kept' | 'lost';

interface Frame {
  readonly master: PciFunction;
  readonly evtq: SmmuEvtq;
  readonly transactions: readonly PageRequest[];
  readonly whenFull: WhenFull;
  next: number;
}

const freeTag = ({ master }: Frame): number => freeGroup(master);

const full = ({ evtq }: Frame) => evtq.records.length >= evtq.entries;
function stall(f: Frame): void {
  const transaction = f.transactions[f.next++] as PageRequest;
  transaction.pasid = 1;
  transaction.group = freeTag(f);
  f.master.prg.set(transaction.group, transaction);
}

const stalled = (f: Frame) => f.transactions[f.next - 1] as PageRequest;

/** One context of the master: its transactions one after the other, each of which faults once. */
export const stallingContext = machine(
  'stalling_context',
  {
    source,
    params: { master: PciFunction, evtq: SmmuEvtq, transactions: each(PageRequest), whenFull: constant<WhenFull>() },
    locals: { next: u8() },
    states: ['running', 'stalled', 'recorded'],
    indivisible: 'one step of the SMMU; what it touches is its own until the producer index moves',
  },
  [
    {
      label: 'a transaction faults and stalls',
      from: 'running',
      to: 'stalled',
      when: (f) => f.next < f.transactions.length && freeTag(f) >= 0,
      do: stall,
    },
    {
      label: 'the event is recorded',
      from: 'stalled',
      to: 'recorded',
      when: (f) => !full(f),
      do: (f) => f.evtq.records.push(stalled(f)),
    },
    {
      label: 'the queue is full: the record is lost',
      from: 'stalled',
      to: 'recorded',
      when: (f) => f.whenFull === 'lost' && full(f),
    },
    {
      label: 'resumed: retry',
      from: 'recorded',
      to: 'running',
      when: (f) => stalled(f).answer === 'success',
    },
    {
      label: 'resumed: abort',
      from: 'recorded',
      to: 'running',
      when: (f) => stalled(f).answer === 'invalid',
    },
  ],
);

interface Stream extends Frame {
  readonly ctx: PciContext;
}

const faults = (f: Stream, stalls: boolean) => f.ctx.run && f.transactions[f.next]?.last === stalls;

/**
 * The same for a master of its own stream, which its driver can stop. A transaction that is not `last` does not stall: it
 * is terminated, and its record, which nobody answers, is lost when the queue is full.
 */
export const stallingStream = machine(
  'stalling_stream',
  {
    source,
    params: {
      master: PciFunction,
      ctx: PciContext,
      evtq: SmmuEvtq,
      transactions: each(PageRequest),
      whenFull: constant<WhenFull>(),
    },
    locals: { next: u8() },
    states: ['running', 'stalled', 'recorded', 'stopped'],
    indivisible: 'one step of the SMMU; what it touches is its own until the producer index moves',
  },
  [
    {
      label: 'a transaction faults and stalls',
      from: 'running',
      to: 'stalled',
      when: (f) => faults(f, true) && freeTag(f) >= 0,
      do: stall,
    },
    {
      label: 'a transaction faults and is terminated',
      from: 'running',
      to: 'running',
      when: (f) => faults(f, false),
      do: (f) => {
        const transaction = f.transactions[f.next++] as PageRequest;
        if (!full(f)) f.evtq.records.push(transaction);
      },
    },
    {
      label: 'the event is recorded',
      from: 'stalled',
      to: 'recorded',
      when: (f) => !full(f),
      do: (f) => f.evtq.records.push(stalled(f)),
    },
    {
      label: 'resumed',
      from: 'recorded',
      to: 'running',
      when: (f) => stalled(f).answer !== 'none',
    },
    {
      label: 'stop',
      from: 'running',
      to: 'stopped',
      when: (f) => !f.ctx.run,
      do: (f) => {
        f.ctx.active = false;
      },
    },
  ],
);
