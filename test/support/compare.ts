/** Compares a verdict of the engine with what brute force found. */
import type { Verdict } from '../../checker/verdict.ts';
import { aboutText, type Broken, type BruteForce } from './brute-force.ts';

/**
 * Everything in which an exhaustive verdict and brute force differ, a sentence each. A verdict that stopped at its
 * first violation is compared with the part of the space that it claims to have seen, one that folded symmetric states
 * in everything but its counts.
 */
export function differences(verdict: Verdict, twin: BruteForce): string[] {
  const wrong: string[] = [];
  const compare = (what: string, engine: unknown, brute: unknown): void => {
    if (JSON.stringify(engine) !== JSON.stringify(brute))
      wrong.push(`${what}: engine ${JSON.stringify(engine)}, brute force ${JSON.stringify(brute)}`);
  };
  const { strategy } = verdict.options;
  const breadthFirst = strategy === 'bfs';
  const folded = verdict.reductions.some((r) => r.name.startsWith('symmetry'));
  const stopped = !verdict.complete && verdict.options['all'] === false;
  const seen = stopped ? partSeen(twin) : twin;

  if (folded) {
    if (verdict.counts.states > sum(seen.levels)) wrong.push('symmetry: more states than without it');
  } else if (!stopped || breadthFirst) {
    compare('states', verdict.counts.states, sum(seen.levels));
    // A bounded search takes a step once for each actor that may have moved before it.
    if (seen.transitions !== null && strategy !== 'bounded')
      compare('transitions', verdict.counts.transitions, seen.transitions);
  }
  if (breadthFirst && !folded) {
    compare('states of each level', verdict.counts.levels, seen.levels);
    compare('depth', verdict.counts.depth, seen.levels.length - 1);
  }

  const twinBroken = twin.broken.map((b) => ({ ...b }));
  const checksStuck = verdict.properties.some((p) => p.name === 'stuck');
  if (verdict.complete && checksStuck && twin.stuck !== null) {
    // Breadth first finds the nearest state with stuck actors, depth first any.
    const { length, actors, anywhere } = twin.stuck;
    const about = (breadthFirst && !folded ? [actors] : anywhere).map((a) => aboutText({ objects: [], actors: a }));
    twinBroken.push({ property: 'stuck', kind: 'stuck', length, level: 0, about: new Set(about) });
  }
  const outcome = twinBroken.length > 0 || (verdict.complete && twin.goalsMissed.length > 0) ? 'violated' : 'holds';
  compare('outcome', verdict.outcome, outcome);

  for (const v of verdict.violations) {
    const same = twinBroken.find((b) => b.property === v.property && b.kind === v.evidence.kind);
    if (same === undefined) {
      wrong.push(`engine finds ${v.property} (${v.evidence.kind}): ${v.evidence.message}; brute force does not`);
      continue;
    }
    if (!same.about.has(aboutText(v.evidence)))
      wrong.push(`${v.property}: engine names ${aboutText(v.evidence)}, brute force ${[...same.about].join(' or ')}`);
    if (v.steps.length < same.length)
      wrong.push(`${v.property}: engine needs ${v.steps.length} steps, brute force at least ${same.length}`);
  }
  if (verdict.complete) {
    for (const b of twinBroken) {
      const found = verdict.violations.filter((v) => v.property === b.property && v.evidence.kind === b.kind);
      if (found.length === 0)
        wrong.push(`brute force finds ${b.property} (${b.kind}) in ${b.length} steps; engine does not`);
      else if (breadthFirst)
        compare(`length of ${b.property} (${b.kind})`, Math.min(...found.map((v) => v.steps.length)), b.length);
    }
    const reached = verdict.properties.filter((p) => p.result === 'reached').map((p) => p.name);
    compare('goals reached', reached.sort(), [...twin.goalsReached].sort());
    const missed = verdict.properties.filter((p) => p.result === 'never reached').map((p) => p.name);
    compare('goals missed', missed.sort(), [...twin.goalsMissed].sort());
  } else if (stopped && breadthFirst) {
    const shortest = Math.min(...firstLevel(twin).map((b) => b.length));
    compare('length of the first violation', verdict.violations[0]?.steps.length, shortest);
  }
  return wrong;
}

function firstLevel(twin: BruteForce): Broken[] {
  const level = Math.min(...twin.broken.map((b) => b.level));
  return twin.broken.filter((b) => b.level === level);
}

/** What a search has seen that finishes the level with the first violation and stops. */
function partSeen(twin: BruteForce): { levels: readonly number[]; transitions: number | null } {
  if (!twin.complete) return twin;
  const level = Math.min(...twin.broken.map((b) => b.level));
  return { levels: twin.levels.slice(0, level + 2), transitions: null };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
