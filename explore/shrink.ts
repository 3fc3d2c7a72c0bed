/**
 * The smallest program that still ends in a violation of the same signature: fewer actors, then fewer operations, then
 * fewer objects, then fewer failures; again from the beginning after each success. What is tried keeps the contracts, too.
 *
 * Limits: greedy, so that the result is a program from which nothing can be taken away, and not always the smallest.
 */
import { keeps, renumbered, withFailures } from './generate.ts';
import { type Call, formatProgram, type Program } from './program.ts';
import { type Effort, searchUnlessMistaken } from './search.ts';
import type { ExplorableSystem } from './system.ts';

const without = <T>(list: readonly T[], i: number): T[] => list.filter((_, j) => j !== i);

/** Every program with a little less, in the order in which they are tried. */
export function* smaller(program: Program): Iterable<Program> {
  const { start, actors, failures } = program;
  for (const i of actors.keys()) yield { ...program, actors: without(actors, i) };
  for (const [i, calls] of actors.entries())
    if (calls.length > 1)
      for (const j of calls.keys())
        yield { ...program, actors: actors.map((own, k) => (k === i ? without(own, j) : own)) };
  for (const i of start.keys()) yield { ...program, start: without(start, i) };
  yield* withFewerObjects(program);
  for (const name of Object.keys(failures))
    yield { ...program, failures: Object.fromEntries(Object.entries(failures).filter(([other]) => other !== name)) };
}

/** One object in the place of another of its kind. */
function* withFewerObjects(program: Program): Iterable<Program> {
  const names = [...new Set([...program.start, ...program.actors.flat()].flatMap(({ on }) => on))].sort();
  for (const gone of names)
    for (const kept of names) {
      if (kept >= gone || kept.slice(0, -1) !== gone.slice(0, -1)) continue;
      const rename = (call: Call): Call => ({ op: call.op, on: call.on.map((name) => (name === gone ? kept : name)) });
      const start = program.start.map(rename);
      const distinct = start.filter(
        (call, i) => !start.slice(0, i).some((c) => c.op === call.op && c.on.join() === call.on.join()),
      );
      yield { ...program, start: distinct, actors: program.actors.map((calls) => calls.map(rename)) };
    }
}

/** Shrinks; `tried` tells how many programs were searched for it. */
export async function shrink(
  system: ExplorableSystem,
  found: Program,
  variant: string,
  signature: string,
  contracts: readonly string[],
  effort: Effort,
): Promise<{ readonly program: Program; readonly tried: number }> {
  const seen = new Set<string>();
  let program = found;
  let tried = 0;
  /** Does this program do as well? */
  const shows = async (candidate: Program): Promise<boolean> => {
    const text = formatProgram(candidate);
    if (seen.has(text) || effort.signal?.aborted) return false;
    seen.add(text);
    if (candidate.actors.length === 0 || !keeps(system, contracts, variant, candidate)) return false;
    tried++;
    const searched = await searchUnlessMistaken(system, candidate, variant, effort);
    return 'verdict' in searched && searched.verdict.violations.some((v) => v.signature === signature);
  };
  const next = async (): Promise<Program | null> => {
    for (const candidate of smaller(program)) {
      const possible = withFailures(system, candidate, candidate.failures);
      if (await shows(possible)) return possible;
    }
    return null;
  };
  for (let less = await next(); less !== null; less = await next()) program = less;
  const plain = renumbered(system, program);
  return { program: formatProgram(plain) !== formatProgram(program) && (await shows(plain)) ? plain : program, tried };
}
