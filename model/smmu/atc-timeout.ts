/**
 * Unmap of a page that a function may have cached which no longer answers: the invalidation times out, the next CMD_SYNC
 * fails, and the queue stands still until the error is acknowledged.
 *
 * Source: spec (c) ("a vanished device never answers"); arm_smmu_cmdq_skip_err() and arm_smmu_cmdq_issue_cmdlist() of the
 * driver, and the series of 2026 that quarantines such a device, of which the cover letter and the description of the
 * patches were read. The error says which CMD_SYNC failed, not which invalidation; the issuer sees its CMD_SYNC complete
 * on the second try.
 *
 * Limits: one function, so the issuer knows whose answer is missing (the series looks for it in a batch); the wait that
 * gives up after a second is a choice that exists only while the function does not answer; what the core does with a
 * device that was reported as broken, and its way back by a reset, are left out.
 */
import { bool, int, type KernelKit, procedure, type Statement } from '../kernel/index.ts';
import { issue, own, sync } from './cmdq.ts';
import {
  type AtsFunction,
  type Command,
  hw,
  LAST_ASID,
  LAST_PASID,
  PAGES,
  type Page,
  type PageTable,
  type SmmuCmdq,
} from './hardware.ts';
import { AtcTimeouts } from './objects.ts';
import { atcOrder, quarantine, SMMU_C, v6_19 } from './sources.ts';
import { atcCommands, atcTimeout, cutOffWithout, syncWait } from './switches.ts';

const issuerOf = (command: Command): number => Number(command.replace('SYNC ', ''));

/** arm_smmu_gerror_handler(): runs for ever, woken by the error. */
export const armSmmuGerrorHandler = procedure(
  'arm_smmu_gerror_handler',
  { source: v6_19(SMMU_C), params: { cmdq: hw<SmmuCmdq>(), timeouts: AtcTimeouts } },
  (k) => {
    const interrupt = k.blockUntil('global error interrupt', (f) => f.cmdq.stopped, {
      idle: true,
      waiting: { kind: 'device', on: (f) => f.cmdq },
    });
    const acknowledge = k.step('writel(gerror, GERRORN): the CMD_SYNC is tried again', (f) => {
      f.cmdq.stopped = false;
    });
    return [
      k.switch(atcTimeout, {
        acknowledged: [k.loop([interrupt, acknowledge])],
        'issuer is told': [
          k.loop([
            interrupt,
            k.step(
              'set_bit(index of the CMD_SYNC, atc_sync_timeouts)',
              (f) => f.timeouts.sync_timeouts.set(issuerOf(f.cmdq.queue.first as Command), true),
              { source: quarantine(SMMU_C), indivisible: 'the queue stands still until the error is acknowledged' },
            ),
            acknowledge,
          ]),
        ],
        ignored: [],
      }),
      k.return(),
    ];
  },
);

const device = {
  cmdq: hw<SmmuCmdq>(),
  issuer: int(0, 3),
  fn: hw<AtsFunction>(),
  timeouts: AtcTimeouts,
};
interface Issuing {
  readonly cmdq: SmmuCmdq;
  readonly issuer: number;
  readonly fn: AtsFunction;
  readonly timeouts: AtcTimeouts;
  gave_up: boolean;
}

/** Cuts a function off: its translated transactions and its translation requests are refused from here on. */
export const cutOff = procedure('arm_smmu_block_ats', { source: quarantine(SMMU_C), params: device }, (k) => {
  const cfgi = issue(k, 'CMDQ_OP_CFGI_STE', () => 'CFGI_STE sid 0');
  const mark = k.step('master->ats_broken = true', (f) => {
    f.timeouts.ats_broken = true;
  });
  const clear = k.step('clear EATS in the stream table entry', (f) => {
    f.fn.eats = false;
  });
  return [
    k.switch(cutOffWithout, {
      none: [clear, cfgi, ...sync(k, 'CFGI_STE'), mark],
      CFGI_STE: [clear, ...sync(k, 'nothing'), mark],
      SYNC: [clear, cfgi, mark],
      'mark last': [mark, clear, cfgi, ...sync(k, 'CFGI_STE')],
    }),
    k.return(),
  ];
});

