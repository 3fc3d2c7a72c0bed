/** Actors that can never move again although others go on: found exactly, and nobody else is accused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findStuck } from '../../../../checker/analyse/stuck.ts';
import { check } from '../../../../checker/check.ts';
import {
  type Body,
  bool,
  int,
  type Kit,
  object,
  type Scenario,
  type View,
  Violation,
} from '../../../../checker/lang/index.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { breadthFirst, text } from '../../../support/search.ts';
import { plain, race, tiny } from '../../../support/tiny.ts';

const World = object('w', { flag: bool(), n: int(0, 9) }, { permanent: true });
type World = View<typeof World.shape>;

function scene(bodies: Record<string, (k: Kit<any>, w: World) => Body<any>>): Scenario {
  return tiny((s) => {
    const w = s.object(World, 'w');
    for (const [name, body] of Object.entries(bodies))
      s.actor(
        name,
        plain(`${name}_fn`, (k) => body(k, w)),
        {},
      );
  });
}

const forever = (k: Kit<any>) => [k.loop([k.step('tick', () => {}), k.step('tock', () => {})])];

describe('stuck', () => {
  test('is who waits for what nobody will do while another loops for ever', async () => {
    const verdict = await check(scene({ a: (k) => [k.blockUntil('never', () => false)], b: forever }));
    expect(verdict).toMatchObject({ outcome: 'violated', complete: true });
    expect(verdict.violations[0]).toMatchObject({
      property: 'stuck',
      evidence: { kind: 'stuck', message: 'a can never move again although others go on', actors: ['a'] },
      steps: [],
      subkind: 'lost wake-up',
    });
    expect(verdict.properties.find((p) => p.name === 'stuck')?.result).toBe('violated');
  });

  test('is who missed the only chance, and the counterexample ends where it is lost', async () => {
    const verdict = await check(
      scene({
        a: (k, w) => [k.step('go', () => {}), k.blockUntil('chance', () => w.n === 1)],
        b: (k, w) => [
          k.loop([
            k.step('on', () => {
              if (w.n < 2) w.n++;
            }),
            k.step('nothing', () => {}),
          ]),
        ],
      }),
    );
    // The chance passes with the third step of b: on, nothing, on. Before its own first step a can still move.
    expect(verdict.violations[0]?.steps.map((s) => s.actor).sort()).toEqual(['a', 'b', 'b', 'b']);
  });

  test('are two actors that wait for each other while a third goes on', async () => {
    const verdict = await check(
      scene({
        a: (k, w) => [k.blockUntil('b first', () => w.n === 2)],
        b: (k, w) => [k.blockUntil('a first', () => w.n === 1)],
        c: forever,
      }),
    );
    expect(verdict.violations[0]?.evidence.actors).toEqual(['a', 'b']);
  });
});

describe('not stuck', () => {
  test.each<[string, Scenario]>([
    ['is who has ended', scene({ a: (k) => [k.step('once', () => {})], b: forever })],
    [
      'is who may rest where it stands',
      scene({ a: (k) => [k.blockUntil('work', () => false, { idle: true })], b: forever }),
    ],
    [
      'is who may go on in some future',
      scene({
        a: (k, w) => [k.blockUntil('flag', () => w.flag)],
        b: (k, w) => [
          k.loop([
            k.choose('which', [
              { name: 'spin' },
              {
                name: 'raise',
                act: () => {
                  w.flag = true;
                },
              },
            ]),
          ]),
        ],
      }),
    ],
    ['is who loops for ever itself', race(plain('p', forever))],
  ])('%s', async (_what, scenario) => {
    expect((await check(scenario)).outcome).toBe('holds');
  });

  test('is who stands in a deadlock: that is told as a deadlock', async () => {
    const verdict = await check(
      scene({ a: (k) => [k.blockUntil('never', () => false)], b: (k) => [k.step('x', () => {})] }),
    );
    expect(verdict.violations.map((v) => v.property)).toEqual(['deadlock']);
  });

  test('is who can only break a promise: its step can be taken', async () => {
    const { search, model } = breadthFirst(
      scene({
        a: (k) => [
          k.step('bad', () => {
            throw new Violation('assertion', 'bad');
          }),
        ],
        b: forever,
      }),
    );
    expect(findStuck(model, search)).toEqual({ result: 'nobody' });
  });
});

test('more actors than bits of a word are undecided', () => {
  const many = Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`t${i}`, () => [] as Body<any>]));
  const { search, model } = breadthFirst(scene({ ...many, loop: forever }));
  expect(findStuck(model, search)).toEqual({ result: 'undecided', because: 'more than 31 actors' });
});

/**
 * The plain definition: in a state, an actor that does not rest and moves in no state that can be reached from it.
 * States from which a deadlock can be reached are left out, as it is told by itself.
 */
