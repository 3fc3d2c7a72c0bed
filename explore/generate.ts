/**
 * Programs by chance. fast-check draws a variant, calls and failures; a call that would break a contract of the kernel is
 * left out, so that what remains is a program which the kernel says is allowed.
 */
import fc from 'fast-check';
import { type Call, callsIn, type Program } from './program.ts';
import type { ExplorableSystem, Limit } from './system.ts';

export interface Drawn {
  readonly variant: string;
  readonly program: Program;
}

export interface Choice {
  readonly variants: readonly string[];
  /** Operations that may be drawn. */
  readonly ops: readonly string[];
  readonly actors: number;
  /** Most objects of a kind, where fewer than the system has. */
  readonly objects?: Readonly<Record<string, number>>;
  /** Each program has one of these failures, instead of any or none. */
  readonly failures?: readonly string[];
  /** Names of the contracts in force. */
  readonly contracts: readonly string[];
}

/** Most operations of one actor, and most that have been done before. */
const MOST_CALLS = 3;
const MOST_BEFORE = 6;

/** So many programs; the same seed draws the same ones. */
export function draw(system: ExplorableSystem, choice: Choice, seed: number, runs: number): readonly Drawn[] {
  return fc
    .sample(rawPrograms(system, choice), { seed, numRuns: runs })
    .map(({ variant, ...raw }) => ({ variant, program: allowed(system, choice, variant, raw) }));
}

/** Every failure that may happen in one of the operations. */
export function failuresOf(system: ExplorableSystem, ops: readonly string[]): readonly string[] {
  return [...new Set(ops.flatMap((op) => system.operations[op]?.fails ?? []))].sort();
}

function rawPrograms(system: ExplorableSystem, choice: Choice): fc.Arbitrary<Drawn['program'] & { variant: string }> {
  const call = (op: string): fc.Arbitrary<Call> =>
    fc
      .tuple(
        ...(system.operations[op]?.on ?? []).map((kind) =>
          fc.integer({ min: 0, max: (choice.objects?.[kind] ?? system.objects[kind] ?? 1) - 1 }),
        ),
      )
      .map((numbers) => ({ op, on: numbers.map((n, i) => `${system.operations[op]?.on[i]}${n}`) }));
  const before = choice.ops.filter((op) => system.operations[op]?.atStart === true);
  const budgets = failuresOf(system, choice.ops);
  return fc.record({
    variant: fc.constantFrom(...choice.variants),
    start:
      before.length === 0
        ? fc.constant([])
        : fc.array(fc.oneof(...before.map(call)), { maxLength: MOST_BEFORE, size: 'max' }),
    actors: fc.array(
      fc.array(fc.oneof(...choice.ops.map(call)), { minLength: 1, maxLength: MOST_CALLS, size: 'max' }),
      {
        minLength: 1,
        maxLength: choice.actors,
        size: 'max',
      },
    ),
    // Most programs have no failure: what needs none is found more easily without.
    failures:
      choice.failures !== undefined
        ? fc.constantFrom(...choice.failures).map((name) => ({ [name]: 1 }))
        : budgets.length === 0
          ? fc.constant({})
          : fc.oneof(
              { weight: 3, arbitrary: fc.constant({}) },
              { weight: 1, arbitrary: fc.constantFrom(...budgets).map((name) => ({ [name]: 1 })) },
            ),
  });
}

/** Does the program keep all contracts in force, and can it be set up at all? */
export function keeps(
  system: ExplorableSystem,
  contracts: readonly string[],
  variant: string,
  program: Program,
): boolean {
  return (
    limitBroken(system, program) === undefined &&
    contracts.every((name) => system.contracts[name]?.kept(program, variant) ?? true)
  );
}

/** The first limit of the system's model that the program goes beyond. */
export function limitBroken(system: ExplorableSystem, program: Program): Limit | undefined {
  return system.limits?.find(({ kept }) => !kept(program));
}

/** Call by call, what may be added. Actors with nothing left are no actors, and failures need an operation that fails. */
function allowed(system: ExplorableSystem, choice: Choice, variant: string, raw: Program): Program {
  let program: Program = { start: [], actors: [], failures: {} };
  // Again for those that something drawn later makes possible.
  let refused: readonly Call[] = raw.start;
  for (let before = -1; refused.length > 0 && program.start.length > before; ) {
    before = program.start.length;
    const still: Call[] = [];
    for (const call of refused) {
      const more = { ...program, start: [...program.start, call] };
      if (keeps(system, choice.contracts, variant, more)) program = more;
      else still.push(call);
    }
    refused = still;
  }
  for (const calls of raw.actors) {
    let own: readonly Call[] = [];
    const others = program.actors;
    for (const call of calls) {
      const more = { ...program, actors: [...others, [...own, call]] };
      if (!keeps(system, choice.contracts, variant, more)) continue;
      own = [...own, call];
      program = more;
    }
  }
  return withFailures(system, program, raw.failures);
}

/** The program with those failures that one of its actors may meet. */
export function withFailures(system: ExplorableSystem, program: Program, failures: Program['failures']): Program {
  const possible = program.actors.flat().flatMap(({ op }) => system.operations[op]?.fails ?? []);
  return {
    ...program,
    failures: Object.fromEntries(Object.entries(failures).filter(([name]) => possible.includes(name))),
  };
}

/** Numbers objects of each kind from 0 on, in the order in which the program names them. */
export function renumbered(system: ExplorableSystem, program: Program): Program {
  const given = new Map<string, string>();
  for (const kind of Object.keys(system.objects)) {
    let next = 0;
    for (const { op, on } of callsIn(program))
      for (const [i, name] of on.entries())
        if (system.operations[op]?.on[i] === kind && !given.has(name)) given.set(name, `${kind}${next++}`);
  }
  const rename = (call: Call): Call => ({ op: call.op, on: call.on.map((name) => given.get(name) ?? name) });
  return { ...program, start: program.start.map(rename), actors: program.actors.map((calls) => calls.map(rename)) };
}
