/**
 * Promises about what comes: the engine and the twin of `support/brute-force.ts` agree on random graphs, in which
 * everybody goes round, and on random models; every schedule that goes on for ever replays; what cannot be decided is
 * refused by name or left undecided.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CheckOptions, check } from '../../checker/check.ts';
import {
  type Actor,
  array,
  bool,
  eventually,
  int,
  leadsTo,
  object,
  procedure,
  type Scenario,
  type Setup,
  type ViewOf,
} from '../../checker/lang/index.ts';
import { replay } from '../../checker/trace/replay.ts';
import { parseSchedule } from '../../checker/trace/schedule.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { type BruteForce, bruteForce } from '../support/brute-force.ts';
import { build } from '../support/random-build.ts';
import { randomModel } from '../support/random-model.ts';
import { rejectionOf, source, tiny } from '../support/tiny.ts';

const SEED = 20_180_511;
const isPromise = (p: { readonly kind: string }) => p.kind === 'eventually' || p.kind === 'leads-to';

/** Everything in which a verdict and the twin differ about promises, and lassos that do not replay. */
function differences(scenario: Scenario, verdict: Verdict, twin: BruteForce): string[] {
  const wrong: string[] = [];
  for (const p of verdict.properties.filter(isPromise)) {
    const expected = twin.promisesBroken.includes(p.name) ? 'violated' : 'holds';
    if (p.result !== expected) wrong.push(`${p.name} is ${p.result}, by brute force it is ${expected}`);
  }
  for (const v of verdict.violations) {
    if (v.loop === undefined) continue;
    const again = replay(scenario, parseSchedule(v.schedule));
    if (again.result === 'diverged') {
      wrong.push(`${v.property} does not replay: step ${again.divergence.step}, ${again.divergence.reason}`);
      continue;
    }
    const ce = again.counterexample;
    if (ce.signature !== v.signature || ce.loop !== v.loop || ce.schedule !== v.schedule)
      wrong.push(`${v.property} replays as something else`);
  }
  return wrong;
}

interface Arrow {
  readonly from: number;
  readonly to: number;
}

/** Actors who each walk their own arrows over one number; some of them end, some need not be fair. */
function walkers(
  actors: readonly { arrows: readonly Arrow[]; fair: boolean; ends: number }[],
  goals: readonly number[],
) {
  const Place = object('place', { at: int(0, 9), walked: int(0, 9) }, { permanent: true });
  return tiny((s) => {
    const place = s.object(Place, 'place');
    actors.forEach(({ arrows, fair, ends }, i) => {
      const walk = procedure(`walk${i}`, { source, params: { place: Place } }, (k) => [
        k.loop([
          k.choose(
            'walk',
            [
              ...arrows.map(({ from, to }, j) => ({
                name: `arrow ${j}`,
                when: (f: { place: { at: number } }) => f.place.at === from,
                act: (f: { place: { at: number } }) => {
                  f.place.at = to;
                },
              })),
              { name: 'end', when: (f) => f.place.at === ends, body: [k.return(0)] },
            ],
            { idle: true },
          ),
        ]),
      ]);
      s.actor(`walker${i}`, walk, { place }, { fair });
    });
    for (const goal of goals)
      s.property(eventually(`comes-to-${goal}`, `it comes to ${goal}`, () => place.at === goal));
    const [from = 0, to = 0] = goals;
    s.property(
      leadsTo(
        'leads',
        'one leads to the other',
        () => place.at === from,
        () => place.at === to,
      ),
    );
  });
}

