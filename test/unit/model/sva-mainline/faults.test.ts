/** Reports, answers and removal of mainline's fault queue, one call after the other. */
import { describe, expect, test } from 'vitest';
import { PageRequest } from '../../../../hw/pci/objects.ts';
import {
  type Bounds,
  bool,
  does,
  errno,
  procedure,
  type Setup,
  set,
  Violation,
} from '../../../../model/kernel/index.ts';
import {
  bondAtStart,
  Device,
  disableFeature,
  iommuReportDeviceFault,
  partialReport,
} from '../../../../model/sva-mainline/index.ts';
import { source } from '../../../support/tiny.ts';
import { endsOf, type World } from './world.ts';

/** Reports a page request, whose result must be `wanted`. */
const report = (wanted: number) =>
  procedure(
    'report',
    { source, params: { dev: Device, evt: PageRequest, last: bool() }, locals: { ret: errno() } },
    (k) => [
      k.call(
        iommuReportDeviceFault,
        (f) => ({ dev: f.dev, evt: f.evt, last: f.last }),
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.step(`it returns ${wanted}`, (f) => {
        if (f.ret !== wanted) throw new Violation('assertion', `it returned ${f.ret}`);
      }),
    ],
  );
const accepted = report(0);
const refused = report(-22);

/** A page request that the function has sent and nobody has read from a queue. */
function sent(s: Setup<Bounds>, w: World, name: string, fields: { pasid: number; last: boolean }): PageRequest {
  const request = s.object(PageRequest, name, { context: w.a.ctx, group: 0, ...fields });
  w.path.fn.prg.set(0, request);
  w.sent.push(request);
  return request;
}
const bind = (s: Setup<Bounds>, w: World) =>
  bondAtStart(s, w.path.core, { mm: 'mm_a', bond: 'bond_a' }, w.a.file, w.mm, 1);
const seen = (requests: readonly PageRequest[]) => requests.map((r) => [r.answer, r.handled_in !== null]);

describe('a report', () => {
  test('of a whole group is handled by the worker and answered', async () => {
    const ends = await endsOf(
      (w, s) => {
        bind(s, w);
        const first = sent(s, w, 'first', { pasid: 1, last: false });
        const last = sent(s, w, 'last', { pasid: 1, last: true });
        const { dev } = w.path;
        return [does(accepted, { dev, evt: first, last: false }), does(accepted, { dev, evt: last, last: true })];
      },
      (w) => [seen(w.sent), w.path.dev.iommu?.fault_param?.users.counter, [...w.path.groups].length],
    );
    expect(ends).toEqual([
      [
        [
          ['none', true],
          ['success', true],
        ],
        1,
        0,
      ],
    ]);
  });

  test('for a PASID that nobody has is answered as invalid', async () => {
    const ends = await endsOf(
      (w, s) => {
        bind(s, w);
        const stray = sent(s, w, 'stray', { pasid: 2, last: true });
        return [does(accepted, { dev: w.path.dev, evt: stray, last: true })];
      },
      (w) => [seen(w.sent), [...w.path.groups].length],
    );
    expect(ends).toEqual([[[['invalid', false]], 0]]);
  });

  test('of a device that is in no fault queue is refused', async () => {
    const ends = await endsOf(
      (w, s) => {
        const request = sent(s, w, 'stray', { pasid: 1, last: true });
        return [does(refused, { dev: w.path.dev, evt: request, last: true })];
      },
      (w) => [...w.path.groups].length,
    );
    expect(ends).toEqual([0]);
  });

  test('of a fault that is not the last must end there', async () => {
    const run = endsOf(
      (w, s) => {
        bind(s, w);
        const first = sent(s, w, 'first', { pasid: 1, last: false });
        return [does(accepted, { dev: w.path.dev, evt: first, last: false })];
      },
      (w) => w.path.dev.iommu?.fault_param?.partial.length,
      { settings: [set(partialReport, 'goes on')] },
    );
    await expect(run).rejects.toThrow();
  });
});

test('removal frees partial faults, answers nobody twice and lets the fault parameters go', async () => {
  const ends = await endsOf(
    (w, s) => {
      bind(s, w);
      const first = sent(s, w, 'first', { pasid: 1, last: false });
      const { dev } = w.path;
      return [does(accepted, { dev, evt: first, last: false }), does(disableFeature, { dev })];
    },
    (w) => [w.path.dev.iommu?.fault_param, w.path.dev.iopf_refcount, w.path.dev.vtd.iopf_queue.devices.length],
  );
  expect(ends).toEqual([[null, 0, 0]]);
});
