/**
 * A function that raises interrupts whenever it likes while they are enabled. What a write does is known from the
 * page table and the TLB; the machine's own part is that the translation stays in the TLB afterwards.
 *
 * Source: spec (g); ground rule 0.2.10.
 */
import { machine, patch } from '../../checker/lang/index.ts';
import { IoPageTable, MsiFunction } from './objects.ts';

export const msiFunction = machine(
  'msi_function',
  {
    source: patch('spec (g) reserved IOVA v7')(),
    params: { fn: MsiFunction, table: IoPageTable },
    states: ['on'],
    indivisible: 'one translation, and an invalidation waits for those under way',
  },
  [
    {
      label: 'writes an MSI: the translation is cached',
      from: 'on',
      to: 'on',
      when: (f) => {
        if (!f.fn.enabled || f.fn.table === null) return false;
        return f.table.tlb.at(f.fn.address) === 0 && f.table.pte.at(f.fn.address) !== 0;
      },
      do: (f) => f.table.tlb.set(f.fn.address, f.table.pte.at(f.fn.address)),
    },
  ],
);
