/**
 * What a check looks at besides its properties when it is asked to analyse: the order in which locks are taken and the
 * cycles in it, data races, and which orders of events were explored. None of it changes the verdict.
 *
 * The states are those of the check when it has stored all of them; else a search of its own finds them, which goes on past
 * violations and checks nothing. Cost: about one more search in time and memory, and a second for the walks.
 */
import { setImmediate } from 'node:timers/promises';
import { type CompileOptions, compile } from '../compile/compile.ts';
import { actorName, type CompiledModel } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Scenario } from '../lang/scenario.ts';
import { BreadthFirst } from '../search/breadth/bfs.ts';
import type { Complete } from '../search/explored.ts';
import { Findings } from '../search/findings.ts';
import { formatMove, type ScheduleHead, scheduleOfSteps } from '../trace/schedule.ts';
import { actorOf, choiceOf, Simulator } from '../trace/simulator.ts';
import { type EventOrders, eventOrders } from './event-orders.ts';
import { LOCK_CYCLE, type LockOrder, lockOrder, lockWants } from './lock-cycles.ts';
import { DATA_RACE, findRaces, type Races } from './races.ts';

/** What was seen beside the properties. */
export interface Analysis {
  /** States that were looked at, and whether they are all within the bounds; if not, why. */
  readonly states: number;
  readonly complete: boolean;
  readonly incompleteBecause: string | null;
  readonly lockOrder: LockOrder;
  readonly races: Races;
  /** Null when the orders could not be told. */
  readonly orders: EventOrders | null;
  readonly ordersBecause: string | null;
}

/**
 * Schedules of the confirmed lock cycles and the data races, one for each signature: replay drives them and sees the same.
 * `form` is what the verdict says of itself.
 */
export function analysedSchedules(
  analysis: Analysis,
  form: Pick<ScheduleHead, 'scenario' | 'variant' | 'bounds' | 'modelHash'>,
): ReadonlyMap<string, string> {
  const schedules = new Map<string, string>();
  const add = (property: string, { signature, steps }: { signature?: string; steps: readonly string[] | null }) => {
    if (signature === undefined || steps === null || schedules.has(signature)) return;
    schedules.set(signature, scheduleOfSteps({ ...form, property, signature }, steps));
  };
  for (const cycle of analysis.lockOrder.cycles) add(LOCK_CYCLE, cycle);
  for (const race of analysis.races.found) add(DATA_RACE, race);
  return schedules;
}

export interface AnalysisOptions extends Pick<CompileOptions, 'variant' | 'bounds'> {
  /** Most states of a search of its own; 2,000,000 when not given. */
  readonly maxStates?: number;
  readonly maxMemoryBytes?: number;
  /** Told between slices of work; returns why to stop, or null. */
  readonly pause?: () => string | null;
}

/** States of a finished search without reductions, on the model that it searched. */
export interface AllStates {
  readonly model: CompiledModel;
  readonly search: Complete;
}

const MOST_STATES = 2_000_000;
const SLICE_MS = 50;

/** Analyses one form of a scenario. `known` are all its states, where somebody has them. */
export async function analyse(
  scenario: Scenario,
  options: AnalysisOptions,
  known: AllStates | null,
): Promise<Analysis> {
  const form = {
    ...(options.variant === undefined ? {} : { variant: options.variant }),
    ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
  };
  const found = known === null ? await searchAll(compile(scenario, form), options) : { ...known, because: null };
  const { model, search } = found;
  const pause = async () => {
    await setImmediate();
    return options.pause?.() ?? null;
  };
  const { wants, because: stopped } = await lockWants(model, search, pause);
  const because = found.because ?? stopped;
  const simulator = new Simulator(scenario, form);
  const orders =
    because === null
      ? await eventOrders(model, search, options.maxMemoryBytes ?? Number.MAX_SAFE_INTEGER, pause)
      : `the search is not complete: ${because}`;
  return {
    states: search.store.count,
    complete: because === null,
    incompleteBecause: because,
    lockOrder: lockOrder(model, wants, because === null, (state) => stepsOf(simulator, search.movesTo(state))),
    races: findRaces(simulator),
    orders: typeof orders === 'string' ? null : orders,
    ordersBecause: typeof orders === 'string' ? orders : null,
  };
}

/** Every state, as far as the limits allow. Nothing is checked, so that nothing ends it. */
async function searchAll(
  model: CompiledModel,
  options: AnalysisOptions,
): Promise<AllStates & { readonly because: string | null }> {
  const search = new BreadthFirst(model, new Findings(model, []), {
    limits: {
      maxStates: options.maxStates ?? MOST_STATES,
      maxDepth: Number.MAX_SAFE_INTEGER,
      maxMemoryBytes: options.maxMemoryBytes ?? Number.MAX_SAFE_INTEGER,
    },
    stopAtFirst: false,
    uncompressed: true,
  });
  let stop: string | null = null;
  try {
    while (stop === null && search.advance(SLICE_MS)) {
      await setImmediate();
      stop = options.pause?.() ?? null;
    }
  } catch (error) {
    // Behind a violation the model may do what it did not reckon with; the check itself never comes there.
    if (!(error instanceof QuiesceError) || error.code !== 'model-threw') throw error;
    stop = `behind a violation, ${error.message}`;
  }
  if (stop !== null) search.close(stop);
  return { model, search, because: stop ?? search.incomplete };
}

/** The steps of a schedule as text. */
function stepsOf(simulator: Simulator, moves: readonly number[]): string[] {
  simulator.state = simulator.model.initial.slice();
  return moves.map((move) => {
    const actor = actorOf(move);
    const point = simulator.point(actor);
    if (point === null) throw new Error('a schedule goes on after its actor has ended');
    const text = formatMove({
      actor: actorName(simulator.model, actor),
      procedure: point.procedure,
      label: point.label,
      choice: simulator.choiceName(point, actor, choiceOf(move)),
    });
    simulator.step(actor, choiceOf(move));
    return text;
  });
}
