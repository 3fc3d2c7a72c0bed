/** Shrinking: the same violation, never a worse schedule, and the very one an exhaustive search finds where it is proven. */
import { describe, expect, test } from 'vitest';
import { type CheckOptions, check } from '../../../../checker/check.ts';
import { always, bool, int, object, type Scenario, Violation, violated } from '../../../../checker/lang/index.ts';
import { type ShrinkOptions, type ShrinkProgress, shrink } from '../../../../checker/shrink/shrink.ts';
import { parseSchedule } from '../../../../checker/trace/schedule.ts';
import { scenarios } from '../../../../scenarios/index.ts';
import { plain, tiny } from '../../../support/tiny.ts';

const Bond = object('bond', { users: int(0, 9) });
const World = object('w', { live: bool(true), n: int(0, 9), noise: int(0, 1) }, { permanent: true });

/** A use after free between `a` and `b`, and `c`, which toggles a bit as often as it likes. */
const noisy = tiny((s) => {
  const [w, bond] = [s.object(World, 'w'), s.object(Bond, 'bond')];
  const use = plain('use', (k) => [
    k.step('enter', () => {}),
    k.test('live?', () => w.live, [k.step('use', () => void bond.users)]),
  ]);
  const put = plain('put', (k) => [
    k.step('prepare', () => {}),
    k.step('mark dead', () => {
      w.live = false;
    }),
    k.free(() => bond, { label: 'kfree' }),
  ]);
  const toggle = plain('toggle', (k) =>
    Array.from({ length: 12 }, (_, i) =>
      k.step(`toggle ${i}`, () => {
        w.noise = 1 - w.noise;
      }),
    ),
  );
  s.actor('a', use, {});
  s.actor('b', put, {});
  s.actor('c', toggle, {});
});

async function first(scenario: Scenario, options: CheckOptions) {
  const walks = options.strategy === 'random' || options.strategy === 'pct';
  const found = (await check(scenario, { ...options, ...(walks ? { shrink: false } : {}) })).violations.find(
    (v) => v.evidence.kind !== 'stuck',
  );
  if (found === undefined) throw new Error('nothing is violated');
  return found;
}

async function shrunk(scenario: Scenario, text: string, options: ShrinkOptions = {}) {
  const result = await shrink(scenario, parseSchedule(text), options);
  if (result.result !== 'shrunk') throw new Error(result.result);
  return result;
}

const named = (name: string) => scenarios.find((s) => s.name === name) as Scenario;
const size = (c: { readonly steps: readonly unknown[]; readonly switches: number }) => [c.steps.length, c.switches];

describe('a schedule with noise', () => {
  test.each(['random', 'pct', 'dfs', 'bounded'] as const)('of %s comes out as the shortest one', async (strategy) => {
    const found = await first(noisy, { strategy });
    const best = await first(noisy, {});
    const { counterexample, because } = await shrunk(noisy, found.schedule);
    expect(because).toBeNull();
    expect(counterexample.minimal).toBe('proven');
    expect(counterexample.schedule).toBe(best.schedule);
  });

  test('is locally minimal where the model fails behind another violation, which a check never passes', async () => {
    const grows = tiny(
      (s) => {
        const w = s.object(World, 'w');
        const grow = plain('grow', (k) =>
          [1, 2, 3].map((i) =>
            k.step(`${i}`, () => {
              w.n += 4;
            }),
          ),
        );
        const late = plain('late', (k) => [
          ...[1, 2, 3, 4].map((i) => k.step(`${i}`, () => {})),
          k.step('fail', () => {
            throw new Violation('assertion', 'late');
          }),
        ]);
        s.actor('late', late, {});
        if (s.bounds['growing'] === 1) s.actor('grow', grow, {});
        s.property(always('small', 'less than eight', () => (w.n < 8 ? null : violated('assertion', 'large'))));
      },
      { bounds: { growing: 0 } },
    );
    const found = await first(grows, {});
    const { counterexample, because } = await shrunk(grows, found.schedule.replace('growing=0', 'growing=1'));
    expect(counterexample).toMatchObject({ minimal: 'local', signature: found.signature });
    expect(because).toMatch(/^behind another violation the model cannot be searched: w\.n cannot hold 12/);
  });

  test('is rid of it without any search', async () => {
    const found = await first(noisy, { strategy: 'random', seed: 'noise' });
    expect(found.steps.map((s) => s.actor)).toContain('c');
    const { counterexample, before, because, tried } = await shrunk(noisy, found.schedule, { maxStates: 0 });
    expect(before).toEqual({ steps: found.steps.length, switches: found.switches });
    expect(counterexample).toMatchObject({ minimal: 'local', signature: found.signature });
    expect(counterexample.steps.map((s) => s.actor)).not.toContain('c');
    expect(because).toBe('no search was made');
    expect(tried).toBeGreaterThan(0);
  });
});

test('a search that is too large leaves it locally minimal and says so', async () => {
  const found = await first(noisy, { strategy: 'pct' });
  const { counterexample, because } = await shrunk(noisy, found.schedule, { maxStates: 3 });
  expect(counterexample.minimal).toBe('local');
  expect(because).toBe('the search reached its limit of 3 states');
});

