/**
 * The command queue of an SMMUv3, and the machine that consumes it.
 *
 * Source: spec (c), ground rule 0.2.9. Commands are fetched in order; between two CMD_SYNC they complete in any order. A
 * CMD_SYNC completes when everything before it has, the answer of a function to an ATC invalidation included, and then
 * writes the completion word of its issuer. A function that was pulled or is stuck never answers. Where time-outs are
 * modelled the invalidation is given up after a while, and the next CMD_SYNC fails (CERROR_ATC_INV_SYNC): the queue stops
 * until software acknowledges the error, and then tries the CMD_SYNC once more, with nothing left to wait for.
 *
 * Limits: four issuers; commands with equal names complete in the order of the queue, which makes no difference because
 * each of them completes the same way; no other error of a command is modelled.
 */
import {
  array,
  atomic,
  bool,
  constant,
  type Field,
  machine,
  nameOf,
  object,
  oneOf,
  patch,
  ring,
  type Transition,
  type ViewOf,
  Violation,
} from '../../checker/lang/index.ts';
import { GROUPS, LAST_PASID, type PageRequest, type PciContext, type PciFunction } from '../pci/objects.ts';
import { type AtsFunction, forget, LAST_ASID, PAGES, type SmmuContexts, slot } from './caches.ts';
import type { SmmuV3 } from './objects.ts';
import { LAST_VMID, STREAMS, type StreamTable } from './stream-table.ts';

/** Who may wait for a CMD_SYNC, each with a completion word of its own: 0 to 3. */
export const ISSUERS = 4;

/** How a stalled transaction goes on. */
export const resumeCodes = ['retry', 'abort'] as const;
export type ResumeCode = (typeof resumeCodes)[number];

/** Answer to a group of page requests. */
export const prgCodes = ['success', 'invalid', 'failure'] as const;
export type PrgCode = (typeof prgCodes)[number];

/** A command as a trace shows it: its name and its operands. */
export type Command =
  | `CFGI_CD pasid ${number}`
  | `CFGI_STE sid ${number}`
  | `TLBI_NH_ASID asid ${number}`
  | `TLBI_S12_VMALL vmid ${number}`
  | `TLBI_NH_VA asid ${number} page ${number}`
  | `ATC_INV pasid ${number}`
  | `ATC_INV pasid ${number} page ${number}`
  | `PRI_RESP group ${number} ${PrgCode}`
  | `PRI_RESP pasid ${number} group ${number} ${PrgCode}`
  | `PRI_RESP sid ${number} group ${number} ${PrgCode}`
  | `RESUME stag ${number} ${ResumeCode}`
  | `RESUME sid ${number} stag ${number} ${ResumeCode}`
  | `SYNC ${number}`;

