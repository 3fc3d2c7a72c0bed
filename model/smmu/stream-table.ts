/**
 * The stream table entries of a device that goes from one domain to another.
 *
 * Source: arm_smmu_write_strtab_ent() with its comment on what must be synced when, arm_smmu_attach_dev() and
 * arm_smmu_detach_dev() of Linux 4.17: an entry that translates is first made to bypass, or to abort with `disable_bypass`,
 * and synced; then everything but the first word is written and synced, then the first word, and synced again, because an
 * entry that does not translate may be cached as well. A device may have several streams; each entry is written and synced
 * by itself. What came with 6.9 writes the same in as few steps as an entry that is in use allows.
 *
 * Limits: of an entry only configuration, VMID and page tables (stage 2); a stage 1 entry has its pointer in the first
 * word, so it cannot be torn here. Two-level tables are left out: the upper level is written before any entry is in use.
 */
import { constant, int, type KernelKit, procedure, type Statement } from '../kernel/index.ts';
import { issue, sync } from './cmdq.ts';
import {
  hw,
  LAST_SID,
  LAST_VMID,
  type PageTable,
  type SmmuCmdq,
  type SteConfig,
  type StreamTable,
} from './hardware.ts';
import { SMMU_C, strtab } from './sources.ts';
import { domainFree, steReplace } from './switches.ts';

const writer = { table: hw<StreamTable>(), cmdq: hw<SmmuCmdq>(), issuer: int(0, 3) };
const target = { ...writer, sid: int(0, LAST_SID), vmid: int(0, LAST_VMID), ttb: hw<PageTable>() };

interface Target {
  readonly table: StreamTable;
  readonly cmdq: SmmuCmdq;
  readonly issuer: number;
  readonly sid: number;
  readonly vmid: number;
  readonly ttb: PageTable;
}

const firstWord = <F extends Target>(k: KernelKit<F>, config: SteConfig): Statement<F> =>
  k.step(`write the first word: ${config}`, (f) => {
    f.table.ste.at(f.sid).config = config;
  });

const theRest = <F extends Target>(k: KernelKit<F>): Statement<F>[] => [
  k.step('write the word with the VMID', (f) => {
    f.table.ste.at(f.sid).vmid = f.vmid;
  }),
  k.step('write the word with the page tables', (f) => {
    f.table.ste.at(f.sid).ttb = f.ttb;
  }),
];

const cfgi = <F extends Target>(k: KernelKit<F>, after: string): Statement<F> =>
  issue(k, `CMDQ_OP_CFGI_STE after ${after}`, (f) => `CFGI_STE sid ${f.sid}`);

/** arm_smmu_sync_ste_for_sid() */
const syncSte = <F extends Target>(k: KernelKit<F>, after: string): Statement<F>[] => [
  cfgi(k, after),
  ...sync(k, after),
];

/** arm_smmu_write_strtab_ent(), for an entry that translates and one that does not. */
const writeStrtabEnt = procedure('arm_smmu_write_strtab_ent', { source: strtab(SMMU_C), params: target }, (k) => {
  const way = (config: SteConfig) => [
    firstWord(k, config),
    ...syncSte(k, 'detach'),
    ...theRest(k),
    ...syncSte(k, 'the rest'),
    firstWord(k, 'translate'),
    ...syncSte(k, 'the first word'),
  ];
  return [
    k.switch(steReplace, {
      'in place': [...theRest(k), firstWord(k, 'translate'), ...syncSte(k, 'all')],
      'by way of bypass': way('bypass'),
      'by way of abort, no SYNC': [
        firstWord(k, 'abort'),
        cfgi(k, 'detach'),
        ...theRest(k),
        cfgi(k, 'the rest'),
        firstWord(k, 'translate'),
        ...syncSte(k, 'the first word'),
      ],
      'by way of abort, VMID cleared before the SYNC': [
        firstWord(k, 'abort'),
        k.step('clear the VMID', (f) => {
          f.table.ste.at(f.sid).vmid = 0;
        }),
        ...syncSte(k, 'detach'),
        ...theRest(k),
        ...syncSte(k, 'the rest'),
        firstWord(k, 'translate'),
        ...syncSte(k, 'the first word'),
      ],
      'by way of abort, no SYNC before the first word': [
        firstWord(k, 'abort'),
        ...syncSte(k, 'detach'),
        ...theRest(k),
        firstWord(k, 'translate'),
        ...syncSte(k, 'the first word'),
      ],
      'by way of abort, first word not last': [
        firstWord(k, 'abort'),
        ...syncSte(k, 'detach'),
        firstWord(k, 'translate'),
        ...theRest(k),
        ...syncSte(k, 'all'),
      ],
      'by way of abort, no CFGI at the end': [
        firstWord(k, 'abort'),
        ...syncSte(k, 'detach'),
        ...theRest(k),
        ...syncSte(k, 'the rest'),
        firstWord(k, 'translate'),
      ],
      'by way of abort, one stream told': way('abort'),
      'by way of abort': way('abort'),
    }),
    k.return(),
  ];
});

/** arm_smmu_attach_dev() of a device that belongs to another domain: one entry for each of its streams. */
export const attachDomain = procedure(
  'arm_smmu_attach_dev',
  {
    source: strtab(SMMU_C),
    params: { ...writer, vmid: int(0, LAST_VMID), ttb: hw<PageTable>(), streams: constant<number>() },
    locals: { sid: int(0, LAST_SID + 1) },
  },
  (k) => {
    const install = k.loop([
      k.when((f) => f.sid >= f.streams, [k.break()]),
      k.call(writeStrtabEnt, ({ table, cmdq, issuer, sid, vmid, ttb }) => ({ table, cmdq, issuer, sid, vmid, ttb })),
      k.local((f) => {
        f.sid++;
      }),
    ]);
    const first = k.call(writeStrtabEnt, ({ table, cmdq, issuer, vmid, ttb }) => ({
      table,
      cmdq,
      issuer,
      sid: 0,
      vmid,
      ttb,
    }));
    return [
      k.switch(steReplace, {
        'in place': [install],
        'by way of bypass': [install],
        'by way of abort, no SYNC': [install],
        'by way of abort, VMID cleared before the SYNC': [install],
        'by way of abort, no SYNC before the first word': [install],
        'by way of abort, first word not last': [install],
        'by way of abort, no CFGI at the end': [install],
        'by way of abort, one stream told': [first],
        'by way of abort': [install],
      }),
      k.return(),
    ];
  },
);

/** arm_smmu_domain_free() of a domain that no device belongs to any more, with its page. */
export const freeDomain = procedure(
  'arm_smmu_domain_free',
  { source: strtab(SMMU_C), params: { ...writer, vmid: int(0, LAST_VMID), ttb: hw<PageTable>() } },
  (k) => [
    k.switch(domainFree, {
      'TLBI, SYNC': [issue(k, 'CMDQ_OP_TLBI_S12_VMALL', (f) => `TLBI_S12_VMALL vmid ${f.vmid}`), ...sync(k, 'TLBI')],
      nothing: [],
    }),
    k.step(
      'free the page and the page tables',
      (f) => {
        const page = f.ttb.pte.at(0);
        if (page !== null) page.generation++;
        f.ttb.generation++;
      },
      { indivisible: 'nobody walks them any more; that is what the search asks' },
    ),
    k.return(),
  ],
);