describe('a check', () => {
  test.each(['random', 'pct', 'anytime'] as const)('shrinks what %s finds, and says from what', async (strategy) => {
    const seed = 'noise';
    const [best] = (await check(noisy, {})).violations;
    const [asFound] = (await check(noisy, { strategy, seed, shrink: false, maxSeconds: 60 })).violations;
    const [small] = (await check(noisy, { strategy, seed })).violations;
    expect(small).toMatchObject({ minimal: 'proven', schedule: best?.schedule, needed: best?.needed });
    if (strategy === 'anytime') return;
    expect(asFound?.shrunk).toBeUndefined();
    expect(asFound?.steps.length).toBeGreaterThan(small?.steps.length as number);
    const from = { steps: asFound?.steps.length, switches: asFound?.switches };
    expect(small?.shrunk).toEqual({ from, because: null });
  });

  test('tells a shrunk schedule of an anytime search before its next stage', async () => {
    const told: (readonly [string, number, number, string | null])[] = [];
    await check(noisy, {
      strategy: 'anytime',
      seed: 'noise',
      onViolation: (v) => told.push([v.minimal, v.steps.length, v.switches, v.shrunk?.because ?? null]),
      onStage: (stage) => told.push([stage.strategy, stage.preemptions ?? -1, 0, null]),
    });
    const [first, walks, shrunk, bounded] = told;
    expect([walks?.[0], bounded?.[0]]).toEqual(['pct', 'bounded']);
    expect(shrunk?.[0]).toBe('local');
    expect(shrunk?.[3]).toBe('the search goes on');
    expect(shrunk?.[1]).toBeLessThan(first?.[1] as number);
  });

  test('that was cut before it could prove anything says so', async () => {
    const abort = new AbortController();
    const [found] = (
      await check(noisy, {
        strategy: 'anytime',
        seed: 'noise',
        maxStates: 2,
        signal: abort.signal,
      })
    ).violations;
    expect(found?.shrunk?.because).toBe('the search ended before its last stage did');
    expect(found?.steps.map((s) => s.actor)).not.toContain('c');
    const stopped = await check(noisy, {
      strategy: 'random',
      seed: 'noise',
      signal: abort.signal,
      onProgress: ({ phase }) => phase === 'shrink' && abort.abort(),
    });
    expect(stopped.violations[0]?.shrunk?.because ?? 'proven').toMatch(/^interrupted$|^proven$/);
  });
});

test('a second shrinking changes nothing', async () => {
  const found = await first(noisy, { strategy: 'random' });
  const once = await shrunk(noisy, found.schedule, { maxStates: 0 });
  const twice = await shrunk(noisy, once.counterexample.schedule, { maxStates: 0 });
  expect(twice.counterexample.schedule).toBe(once.counterexample.schedule);
});

test('an abort ends it with the best schedule so far, which still shows the violation', async () => {
  const found = await first(noisy, { strategy: 'random' });
  const abort = new AbortController();
  abort.abort();
  const { counterexample, because } = await shrunk(noisy, found.schedule, { signal: abort.signal });
  expect(counterexample.schedule).toBe(found.schedule);
  expect(because).toBe('interrupted');
});

test('progress tells what is being tried', async () => {
  const found = await first(named('peers-sva'), { strategy: 'random', variant: 'posted' });
  const seen: ShrinkProgress[] = [];
  await shrunk(named('peers-sva'), found.schedule, { onProgress: (p) => seen.push(p) });
  expect(seen.map((p) => p.phase)).toContain('search');
  expect(seen.map((p) => p.tried)).toEqual([...seen.map((p) => p.tried)].sort((a, b) => a - b));
});

describe('refused', () => {
  test('a schedule that cannot be driven, with its divergence', async () => {
    const { schedule } = await first(noisy, {});
    const result = await shrink(noisy, parseSchedule(schedule.replace('live?', 'dead?')));
    expect(result).toMatchObject({ result: 'diverged', divergence: { step: 2 } });
  });

  test('one that ends in another violation than it says', async () => {
    const { schedule, signature } = await first(noisy, {});
    const result = await shrink(noisy, parseSchedule(schedule.replace(signature, '01234567')));
    expect(result).toMatchObject({ result: 'another violation', outcome: { signature } });
  });
});

describe('small scenarios of the corpus', () => {
  test.each([
    ['amd-spurious-wakeup', 'posted'],
    ['vfio-detach-vs-mm-exit', 'posted'],
    ['ioasid-two-locks', 'posted'],
    ['vtd-torn-entry', 'posted'],
  ])('%s %s comes out as an exhaustive search finds it', async (name, variant) => {
    const found = await first(named(name), { variant, strategy: 'pct', explain: false });
    const { counterexample } = await shrunk(named(name), found.schedule);
    const all = (await check(named(name), { variant, all: true })).violations;
    const same = all.find((v) => v.signature === found.signature);
    expect(counterexample.minimal).toBe('proven');
    expect(size(counterexample)).toEqual(same && size(same));
  });
});
