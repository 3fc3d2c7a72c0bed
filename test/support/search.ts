/** Running a strategy to its end, and an explorer so plain that it is obviously right, to compare it with. */
import { compile } from '../../checker/compile/compile.ts';
import type { CompiledModel } from '../../checker/compile/model.ts';
import type { Scenario } from '../../checker/lang/index.ts';
import { BreadthFirst } from '../../checker/search/breadth/bfs.ts';
import { Findings } from '../../checker/search/findings.ts';
import type { Limits, Strategy } from '../../checker/search/strategy.ts';
import { Simulator } from '../../checker/trace/simulator.ts';

export const noLimits: Limits = {
  maxStates: 2 ** 31 - 1,
  maxDepth: 2 ** 31 - 1,
  maxMemoryBytes: Number.MAX_SAFE_INTEGER,
};

/** Lets a strategy run until it is over. */
export function finish<S extends Strategy>(strategy: S): S {
  while (strategy.advance(1000));
  return strategy;
}

/** A breadth-first search of a scenario, finished. */
export function breadthFirst(
  scenario: Scenario,
  options: { limits?: Partial<Limits>; stopAtFirst?: boolean; only?: readonly string[] } = {},
): { model: CompiledModel; findings: Findings; search: BreadthFirst } {
  const model = compile(scenario);
  const findings = new Findings(model, options.only ?? null);
  const limits = { ...noLimits, ...options.limits };
  const search = finish(new BreadthFirst(model, findings, { limits, stopAtFirst: options.stopAtFirst ?? false }));
  return { model, findings, search };
}

/** The words of a stored state. */
export function stateOf(search: BreadthFirst, index: number): Int32Array {
  const words = new Int32Array(search.store.shape.words);
  search.store.read(index, words, 0);
  return words;
}

/** The states a plain queue finds, in order: their words as text, level by level, with the parent of each. */
export function plainly(scenario: Scenario): { states: string[]; levels: number[]; parents: number[] } {
  const sim = new Simulator(scenario);
  const states = [text(sim.state)];
  const vectors = [sim.state];
  const depths = [0];
  const parents = [-1];
  for (let i = 0; i < vectors.length; i++) {
    sim.state = vectors[i] as Int32Array;
    for (const { actor, choice, fault } of sim.moves()) {
      if (fault !== null) continue;
      sim.state = vectors[i] as Int32Array;
      sim.step(actor, choice);
      const key = text(sim.state);
      if (states.includes(key)) continue;
      states.push(key);
      vectors.push(sim.state);
      depths.push((depths[i] as number) + 1);
      parents.push(i);
    }
  }
  const levels = Array.from({ length: Math.max(...depths) + 1 }, (_, d) => depths.filter((x) => x === d).length);
  return { states, levels, parents };
}

export const text = (words: Int32Array): string => [...words].join();

/** Names of the actors of a list of moves, in order; a choice other than the first is added as `/1`. */
export function namesOf(model: CompiledModel, moves: readonly number[]): string {
  return moves
    .map((move) => `${model.actors[move >> 16]?.view.name}${(move & 0xffff) === 0 ? '' : `/${move & 0xffff}`}`)
    .join(' ');
}
