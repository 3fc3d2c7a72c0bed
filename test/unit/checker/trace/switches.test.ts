/**
 * The simplest of the shortest: no shorter counterexample exists, and none of its length has fewer context switches.
 * Compared with every schedule there is, on random programs.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  type Actor,
  always,
  int,
  type Kit,
  object,
  type Procedure,
  procedure,
  type Scenario,
  type Statement,
  type View,
  Violation,
  violated,
} from '../../../../checker/lang/index.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import type { Counterexample } from '../../../../checker/trace/counterexample.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { countSwitches } from '../../../../checker/trace/size.ts';
import { outcomesOf } from '../../../../checker/trace/verify.ts';
import { build } from '../../../support/random-build.ts';
import { randomModel } from '../../../support/random-model.ts';
import { plain, source, tiny } from '../../../support/tiny.ts';

const Cell = object('cell', { n: int(0, 7) }, { permanent: true });

type Op = readonly ['add' | 'wait' | 'fail' | 'nothing', number];

/** Actors with programs of a few operations on one counter; equal numbers mean the same procedure, and may be exchanged. */
function programs(bodies: readonly (readonly Op[])[], of: readonly number[]): Scenario {
  return tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const procedures = bodies.map((ops, i) => body(`p${i}`, ops, cell));
    const actors = of.map((which, i) =>
      s.actor(`t${i}`, procedures[which % procedures.length] as Procedure<any, number>, {}),
    );
    for (const p of procedures.keys())
      s.interchangeable(actors.filter((_, i) => (of[i] as number) % procedures.length === p).map((a) => [a]));
  });
}

function body(name: string, ops: readonly Op[], cell: View<typeof Cell.shape>) {
  return plain(name, (k) =>
    ops.map(([op, v], i): Statement<any> => {
      switch (op) {
        case 'add':
          return k.step(`${i} add`, () => {
            cell.n = (cell.n + v) % 8;
          });
        case 'wait':
          return k.blockUntil(`${i} wait`, () => cell.n !== v);
        case 'fail':
          return k.step(`${i} fail`, (_f, self: Actor) => {
            if (cell.n === v) throw new Violation('assertion', `${self.name} saw ${v}`, [], [self.name]);
          });
        default:
          return k.step(`${i} nothing`, () => {});
      }
    }),
  );
}

/** Every schedule of exactly so many moves, as moves. */
function schedulesOf(scenario: Scenario, length: number): number[][] {
  const sim = new Simulator(scenario);
  const all: number[][] = [];
  const extend = (path: number[]): void => {
    if (path.length === length) {
      all.push(path);
      return;
    }
    const here = sim.state;
    for (const { actor, choice, fault } of sim.moves()) {
      const move = (actor << 16) | choice;
      if (fault !== null) {
        if (path.length + 1 === length) all.push([...path, move]);
        continue;
      }
      sim.state = here;
      sim.step(actor, choice);
      extend([...path, move]);
      sim.state = here;
    }
  };
  extend([]);
  return all;
}

const op = fc.tuple(
  fc.constantFrom('add', 'add', 'wait', 'fail', 'nothing') as fc.Arbitrary<Op[0]>,
  fc.integer({ min: 1, max: 3 }),
);
const anyScenario = fc.record({
  bodies: fc.array(fc.array(op, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  of: fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 3 }),
});

test('random programs: no schedule is shorter, and none as short has fewer switches', async () => {
  let violated = 0;
  let improved = 0;
  await fc.assert(
    fc.asyncProperty(anyScenario, async ({ bodies, of }) => {
      const scenario = programs(bodies, of);
      const found = (await check(scenario)).violations[0];
      if (found === undefined) return;
      violated++;
      const sim = new Simulator(scenario);
      const findings = new Findings(sim.model, null);
      const violating = (length: number) =>
        schedulesOf(scenario, length).filter((moves) =>
          outcomesOf(sim.model, findings, moves)?.some((o) => o.signature === found.signature),
        );
      const { length } = found.steps;
      for (let shorter = 0; shorter < length; shorter++)
        for (const moves of schedulesOf(scenario, shorter))
          expect(outcomesOf(sim.model, findings, moves) ?? []).toEqual([]);
      const switches = violating(length).map(countSwitches);
      expect(found.switches).toBe(length === 0 ? 0 : Math.min(...switches));
      expect(found.minimal).toBe(length === 0 ? 'shortest' : 'proven');
      if (Math.max(...switches) > found.switches) improved++;
    }),
    { numRuns: 120, seed: 7 },
  );
  // Without these the claim would be nearly empty.
  expect(violated).toBeGreaterThan(30);
  expect(improved).toBeGreaterThan(10);
});

test('random programs with symmetry: as few switches as without', async () => {
  let folded = 0;
  let renamed = 0;
  await fc.assert(
    fc.asyncProperty(anyScenario, async ({ bodies, of }) => {
      fc.pre(new Set(of.map((which) => which % bodies.length)).size < of.length);
      const scenario = programs(bodies, of);
      const plainly = (await check(scenario)).violations[0];
      const found = (await check(scenario, { symmetry: true })).violations[0];
      expect(found?.signature).toBe(plainly?.signature);
      expect(found?.switches).toBe(plainly?.switches);
      expect(found?.minimal).toBe(plainly?.minimal);
      if (found === undefined) return;
      folded++;
      if (found.schedule !== plainly?.schedule) renamed++;
    }),
    { numRuns: 150, seed: 7 },
  );
  expect(folded).toBeGreaterThan(30);
  expect(renamed).toBeGreaterThan(3);
});

