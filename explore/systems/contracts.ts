/** Shapes that contracts of several systems have. */
import type { Call, Program } from '../program.ts';

/** Calls of two different actors, each with each. */
export function* pairs(program: Program): Iterable<readonly [Call, Call]> {
  for (const [i, one] of program.actors.entries())
    for (const other of program.actors.slice(i + 1)) for (const a of one) for (const b of other) yield [a, b];
}

/** Do both calls name that kind of object, and the same one? */
export const share = (a: Call, b: Call, kind: string): boolean =>
  a.on.some((name) => name.startsWith(kind) && b.on.includes(name));

/** A call is made once at most. */
export function once(program: Program, op: string): boolean {
  const made = [...program.start, ...program.actors.flat()].filter((call) => call.op === op).map(({ on }) => on.join());
  return new Set(made).size === made.length;
}

/** In no actor a call for which `before` holds is followed by one for which `after` holds of both. */
export function neverAfter(
  program: Program,
  before: (call: Call) => boolean,
  after: (first: Call, later: Call) => boolean,
): boolean {
  return program.actors.every((calls) =>
    calls.every((first, i) => !before(first) || !calls.slice(i + 1).some((later) => after(first, later))),
  );
}
