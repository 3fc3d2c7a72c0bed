/**
 * An SMMU that fetches context descriptors ahead of their use, piece by piece.
 *
 * Source: spec (c), rule 5: an entry of 64 bytes is not read at once. The valid bit and the ASID lie in the first piece,
 * the pointer to the page tables in the second; the order in which they are read is not defined. An SMMU may fetch a descriptor
 * at any time, whether or not a device asks.
 */
import { constant, int, machine, opaque, patch } from '../../checker/lang/index.ts';
import { LAST_ASID, type PageTable, SmmuContexts } from './caches.ts';

interface Read {
  readonly smmu: SmmuContexts;
  ttb: PageTable | null;
  generation: number;
}

/** The fetch is over. */
function forget(f: Read): void {
  f.ttb = null;
  f.generation = 0;
  f.smmu.fetching = false;
}

const cachedOf = (f: { readonly smmu: SmmuContexts; readonly pasid: number }) => f.smmu.cfg.at(f.pasid);

/** Fetches the descriptor of one PASID whenever it is not cached. */
export const descriptorFetch = machine(
  'smmu_descriptor_fetch',
  {
    source: patch('spec (c) SMMUv3 and PCIe device')(),
    params: { smmu: SmmuContexts, pasid: constant<number>() },
    locals: { asid: int(0, LAST_ASID), ttb: opaque<PageTable>(), generation: int(0, 2) },
    states: ['idle', 'first piece read', 'second piece read'],
    indivisible: "one piece of the descriptor; what is cached is the SMMU's own, and a CFGI_CD waits for the fetch",
  },
  [
    {
      label: 'read the first piece: valid',
      from: 'idle',
      to: 'first piece read',
      when: (f) => !f.smmu.cfg.at(f.pasid).cached && f.smmu.cd.at(f.pasid).valid,
      do: (f) => {
        f.asid = f.smmu.cd.at(f.pasid).asid;
        f.smmu.fetching = true;
      },
    },
    {
      label: 'read the second piece, cache the descriptor',
      from: 'first piece read',
      to: 'idle',
      do: (f) => {
        const { ttb, generation } = f.smmu.cd.at(f.pasid);
        Object.assign(f.smmu.cfg.at(f.pasid), { cached: true, valid: true, asid: f.asid, ttb, generation });
        f.asid = 0;
        f.smmu.fetching = false;
      },
    },
    {
      label: 'read the second piece first',
      from: 'idle',
      to: 'second piece read',
      when: (f) => !cachedOf(f).cached && f.smmu.cd.at(f.pasid).ttb !== null,
      do: (f) => {
        const { ttb, generation } = f.smmu.cd.at(f.pasid);
        f.ttb = ttb;
        f.generation = generation;
        f.smmu.fetching = true;
      },
    },
    {
      label: 'read the first piece last: valid, cache the descriptor',
      from: 'second piece read',
      to: 'idle',
      when: (f) => f.smmu.cd.at(f.pasid).valid,
      do: (f) => {
        const { ttb, generation } = f;
        Object.assign(cachedOf(f), { cached: true, valid: true, asid: f.smmu.cd.at(f.pasid).asid, ttb, generation });
        forget(f);
      },
    },
    {
      label: 'read the first piece last: invalid, and cached so',
      from: 'second piece read',
      to: 'idle',
      when: (f) => !f.smmu.cd.at(f.pasid).valid,
      do: (f) => {
        cachedOf(f).cached = true;
        forget(f);
      },
    },
  ],
);
