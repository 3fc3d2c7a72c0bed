/** The command queue: what is done in order, what is not, and what a CMD_SYNC waits for. */
import { describe, expect, test } from 'vitest';
import { always, atEnd, does, procedure, type Setup, sometimes, violated } from '../../../../checker/lang/index.ts';
import { PageRequest, PciContext, PciFunction } from '../../../../hw/pci/objects.ts';
import { AtsFunction, fill, Page, SmmuContexts, slot } from '../../../../hw/smmu/caches.ts';
import { type Command, type Completes, SmmuCmdq, smmuCmdq } from '../../../../hw/smmu/commands.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { resultOf, small, source } from '../small.ts';

/** Hardware with everything cached for PASID 1 and 2, ASID 1 and 2, and these commands in the queue. */
function world(s: Setup<any>, commands: readonly Command[], kinds: readonly Completes[] = ['CFGI', 'TLBI', 'ATC_INV']) {
  const contexts = s.object(SmmuContexts, 'smmu');
  const cmdq = s.object(SmmuCmdq, 'cmdq');
  const fn = s.object(AtsFunction, 'function');
  const stalls = s.object(PciFunction, 'master');
  const page = s.object(Page, 'page');
  for (const id of [1, 2]) {
    contexts.cfg.at(id).cached = true;
    for (const i of [0, 1]) {
      fill(contexts.tlb.at(slot(id, i)), page);
      fill(fn.atc.at(slot(id, i)), page);
    }
  }
  for (const command of commands) cmdq.queue.push(command);
  s.actor('cmdq_hw', smmuCmdq(...kinds), { cmdq, behind: { contexts, functions: [fn], stalls } });
  return {
    contexts,
    cmdq,
    fn,
    stalls,
    page,
    /** TLB and ATC entries that are left, as `id.page`. */
    tlb: () => left((i) => contexts.tlb.at(i).page !== null),
    atc: () => left((i) => fn.atc.at(i).page !== null),
  };
}

const left = (has: (i: number) => boolean) =>
  [slot(1, 0), slot(1, 1), slot(2, 0), slot(2, 1)]
    .flatMap((i, n) => (has(i) ? [['1.0', '1.1', '2.0', '2.1'][n]] : []))
    .join(' ');

/** What of `wanted` may be seen when the machine has done these commands. */
async function canBe(
  commands: readonly Command[],
  wanted: (w: ReturnType<typeof world>) => boolean,
  before: (w: ReturnType<typeof world>) => void = () => {},
  kinds?: readonly Completes[],
): Promise<boolean> {
  const verdict = await small((s) => {
    const w = world(s, commands, kinds);
    before(w);
    s.property(sometimes('wanted', 'the state asked for', () => wanted(w)));
  });
  expect(verdict.complete).toBe(true);
  return resultOf(verdict, 'wanted') === 'reached';
}

const done = ({ cmdq }: ReturnType<typeof world>) => cmdq.synced.at(0);

describe('invalidations', () => {
  test.each([
    ['TLBI_NH_VA asid 1 page 0', '1.1 2.0 2.1', '1.0 1.1 2.0 2.1'],
    ['TLBI_NH_ASID asid 1', '2.0 2.1', '1.0 1.1 2.0 2.1'],
    ['ATC_INV pasid 2', '1.0 1.1 2.0 2.1', '1.0 1.1'],
    ['ATC_INV pasid 2 page 1', '1.0 1.1 2.0 2.1', '1.0 1.1 2.0'],
  ] as const)('%s leaves everything else', async (command, tlb, atc) => {
    const commands = [command, 'SYNC 0'] as const;
    expect(await canBe(commands, (w) => done(w) && w.tlb() === tlb && w.atc() === atc)).toBe(true);
    expect(await canBe(commands, (w) => done(w) && (w.tlb() !== tlb || w.atc() !== atc))).toBe(false);
  });

  test('CFGI_CD forgets the descriptor of its PASID', async () => {
    const cached = (w: ReturnType<typeof world>) => [1, 2].map((id) => w.contexts.cfg.at(id).cached).join();
    expect(await canBe(['CFGI_CD pasid 1', 'SYNC 0'], (w) => done(w) && cached(w) === 'false,true')).toBe(true);
    expect(await canBe(['CFGI_CD pasid 1', 'SYNC 0'], (w) => done(w) && cached(w) !== 'false,true')).toBe(false);
  });
});

