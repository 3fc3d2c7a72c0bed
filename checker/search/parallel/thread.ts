/** Entry of a worker thread: compiles the model, then does tasks until it is told to stop. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { compile } from '../../compile/compile.ts';
import type { Scenario } from '../../lang/scenario.ts';
import { Symmetry } from '../../reduce/symmetry.ts';
import { Findings } from '../findings.ts';
import { Lane } from './lane.ts';
import { DONE, FAILED, JOINED, KIND, PHASE, type SharedStore, STOP, STORE, TICKET, taskOf } from './shared.ts';
import type { ThreadData } from './team.ts';

const data = workerData as ThreadData;
const control = data.round.control;

try {
  await work();
} catch (error) {
  Atomics.store(control, FAILED, 1);
  Atomics.notify(control, DONE);
  throw error;
}

async function work(): Promise<void> {
  const scenario = findScenario((await import(data.module.url)) as Record<string, unknown>, data.module.name);
  const model = compile(scenario, { variant: data.variant, bounds: data.bounds });
  if (model.hash !== data.hash) throw new Error('the thread compiled another model than its parent');
  const symmetry = data.symmetry ? new Symmetry(model) : null;
  const lane = new Lane(model, new Findings(model, data.properties), data.round, data.store, symmetry);
  let store = 0;
  Atomics.add(control, JOINED, 1);
  for (let seen = -1; ; ) {
    const phase = Atomics.load(control, PHASE);
    if (phase === seen) {
      Atomics.wait(control, PHASE, seen, 1000);
      continue;
    }
    seen = phase;
    // A stopped search has no tasks: this thread hands over what it saw and ends.
    if (Atomics.load(control, KIND) === STOP) break;
    for (let task = draw(); task >= 0; task = draw()) {
      for (; store < Atomics.load(control, STORE); store++) lane.grow(receive());
      lane.task(task);
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
  }
  for (let i = 0; i < model.taken.length; i++) {
    Atomics.or(data.taken, i, model.taken[i] as number);
    Atomics.or(data.refused, i, model.refused[i] as number);
  }
  Atomics.add(control, DONE, 1);
  Atomics.notify(control, DONE);
}

function draw(): number {
  return taskOf(Atomics.add(control, TICKET, 1));
}

/** The next store that the coordinator has sent. */
function receive(): SharedStore {
  const message = receiveMessageOnPort(port());
  if (message === undefined) throw new Error('the grown store was not sent');
  return message.message as SharedStore;
}

function port() {
  if (parentPort === null) throw new Error('thread.js runs as a worker thread only');
  return parentPort;
}

function findScenario(module: Record<string, unknown>, name: string): Scenario {
  for (const exported of Object.values(module).flat())
    if ((exported as Scenario | null)?.kind === 'scenario' && (exported as Scenario).name === name)
      return exported as Scenario;
  throw new Error(`the module exports no scenario named ${name}`);
}