/** The wait for a CMD_SYNC that is behind an ATC invalidation. */
function waitForAnswer<F extends Issuing>(k: KernelKit<F>): Statement<F>[] {
  const completes = k.blockUntil('wait for the CMD_SYNC after ATC_INV', (f: F) => f.cmdq.synced.at(f.issuer), {
    waiting: { kind: 'device', on: (f: F) => f.cmdq },
  });
  // A completion word of its own: that of a CMD_SYNC that was given up may still be written.
  const isBroken = k.call(cutOff, ({ cmdq, issuer, fn, timeouts }: F) => ({ cmdq, issuer: issuer + 2, fn, timeouts }));
  // While no answer comes, the second may be over at any moment.
  const givesUp = (then: readonly Statement<F>[]) => [
    k.blockUntil(
      'queue_poll(): the CMD_SYNC is complete, or a second is over',
      (f: F) => f.cmdq.synced.at(f.issuer) || !(f.fn.answers && f.fn.present),
      {
        do: (f: F) => {
          f.gave_up = !f.cmdq.synced.at(f.issuer);
        },
        waiting: { kind: 'device', on: (f: F) => f.cmdq },
        indivisible: 'the passing of time depends on nothing but that no answer comes',
      },
    ),
    k.when((f: F) => f.gave_up, then),
  ];
  return [
    k.switch(syncWait, {
      'as long as it takes': [completes],
      'gives up': givesUp([]),
      'giving up is a time-out': givesUp([isBroken]),
    }),
    k.switch(atcTimeout, {
      acknowledged: [],
      'issuer is told': [
        k.test(
          'test_and_clear_bit(index of the CMD_SYNC, atc_sync_timeouts)',
          (f: F) => {
            const told = f.timeouts.sync_timeouts.at(f.issuer);
            if (told) f.timeouts.sync_timeouts.set(f.issuer, false);
            return told;
          },
          [isBroken],
          [],
          { source: quarantine(SMMU_C) },
        ),
      ],
      ignored: [],
    }),
  ];
}

/** iommu_unmap() of one page, and __free_page(); nobody looks at what the invalidation returns. */
export const unmapUnanswered = procedure(
  'iommu_unmap',
  {
    source: atcOrder(SMMU_C),
    params: {
      ...device,
      table: hw<PageTable>(),
      asid: int(0, LAST_ASID),
      pasid: int(0, LAST_PASID),
      page: int(0, PAGES - 1),
    },
    locals: { freed: hw<Page>(), gave_up: bool() },
  },
  (k) => {
    const atcInv = (f: { pasid: number; page: number }): Command => `ATC_INV pasid ${f.pasid} page ${f.page}`;
    return [
      k.step('clear the page table entry', (f) => {
        f.freed = f.table.pte.at(f.page) as Page;
        f.table.pte.set(f.page, null);
      }),
      issue(k, 'CMDQ_OP_TLBI_NH_VA', (f) => `TLBI_NH_VA asid ${f.asid} page ${f.page}`),
      ...sync(k, 'TLBI'),
      k.test(
        'master->ats_broken',
        (f) => f.timeouts.ats_broken,
        [],
        [
          k.switch(atcCommands, {
            'one list': [
              k.step(
                'CMDQ_OP_ATC_INV, CMD_SYNC: one list',
                (f) => {
                  f.cmdq.synced.set(f.issuer, false);
                  f.cmdq.queue.push(atcInv(f));
                  f.cmdq.queue.push(`SYNC ${f.issuer}`);
                },
                { source: v6_19(SMMU_C), indivisible: own },
              ),
            ],
            'one by one': [
              issue(k, 'CMDQ_OP_ATC_INV', atcInv),
              k.step(
                'CMD_SYNC after ATC_INV',
                (f) => {
                  f.cmdq.synced.set(f.issuer, false);
                  f.cmdq.queue.push(`SYNC ${f.issuer}`);
                },
                { indivisible: own },
              ),
            ],
          }),
          ...waitForAnswer(k),
        ],
        { source: quarantine(SMMU_C) },
      ),
      k.step('__free_page(page)', (f) => {
        f.freed.generation++;
      }),
      k.return(0),
    ];
  },
);
