/** Spec (c): an ATC invalidation of a device that no longer answers, and the CMD_SYNC behind it. */
import { scenario, set, sometimes } from '../checker/lang/index.ts';
import { failingFunction, functionFailure } from '../hw/pci/ats.ts';
import { SmmuCmdq, smmuCmdq } from '../hw/smmu/commands.ts';
import { does } from '../model/kernel/index.ts';
import {
  AtcTimeouts,
  armSmmuGerrorHandler,
  atcCommands,
  atcTimeout,
  cutOffWithout,
  SMMU_C,
  syncWait,
  unmapUnanswered,
  v6_19,
} from '../model/smmu/index.ts';
import { returns } from '../properties/response.ts';
import { pagesOutliveTranslations } from '../properties/translation.ts';
import { mappedPages } from './smmu-parts.ts';

const told = set(atcTimeout, 'issuer is told');
const fixed = [told, set(syncWait, 'giving up is a time-out')];

export default scenario('smmu-atc-timeout', {
  title: 'Unmap against a device that no longer answers',
  about:
    'Tasks unmap pages that a device has in its ATC, and the device does not answer: the invalidation is given up, the ' +
    'CMD_SYNC behind it fails and stops the command queue. As posted the error is acknowledged, the CMD_SYNC completes ' +
    'on its second try, and whoever waits for it takes the invalidation for done. That is right for a device that was ' +
    'pulled out; one that is merely stuck goes on with the translation, and the page is freed under it. The repair tells ' +
    'the issuer, who cuts the device off before it returns.',
  systems: ['smmu', 'pci'],
  source: v6_19(SMMU_C),
  corpus: 'new',
  bounds: { tasks: 2 },
  assumptions: [
    'a CMD_SYNC that has failed completes when it is tried again',
    'a list of commands is put into the queue as a whole',
    'a device that is cut off reaches nothing, whatever it has in its ATC',
  ],
  variants: {
    posted: {
      about: 'the error is acknowledged, and nobody is told; the device is stuck',
      expect: { verdict: 'violated', kind: 'isolation', length: 20, states: 3_289 },
    },
    pulled: {
      about: 'as posted, but the device was pulled out: unmap returns, and nobody is left to use the page',
      settings: [set(functionFailure, 'pulled')],
      expect: { verdict: 'holds', states: 4_130, depth: 38 },
    },
    'not-acknowledged': {
      about: 'the device was pulled out, and nobody acknowledges the error: the queue stands still for ever',
      settings: [set(functionFailure, 'pulled'), set(atcTimeout, 'ignored')],
      expect: { verdict: 'violated', kind: 'deadlock', length: 17, states: 2_885 },
    },
    'gives-up': {
      about: 'the issuer is told, but it waits no longer than a second, and the device has more time to answer (new)',
      settings: [told, set(syncWait, 'gives up')],
      expect: { verdict: 'violated', kind: 'isolation', length: 15, states: 2_474 },
    },
    'one-by-one': {
      about: 'as fixed, but a CMD_SYNC of somebody else comes between an invalidation and its own, and fails for it',
      settings: [...fixed, set(atcCommands, 'one by one')],
      expect: { verdict: 'violated', kind: 'isolation', length: 29, states: 25_331 },
    },
    'no-cfgi-ste': {
      about: 'the SMMU goes by the stream table entry that it has cached',
      settings: [...fixed, set(cutOffWithout, 'CFGI_STE')],
      expect: { verdict: 'violated', kind: 'isolation', length: 27, states: 10_951 },
    },
    'no-sync': {
      about: 'nobody waits until the device is cut off',
      settings: [...fixed, set(cutOffWithout, 'SYNC')],
      expect: { verdict: 'violated', kind: 'isolation', length: 18, states: 4_467 },
    },
    'mark-first': {
      about: 'the device is marked before it is cut off: others skip their invalidation, and free their page',
      settings: [...fixed, set(cutOffWithout, 'mark last')],
      expect: { verdict: 'violated', kind: 'isolation', length: 23, states: 9_737 },
    },
    fixed: {
      about: 'the issuer is told, takes giving up for a time-out as well, and cuts the device off',
      settings: fixed,
      expect: { verdict: 'holds', states: 55_523, depth: 72 },
    },
  },
  setup: (s) => {
    const { smmu, functions, table, pages, cachedWhenCleared } = mappedPages(s, s.bounds.tasks, 1);
    const [fn] = functions;
    if (fn === undefined) return;
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const timeouts = s.object(AtcTimeouts, 'arm_smmu_cmdq');
    s.actor('failure', failingFunction, { fn, how: s.setting(functionFailure) }, { role: 'hardware', fair: false });
    s.actor(
      'cmdq_hw',
      smmuCmdq('TLBI', 'ATC_INV', 'ATC_INV time-out', 'SYNC error', 'CFGI_STE'),
      { cmdq, behind: { contexts: smmu, functions } },
      { role: 'hardware' },
    );
    s.actor('gerror_irq', armSmmuGerrorHandler, { cmdq, timeouts }, { role: 'irq' });
    for (const i of pages.keys()) {
      const of = { cmdq, issuer: i, fn, timeouts, table, asid: 1, pasid: 1, page: i };
      s.property(returns(`unmap ${i}`, s.task(`unmap${i}`, [does(unmapUnanswered, of)])));
    }
    s.property(
      pagesOutliveTranslations(smmu, functions, (f) => f.present && f.eats_cached),
      sometimes('cached-when-cleared', 'a device has a translation whose page table entry is gone', cachedWhenCleared),
      sometimes('queue-stopped', 'a CMD_SYNC has failed', () => cmdq.stopped),
    );
  },
});
