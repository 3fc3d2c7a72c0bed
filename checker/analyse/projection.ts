/**
 * The state space seen through a few fields of one object: the values they take together, and which procedures lead from
 * one to the next. This is the state machine of the object as the model has it, rather than as somebody drew it.
 *
 * Cost: every reachable state is expanded once more, by name; meant for some thousand states.
 */
import { compile } from '../compile/compile.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Scenario } from '../lang/scenario.ts';
import { BreadthFirst } from '../search/breadth/bfs.ts';
import { Findings } from '../search/findings.ts';
import { Simulator } from '../trace/simulator.ts';

export interface ProjectionStep {
  /** Values of the fields, in the order asked for; null while the object does not live. */
  readonly from: readonly string[] | null;
  readonly to: readonly string[] | null;
  /** Procedures whose steps do this, in alphabetical order. */
  readonly procedures: readonly string[];
}

export interface Projection {
  readonly initial: readonly string[] | null;
  /** In the order in which a breadth-first search meets them. */
  readonly steps: readonly ProjectionStep[];
}

const limits = { maxStates: 100_000, maxDepth: 2 ** 31 - 1, maxMemoryBytes: 2 ** 31 };

/**
 * @param object path of the object, such as `dev0` or, for what is allocated, its slot: `iommu_bond#0`.
 * @param fields paths below it.
 * @throws QuiesceError `usage` when the model has no such path, or more than 100,000 states.
 */
export function projection(scenario: Scenario, variant: string, object: string, fields: readonly string[]): Projection {
  const model = compile(scenario, { variant });
  const search = new BreadthFirst(model, new Findings(model, []), { limits, stopAtFirst: false, symmetry: null });
  while (search.advance(1000));
  if (search.incomplete !== null)
    throw new QuiesceError('usage', `${scenario.name} ${variant} is too large: ${search.incomplete}`);
  const sim = new Simulator(scenario, { variant });
  const cells = fields.map((field) => {
    const path = `${object}.${field}`;
    const cell = sim.model.cells.find((c) => c.path === path);
    if (cell === undefined) throw new QuiesceError('usage', `${scenario.name} has no field ${path}`);
    return cell;
  });
  const values = (): readonly string[] | null => {
    const { memory } = sim.model;
    sim.focus();
    const dead = cells.some((c) => c.liveness >= 0 && memory.bytes[memory.at + c.liveness] !== 1);
    return dead ? null : cells.map((c) => c.show());
  };
  const initial = values();
  const found = new Map<string, { from: readonly string[] | null; to: readonly string[] | null; by: Set<string> }>();
  for (let i = 0; i < search.counts.states; i++) {
    const state = new Int32Array(model.words);
    search.store.read(i, state, 0);
    sim.state = state;
    const from = values();
    for (const { actor, fault, after } of sim.moves()) {
      if (fault !== null) continue;
      const procedure = sim.point(actor)?.procedure ?? '?';
      sim.state = after;
      const to = values();
      sim.state = state;
      const key = JSON.stringify([from, to]);
      if (key === JSON.stringify([from, from])) continue;
      const step = found.get(key) ?? { from, to, by: new Set<string>() };
      step.by.add(procedure);
      found.set(key, step);
    }
  }
  return {
    initial,
    steps: [...found.values()].map(({ from, to, by }) => ({ from, to, procedures: [...by].sort() })),
  };
}
