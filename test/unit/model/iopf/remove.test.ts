/** Removal of a device: whether the requests that were under way have been handled when its PASID is given back. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import scenario from '../../../../scenarios/smmu-remove-device.ts';

const run = (variant: string, bounds = {}) => check(scenario, { variant, bounds, explain: false });

test('with nothing under way either order will do', async () => {
  for (const variant of ['posted', 'fixed']) expect((await run(variant, { requests: 0 })).violations).toEqual([]);
});

test('one request is enough for the worker to meet the next owner of the PASID', async () => {
  const [violation] = (await run('posted', { requests: 1 })).violations;
  expect(violation?.evidence).toMatchObject({
    kind: 'isolation',
    message: 'request_p0, sent for mm_p with PASID 1, is handled in mm_q',
  });
  expect(await run('fixed', { requests: 1 })).toMatchObject({ outcome: 'holds', complete: true });
});
