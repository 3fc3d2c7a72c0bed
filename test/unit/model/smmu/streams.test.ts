/** Masters by stream id: who is found, what an answer names, and what is sent for a device without a master. */
import { describe, expect, test } from 'vitest';
import { atEnd, type Setup, set, violated } from '../../../../checker/lang/index.ts';
import { PageRequest, PciFunction } from '../../../../hw/pci/objects.ts';
import { SmmuCmdq, smmuCmdq } from '../../../../hw/smmu/commands.ts';
import { does, ENODEV, errno, procedure } from '../../../../model/kernel/index.ts';
import {
  ArmSmmuMaster,
  ArmSmmuStreams,
  masterFaults,
  responseMaster,
  StallDevice,
} from '../../../../model/smmu/index.ts';
import { armSmmuPageResponse } from '../../../../model/smmu/master.ts';
import { small, source } from '../../hw/small.ts';

/** A device of stream `sid` with one stalled transaction, which is of stream `of`; it may have lost its master. */
function answered(s: Setup<any>, { sid = 1, of = 1, master = true }) {
  const smmu = s.object(ArmSmmuStreams, 'smmu');
  const cmdq = s.object(SmmuCmdq, 'cmdq');
  const stalls = s.object(PciFunction, 'stalls');
  const event = s.object(PageRequest, 'transaction', { pasid: 1, last: true });
  const dev = s.object(StallDevice, 'dev', { smmu, sid });
  const its = s.object(ArmSmmuMaster, 'master', { dev, sid });
  smmu.streams.set(0, its);
  if (master) {
    dev.priv = its;
    smmu.streams.set(sid, its);
  }
  stalls.prg.set(0, event);
  const wanted = master ? 0 : -ENODEV;
  const respond = procedure(
    'respond',
    { source, params: { dev: StallDevice, cmdq: SmmuCmdq, event: PageRequest }, locals: { ret: errno() } },
    (k) => [
      k.call(
        armSmmuPageResponse,
        (f) => ({ dev: f.dev, cmdq: f.cmdq, event: f.event, code: 'retry' as const }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.blockUntil('it returned what it should', (f) => f.ret === wanted),
      k.return(),
    ],
  );
  s.actor('cmdq_hw', smmuCmdq('RESUME'), { cmdq, behind: { stalls, streamOf: () => of } });
  s.task('worker', [does(respond, { dev, cmdq, event })]);
  s.property(
    atEnd('end', 'resumed exactly if there is a master', () =>
      (event.answer === 'success') === master ? null : violated('assertion', event.answer),
    ),
  );
}

describe.each(['by pointer', 'under the mutex'] as const)('a response that goes %s', (how) => {
  const settings = [set(responseMaster, how)];

  test('resumes the transaction of its stream', async () => {
    expect(await small((s) => answered(s, {}), settings)).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('returns -ENODEV and sends nothing for a device without a master', async () => {
    expect(await small((s) => answered(s, { master: false }), settings)).toMatchObject({ outcome: 'holds' });
  });

  test('that names the stream of another transaction is a broken protocol', async () => {
    const verdict = await small((s) => answered(s, { of: 0 }), settings);
    expect(verdict.violations[0]?.evidence).toMatchObject({ kind: 'protocol' });
  });
});

describe('a response to a page request', () => {
  /** Two functions, or one of the two, have group 0 open; the device of stream 1 is answered. */
  function asked(s: Setup<any>, sids: readonly number[]) {
    const cmdq = s.object(SmmuCmdq, 'cmdq');
    const smmu = s.object(ArmSmmuStreams, 'smmu');
    const dev = s.object(StallDevice, 'dev', { smmu, sid: 1 });
    dev.priv = s.object(ArmSmmuMaster, 'master', { dev, sid: 1 });
    const requests = s.objects(PageRequest, 'request', 2, () => ({ pasid: 1, last: true }));
    const functions = s.objects(PciFunction, 'function', 2);
    for (const sid of sids) functions[sid]?.prg.set(0, requests[sid] ?? null);
    s.actor('cmdq_hw', smmuCmdq('PRI_RESP'), { cmdq, behind: { priOf: functions } });
    s.task('worker', [
      does(armSmmuPageResponse, { dev, cmdq, event: requests[1] as PageRequest, code: 'retry' as const }),
    ]);
    s.property(
      atEnd('end', 'the function of the stream has its answer, the other has none', () =>
        requests.map((request) => request.answer).join() === 'none,success' ? null : violated('assertion', 'answers'),
      ),
    );
  }
  const settings = [set(masterFaults, 'page request')];

  test('reaches the group of its stream, not that with the same index of another function', async () => {
    expect(await small((s) => asked(s, [0, 1]), settings)).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('that names a stream whose function has no such group open is a broken protocol', async () => {
    const verdict = await small((s) => asked(s, [0]), settings);
    expect(verdict.violations[0]?.evidence).toMatchObject({ kind: 'protocol' });
  });
});
