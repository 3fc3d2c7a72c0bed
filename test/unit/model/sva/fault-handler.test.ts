/** The fault handler of a device, one call after the other: installed once, and not removed while an answer is due. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  does,
  EBUSY,
  errno,
  type Operation,
  procedure,
  set,
  WorkFunc,
  Workqueue,
} from '../../../../model/kernel/index.ts';
import { handleFault } from '../../../../model/sva/fault-handler.ts';
import {
  Device,
  FaultMaster,
  FaultParam,
  makeDevice,
  makeSva,
  QueuedFault,
  registerFaultHandler,
  reportFault,
  unregisterFaultHandler,
  unregisterPending,
} from '../../../../model/sva/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

/** Calls one of the two and compares its result. */
const expecting = (call: typeof registerFaultHandler, wanted: number, name: string) =>
  procedure(name, { source, params: { dev: Device }, locals: { rc: errno() } }, (k) => [
    k.call(
      call,
      (f) => ({ dev: f.dev }),
      (f, rc) => {
        f.rc = rc;
      },
    ),
    k.step('compare', (f) => {
      if (f.rc !== wanted) throw new Error(`${name} returned ${f.rc}`);
    }),
  ]);

async function run(operations: (dev: Device) => readonly Operation[], answered = false): Promise<[boolean, number]> {
  let end: [boolean, number] = [false, -1];
  const verdict = await check(
    tiny(
      (s) => {
        const parts = makeSva(s);
        const dev = makeDevice(s, parts, 'dev');
        const wq = s.object(Workqueue, 'wq');
        const master = s.object(FaultMaster, 'master', { wq, fault_param: s.object(FaultParam, 'fault_param') });
        dev.iommu_priv = master;
        s.pool(FaultParam, 1);
        s.pool(QueuedFault, 1);
        s.implementations(WorkFunc, [handleFault]);
        s.mayOutlive(QueuedFault);
        s.task('task', operations(dev));
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'the end',
          check: () => {
            end = [master.fault_param !== null, master.answered];
            return null;
          },
        });
      },
      { settings: answered ? [set(unregisterPending, 'answered')] : [] },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') throw new Error(verdict.violations[0]?.evidence.message ?? verdict.outcome);
  return end;
}

const register = expecting(registerFaultHandler, 0, 'register');
const registerTwice = expecting(registerFaultHandler, -EBUSY, 'register_again');
const unregister = expecting(unregisterFaultHandler, 0, 'unregister');
const unregisterBusy = expecting(unregisterFaultHandler, -EBUSY, 'unregister_busy');

test('there is one handler at a time', async () => {
  expect(await run((dev) => [does(registerTwice, { dev }), does(unregister, { dev })])).toEqual([false, 0]);
  expect(await run((dev) => [does(unregister, { dev }), does(register, { dev })])).toEqual([true, 0]);
});

test('it is not removed while an answer is due, unless what is due is answered', async () => {
  expect(await run((dev) => [does(reportFault, { dev }), does(unregisterBusy, { dev })])).toEqual([true, 0]);
  expect(await run((dev) => [does(reportFault, { dev }), does(unregister, { dev })], true)).toEqual([false, 1]);
});
