/**
 * The threads of a breadth-first search beside the one that coordinates it: how they are taken to the work, told of a phase
 * and of arrays that have grown, waited for, and let go.
 */
import type { CompiledModel } from '../../compile/model.ts';
import type { StateArrays } from '../../store/state-table.ts';
import { sharedBytes } from '../../store/tuples.ts';
import { DONE, FAILED, JOINED, KIND, PHASE, type SharedRound, STOP, STORE, TICKET, ticket } from './round.ts';
import type { ThreadData } from './thread.ts';
import { type Thread, takeThread } from './threads.ts';

/** Looks at a counter of another thread before going to sleep. */
const SPINS = 2000;
/** A task takes less than a second; a thread that needs so long for one has died where no event tells of it. */
const PATIENCE_MS = 120_000;

/** What a thread is given, but for what the crew itself knows. */
export type CrewData = Omit<ThreadData, 'taken' | 'refused' | 'round'>;

export class Crew {
  readonly #model: CompiledModel;
  readonly #round: SharedRound;
  readonly #threads: Thread[] = [];
  /** What the threads have covered; the model's own when there are none. */
  readonly taken: Uint8Array;
  readonly refused: Uint8Array;
  /** Tasks of the present phase. */
  tasks = 0;

  /** @param others how many threads there may be, besides this one. */
  constructor(model: CompiledModel, round: SharedRound, others: number) {
    this.#model = model;
    this.#round = round;
    const shared = (bytes: Uint8Array) => (others === 0 ? bytes : sharedBytes(bytes.length));
    this.taken = shared(model.taken);
    this.refused = shared(model.refused);
  }

  /** Takes one more thread to the work. */
  start(data: CrewData, failed: (because: string) => void): void {
    const thread = takeThread();
    this.#threads.push(thread);
    thread.begin({ ...data, round: this.#round, taken: this.taken, refused: this.refused }, (because) => {
      Atomics.store(this.#round.control, FAILED, 1);
      failed(`a worker thread failed: ${because}`);
    });
  }

  /** Begins a phase and wakes the threads. */
  begin(kind: number, tasks: number): void {
    const { control } = this.#round;
    this.tasks = tasks;
    // Before the kind: a thread that has slept through the last phase counts itself as soon as it reads STOP.
    Atomics.store(control, DONE, 0);
    control[KIND] = kind;
    Atomics.store(control, TICKET, ticket((control[PHASE] as number) + 1, tasks));
    Atomics.add(control, PHASE, 1);
    if (this.#threads.length > 0) Atomics.notify(control, PHASE);
  }

  /** Waits until all tasks of the phase are done. False when the time is up before; or why they never will be. */
  wait(until: number): boolean | string {
    const { control } = this.#round;
    let before = -1;
    let since = 0;
    for (let spins = 0; ; spins++) {
      const done = Atomics.load(control, DONE);
      if (done === this.tasks) return true;
      if (spins < SPINS) continue;
      if (Atomics.load(control, FAILED) !== 0) return 'a worker thread failed';
      const now = performance.now();
      if (done !== before) {
        before = done;
        since = now;
      } else if (now - since > PATIENCE_MS) return 'a worker thread failed: it does not answer any more';
      if (now >= until) return false;
      Atomics.wait(control, DONE, done, 1);
    }
  }

  /** Hands over arrays that have grown or were replaced. */
  give(arrays: StateArrays): void {
    if (this.#threads.length === 0) return;
    for (const thread of this.#threads) thread.give(arrays);
    Atomics.add(this.#round.control, STORE, 1);
  }

  /** Adds what the threads have covered to the model's own. */
  collect(): void {
    const { taken, refused } = this.#model;
    for (let i = 0; i < taken.length; i++) {
      taken[i] = (taken[i] as number) | (this.taken[i] as number);
      refused[i] = (refused[i] as number) | (this.refused[i] as number);
    }
  }

  /** Lets the threads go. */
  end(): void {
    if (this.#threads.length === 0) return;
    const { control } = this.#round;
    this.begin(STOP, 0);
    const deadline = performance.now() + 2000;
    while (Atomics.load(control, DONE) < Atomics.load(control, JOINED) && performance.now() < deadline)
      Atomics.wait(control, DONE, Atomics.load(control, DONE), 1);
    this.#threads.length = 0;
  }
}
