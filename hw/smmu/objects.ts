/**
 * An SMMUv3 as far as drivers and devices see it: context descriptors of one stream, the configuration cache that
 * holds copies of them, and the page request queue (PRIQ).
 *
 * Source: spec (c). A driver step named after a command stands for the command together with the CMD_SYNC that waits for
 * it, and has its effect on the caches here; where a scenario gives the SMMU a command queue, the command goes through it.
 *
 * Limits: one stream; no main TLB (a table walk is not cached, so the order of TLB and ATC invalidation cannot be
 * studied); no stalls; only valid context descriptors are cached.
 */
import {
  array,
  bool,
  int,
  object,
  opaque,
  patch,
  racy,
  ref,
  ring,
  struct,
  type ViewOf,
} from '../../checker/lang/index.ts';
import { LAST_PASID, PageRequest } from '../pci/objects.ts';
import { SmmuCmdq } from './commands.ts';

/** Entries the ring has room for; a scenario may give the hardware fewer. */
export const PRIQ_CAPACITY = 3;

export const SmmuV3 = object(
  'SmmuV3',
  {
    /** Context descriptor table in memory, indexed by substream id, which is the PASID. */
    cd: racy(
      array(struct('context_descriptor', { valid: bool(), ttb: opaque() }), LAST_PASID + 1),
      'READ_ONCE and WRITE_ONCE',
    ),
    /** Configuration cache: the table base of a cached descriptor, or none. */
    cfg_cache: racy(array(opaque(), LAST_PASID + 1), 'of the hardware'),
    priq: racy(ring(ref(PageRequest), PRIQ_CAPACITY), 'readl and writel of its head and tail'),
    /** Size of the queue as the driver set it up. */
    priq_entries: int(1, PRIQ_CAPACITY, 1),
    /** Overflow flag of the producer register: entries were lost and not yet acknowledged. */
    priq_overflow: bool(),
    /** Its command queue, in scenarios that have one. */
    cmdq: ref(SmmuCmdq),
  },
  { permanent: true, source: patch('spec (c) SMMUv3 and PCIe device')() },
);
export type SmmuV3 = ViewOf<typeof SmmuV3>;