const graphs = fc.record({
  actors: fc.array(
    fc.record({
      arrows: fc.array(fc.record({ from: fc.nat(5), to: fc.nat(5) }), { minLength: 1, maxLength: 5 }),
      fair: fc.boolean(),
      ends: fc.nat(9),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  goals: fc.uniqueArray(fc.nat(5), { minLength: 2, maxLength: 3 }),
});

const exhaustive: CheckOptions = { all: true, explain: false };

describe(`against brute force, seed ${SEED}`, () => {
  test('on random graphs, breadth first, depth first and by preemptions', { timeout: 600_000 }, async () => {
    const met = { broken: 0, kept: 0, loops: 0, stays: 0 };
    await fc.assert(
      fc.asyncProperty(graphs, async ({ actors, goals }) => {
        const scenario = walkers(actors, goals);
        const twin = bruteForce(scenario, 'posted');
        for (const strategy of ['bfs', 'dfs', 'bounded'] as const) {
          const verdict = await check(scenario, { ...exhaustive, strategy });
          expect(differences(scenario, verdict, twin)).toEqual([]);
          for (const v of verdict.violations)
            if (v.loop !== undefined) met[v.loop <= v.steps.length ? 'loops' : 'stays']++;
        }
        met.broken += twin.promisesBroken.length;
        met.kept += goals.length + 1 - twin.promisesBroken.length;
      }),
      { numRuns: 120, seed: SEED },
    );
    // All of it occurs often, or the test would show little.
    for (const n of Object.values(met)) expect(n).toBeGreaterThan(50);
  });

  test('on random models of the whole language', { timeout: 600_000 }, async () => {
    let broken = 0;
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(randomModel, async (model) => {
        const scenario = withPromises(build(model));
        let verdict: Verdict;
        try {
          verdict = await check(scenario, { ...exhaustive, maxStates: 400 });
        } catch (error) {
          // Its pool is too small for what it allocates.
          if (String(error).includes('no slot is left')) return;
          throw error;
        }
        if (!verdict.complete) return;
        const twin = bruteForce(scenario, 'posted');
        expect(differences(scenario, verdict, twin)).toEqual([]);
        broken += twin.promisesBroken.length;
        kept += verdict.properties.filter(isPromise).length - twin.promisesBroken.length;
      }),
      { numRuns: 120, seed: SEED },
    );
    expect(broken).toBeGreaterThan(50);
    expect(kept).toBeGreaterThan(50);
  });
});

/** The scenario with promises about its actors; every third of them need not be fair. */
function withPromises(scenario: Scenario): Scenario {
  return {
    ...scenario,
    setup: (s: Setup<any>) => {
      const actors: Actor[] = [];
      const options = () => ({ fair: actors.length % 3 !== 2 });
      const keep = (actor: Actor) => {
        actors.push(actor);
        return actor;
      };
      scenario.setup({
        ...s,
        task: (name, operations, given) => keep(s.task(name, operations, { ...given, ...options() })),
        actor: (name, program, args, given) => keep(s.actor(name, program, args, { ...given, ...options() })),
        // Blocks of actors who are fair and who are not cannot be exchanged.
        interchangeable: () => {},
      });
      const [first, last] = [actors[0], actors[actors.length - 1]] as [Actor, Actor];
      for (const actor of actors) s.property(eventually(`${actor.name}-ends`, 'it ends', (now) => now.ended(actor)));
      s.property(
        leadsTo(
          'one-after-the-other',
          'the last ends when the first has',
          (now) => now.ended(first),
          (now) => now.ended(last),
        ),
      );
    },
  };
}

describe('a ring of two that a third may leave', () => {
  const ring = (fair: boolean) =>
    walkers(
      [
        {
          arrows: [
            { from: 0, to: 1 },
            { from: 1, to: 0 },
          ],
          fair: true,
          ends: 9,
        },
        {
          arrows: [
            { from: 0, to: 2 },
            { from: 1, to: 2 },
          ],
          fair,
          ends: 9,
        },
      ],
      [2, 1],
    );

  test('is left when the third is fair', async () => {
    const verdict = await check(ring(true));
    expect(verdict.properties.find((p) => p.name === 'comes-to-2')?.result).toBe('holds');
    expect(verdict.fairness).toBe(
      'weak fairness: an actor that could move in every state from some point on does move',
    );
  });

  test('is not left when it need not be', async () => {
    const verdict = await check(ring(false), { properties: ['comes-to-2'] });
    const [violation] = verdict.violations;
    expect(violation?.evidence).toEqual({
      kind: 'liveness',
      message: 'it never comes that it comes to 2, while walker0 goes round for ever',
      objects: [],
      actors: ['walker0'],
    });
    expect([violation?.loop, violation?.steps.length]).toEqual([1, 2]);
    expect(violation?.schedule).toContain(
      '\n\nloop\nwalker0: walk0/walk [arrow 0]\nwalker0: walk0/walk [arrow 1]\nend 2 steps\n',
    );
    expect(verdict.fairness).toContain('except walker1, who may stop anywhere');
  });

  test('a stored schedule whose loop does not close, is not fair or keeps the promise is told apart', async () => {
    const scenario = ring(false);
    const [violation] = (await check(scenario, { properties: ['comes-to-2'] })).violations;
    const driven = (text: string, of = scenario) => {
      const result = replay(of, parseSchedule(text));
      return result.result === 'diverged' ? `${result.divergence.step}: ${result.divergence.reason}` : 'reproduced';
    };
    const schedule = violation?.schedule ?? '';
    expect(driven(schedule)).toBe('reproduced');
    const open = schedule.replace('walker0: walk0/walk [arrow 1]\nend 2 steps', 'end 1 step');
    expect(driven(open)).toBe('1: the loop does not end in the state in which it begins');
    expect(driven(schedule, ring(true))).toBe(
      '2: the loop is not fair: walker1 could move all the time and never does',
    );
    expect(driven(schedule.replace('comes-to-2', 'comes-to-1'))).toBe('1: the loop keeps the promise');
    expect(driven(schedule.replace('comes-to-2', 'leads'))).toContain('the promise was never made');
    expect(driven(schedule.replace('comes-to-2', 'deadlock'))).toContain('no promise about what comes named deadlock');
  });

  test.each([
    ['symmetry', { symmetry: true }],
    ['the random strategy', { strategy: 'random', properties: ['comes-to-2'] }],
    ['the pct strategy', { strategy: 'pct', properties: ['comes-to-2'] }],
    ['a bound on preemptions', { strategy: 'bounded', preemptions: 1, properties: ['comes-to-2'] }],
    ['a depth limit', { depth: 5, properties: ['comes-to-2'] }],
  ] as const)('is refused with %s', async (option, options) => {
    const refusal = await rejectionOf(check(ring(true), options));
    expect(refusal).toMatchObject({
      code: 'config',
      what: `property "comes-to-2" (eventually) cannot be decided with ${option}`,
    });
  });

  test.each([
    ['random walks', { strategy: 'random' }],
    ['a limit of states', { maxStates: 1 }],
    ['a limit of memory', { maxMemoryBytes: 1 }],
  ] as const)('is left undecided by %s, never a pass', async (_, options) => {
    const verdict = await check(ring(true), options);
    expect(verdict.outcome).not.toBe('holds');
    expect(verdict.properties.find((p) => p.name === 'comes-to-2')?.result).toBe('undecided');
  });

  test('is not looked at when other properties are asked for', async () => {
    const verdict = await check(ring(false), { properties: ['deadlock'] });
    expect(verdict.outcome).toBe('holds');
    expect(verdict.properties.filter(isPromise)).toEqual([]);
    expect(verdict).not.toHaveProperty('fairness');
  });
});

test('a chain of more than 200,000 states is decided without recursion', { timeout: 120_000 }, async () => {
  const Wheels = object('wheels', { low: int(0, 255), high: int(0, 255), turns: int(0, 3) }, { permanent: true });
  const turn = procedure('turn', { source, params: { w: Wheels } }, (k) => [
    k.loop([
      k.test(
        'turn',
        ({ w }) => {
          w.low = (w.low + 1) % 256;
          if (w.low === 0) w.high = (w.high + 1) % 256;
          if (w.low === 0 && w.high === 0) w.turns++;
          return w.turns === 3 && w.low === 255 && w.high === 100;
        },
        [k.break()],
      ),
    ]),
  ]);
  const scenario = tiny((s) => {
    const w = s.object(Wheels, 'wheels');
    const hand = s.actor('hand', turn, { w });
    s.property(eventually('ends', 'it ends', (now) => now.ended(hand)));
  });
  const verdict = await check(scenario, exhaustive);
  expect(verdict.counts.states).toBe(3 * 65_536 + 100 * 256 + 256);
  expect(verdict.properties.find((p) => p.name === 'ends')?.result).toBe('holds');
});

describe('two who want in, again and again', () => {
  const Room = object(
    'room',
    { wants: array(bool(), 2), turn: int(0, 1), locked: bool(), inside: int(-1, 1, -1) },
    { permanent: true },
  );
  type Room = ViewOf<typeof Room>;

  /** `ask` lines up and tells whether the other must be waited for; both poll. */
  const room = (ask: (r: Room, me: number) => void, mayEnter: (r: Room, me: number) => boolean, fair = true) =>
    tiny((s) => {
      const it = s.object(Room, 'room');
      [0, 1].forEach((me) => {
        const visit = procedure(`visit${me}`, { source, params: { room: Room } }, (k) => [
          k.loop([
            k.step('want in', (f) => {
              f.room.wants.set(me, true);
            }),
            k.step('let the other go first', (f) => ask(f.room, me)),
            k.loop([
              k.test(
                'look',
                (f) => {
                  if (!mayEnter(f.room, me)) return false;
                  f.room.locked = true;
                  f.room.inside = me;
                  return true;
                },
                [k.break()],
              ),
            ]),
            k.step('leave', (f) => {
              f.room.locked = false;
              f.room.inside = -1;
              f.room.wants.set(me, false);
            }),
          ]),
        ]);
        s.actor(`visitor${me}`, visit, { room: it }, { fair });
        s.property(
          leadsTo(
            `enters${me}`,
            `visitor${me} enters`,
            () => it.wants.at(me),
            () => it.inside === me,
          ),
        );
      });
    });
  const peterson = (fair: boolean) =>
    room(
      (r, me) => {
        r.turn = 1 - me;
      },
      (r, me) => !r.wants.at(1 - me) || r.turn === me,
      fair,
    );
  const results = async (scenario: Scenario) => {
    const { properties } = await check(scenario, { all: true });
    return properties.filter(isPromise).map((p) => p.result);
  };

  test('by the algorithm of Peterson both get in, if both are fair', async () => {
    expect(await results(peterson(true))).toEqual(['holds', 'holds']);
    expect(await results(peterson(false))).toEqual(['violated', 'violated']);
  });

  test('with a lock that whoever comes first takes, either may be left outside for ever', async () => {
    const grab = room(
      () => {},
      (r) => !r.locked,
    );
    expect(await results(grab)).toEqual(['violated', 'violated']);
  });
});
