/**
 * What came before what in a trace, rather than what was merely printed first: two steps are ordered when one actor takes
 * both, or when both touch one field and one of them writes it. Locks, waits, wake-ups and reference counts are fields,
 * so they order steps as well. (Lamport, Time, clocks, and the ordering of events in a distributed system, CACM 1978;
 * vector clocks by Mattern, 1989.)
 *
 * Limits: the order of this trace. Another schedule may order independent steps of it otherwise, dependent ones, too.
 */
import type { Counterexample } from '../../checker/trace/counterexample.ts';

/** A step of one actor that had to come before a step of another, and the field that says so. */
export interface Cause {
  readonly before: number;
  readonly after: number;
  readonly field: string;
}

export interface Causality {
  /** For each step, how many steps of each actor came before it, or are it: `{ user0: 3, exit0: 1 }`. */
  readonly clocks: readonly Readonly<Record<string, number>>[];
  /** Direct causes between actors; those that follow from others are left out. In the order of `after`. */
  readonly causes: readonly Cause[];
}

export function causality(ce: Counterexample): Causality {
  const clocks: Record<string, number>[] = [];
  const causes: Cause[] = [];
  const lastOf = new Map<string, number>();
  const writer = new Map<string, number>();
  const readers = new Map<string, number[]>();
  for (const [i, step] of ce.steps.entries()) {
    const own = lastOf.get(step.actor);
    const clock: Record<string, number> = own === undefined ? {} : { ...clocks[own] };
    const found = new Map<number, string>();
    const after = (other: number | undefined, field: string) => {
      if (other !== undefined && ce.steps[other]?.actor !== step.actor && !found.has(other)) found.set(other, field);
    };
    for (const field of step.reads) after(writer.get(field), field);
    for (const field of step.writes) {
      after(writer.get(field), field);
      for (const reader of readers.get(field) ?? []) after(reader, field);
    }
    // The latest first: what it follows from needs no arrow of its own.
    for (const [other, field] of [...found].sort(([a], [b]) => b - a)) {
      const theirs = ce.steps[other]?.actor as string;
      if ((clock[theirs] ?? 0) >= (clocks[other]?.[theirs] as number)) continue;
      causes.push({ before: other + 1, after: i + 1, field });
      for (const [actor, n] of Object.entries(clocks[other] as Record<string, number>))
        clock[actor] = Math.max(clock[actor] ?? 0, n);
    }
    clock[step.actor] = (clock[step.actor] ?? 0) + 1;
    clocks.push(clock);
    lastOf.set(step.actor, i);
    for (const field of step.writes) {
      writer.set(field, i);
      readers.set(field, []);
    }
    for (const field of step.reads) {
      const all = readers.get(field);
      if (all === undefined) readers.set(field, [i]);
      else all.push(i);
    }
  }
  return { clocks, causes };
}