interface Decoded {
  readonly op:
    | 'CFGI_CD'
    | 'CFGI_STE'
    | 'TLBI_NH_ASID'
    | 'TLBI_NH_VA'
    | 'TLBI_S12_VMALL'
    | 'ATC_INV'
    | 'PRI_RESP'
    | 'RESUME'
    | 'SYNC';
  /** PASID, ASID, VMID, stream, index of a group, tag of a stall or issuer. */
  readonly id: number;
  /** Virtual pages that are meant. */
  readonly pages: readonly number[];
  readonly code: ResumeCode | PrgCode;
  /** PASID that a page response names besides the group; 0 when it names none. */
  readonly pasid: number;
  /** Stream that CMD_RESUME and CMD_PRI_RESP name; -1 where there is only one. */
  readonly sid: number;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const known: Record<string, Decoded> = {};
function know(
  command: Command,
  op: Decoded['op'],
  id: number,
  page?: number,
  code: Decoded['code'] = 'retry',
  pasid = 0,
  sid = -1,
): void {
  known[command] = { op, id, pages: page === undefined ? upTo(PAGES) : [page], code, pasid, sid };
}
for (const issuer of upTo(ISSUERS)) know(`SYNC ${issuer}`, 'SYNC', issuer);
for (const sid of upTo(STREAMS)) know(`CFGI_STE sid ${sid}`, 'CFGI_STE', sid);
for (let pasid = 1; pasid <= LAST_PASID; pasid++) {
  know(`CFGI_CD pasid ${pasid}`, 'CFGI_CD', pasid);
  know(`ATC_INV pasid ${pasid}`, 'ATC_INV', pasid);
  for (const page of upTo(PAGES)) know(`ATC_INV pasid ${pasid} page ${page}`, 'ATC_INV', pasid, page);
}
for (let asid = 1; asid <= LAST_ASID; asid++) {
  know(`TLBI_NH_ASID asid ${asid}`, 'TLBI_NH_ASID', asid);
  for (const page of upTo(PAGES)) know(`TLBI_NH_VA asid ${asid} page ${page}`, 'TLBI_NH_VA', asid, page);
}
for (let vmid = 1; vmid <= LAST_VMID; vmid++) know(`TLBI_S12_VMALL vmid ${vmid}`, 'TLBI_S12_VMALL', vmid);
for (const stag of upTo(GROUPS))
  for (const code of resumeCodes) know(`RESUME stag ${stag} ${code}`, 'RESUME', stag, 0, code);

for (const sid of upTo(STREAMS))
  for (const stag of upTo(GROUPS))
    for (const code of resumeCodes) know(`RESUME sid ${sid} stag ${stag} ${code}`, 'RESUME', stag, 0, code, 0, sid);

for (const group of upTo(GROUPS))
  for (const code of prgCodes) {
    know(`PRI_RESP group ${group} ${code}`, 'PRI_RESP', group, 0, code);
    for (let pasid = 1; pasid <= LAST_PASID; pasid++)
      know(`PRI_RESP pasid ${pasid} group ${group} ${code}`, 'PRI_RESP', group, 0, code, pasid);
    for (const sid of upTo(STREAMS))
      know(`PRI_RESP sid ${sid} group ${group} ${code}`, 'PRI_RESP', group, 0, code, 0, sid);
  }

const command = (): Field<Command> => oneOf(...Object.keys(known)) as Field<Command>;
const decode = (c: Command): Decoded => known[c] as Decoded;

/** Commands that fit into the queue, and commands that may be under way at a time. */
export const CMDQ_CAPACITY = 8;
const UNDER_WAY = 4;

const source = patch('spec (c) SMMUv3 and PCIe device')();

export const SmmuCmdq = object(
  'SmmuCmdq',
  {
    /** Between the consumer and the producer index. */
    queue: atomic(ring(command(), CMDQ_CAPACITY), 'cmpxchg of the producer index'),
    /** Fetched, and not complete. */
    under_way: ring(command(), UNDER_WAY),
    /** Completion words, by issuer. */
    synced: array(bool(), ISSUERS),
    /** An ATC invalidation was given up, and no CMD_SYNC has failed for it yet. */
    timed_out: bool(),
    /** GERROR.CMDQ_ERR, with CERROR_ATC_INV_SYNC: nothing is consumed until software acknowledges it. */
    stopped: bool(),
  },
  { permanent: true, source },
);
export type SmmuCmdq = ViewOf<typeof SmmuCmdq>;

/** What commands act on. A scenario gives what it has. */
export interface BehindCmdq {
  readonly contexts?: SmmuContexts;
  readonly functions?: readonly AtsFunction[];
  readonly streams?: StreamTable;
  /** The reduced SMMU of the fault path, and the contexts of the function behind it with what they have cached. */
  readonly faultPath?: { readonly smmu: SmmuV3; readonly contexts: readonly PciContext[] };
  /** The function whose page requests PRI_RESP answers. */
  readonly pri?: PciFunction;
  /** The same by stream, where there is more than one: each function has groups of its own. */
  readonly priOf?: readonly PciFunction[];
  /**
   * The function may be reset while an answer is on its way: one that it does not expect any more it drops, and one that
   * it does expect must be the answer that software gave.
   */
  readonly priMayReset?: boolean;
  /** The transactions that are stalled, by tag. RESUME is about these. */
  readonly stalls?: PciFunction;
  /** The stream of a transaction, where there is more than one. */
  readonly streamOf?: (transaction: PageRequest) => number;
}

interface Frame {
  readonly cmdq: SmmuCmdq;
  readonly behind: BehindCmdq;
}

/** Place of the first command under way with this name; -1 when there is none. */
function find({ cmdq }: Frame, ...ops: readonly Decoded['op'][]): number {
  for (let i = 0; i < cmdq.under_way.length; i++) if (ops.includes(decode(cmdq.under_way.at(i)).op)) return i;
  return -1;
}

/** Takes the command out of those under way. */
function finish(f: Frame, ...ops: readonly Decoded['op'][]): Decoded {
  return decode(f.cmdq.under_way.removeAt(find(f, ...ops)));
}

const headIsSync = ({ cmdq }: Frame) => cmdq.queue.first !== null && decode(cmdq.queue.first).op === 'SYNC';

/** CMD_RESUME: the transaction that waits under this tag goes on. A tag that nothing waits under is a mistake of the driver. */
function resume(stalls: PciFunction, streamOf: BehindCmdq['streamOf'], { id, code, sid }: Decoded): void {
  const stalled = stalls.prg.at(id) as PageRequest | null;
  if (stalled === null || (sid >= 0 && streamOf?.(stalled) !== sid))
    throw new Violation('protocol', `CMD_RESUME for tag ${id}, under which no transaction is stalled`, [
      nameOf(stalls),
    ]);
  stalled.answer = code === 'retry' ? 'success' : 'invalid';
  stalls.prg.set(id, null);
}

/** CMD_PRI_RESP: the function knows the group by its index, and by the PASID where the command names it. */
function respond(pri: PciFunction, mayReset: boolean, { id, pasid, code }: Decoded): void {
  const last = pri.prg.at(id) as PageRequest | null;
  const expected = last !== null && (pasid === 0 || last.pasid === pasid);
  if (!expected && mayReset) return;
  if (last === null || !expected)
    throw new Violation('protocol', `CMD_PRI_RESP for group index ${id}, of which no page request is open`, [
      nameOf(pri),
    ]);
  if (mayReset && last.response !== code)
    throw new Violation(
      'isolation',
      `the answer "${code}" for group index ${id} reaches ${nameOf(last)}, which software has not answered so`,
      [nameOf(pri), nameOf(last)],
    );
  if (code !== 'retry' && code !== 'abort') last.answer = code;
  pri.prg.set(id, null);
}

const consuming = { from: 'consuming', to: 'consuming' } as const;

const always: readonly Transition<Frame, 'consuming'>[] = [
  {
    label: 'fetch a command',
    ...consuming,
    when: (f: Frame) => f.cmdq.queue.length > 0 && !headIsSync(f) && !f.cmdq.under_way.full && !f.cmdq.stopped,
    do: (f: Frame) => f.cmdq.under_way.push(f.cmdq.queue.shift()),
  },
  {
    label: 'CMD_SYNC completes',
    ...consuming,
    when: (f: Frame) => headIsSync(f) && f.cmdq.under_way.length === 0 && !f.cmdq.timed_out && !f.cmdq.stopped,
    do: (f: Frame) => f.cmdq.synced.set(decode(f.cmdq.queue.shift()).id, true),
  },
];

/** Everybody whom an ATC invalidation is sent to will answer it. */
const allAnswer = ({ behind }: Frame): boolean =>
  (behind.functions ?? []).every((fn) => fn.present && fn.answers) && behind.pri?.present !== false;

const completions = {
  CFGI_STE: {
    label: 'CMD_CFGI_STE completes',
    ...consuming,
    when: (f: Frame) => find(f, 'CFGI_STE') >= 0,
    do: (f: Frame) => {
      const fn = f.behind.functions?.[finish(f, 'CFGI_STE').id];
      if (fn) fn.eats_cached = fn.eats;
    },
  },
  'CFGI_STE of the table': {
    label: 'CMD_CFGI_STE completes: the entry is forgotten',
    ...consuming,
    when: (f: Frame) => {
      const i = find(f, 'CFGI_STE');
      return i >= 0 && f.behind.streams?.fetching.at(decode(f.cmdq.under_way.at(i)).id) === false;
    },
    do: (f: Frame) => {
      const cached = f.behind.streams?.cached.at(finish(f, 'CFGI_STE').id);
      if (cached) Object.assign(cached, { present: false, config: 'abort', vmid: 0, ttb: null });
    },
  },
  'TLBI of a VMID': {
    label: 'CMD_TLBI_S12_VMALL completes',
    ...consuming,
    when: (f: Frame) => find(f, 'TLBI_S12_VMALL') >= 0,
    do: (f: Frame) => {
      const { id } = finish(f, 'TLBI_S12_VMALL');
      const entry = f.behind.streams?.tlb.at(id);
      if (entry) forget(entry);
    },
  },
  'ATC_INV time-out': {
    label: 'CMD_ATC_INV is given up: no answer in time',
    ...consuming,
    when: (f: Frame) => find(f, 'ATC_INV') >= 0 && !allAnswer(f),
    do: (f: Frame) => {
      finish(f, 'ATC_INV');
      f.cmdq.timed_out = true;
    },
  },
  'SYNC error': {
    label: 'CMD_SYNC fails: CERROR_ATC_INV_SYNC',
    ...consuming,
    when: (f: Frame) => headIsSync(f) && f.cmdq.under_way.length === 0 && f.cmdq.timed_out,
    do: (f: Frame) => {
      f.cmdq.timed_out = false;
      f.cmdq.stopped = true;
    },
  },
  CFGI: {
    label: 'CMD_CFGI_CD completes',
    ...consuming,
    when: (f: Frame) => find(f, 'CFGI_CD') >= 0 && f.behind.contexts?.fetching !== true,
    do: (f: Frame) => {
      const { id } = finish(f, 'CFGI_CD');
      const cached = f.behind.contexts?.cfg.at(id);
      if (cached)
        Object.assign(cached, { cached: false, valid: false, quiet: false, asid: 0, ttb: null, generation: 0 });
      f.behind.faultPath?.smmu.cfg_cache.set(id, null);
    },
  },
  TLBI: {
    label: 'CMD_TLBI completes',
    ...consuming,
    when: (f: Frame) => find(f, 'TLBI_NH_ASID', 'TLBI_NH_VA') >= 0,
    do: (f: Frame) => {
      const { id, pages } = finish(f, 'TLBI_NH_ASID', 'TLBI_NH_VA');
      const tlb = f.behind.contexts?.tlb;
      if (tlb) for (const page of pages) forget(tlb.at(slot(id, page)));
    },
  },
  ATC_INV: {
    label: 'CMD_ATC_INV: the function answers',
    ...consuming,
    when: (f: Frame) => find(f, 'ATC_INV') >= 0 && allAnswer(f),
    do: (f: Frame) => {
      const { id, pages } = finish(f, 'ATC_INV');
      for (const fn of f.behind.functions ?? []) for (const page of pages) forget(fn.atc.at(slot(id, page)));
      for (const ctx of f.behind.faultPath?.contexts ?? []) if (ctx.pasid === id) ctx.atc = null;
    },
  },
  PRI_RESP: {
    label: 'CMD_PRI_RESP: the function gets the answer',
    ...consuming,
    when: (f: Frame) => find(f, 'PRI_RESP') >= 0,
    do: (f: Frame) => {
      const command = finish(f, 'PRI_RESP');
      const pri = command.sid < 0 ? f.behind.pri : f.behind.priOf?.[command.sid];
      if (pri) respond(pri, f.behind.priMayReset === true, command);
    },
  },
  RESUME: {
    label: 'CMD_RESUME completes',
    ...consuming,
    when: (f: Frame) => find(f, 'RESUME') >= 0,
    do: (f: Frame) => {
      const command = finish(f, 'RESUME');
      if (f.behind.stalls) resume(f.behind.stalls, f.behind.streamOf, command);
    },
  },
} as const satisfies Record<string, Transition<Frame, 'consuming'>>;

/** What completes in the queue of a scenario, besides CMD_SYNC. */
export type Completes = keyof typeof completions;

/** The machine that consumes the commands of these kinds, for ever. Others in the queue would stay under way. */
export const smmuCmdq = (...kinds: readonly Completes[]) =>
  machine(
    'smmu_cmdq',
    {
      source,
      params: { cmdq: SmmuCmdq, behind: constant<BehindCmdq>() },
      states: ['consuming'],
      indivisible: 'a command completes when what it invalidates is gone and every look-up that saw it is over',
    },
    [...always, ...kinds.map((kind) => completions[kind])],
  );
