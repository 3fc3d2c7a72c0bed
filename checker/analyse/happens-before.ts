/**
 * Happens-before along one schedule, by vector clocks (Lamport 1978; the form is that of DJIT+, Pozniansky and Schuster
 * 2003): two accesses to one variable by different actors, one of them a write, race when no chain of releases and
 * acquires leads from the first to the second. Knows nothing of models: what releases and what acquires is told to it.
 *
 * Of each actor the last read and the last write of a variable are kept. That is enough to tell whether any is not
 * ordered: what comes before an ordered access of the same actor is ordered too.
 */

/** What one step does, in this order: acquires, accesses, releases. Variables and channels are any numbers. */
export interface OrderedStep {
  readonly actor: number;
  /** Channels whose earlier releases come before this step. */
  readonly acquires: Iterable<number>;
  readonly reads: Iterable<number>;
  readonly writes: Iterable<number>;
  /** Channels through which later steps learn of this one. */
  readonly releases: Iterable<number>;
}

/** An access that nothing orders before another one of the step that was told. */
export interface Unordered {
  readonly variable: number;
  /** Number of the earlier step, from 0 on, and its actor. */
  readonly step: number;
  readonly actor: number;
  readonly wrote: boolean;
  /** The later step writes the variable. */
  readonly writes: boolean;
}

interface Last {
  readonly time: number;
  readonly step: number;
}

/** Last reads and last writes of one variable, by actor. */
interface Shadow {
  readonly reads: (Last | undefined)[];
  readonly writes: (Last | undefined)[];
}

export class HappensBefore {
  readonly #clocks: number[][];
  readonly #channels = new Map<number, number[]>();
  readonly #shadows = new Map<number, Shadow>();
  #step = 0;

  constructor(actors: number) {
    this.#clocks = Array.from({ length: actors }, (_, i) =>
      Array.from({ length: actors }, (_, j) => (i === j ? 1 : 0)),
    );
  }

  /** The variable is another one from now on: its memory was given out anew. */
  forget(variable: number): void {
    this.#shadows.delete(variable);
  }

  /** Tells the next step of the schedule; returns which earlier accesses race with it. */
  take({ actor, acquires, reads, writes, releases }: OrderedStep): Unordered[] {
    const clock = this.#clocks[actor] as number[];
    for (const channel of acquires) {
      const released = this.#channels.get(channel);
      if (released !== undefined) join(clock, released);
    }
    const races: Unordered[] = [];
    const written = new Set(writes);
    for (const variable of new Set([...reads, ...written])) {
      const shadow = this.#shadowOf(variable);
      const isWrite = written.has(variable);
      const look = (last: readonly (Last | undefined)[], wrote: boolean) =>
        last.forEach((access, other) => {
          if (access === undefined || other === actor || access.time <= (clock[other] as number)) return;
          races.push({ variable, step: access.step, actor: other, wrote, writes: isWrite });
        });
      look(shadow.writes, true);
      if (isWrite) look(shadow.reads, false);
      (isWrite ? shadow.writes : shadow.reads)[actor] = { time: clock[actor] as number, step: this.#step };
    }
    for (const channel of releases) {
      const into = this.#channels.get(channel) ?? clock.map(() => 0);
      join(into, clock);
      this.#channels.set(channel, into);
    }
    clock[actor] = (clock[actor] as number) + 1;
    this.#step++;
    return races;
  }

  #shadowOf(variable: number): Shadow {
    let shadow = this.#shadows.get(variable);
    if (shadow === undefined) {
      shadow = { reads: [], writes: [] };
      this.#shadows.set(variable, shadow);
    }
    return shadow;
  }
}

function join(into: number[], from: readonly number[]): void {
  for (let i = 0; i < into.length; i++) into[i] = Math.max(into[i] as number, from[i] as number);
}
