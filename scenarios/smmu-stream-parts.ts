/** What the look-ups of a master have in common, by stalls and by page requests: devices with a stream each, one released. */
import type { Actor, Bounds, Property, Setup } from '../checker/lang/index.ts';
import { type PageRequest, PciContext } from '../hw/pci/objects.ts';
import { ArmSmmuMaster, type ArmSmmuStreams, FaultParam, StallDevice } from '../model/smmu/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { everyGroupAnswered, everyRequestAnswered, returns } from '../properties/response.ts';

/** A device of one stream, known to the driver and open, with a context that has PASID 1. */
export function streamDevice(s: Setup<Bounds>, smmu: ArmSmmuStreams, sid: number) {
  const param = s.object(FaultParam, `fault_param${sid}`);
  const dev = s.object(StallDevice, `dev${sid}`, { fault_param: param, smmu, sid });
  const master = s.object(ArmSmmuMaster, `master${sid}`, { dev, sid });
  dev.priv = master;
  smmu.streams.set(sid, master);
  const ctx = s.object(PciContext, `ctx${sid}`, { pasid: 1, run: true, active: true });
  return { dev, param, master, ctx };
}

/** Everything is answered, the release returns, and of the released device nothing is left. */
export function releaseProperties(
  s: Setup<Bounds>,
  asked: readonly PageRequest[],
  release: Actor,
  stays: Pick<ReturnType<typeof streamDevice>, 'param' | 'master'>,
): Property[] {
  return [
    everyGroupAnswered(asked),
    ...everyRequestAnswered(asked),
    returns('release', release),
    allFreed([s.pool(FaultParam, 1), s.pool(ArmSmmuMaster, 1)], [stays.param, stays.master]),
  ];
}
