/** Adding and removing a device, one call after the other, in each revision: results and what is left. */
import { describe, expect, test } from 'vitest';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import {
  Device,
  IopfDeviceParam,
  IopfQueue,
  iopfQueueAddDevice,
  iopfQueueFlushDev,
  iopfQueueFree,
  iopfQueueRemoveDevice,
  iopfRevision,
} from '../../../../model/iopf/index.ts';
import {
  does,
  EINVAL,
  ENODEV,
  errno,
  type Operation,
  object,
  procedure,
  type Setting,
  type Setup,
  set,
  type ViewOf,
} from '../../../../model/kernel/index.ts';
import { small, source } from '../../hw/small.ts';
import { type World, world } from './world.ts';

/** What calls have returned, in order. */
const Results = object('results', { first: errno(), second: errno(), third: errno() }, { permanent: true });
type Results = ViewOf<typeof Results>;

const note = (results: Results, at: 'first' | 'second' | 'third', value: number) => {
  results[at] = value;
};

const twice = procedure(
  'remove_add_add',
  { source, params: { queue: IopfQueue, dev: Device, results: Results }, locals: { ret: errno() } },
  (k) => {
    const keep = (at: 'first' | 'second' | 'third') => k.step(`note ${at}`, (f) => note(f.results, at, f.ret));
    const receive = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    return [
      k.call(iopfQueueRemoveDevice, (f) => ({ queue: f.queue, dev: f.dev }), receive),
      keep('first'),
      k.call(iopfQueueAddDevice, (f) => ({ queue: f.queue, dev: f.dev }), receive),
      keep('second'),
      k.call(iopfQueueAddDevice, (f) => ({ queue: f.queue, dev: f.dev }), receive),
      keep('third'),
    ];
  },
);

const gone = procedure(
  'remove_remove_flush',
  { source, params: { queue: IopfQueue, dev: Device, smmu: SmmuV3, results: Results }, locals: { ret: errno() } },
  (k) => {
    const keep = (at: 'first' | 'second' | 'third') => k.step(`note ${at}`, (f) => note(f.results, at, f.ret));
    const receive = (f: { ret: number }, ret: number) => {
      f.ret = ret;
    };
    return [
      k.call(iopfQueueRemoveDevice, (f) => ({ queue: f.queue, dev: f.dev }), receive),
      keep('first'),
      k.call(iopfQueueRemoveDevice, (f) => ({ queue: f.queue, dev: f.dev }), receive),
      keep('second'),
      k.call(iopfQueueFlushDev, (f) => ({ dev: f.dev, smmu: f.smmu }), receive),
      keep('third'),
    ];
  },
);

/** The results at the end, and whether the device is in a queue. */
async function run(
  settings: readonly Setting[],
  operations: (w: World, results: Results) => readonly Operation[],
): Promise<{ readonly ends: unknown[]; readonly violations: readonly string[] }> {
  const ends: unknown[] = [];
  const verdict = await small((s: Setup<Record<string, number>>) => {
    const w = world(s, []);
    const results = s.object(Results, 'results');
    s.pool(IopfDeviceParam, 2);
    s.task('task', operations(w, results));
    s.property({
      kind: 'at-end',
      name: 'look',
      about: 'the end',
      check: () => {
        ends.push([results.first, results.second, results.third, w.dev.iopf_param !== null]);
        return null;
      },
    });
  }, settings);
  return { ends, violations: verdict.violations.map((v) => v.evidence.message) };
}

describe.each(['v2', 'v4', 'v5', '5.13'] as const)('%s', (revision) => {
  const settings = [set(iopfRevision, revision)];

  test('a device is added again after it was removed, and not twice', async () => {
    const { ends, violations } = await run(settings, ({ queue, dev }, results) => [
      does(twice, { queue, dev, results }),
    ]);
    expect(violations).toEqual([]);
    expect(ends).toEqual([[0, 0, -EINVAL, true]]);
  });

  test('a device that has left is neither removed nor flushed', async () => {
    const { ends, violations } = await run(settings, ({ queue, dev, smmu }, results) => [
      does(gone, { queue, dev, smmu, results }),
    ]);
    expect(violations).toEqual([]);
    expect(ends).toEqual([[0, -EINVAL, -ENODEV, false]]);
  });

  test('freeing the queue removes the device, but for v2, which gives up', async () => {
    const { ends, violations } = await run(settings, ({ queue }) => [does(iopfQueueFree, { queue })]);
    expect(violations).toEqual([]);
    expect(ends).toEqual([[0, 0, 0, revision === 'v2']]);
  });
});