describe('order', () => {
  const tlbiThenAtc = ['TLBI_NH_ASID asid 1', 'ATC_INV pasid 1', 'SYNC 0'] as const;
  const synced = ['TLBI_NH_ASID asid 1', 'SYNC 0', 'ATC_INV pasid 1', 'SYNC 1'] as const;

  test('commands complete in any order until a SYNC', async () => {
    expect(await canBe(tlbiThenAtc, (w) => w.tlb() === '2.0 2.1' && w.atc() === '1.0 1.1 2.0 2.1')).toBe(true);
    expect(await canBe(tlbiThenAtc, (w) => w.tlb() === '1.0 1.1 2.0 2.1' && w.atc() === '2.0 2.1')).toBe(true);
  });

  test('nothing after a SYNC is done before it', async () => {
    expect(await canBe(synced, (w) => w.tlb() === '1.0 1.1 2.0 2.1' && w.atc() === '2.0 2.1')).toBe(false);
    expect(await canBe(synced, (w) => w.cmdq.synced.at(1))).toBe(true);
  });

  test('a SYNC writes the completion word of its issuer, and only when everything before it is complete', async () => {
    expect(await canBe(tlbiThenAtc, (w) => w.cmdq.synced.at(0) && w.tlb() + w.atc() !== '2.0 2.12.0 2.1')).toBe(false);
    expect(await canBe(tlbiThenAtc, (w) => w.cmdq.synced.at(1))).toBe(false);
  });

  test('a function that was pulled never answers, and a SYNC behind its invalidation never completes', async () => {
    const pulled = (w: ReturnType<typeof world>) => {
      w.fn.present = false;
    };
    expect(await canBe(tlbiThenAtc, (w) => w.cmdq.synced.at(0), pulled)).toBe(false);
    expect(await canBe(tlbiThenAtc, (w) => w.tlb() === '2.0 2.1', pulled)).toBe(true);
    expect(await canBe(['TLBI_NH_ASID asid 1', 'SYNC 0'], (w) => w.cmdq.synced.at(0), pulled)).toBe(true);
  });
});

test('on the fault path CFGI_CD and ATC_INV forget what there is of their PASID', async () => {
  const verdict = await small((s) => {
    const smmu = s.object(SmmuV3, 'reduced');
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const spaces = s.objects(Page, 'space', 2);
    const contexts = s.objects(PciContext, 'ctx', 2, (i) => ({ pasid: i + 1, atc: spaces[i] ?? null }));
    spaces.forEach((space, i) => {
      smmu.cfg_cache.set(i + 1, space);
    });
    for (const command of ['CFGI_CD pasid 1', 'ATC_INV pasid 2', 'SYNC 0'] as const) cmdq.queue.push(command);
    s.actor('cmdq_hw', smmuCmdq('CFGI', 'ATC_INV'), { cmdq, behind: { faultPath: { smmu, contexts } } });
    const left = () => [smmu.cfg_cache.at(1), smmu.cfg_cache.at(2), ...contexts.map((c) => c.atc)];
    s.property(
      atEnd('left', 'what was not named', () =>
        left()
          .map((x) => x !== null)
          .join() === 'false,true,true,false'
          ? null
          : violated('assertion', 'not so'),
      ),
    );
  });
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
});

