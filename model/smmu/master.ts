/**
 * The answer to a fault, given to the stream of the device: arm_smmu_page_response().
 *
 * Source: spec (c), page_response: it finds the master of the device, and for one that it does not know returns -ENODEV
 * and sends nothing.
 */
import { ENODEV, int, oneOf, procedure, ref } from '../kernel/index.ts';
import { hw, LAST_SID, type PageRequest, type SmmuCmdq } from './hardware.ts';
import { ArmSmmuMaster, StallDevice } from './objects.ts';
import { priStreams, SMMU_C, sidTree, specC } from './sources.ts';
import { masterFaults, responseMaster } from './switches.ts';

/** Why a command is built from an event in one step. */
export const fixedEvent =
  'the tag was written before the event was recorded and stays until the transaction is resumed';

/** The stream id of a record, which is written by the hardware and never changes. */
export type SidOf = (event: PageRequest) => number;

const response = { cmdq: hw<SmmuCmdq>(), event: hw<PageRequest>(), code: oneOf('retry', 'abort') };

/** The command, once the master is known. */
const resumeStream = procedure(
  'arm_smmu_cmdq_issue_cmd',
  { source: specC(SMMU_C), params: { ...response, sid: int(0, LAST_SID) } },
  (k) => [
    k.switch(masterFaults, {
      stall: [
        k.step('CMDQ_OP_RESUME', (f) => f.cmdq.queue.push(`RESUME sid ${f.sid} stag ${f.event.group} ${f.code}`), {
          indivisible: fixedEvent,
          event: 'page response',
        }),
      ],
      'page request': [
        k.step(
          'CMDQ_OP_PRI_RESP',
          (f) =>
            f.cmdq.queue.push(
              `PRI_RESP sid ${f.sid} group ${f.event.group} ${f.code === 'retry' ? 'success' : 'failure'}`,
            ),
          { source: priStreams(SMMU_C), indivisible: fixedEvent, event: 'page response' },
        ),
      ],
    }),
    k.return(),
  ],
);

export const armSmmuPageResponse = procedure(
  'arm_smmu_page_response',
  {
    source: specC(SMMU_C),
    params: { ...response, dev: StallDevice },
    locals: { master: ref(ArmSmmuMaster), sid: int(0, LAST_SID) },
  },
  (k) => {
    const issue = k.call(resumeStream, (f) => ({ cmdq: f.cmdq, event: f.event, code: f.code, sid: f.sid }));
    const lock = k.mutexLock((f) => f.dev.smmu.streams_mutex, { source: sidTree(SMMU_C) });
    const unlock = k.mutexUnlock((f) => f.dev.smmu.streams_mutex, { source: sidTree(SMMU_C) });
    return [
      k.switch(responseMaster, {
        'by pointer': [
          k.step('master = dev_iommu_priv_get(dev)', (f) => {
            f.master = f.dev.priv as ArmSmmuMaster | null;
          }),
          k.when((f) => f.master === null, [k.return(-ENODEV)]),
          k.step('sid = master->streams[0].id', (f) => {
            f.sid = (f.master as ArmSmmuMaster).sid;
          }),
          issue,
        ],
        'under the mutex': [
          k.step('sid = dev->iommu_fwspec->ids[0]', (f) => {
            f.sid = f.dev.sid;
          }),
          lock,
          k.step('arm_smmu_find_master(smmu, sid)', (f) => {
            f.master = f.dev.smmu.streams.at(f.sid);
          }),
          k.when((f) => f.master === null, [unlock, k.return(-ENODEV)]),
          issue,
          unlock,
        ],
      }),
      k.return(0),
    ];
  },
);