function plainlyStuck(scenario: Scenario): { state: number; actors: number[] } | null {
  const sim = new Simulator(scenario);
  const keys: string[] = [text(sim.state)];
  const vectors = [sim.state];
  const next: number[][] = [];
  const moves: number[][] = [];
  const rests: number[][] = [];
  for (let i = 0; i < vectors.length; i++) {
    const here = vectors[i] as Int32Array;
    sim.state = here;
    sim.focus();
    rests[i] = sim.model.actors.filter((a) => sim.model.rests(a.index)).map((a) => a.index);
    const found = sim.moves();
    moves[i] = found.map((m) => m.actor);
    next[i] = found.map((m) => {
      sim.state = here;
      sim.step(m.actor, m.choice);
      const key = text(sim.state);
      if (!keys.includes(key)) {
        keys.push(key);
        vectors.push(sim.state);
      }
      return keys.indexOf(key);
    });
  }
  const everybody = sim.model.actors.map((a) => a.index);
  for (let i = 0; i < keys.length; i++) {
    const reach = new Set([i]);
    for (const s of reach) for (const t of next[s] as number[]) reach.add(t);
    const dead = [...reach].some(
      (s) => (next[s] as number[]).length === 0 && (rests[s] as number[]).length < everybody.length,
    );
    if (dead) continue;
    const may = new Set([...reach].flatMap((s) => [...(moves[s] as number[]), ...(rests[s] as number[])]));
    const actors = everybody.filter((a) => !may.has(a));
    if (actors.length > 0) return { state: i, actors };
  }
  return null;
}

test('random machines with random waits: the same state and the same actors as by the plain definition', () => {
  const edge = fc.record({ from: fc.nat({ max: 3 }), to: fc.nat({ max: 3 }) });
  const world = fc.record({
    edges: fc.array(edge, { minLength: 1, maxLength: 6 }),
    waits: fc.array(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
  });
  let some = 0;
  fc.assert(
    fc.property(world, ({ edges, waits }) => {
      const scenario = scene({
        ...Object.fromEntries(
          waits.map((values, i) => [
            `wait${i}`,
            (k: Kit<any>, w: World) => values.map((v, j) => k.blockUntil(`${j}`, () => w.n === v)),
          ]),
        ),
        mover: (k, w) => [
          k.loop([
            k.choose(
              'move',
              edges.map(({ from, to }, j) => ({
                name: `${j}`,
                when: () => w.n === from,
                act: () => {
                  w.n = to;
                },
              })),
              { idle: true },
            ),
          ]),
        ],
      });
      const { search, model } = breadthFirst(scenario);
      const found = findStuck(model, search);
      const expected = plainlyStuck(scenario);
      if (expected !== null) some++;
      expect(found).toEqual(expected === null ? { result: 'nobody' } : { result: 'stuck', ...expected });
    }),
    { numRuns: 150, seed: 2018 },
  );
  // The claim would be empty if hardly any of them had a stuck actor.
  expect(some).toBeGreaterThan(20);
});
