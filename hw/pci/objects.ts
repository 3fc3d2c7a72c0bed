/**
 * A PCIe function with address translation cache (ATC) and page request interface, as far as other parts see it.
 *
 * Source: PCIe ATS and PRI as summarised in spec (c): a function owns a few page request groups (PRG), sends page
 * requests with its PASID, and waits for one response to each group. Requests are objects made by the scenario; a
 * request that travels (ring entry, event copy in the kernel) is a pointer to it, because its content never changes
 * on the way. What no hardware stores, the ghost fields, is marked so.
 *
 * Limits: group indices 0 and 1; one cached translation for each context.
 */
import {
  actor,
  array,
  bool,
  int,
  object,
  oneOf,
  opaque,
  patch,
  racy,
  ref,
  ring,
  type ViewOf,
} from '../../checker/lang/index.ts';

/** PASIDs 1 and 2; PASID 0 stands for none. */
export const LAST_PASID = 2;

/** Group indices 0 and 1; the field of real hardware has nine bits. */
export const GROUPS = 2;

const spec = patch('spec (c) SMMUv3 and PCIe device')();

/** One process's share of the function: a queue pair or the like that works with one PASID. */
export const PciContext = object(
  'PciContext',
  {
    /** Written by the driver before it starts the context. */
    pasid: racy(int(0, LAST_PASID), 'a register'),
    /** Run bit, written by the driver. */
    run: racy(bool(), 'a register'),
    /** Busy bit: set when the context is started, cleared by the function once all it had to post is posted. */
    active: bool(),
    /** The function was pulled: whatever the driver reads of it is all ones, and so is the busy bit. */
    gone: bool(),
    /** Ghost: the address space the context works for. */
    owner: opaque(),
    /** The cached translation: the address space that it reaches, or none. */
    atc: racy(opaque(), 'of the hardware'),
  },
  { permanent: true, source: spec },
);
export type PciContext = ViewOf<typeof PciContext>;

/**
 * What is known of the answer to a page request. `overflow` is given by the hardware itself; `reset` means that the
 * function was reset, or pulled out, and has forgotten the request.
 */
export const prgResponse = ['none', 'success', 'invalid', 'failure', 'overflow', 'reset'] as const;

/** A page request message. */
export const PageRequest = object(
  'PageRequest',
  {
    context: ref(PciContext),
    /** Last of its group: the group gets one response. */
    last: bool(),
    /** Zero until it is posted. */
    pasid: int(0, LAST_PASID),
    group: int(0, GROUPS - 1),
    /** Of the whole group; kept in its last request. */
    answer: oneOf(...prgResponse),
    /** Ghost: what software has answered, where that travels through a queue and may still be on its way. */
    response: oneOf(...prgResponse),
    /** Ghost: address space in which the kernel handled the fault. */
    handled_in: opaque(),
    /** Ghost: who handled it. */
    handled_by: actor(),
  },
  { permanent: true, source: spec },
);
export type PageRequest = ViewOf<typeof PageRequest>;

export const PciFunction = object(
  'PciFunction',
  {
    /** False once it was pulled out: it sends nothing, and takes no answer. */
    present: bool(true),
    /** Groups in use: the newest request posted for each index, until the response arrives. */
    prg: array(ref(PageRequest), GROUPS),
  },
  { permanent: true, source: spec },
);
export type PciFunction = ViewOf<typeof PciFunction>;

/**
 * The page request interface of a function, and its ATS. A function whose interface is disabled posts no new request; it has
 * stopped when it has no group open either, and enabling one that has not is not defined.
 */
export const PageRequestInterface = object(
  'PageRequestInterface',
  {
    /** PCI_PRI_CTRL_ENABLE */
    enable: racy(bool(true), 'configuration space'),
    /** PCI_ATS_CTRL_ENABLE */
    ats: racy(bool(true), 'configuration space'),
  },
  { permanent: true, source: spec },
);
export type PageRequestInterface = ViewOf<typeof PageRequestInterface>;

/** Page requests that a function has posted and that have not arrived at the IOMMU yet. */
export const RequestLink = object(
  'RequestLink',
  { requests: racy(ring(ref(PageRequest), GROUPS), 'of the hardware') },
  { permanent: true, source: spec },
);
export type RequestLink = ViewOf<typeof RequestLink>;

/** The lowest group index that is not in use; -1 when all are. */
export function freeGroup(fn: PciFunction): number {
  for (let group = 0; group < GROUPS; group++) if (fn.prg.at(group) === null) return group;
  return -1;
}

/** The function does not know any more what it had asked for. */
export function forgetGroups(fn: PciFunction): void {
  for (let group = 0; group < GROUPS; group++) {
    const open = fn.prg.at(group) as PageRequest | null;
    if (open !== null) open.answer = 'reset';
    fn.prg.set(group, null);
  }
}