test('random symmetric models: as few switches as without, where both find the same', {
  timeout: 120_000,
}, async () => {
  let compared = 0;
  for (const drawn of fc.sample(randomModel, { seed: 7, numRuns: 120 })) {
    const scenario = build({ ...drawn, symmetric: true });
    const plainly = await check(scenario, { maxStates: 300 }).catch(() => null);
    const wanted = plainly?.violations[0];
    if (plainly === null || wanted === undefined || wanted.property === 'stuck') continue;
    const found = (await check(scenario, { symmetry: true })).violations[0];
    expect(found?.steps.length).toBe(wanted.steps.length);
    if (found?.signature !== wanted.signature) continue;
    expect([found.switches, found.minimal]).toEqual([wanted.switches, wanted.minimal]);
    compared++;
  }
  expect(compared).toBeGreaterThan(20);
});

test('random programs: the evidence is that of the schedule that is shown', async () => {
  let faults = 0;
  await fc.assert(
    fc.asyncProperty(anyScenario, async ({ bodies, of }) => {
      const found = (await check(programs(bodies, of))).violations[0];
      if (found === undefined || found.evidence.kind !== 'assertion') return;
      faults++;
      const last = found.steps.at(-1);
      expect(found.evidence.actors).toEqual([last?.actor]);
      expect(found.evidence.message).toMatch(new RegExp(`^${last?.actor} saw `));
    }),
    { numRuns: 120, seed: 7 },
  );
  expect(faults).toBeGreaterThan(10);
});

// Both users run one procedure, so both bugs have one signature. The search meets that of mm0 first, which needs two
// switches, as its freer waits for the user; that of mm1 needs one.
test('when a simpler schedule uses other objects and actors, the evidence does too', async () => {
  const Mm = object('mm', { users: int(0, 7) });
  const scenario = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const use = procedure('use', { source, params: { mm: Mm, started: int(0, 1) } }, (k) => [
      k.step('start', (f) => {
        if (f.started === 1) cell.n = 1;
      }),
      k.step('use', (f) => void f.mm.users),
    ]);
    const [mm0, mm1] = [s.object(Mm, 'mm0'), s.object(Mm, 'mm1')];
    s.actor('user0', use, { mm: mm0, started: 1 });
    const free = (mm: object) => (k: Kit<any>) => [
      k.blockUntil('wait', () => mm === mm1 || cell.n === 1),
      k.free(() => mm, { label: 'kfree' }),
    ];
    s.actor('freer0', plain('put', free(mm0)), {});
    s.actor('user1', use, { mm: mm1, started: 0 });
    s.actor('freer1', plain('put_other', free(mm1)), {});
  });
  const found = (await check(scenario)).violations[0];
  expect(found?.steps.map((s) => s.actor)).toEqual(['freer1', 'freer1', 'user1', 'user1']);
  expect(found?.evidence).toMatchObject({ objects: ['mm1'], actors: ['user1'] });
  expect(found?.story.join(' ')).not.toContain('mm0');
});

test('switches are counted where the running actor changes', () => {
  const moves = (...actors: number[]) => actors.map((a) => (a << 16) | (a & 1));
  expect(countSwitches([])).toBe(0);
  expect(countSwitches(moves(2))).toBe(0);
  expect(countSwitches(moves(0, 0, 1, 1, 0))).toBe(2);
  expect(countSwitches([(0 << 16) | 0, (0 << 16) | 1])).toBe(0);
});

test('without explanation the counterexample is a shortest one and says no more', async () => {
  const scenario = programs(
    [
      [
        ['add', 1],
        ['fail', 2],
      ],
    ],
    [0, 0],
  );
  const found = (await check(scenario, { explain: false })).violations[0];
  expect(found).toMatchObject({ minimal: 'shortest', needed: null });
  expect(found?.steps).toHaveLength(3);
});

/** What a violation is, apart from the schedule that shows it. */
const identity = (v: Counterexample) => [v.property, v.evidence.kind, v.signature, v.steps.length];

test('random programs: explanation chooses the schedule of a violation, never the violation', async () => {
  let several = 0;
  await fc.assert(
    fc.asyncProperty(anyScenario, async ({ bodies, of }) => {
      const scenario = programs(bodies, of);
      for (const all of [false, true]) {
        const plainly = (await check(scenario, { all, explain: false })).violations;
        const explained = (await check(scenario, { all })).violations;
        expect(explained.map(identity)).toEqual(plainly.map(identity));
        if (plainly.length > 1) several++;
      }
    }),
    { numRuns: 40, seed: 7 },
  );
  expect(several).toBeGreaterThan(2);
});

test('of violations of several kinds and one length the same is told, explained or not', async () => {
  const Mm = object('mm', { users: int(0, 7) });
  const tied = (order: readonly number[]) =>
    tiny((s) => {
      const cell = s.object(Cell, 'cell');
      const mm = s.object(Mm, 'mm');
      const kinds = [
        plain('frees twice', (k) => [k.free(() => mm, { label: 'once' }), k.free(() => mm, { label: 'twice' })]),
        plain('blocks', (k) => [
          k.step('close', () => {
            cell.n = 1;
          }),
          k.blockUntil('open', () => cell.n === 0),
        ]),
        plain('asserts', (k) => [
          k.step('first', () => {}),
          k.step('then', () => {
            throw new Violation('assertion', 'never');
          }),
        ]),
      ];
      for (const i of order) s.actor(`actor${i}`, kinds[i] as (typeof kinds)[0], {});
      s.property(
        always('closed', 'never closed after a free', () => (cell.n === 1 ? violated('protocol', 'closed') : null)),
      );
    });
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [1, 0],
  ])
    for (const all of [false, true]) {
      const plainly = (await check(tied(order), { all, explain: false })).violations;
      const explained = (await check(tied(order), { all })).violations;
      expect(plainly.length).toBeGreaterThan(all ? 1 : 0);
      expect(explained.map(identity)).toEqual(plainly.map(identity));
    }
});
