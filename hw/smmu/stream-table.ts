/**
 * The stream table: for each stream id an entry (STE) that says what becomes of transactions of the stream, and what the
 * SMMU has cached of it. Here an entry aborts, bypasses, or translates by the page tables of a domain.
 *
 * Source: spec (c), STE per stream id, rule 5: an entry of 64 bytes is fetched in pieces, in no defined order, at any time,
 * whether or not it is valid. Valid bit and configuration lie in one 64-bit word, the VMID in another, the pointer to the
 * page tables in a third. What the TLB holds is found by VMID.
 *
 * Limits: two streams, two VMIDs, one page a domain; an entry is fetched forwards or backwards; EATS is in `caches.ts`,
 * and context descriptors too, which would be a level between the entry and the page tables.
 */
import {
  array,
  bool,
  constant,
  int,
  machine,
  object,
  oneOf,
  patch,
  ref,
  struct,
  type ViewOf,
} from '../../checker/lang/index.ts';
import { fill, PageTable, translation } from './caches.ts';

const source = patch('spec (c) SMMUv3 and PCIe device')();

/** Streams 0 and 1. */
export const STREAMS = 2;
/** VMIDs 1 and 2; 0 stands for none. */
export const LAST_VMID = 2;

/** What an entry does with transactions; one that is not valid aborts them. */
export const steConfigs = ['abort', 'bypass', 'translate'] as const;
export type SteConfig = (typeof steConfigs)[number];

const entry = {
  config: oneOf(...steConfigs),
  vmid: int(0, LAST_VMID),
  ttb: ref(PageTable),
};

export const StreamTable = object(
  'StreamTable',
  {
    /** In memory. `config` stands for the valid bit as well. */
    ste: array(struct('stream_table_entry', entry), STREAMS),
    /** Configuration cache. */
    cached: array(struct('cached_entry', { present: bool(), ...entry }), STREAMS),
    /** The entry of this stream is being fetched. */
    fetching: array(bool(), STREAMS),
    /** By VMID: the one page of its domain. */
    tlb: array(translation(), LAST_VMID + 1),
    /** Ghost: a transaction of this stream has gone past the page tables. */
    bypassed: array(bool(), STREAMS),
  },
  { permanent: true, source },
);
export type StreamTable = ViewOf<typeof StreamTable>;

interface Fetch {
  readonly table: StreamTable;
  readonly sid: number;
  config: SteConfig;
  vmid: number;
  ttb: PageTable | null;
}

/** What was read is cached. */
function keep(f: Fetch): void {
  const { config, vmid, ttb } = f;
  Object.assign(f.table.cached.at(f.sid), { present: true, config, vmid, ttb });
  f.table.fetching.set(f.sid, false);
  f.config = 'abort';
  f.vmid = 0;
  f.ttb = null;
}

/** A master that sends transactions of one stream whenever it likes. */
export const streamAccess = machine(
  'stream_access',
  {
    source,
    params: { table: StreamTable, sid: constant<number>() },
    locals: entry,
    states: ['ready', 'first word read', 'all but the last read', 'last word read', 'all but the first read'],
    indivisible: "one word of the entry; what is cached is the SMMU's own, and CFGI_STE waits for the fetch",
  },
  [
    {
      label: 'fetch the entry: valid, configuration',
      from: 'ready',
      to: 'first word read',
      when: (f) => !f.table.cached.at(f.sid).present,
      do: (f) => {
        f.config = f.table.ste.at(f.sid).config;
        f.table.fetching.set(f.sid, true);
      },
    },
    {
      label: 'fetch the entry: VMID',
      from: 'first word read',
      to: 'all but the last read',
      do: (f) => {
        f.vmid = f.table.ste.at(f.sid).vmid;
      },
    },
    {
      label: 'fetch the entry: page tables; it is cached',
      from: 'all but the last read',
      to: 'ready',
      do: (f) => {
        f.ttb = f.table.ste.at(f.sid).ttb;
        keep(f);
      },
    },
    {
      label: 'fetch the entry backwards: page tables',
      from: 'ready',
      to: 'last word read',
      when: (f) => !f.table.cached.at(f.sid).present,
      do: (f) => {
        f.ttb = f.table.ste.at(f.sid).ttb;
        f.table.fetching.set(f.sid, true);
      },
    },
    {
      label: 'fetch the entry backwards: VMID',
      from: 'last word read',
      to: 'all but the first read',
      do: (f) => {
        f.vmid = f.table.ste.at(f.sid).vmid;
      },
    },
    {
      label: 'fetch the entry backwards: valid, configuration; it is cached',
      from: 'all but the first read',
      to: 'ready',
      do: (f) => {
        f.config = f.table.ste.at(f.sid).config;
        keep(f);
      },
    },
    {
      label: 'transaction: the TLB is filled',
      from: 'ready',
      to: 'ready',
      when: ({ table, sid }) => {
        const { present, config, vmid, ttb } = table.cached.at(sid);
        if (!present || config !== 'translate' || table.tlb.at(vmid).page !== null) return false;
        return ttb !== null && ttb.pte.at(0) !== null;
      },
      do: ({ table, sid }) => {
        const { vmid, ttb } = table.cached.at(sid);
        const page = ttb?.pte.at(0);
        if (page) fill(table.tlb.at(vmid), page);
      },
    },
    {
      label: 'transaction: bypass',
      from: 'ready',
      to: 'ready',
      when: ({ table, sid }) =>
        table.cached.at(sid).present && table.cached.at(sid).config === 'bypass' && !table.bypassed.at(sid),
      do: ({ table, sid }) => table.bypassed.set(sid, true),
    },
  ],
);
