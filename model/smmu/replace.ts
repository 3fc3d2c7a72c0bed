/**
 * Replacement of a context descriptor that is in use: one address space of a PASID gives way to another.
 *
 * Source: spec (c), rules 1 and 5; arm_smmu_write_ctx_desc() of Linux 6.5, which clears a descriptor, writes the rest,
 * syncs, sets the valid bit and syncs again. The SMMU may read the descriptor between any two stores, in any order; the
 * valid bit and the ASID are one store, the pointer to the page tables another.
 */
import { int, procedure } from '../kernel/index.ts';
import { issue, sync } from './cmdq.ts';
import { hw, LAST_ASID, LAST_PASID, type PageTable, type SmmuCmdq, type SmmuContexts } from './hardware.ts';
import { SMMU_C, specC } from './sources.ts';
import { descriptorReplace } from './switches.ts';

/** Why valid bit and ASID are written in one step. */
const firstWord = 'both are in one 64-bit store, the first word of the descriptor';
const secondWord = 'one 64-bit store; the generation is no part of it but what a property knows it by';

/** arm_smmu_write_ctx_desc(): lets a PASID lead to `table`, whose ASID is `asid`. */
export const writeDescriptor = procedure(
  'arm_smmu_write_ctx_desc',
  {
    source: specC(SMMU_C),
    params: {
      cmdq: hw<SmmuCmdq>(),
      issuer: int(0, 2),
      smmu: hw<SmmuContexts>(),
      pasid: int(0, LAST_PASID),
      asid: int(0, LAST_ASID),
      table: hw<PageTable>(),
    },
  },
  (k) => {
    const pointer = k.step(
      'write the pointer to the page tables',
      (f) => {
        const cd = f.smmu.cd.at(f.pasid);
        cd.ttb = f.table;
        cd.generation = f.table.generation;
      },
      { indivisible: secondWord },
    );
    const valid = k.step(
      'write the first word: valid, ASID',
      (f) => {
        const cd = f.smmu.cd.at(f.pasid);
        cd.valid = true;
        cd.asid = f.asid;
      },
      { indivisible: firstWord },
    );
    const clear = k.step('clear the valid bit', (f) => {
      f.smmu.cd.at(f.pasid).valid = false;
    });
    const cfgi = (when: string) => issue(k, `CMDQ_OP_CFGI_CD ${when}`, (f) => `CFGI_CD pasid ${f.pasid}`);
    return [
      k.switch(descriptorReplace, {
        'in place': [pointer, valid],
        'invalid first, no SYNC': [clear, cfgi('while invalid'), pointer, valid],
        'invalid first, valid not last': [clear, cfgi('while invalid'), ...sync(k, 'clearing'), valid, pointer],
        'invalid first, no SYNC before valid': [clear, cfgi('while invalid'), ...sync(k, 'clearing'), pointer, valid],
        'invalid first, SYNC, valid last': [
          clear,
          cfgi('while invalid'),
          ...sync(k, 'clearing'),
          pointer,
          cfgi('before valid'),
          ...sync(k, 'the rest'),
          valid,
        ],
      }),
      cfgi('at the end'),
      ...sync(k, 'all'),
      k.return(0),
    ];
  },
);
