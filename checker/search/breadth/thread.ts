/**
 * Entry of a worker thread: for one search after another it compiles the model, does tasks until it is told to stop, and
 * says that it is free.
 */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { compile } from '../../compile/compile.ts';
import type { CompiledModel } from '../../compile/model.ts';
import type { Scenario } from '../../lang/scenario.ts';
import { Footprints } from '../../reduce/footprints.ts';
import { PersistentSets, type Reducer } from '../../reduce/persistent.ts';
import { Symmetry } from '../../reduce/symmetry.ts';
import type { StateArrays } from '../../store/state-table.ts';
import { tupleHash } from '../../store/tuples.ts';
import { Findings } from '../findings.ts';
import type { Reduction } from './bfs.ts';
import { Lane } from './lane.ts';
import { DONE, draw, FAILED, JOINED, KIND, PHASE, type SharedRound, STOP, STORE } from './round.ts';

/** How a thread finds the scenario: the module that exports it (alone, in an object or in an array) and its name. */
export interface ScenarioModule {
  readonly url: string;
  readonly name: string;
}

/** What a thread is told of a search. */
export interface ThreadData {
  readonly module: ScenarioModule;
  readonly variant: string;
  readonly bounds: Readonly<Record<string, number>>;
  readonly properties: readonly string[] | null;
  readonly symmetry: boolean;
  readonly hash: string;
  readonly lanes: number;
  readonly reduction: Pick<Reduction, 'buffer' | 'snapshot'> | null;
  readonly round: SharedRound;
  readonly arrays: StateArrays;
  readonly taken: Uint8Array;
  readonly refused: Uint8Array;
}

const SPINS = 2000;

const port = (() => {
  if (parentPort === null) throw new Error('thread.js runs as a worker thread only');
  return parentPort;
})();

/** Arrays that came while the scenario was being loaded; null while this thread is free. */
let early: StateArrays[] | null = null;

port.on('message', (message: ThreadData | StateArrays) => {
  if ('round' in message) void run(message);
  else early?.push(message);
});

async function run(data: ThreadData): Promise<void> {
  const { control } = data.round;
  early = [];
  try {
    await work(data, control);
  } catch (error) {
    Atomics.store(control, FAILED, 1);
    Atomics.notify(control, DONE);
    throw error;
  }
  early = null;
  port.postMessage('free');
}

async function work(data: ThreadData, control: Int32Array): Promise<void> {
  const scenario = findScenario((await import(data.module.url)) as Record<string, unknown>, data.module.name);
  const model = compile(scenario, {
    variant: data.variant,
    bounds: data.bounds,
    ...(data.reduction === null ? {} : { marks: true }),
  });
  if (model.hash !== data.hash) throw new Error('the thread compiled another model than its parent');
  const lane = new Lane(model, {
    findings: new Findings(model, data.properties),
    round: data.round,
    arrays: data.arrays,
    symmetry: data.symmetry ? new Symmetry(model) : null,
    hash: tupleHash,
    lanes: data.lanes,
    grow: () => undefined,
    reducer: reducerOf(model, data.reduction),
  });
  let store = 0;
  Atomics.add(control, JOINED, 1);
  for (let seen = -1; ; ) {
    const phase = nextPhase(control, seen);
    seen = phase;
    // A stopped search has no tasks: this thread ends.
    if (Atomics.load(control, KIND) === STOP) break;
    for (let task = draw(control); task >= 0; task = draw(control)) {
      for (; store < Atomics.load(control, STORE); store++) lane.bind(receive());
      lane.task(task);
      tellCoverage(model.taken, data.taken);
      tellCoverage(model.refused, data.refused);
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
  }
  Atomics.add(control, DONE, 1);
  Atomics.notify(control, DONE);
}

/** Decides as the coordinator does, and adds to the same footprints. */
function reducerOf(model: CompiledModel, reduction: ThreadData['reduction']): Reducer | null {
  if (reduction === null) return null;
  new Footprints(model, reduction.buffer);
  return new PersistentSets(model, reduction.snapshot);
}

/** What is covered by now, so that a checkpoint between two phases has it. */
function tellCoverage(own: Uint8Array, all: Uint8Array): void {
  for (let i = 0; i < own.length; i++) if (own[i] !== 0 && all[i] === 0) Atomics.store(all, i, own[i] as number);
}

/** Waits for a phase after `seen`: a moment awake, since most phases are short, then asleep. */
function nextPhase(control: Int32Array, seen: number): number {
  for (let spins = 0; ; spins++) {
    const phase = Atomics.load(control, PHASE);
    if (phase !== seen) return phase;
    if (spins >= SPINS) Atomics.wait(control, PHASE, seen, 1000);
  }
}

/** The next arrays that the coordinator has sent. */
function receive(): StateArrays {
  const arrays = early?.shift() ?? receiveMessageOnPort(port)?.message;
  if (arrays === undefined) throw new Error('the grown store was not sent');
  return arrays as StateArrays;
}

function findScenario(module: Record<string, unknown>, name: string): Scenario {
  for (const exported of Object.values(module).flat())
    if ((exported as Scenario | null)?.kind === 'scenario' && (exported as Scenario).name === name)
      return exported as Scenario;
  throw new Error(`the module exports no scenario named ${name}`);
}
