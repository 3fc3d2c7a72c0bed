/** The reduced bind and unbind: PASIDs, context descriptors, and what unbind leaves behind. */
import { describe, expect, test } from 'vitest';
import { PciContext } from '../../../../hw/pci/objects.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { Device, IommuSva, svaBind, svaUnbind } from '../../../../model/iopf/index.ts';
import { does, EINVAL, ENOSPC, errno, MmStruct, procedure, Violation } from '../../../../model/kernel/index.ts';
import { small, source } from '../../hw/small.ts';
import { world } from './world.ts';

const params = { sva: IommuSva, smmu: SmmuV3, dev: Device, ctx: PciContext, mm: MmStruct };

describe('bind and unbind', () => {
  const run = (script: ReturnType<typeof scripted>) =>
    small((s) => {
      const { sva, smmu, dev, mm } = world(s, [], { owned: false });
      const ctx = s.object(PciContext, 'other');
      s.task('user', [does(script, { sva, smmu, dev, ctx, mm })]);
    });

  /** Binds or unbinds in order; each must return what is written beside it. */
  const scripted = (calls: readonly (readonly ['bind' | number, number])[]) =>
    procedure('script', { source, params, locals: { ret: errno() } }, (k) =>
      calls.flatMap(([what, wanted], i) => [
        what === 'bind'
          ? k.call(
              svaBind,
              (f) => ({ sva: f.sva, smmu: f.smmu, mm: f.mm }),
              (f, ret) => {
                f.ret = ret;
              },
            )
          : k.call(
              svaUnbind,
              (f) => ({ sva: f.sva, smmu: f.smmu, dev: f.dev, ctx: f.ctx, pasid: what }),
              (f, ret) => {
                f.ret = ret;
              },
            ),
        k.step(`call ${i} returns ${wanted}`, (f) => {
          if (f.ret !== wanted) throw new Violation('assertion', `call ${i} returned ${f.ret}, not ${wanted}`);
          for (const pasid of [1, 2])
            if (f.smmu.cd.at(pasid).valid !== (f.sva.pasids.at(pasid) !== null))
              throw new Violation('assertion', `context descriptor ${pasid} and its PASID disagree`);
        }),
      ]),
    );

  test('give out the lowest free PASID, and none when all are taken', async () => {
    const verdict = await run(
      scripted([
        ['bind', 1],
        ['bind', 2],
        ['bind', -ENOSPC],
        [1, 0],
        ['bind', 1],
        [2, 0],
        [1, 0],
        ['bind', 1],
      ]),
    );
    expect(verdict.violations).toEqual([]);
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('refuse PASID 0', async () => {
    expect(await run(scripted([[0, -EINVAL]]))).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('the script notices a wrong result', async () => {
    const verdict = await run(scripted([['bind', 2]]));
    expect(verdict.violations[0]?.evidence.message).toBe('call 0 returned 1, not 2');
  });
});
