/** The stream table: what a transaction does by a cached entry, and what CFGI_STE waits for. */
import { expect, test } from 'vitest';
import { always, type Setup, sometimes, violated } from '../../../../checker/lang/index.ts';
import { Page, PageTable } from '../../../../hw/smmu/caches.ts';
import { SmmuCmdq, smmuCmdq } from '../../../../hw/smmu/commands.ts';
import { type SteConfig, StreamTable, streamAccess } from '../../../../hw/smmu/stream-table.ts';
import { resultOf, small } from '../small.ts';

function stream(s: Setup<any>, config: SteConfig) {
  const table = s.object(StreamTable, 'strtab');
  const ttb = s.object(PageTable, 'pgd');
  ttb.pte.set(0, s.object(Page, 'page'));
  Object.assign(table.ste.at(0), { config, vmid: 1, ttb });
  s.actor('device', streamAccess, { table, sid: 0 });
  s.property(
    sometimes('translated', 'the TLB is filled', () => table.tlb.at(1).page !== null),
    sometimes('bypassed', 'it bypasses', () => table.bypassed.at(0)),
    sometimes('cached', 'the whole entry is cached', () => {
      const cached = table.cached.at(0);
      return cached.present && cached.config === config && cached.vmid === 1 && cached.ttb === ttb;
    }),
  );
  return { table, ttb };
}

test.each([
  ['translate', 'reached', 'never reached'],
  ['bypass', 'never reached', 'reached'],
  ['abort', 'never reached', 'never reached'],
] as const)('an entry that says %s is cached, and goes by that', async (config, translated, bypassed) => {
  const verdict = await small((s) => void stream(s, config));
  expect(['translated', 'bypassed', 'cached'].map((name) => resultOf(verdict, name))).toEqual([
    translated,
    bypassed,
    'reached',
  ]);
});

test('CFGI_STE and TLBI forget, and CFGI_STE completes when no fetch is under way', async () => {
  const verdict = await small((s) => {
    const { table } = stream(s, 'translate');
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    for (const command of ['CFGI_STE sid 0', 'TLBI_S12_VMALL vmid 1', 'SYNC 0'] as const) cmdq.queue.push(command);
    const fetched = () => table.fetching.at(0);
    s.actor('cmdq_hw', smmuCmdq('CFGI_STE of the table', 'TLBI of a VMID'), { cmdq, behind: { streams: table } });
    s.property(
      sometimes('forgotten', 'nothing is cached after it was', () => cmdq.synced.at(0) && !table.cached.at(0).present),
      sometimes('again', 'and it is fetched again', () => cmdq.synced.at(0) && fetched()),
      sometimes(
        'tlb-empty',
        'the TLB is empty with the entry cached',
        () => cmdq.synced.at(0) && table.cached.at(0).present && table.tlb.at(1).page === null,
      ),
      always('not-torn', 'an entry that is being fetched is not cached', () =>
        fetched() && table.cached.at(0).present ? violated('assertion', 'both') : null,
      ),
    );
  });
  expect(['forgotten', 'again', 'tlb-empty'].map((name) => resultOf(verdict, name))).toEqual([
    'reached',
    'reached',
    'reached',
  ]);
  expect(resultOf(verdict, 'not-torn')).toBe('holds');
});
