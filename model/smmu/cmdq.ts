/**
 * Issue of commands: arm_smmu_cmdq_issue_cmd() and the wait for a CMD_SYNC.
 *
 * Source: spec (c). The lock of the queue, or the lockless insertion that came later, makes an entry and the producer
 * index one event for everybody else: so issuing a command is one step here. Each issuer waits for a completion word of
 * its own, as CMD_SYNC writes it.
 */
import type { KernelKit, Statement } from '../kernel/index.ts';
import type { Command, SmmuCmdq } from './hardware.ts';

/** What a procedure that issues commands has among its parameters. `issuer` is the number of its completion word. */
export interface Issuer {
  readonly cmdq: SmmuCmdq;
  readonly issuer: number;
}

/** Why issuing a SYNC touches the queue and its completion word in one step. */
export const own = "the completion word is the issuer's own until the SYNC is in the queue";

/** Puts a command into the queue. */
export function issue<F extends Issuer>(k: KernelKit<F>, label: string, command: (f: F) => Command): Statement<F> {
  return k.step(label, (f) => f.cmdq.queue.push(command(f)));
}

/** CMD_SYNC, and the wait until it is complete. `after` tells two of a procedure apart. */
export function sync<F extends Issuer>(k: KernelKit<F>, after: string): Statement<F>[] {
  return [
    k.step(
      `CMD_SYNC after ${after}`,
      (f) => {
        f.cmdq.synced.set(f.issuer, false);
        f.cmdq.queue.push(`SYNC ${f.issuer}`);
      },
      { indivisible: own },
    ),
    k.blockUntil(`wait for the CMD_SYNC after ${after}`, (f) => f.cmdq.synced.at(f.issuer), {
      waiting: { kind: 'device', on: (f) => f.cmdq },
    }),
  ];
}
