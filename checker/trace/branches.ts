/**
 * The state graph, reduced to a schedule and what lies one step beside it: at each state of the schedule the steps that
 * could have been taken instead, and whether the schedule can go on from there. A step that does not matter to what
 * follows leads along the schedule, state beside state, until the schedule takes it itself and both are one again; where
 * that stops, the two conflict.
 *
 * Costs two steps of the simulator for each of at most 200 nodes. Limits: of a large one, the states before essential steps
 * and the last ones.
 */
import { actorOf, choiceOf, type Simulator } from './simulator.ts';

/** Nodes of the graph: states of the schedule that are shown, and states beside them. */
export const MOST_NODES = 200;

/** A step that could have been taken instead of the one that was. */
export interface Branch {
  /** State of the schedule which it leaves: the number of steps before it. */
  readonly at: number;
  readonly actor: string;
  readonly label: string;
  readonly choice: string | null;
  /**
   * What comes of the schedule's next step after it. `along`: the state that the same branch leads to one state later;
   * `joins`: a state of the schedule, which takes this branch as its step after the next; `apart`: it cannot be taken,
   * or leads elsewhere; `breaks`: it breaks a promise. Of a branch that breaks a promise itself, `broken`; where the
   * schedule has no next step, `end`.
   */
  readonly leads: 'along' | 'joins' | 'apart' | 'breaks' | 'broken' | 'end';
}

/**
 * @param states every state of the schedule, from the initial one; without one where the last step breaks a promise.
 * @param essential numbers of the steps that matter most
 */
export function branchesOf(
  simulator: Simulator,
  states: readonly Int32Array[],
  moves: readonly number[],
  essential: ReadonlySet<number>,
): Branch[] {
  const kept = simulator.state;
  // Most states are asked twice: for what leaves them, and for what leaves the one before.
  const known: Next[][] = [];
  const at = (n: number): Next[] => {
    if (n >= states.length) return [];
    known[n] ??= movesFrom(simulator, states[n] as Int32Array);
    return known[n];
  };
  const shown: Branch[] = [];
  let nodes = 0;
  for (const n of byWeight(states.length, essential)) {
    const others = at(n).filter(({ move }) => move !== moves[n]);
    if (nodes + others.length + 1 > MOST_NODES) break;
    nodes += others.length + 1;
    const found = others.map(({ move, state, broken }): Branch => {
      const actor = actorOf(move);
      simulator.state = states[n] as Int32Array;
      const point = simulator.point(actor);
      const about = {
        at: n,
        actor: simulator.model.actors[actor]?.view.name ?? '',
        label: point?.label ?? '',
        choice: point === null ? null : simulator.choiceName(point, actor, choiceOf(move)),
      };
      if (broken) return { ...about, leads: 'broken' };
      const next = moves[n];
      if (next === undefined) return { ...about, leads: 'end' };
      simulator.state = state;
      const outcome = simulator.step(actorOf(next), choiceOf(next));
      if (outcome.result === 'fault') return { ...about, leads: 'breaks' };
      if (outcome.result === 'blocked') return { ...about, leads: 'apart' };
      const reached = simulator.state;
      if (moves[n + 1] === move && n + 2 < states.length && equal(reached, states[n + 2] as Int32Array))
        return { ...about, leads: 'joins' };
      const beside = at(n + 1).find((m) => m.move === move);
      return { ...about, leads: beside !== undefined && equal(reached, beside.state) ? 'along' : 'apart' };
    });
    shown.push(...found);
  }
  simulator.state = kept;
  return shown.sort((a, b) => a.at - b.at);
}

interface Next {
  readonly move: number;
  readonly state: Int32Array;
  /** The step breaks a promise. */
  readonly broken: boolean;
}

/** Everything that can be done in a state. */
function movesFrom(simulator: Simulator, state: Int32Array): Next[] {
  simulator.state = state;
  return simulator.moves().map(({ actor, choice, fault, after }) => ({
    move: (actor << 16) | choice,
    state: after,
    broken: fault !== null,
  }));
}

/** States before essential steps first, then the others from the last one back. */
function byWeight(states: number, essential: ReadonlySet<number>): number[] {
  const backwards = Array.from({ length: states }, (_, i) => states - 1 - i);
  return [...backwards.filter((n) => essential.has(n + 1)), ...backwards.filter((n) => !essential.has(n + 1))];
}

const equal = (a: Int32Array, b: Int32Array): boolean => a.every((word, i) => word === b[i]);
