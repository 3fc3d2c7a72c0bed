/** Page responses: what is not pending is not answered, nothing is answered twice, and none goes astray. */
import { describe, expect, test } from 'vitest';
import { PageRequest, PciFunction } from '../../../../hw/pci/objects.ts';
import { Device, iommuPageResponse, priResponse } from '../../../../model/iopf/index.ts';
import { does, EINVAL, errno, procedure, Violation } from '../../../../model/kernel/index.ts';
import { small, source } from '../../hw/small.ts';
import { world } from './world.ts';

/** Runs a step over two requests that are both outstanding, with group indices 0 and 1. */
const once = (act: (fn: PciFunction, requests: readonly PageRequest[]) => void) =>
  small((s) => {
    const { fn, requests } = world(s, [true, true]);
    requests.forEach((r, group) => {
      Object.assign(r, { pasid: 1, group });
      fn.prg.set(group, r);
    });
    const run = procedure('respond', { source, params: { fn: PciFunction } }, (k) => [
      k.step('respond', (f) => act(f.fn, requests)),
    ]);
    s.task('kernel', [does(run, { fn })]);
  });

describe('a response', () => {
  test('answers the request and frees its group index', async () => {
    const verdict = await once((fn, [first, second]) => {
      priResponse(fn, first as PageRequest, 'success');
      if (first?.answer !== 'success' || fn.prg.at(0) !== null || fn.prg.at(1) !== second)
        throw new Violation('assertion', 'not delivered');
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('that is given twice is a broken protocol', async () => {
    const verdict = await once((fn, [first]) => {
      priResponse(fn, first as PageRequest, 'success');
      priResponse(fn, first as PageRequest, 'invalid');
    });
    expect(verdict.violations[0]?.evidence).toMatchObject({
      kind: 'protocol',
      message: 'request0 is answered a second time',
    });
  });

  test('that reaches a newer request with the same group index breaks isolation', async () => {
    const verdict = await once((fn, [first, second]) => {
      fn.prg.set(0, second as PageRequest);
      priResponse(fn, first as PageRequest, 'success');
    });
    expect(verdict.violations[0]?.evidence).toMatchObject({ kind: 'isolation', objects: ['request0', 'request1'] });
  });

  test('to an event that is not pending is refused and sends nothing', async () => {
    const verdict = await small((s) => {
      const { dev, fn, requests } = world(s, [true]);
      const evt = requests[0] as PageRequest;
      Object.assign(evt, { pasid: 1 });
      fn.prg.set(0, evt);
      const run = procedure(
        'respond',
        { source, params: { dev: Device, fn: PciFunction, evt: PageRequest }, locals: { ret: errno() } },
        (k) => [
          k.call(
            iommuPageResponse,
            (f) => ({ dev: f.dev, fn: f.fn, evt: f.evt, code: 'success' as const }),
            (f, ret) => {
              f.ret = ret;
            },
          ),
          k.step('compare', (f) => {
            if (f.ret !== -EINVAL || f.evt.answer !== 'none') throw new Violation('assertion', `returned ${f.ret}`);
          }),
        ],
      );
      s.task('kernel', [does(run, { dev, fn, evt })]);
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });
});
