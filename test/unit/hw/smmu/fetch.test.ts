/** A descriptor that is fetched ahead: in two pieces, in either order, and with a CFGI_CD waiting for it. */
import { expect, test } from 'vitest';
import { does, procedure, type Setup, sometimes } from '../../../../checker/lang/index.ts';
import { PageTable, SmmuContexts } from '../../../../hw/smmu/caches.ts';
import { SmmuCmdq, smmuCmdq } from '../../../../hw/smmu/commands.ts';
import { descriptorFetch } from '../../../../hw/smmu/fetch.ts';
import { resultOf, small, source } from '../small.ts';

/** Can a state be reached in which `wanted` holds? The CPU runs `program` meanwhile. */
const canBe = (wanted: (smmu: SmmuContexts, cmdq: SmmuCmdq) => boolean, { valid = true, cpu = false } = {}) =>
  small((s: Setup<any>) => {
    const smmu = s.object(SmmuContexts, 'smmu');
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const table = s.object(PageTable, 'pgd');
    Object.assign(smmu.cd.at(1), { valid, asid: 1, ttb: table });
    s.actor('fetch', descriptorFetch, { smmu, pasid: 1 });
    s.actor('cmdq_hw', smmuCmdq('CFGI'), { cmdq, behind: { contexts: smmu } });
    const program = procedure('program', { source, params: { smmu: SmmuContexts, cmdq: SmmuCmdq } }, (k) => [
      k.step('clear the valid bit', (f) => {
        f.smmu.cd.at(1).valid = false;
      }),
      k.step('CFGI_CD', (f) => f.cmdq.queue.push('CFGI_CD pasid 1')),
      k.step('SYNC', (f) => f.cmdq.queue.push('SYNC 0')),
    ]);
    if (cpu) s.task('cpu', [does(program, { smmu, cmdq })]);
    s.property(sometimes('wanted', 'the state asked for', () => wanted(smmu, cmdq)));
  }).then((verdict) => {
    expect(verdict.complete).toBe(true);
    return resultOf(verdict, 'wanted') === 'reached';
  });

test('a valid descriptor is cached without being asked for, an invalid one as invalid', async () => {
  const cached = (smmu: SmmuContexts) => smmu.cfg.at(1).cached && smmu.cfg.at(1).asid === 1;
  expect(await canBe(cached)).toBe(true);
  expect(await canBe(cached, { valid: false })).toBe(false);
  const invalid = (smmu: SmmuContexts) => smmu.cfg.at(1).cached && !smmu.cfg.at(1).valid;
  expect(await canBe(invalid, { valid: false })).toBe(true);
});

test('it may be cached after its valid bit was cleared, when the fetch began before', async () => {
  expect(await canBe((smmu) => smmu.cfg.at(1).valid && !smmu.cd.at(1).valid, { cpu: true })).toBe(true);
});

test('after CFGI_CD and SYNC nothing valid is left of it', async () => {
  expect(await canBe((_, cmdq) => cmdq.synced.at(0), { cpu: true })).toBe(true);
  const left = (smmu: SmmuContexts, cmdq: SmmuCmdq) => cmdq.synced.at(0) && smmu.cfg.at(1).valid;
  expect(await canBe(left, { cpu: true })).toBe(false);
});
