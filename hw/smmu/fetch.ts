/**
 * An SMMU that fetches context descriptors ahead of their use, piece by piece.
 *
 * Source: spec (c), rule 5: an entry of 64 bytes is not read at once. The valid bit and the ASID lie in the first piece,
 * the pointer to the page tables in the second. An SMMU may fetch a descriptor at any time, whether or not a device asks.
 */
import { constant, int, machine, patch } from '../../checker/lang/index.ts';
import { LAST_ASID, SmmuContexts } from './caches.ts';

/** Fetches the descriptor of one PASID whenever it is valid and not cached. */
export const descriptorFetch = machine(
  'smmu_descriptor_fetch',
  {
    source: patch('spec (c) SMMUv3 and PCIe device')(),
    params: { smmu: SmmuContexts, pasid: constant<number>() },
    locals: { asid: int(0, LAST_ASID) },
    states: ['idle', 'first piece read'],
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
  ],
);