describe('a function that does not answer', () => {
  const kinds = ['TLBI', 'ATC_INV', 'ATC_INV time-out', 'SYNC error'] as const;
  const commands = ['ATC_INV pasid 1', 'SYNC 0', 'TLBI_NH_ASID asid 1', 'SYNC 1'] as const;
  const silent = (how: 'answers' | 'present') => (w: ReturnType<typeof world>) => {
    w.fn[how] = false;
  };

  test.each(['answers', 'present'] as const)(
    '(%s) makes the CMD_SYNC fail, and the queue stands still',
    async (how) => {
      const can = (wanted: (w: ReturnType<typeof world>) => boolean) => canBe(commands, wanted, silent(how), kinds);
      expect(await can((w) => w.cmdq.stopped && !w.cmdq.synced.at(0))).toBe(true);
      expect(await can((w) => w.cmdq.synced.at(0))).toBe(false);
      expect(await can((w) => w.tlb() !== '1.0 1.1 2.0 2.1')).toBe(false);
      expect(await can((w) => w.atc() !== '1.0 1.1 2.0 2.1')).toBe(false);
    },
  );

  test('is forgotten once the error is acknowledged: the CMD_SYNC completes, and what it has stays', async () => {
    const verdict = await small((s) => {
      const w = world(s, commands, kinds);
      w.fn.answers = false;
      const acknowledge = procedure('acknowledge', { source, params: { cmdq: SmmuCmdq } }, (k) => [
        k.blockUntil('error', (f) => f.cmdq.stopped),
        k.step('acknowledge', (f) => {
          f.cmdq.stopped = false;
        }),
      ]);
      s.task('handler', [does(acknowledge, { cmdq: w.cmdq })]);
      s.property(
        atEnd('end', 'both CMD_SYNCs are complete, the TLB is empty, the ATC is not', () =>
          w.cmdq.synced.at(0) && w.cmdq.synced.at(1) && w.tlb() === '2.0 2.1' && w.atc() === '1.0 1.1 2.0 2.1'
            ? null
            : violated('assertion', 'not so'),
        ),
      );
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('is let through by the stream table entry that is cached, until CFGI_STE', async () => {
    const cleared = (w: ReturnType<typeof world>) => {
      w.fn.eats = false;
    };
    const blocked = (w: ReturnType<typeof world>) => !w.fn.eats_cached;
    expect(await canBe(['SYNC 0'], blocked, cleared, ['CFGI_STE'])).toBe(false);
    expect(await canBe(['CFGI_STE sid 0', 'SYNC 0'], (w) => done(w) && blocked(w), cleared, ['CFGI_STE'])).toBe(true);
    expect(await canBe(['CFGI_STE sid 1', 'SYNC 0'], blocked, cleared, ['CFGI_STE'])).toBe(false);
  });
});

describe('CMD_RESUME', () => {
  const resume = (commands: readonly Command[]) =>
    small((s) => {
      const { stalls } = world(s, commands, ['RESUME']);
      const transaction = s.object(PageRequest, 'transaction', { last: true, pasid: 1, group: 0 });
      stalls.prg.set(0, transaction);
      s.property(
        sometimes('retried', 'it goes on', () => transaction.answer === 'success' && stalls.prg.at(0) === null),
        sometimes('aborted', 'it is aborted', () => transaction.answer === 'invalid' && stalls.prg.at(0) === null),
      );
    });

  test('lets the transaction under its tag go on, or aborts it', async () => {
    expect(resultOf(await resume(['RESUME stag 0 retry']), 'retried')).toBe('reached');
    expect(resultOf(await resume(['RESUME stag 0 abort']), 'aborted')).toBe('reached');
  });

  test('a second one finds nothing stalled', async () => {
    const verdict = await resume(['RESUME stag 0 retry', 'RESUME stag 0 abort']);
    expect(verdict.violations[0]?.evidence).toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining('tag 0, under which no'),
    });
  });
});

describe('CMD_PRI_RESP', () => {
  const respond = (commands: readonly Command[], reset?: { response: 'none' | 'failure' }) =>
    small((s) => {
      const { stalls: pri, cmdq } = world(s, [], []);
      const request = s.object(PageRequest, 'request', { last: true, pasid: 1, group: 1, ...reset });
      pri.prg.set(1, request);
      for (const command of commands) cmdq.queue.push(command);
      s.actor('pri_hw', smmuCmdq('PRI_RESP'), { cmdq, behind: { pri, priMayReset: reset !== undefined } });
      s.property(
        sometimes('failed', 'the group has its answer', () => request.answer === 'failure' && pri.prg.at(1) === null),
      );
    });

  test('gives the group its answer, and its index back', async () => {
    expect(resultOf(await respond(['PRI_RESP group 1 failure']), 'failed')).toBe('reached');
  });

  test('for a group that is not open is a mistake', async () => {
    for (const commands of [
      ['PRI_RESP group 0 success'],
      ['PRI_RESP group 1 invalid', 'PRI_RESP group 1 success'],
    ] as const)
      expect((await respond(commands)).violations[0]?.evidence).toMatchObject({
        kind: 'protocol',
        message: expect.stringContaining('no page request is open'),
      });
  });

  test('that names the PASID reaches the group only under that PASID', async () => {
    expect(resultOf(await respond(['PRI_RESP pasid 1 group 1 failure']), 'failed')).toBe('reached');
    expect((await respond(['PRI_RESP pasid 2 group 1 failure'])).violations[0]?.evidence.kind).toBe('protocol');
  });

  test('is dropped by a function that was reset, unless it has that group open again', async () => {
    const given = { response: 'failure' } as const;
    expect(resultOf(await respond(['PRI_RESP group 1 failure'], given), 'failed')).toBe('reached');
    for (const command of ['PRI_RESP group 0 failure', 'PRI_RESP pasid 2 group 1 failure'] as const) {
      const verdict = await respond([command], given);
      expect(resultOf(verdict, 'failed')).not.toBe('reached');
      expect(verdict.violations.map((v) => v.evidence.kind)).not.toContain('protocol');
    }
    expect((await respond(['PRI_RESP group 1 failure'], { response: 'none' })).violations[0]?.evidence).toMatchObject({
      kind: 'isolation',
      message: 'the answer "failure" for group index 1 reaches request, which software has not answered so',
    });
  });
});

test('commands are taken while others are under way, and the queue is never longer than it is', async () => {
  const verdict = await small((s) => {
    const { cmdq } = world(s, []);
    const issue = procedure('issue', { source, params: { cmdq: SmmuCmdq } }, (k) => [
      k.step('TLBI', (f) => f.cmdq.queue.push('TLBI_NH_ASID asid 1')),
      k.step('SYNC', (f) => f.cmdq.queue.push('SYNC 0')),
      k.blockUntil('wait', (f) => f.cmdq.synced.at(0)),
    ]);
    s.task('issuer', [does(issue, { cmdq })]);
    s.property(
      always('sync-last', 'a SYNC is not under way beside others', () =>
        [...cmdq.under_way].includes('SYNC 0') ? violated('assertion', 'SYNC is under way') : null,
      ),
    );
  });
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
});
