/** Where every actor stands after some moves. */
import { Recorder } from './build.ts';
import type { Standing } from './counterexample.ts';
import { actorOf, choiceOf, type Simulator } from './simulator.ts';

/** Runs the moves from the initial state and leaves the simulator in the state they lead to. */
export function standingsOf(simulator: Simulator, moves: readonly number[]): Standing[] {
  simulator.state = simulator.model.initial.slice();
  const recorder = new Recorder(simulator);
  let standings = recorder.standings(0);
  for (const [i, move] of moves.entries()) {
    const before = simulator.state;
    const outcome = simulator.step(actorOf(move), choiceOf(move));
    simulator.state = before;
    if (outcome.result !== 'moved') break;
    standings = [...recorder.take(move, i + 1, false, false).standings];
  }
  return standings;
}
