/** From a program to a scenario. Its name holds the program, so that a stored schedule says how to build it again. */
import { nearest, QuiesceError, type Scenario, type Variant } from '../checker/lang/index.ts';
import { limitBroken } from './generate.ts';
import { callsIn, formatProgram, type Program, parseProgram } from './program.ts';
import type { ExplorableSystem } from './system.ts';

/** First part of the name of every generated scenario. */
export const GENERATED = 'explore:';

/** The scenario of a program; its variants are the presets of the system. */
export function scenarioOf(system: ExplorableSystem, program: Program): Scenario {
  const all = new Set(Object.values(system.presets).flatMap((p) => p.settings.map((s) => s.switch)));
  const variants: Record<string, Variant> = {};
  for (const [name, { about, settings }] of Object.entries(system.presets))
    variants[name] = { about, settings, expect: { verdict: 'holds', states: 0, depth: 0 } };
  return {
    kind: 'scenario',
    name: `${GENERATED}${system.name}:${formatProgram(program)}`,
    title: `generated: ${formatProgram(program)}`,
    about: `${system.about} The operations were chosen by the explorer.`,
    systems: system.systems,
    source: system.source,
    corpus: undefined,
    bounds: {},
    assumptions: [],
    generated: true,
    variants,
    setup: (s) => {
      // A preset names the choices of a whole series, also those that no operation of this program has to do with.
      for (const one of all) s.setting(one);
      const { builtIn = [] } = system;
      s.failures(Object.fromEntries(Object.entries(program.failures).filter(([name]) => !builtIn.includes(name))));
      system.setup(s, program);
    },
  };
}

/** The system and the rest of a name such as `explore:sva:...`; null when the name is not that of a generated scenario. */
export function splitName(name: string): { readonly system: string; readonly program: string } | null {
  if (!name.startsWith(GENERATED)) return null;
  const rest = name.slice(GENERATED.length);
  const colon = rest.indexOf(':');
  return colon < 0 ? { system: rest, program: '' } : { system: rest.slice(0, colon), program: rest.slice(colon + 1) };
}

/** The scenario that a name stands for. Throws a `usage` error where the system has no such operation or object. */
export function rebuild(system: ExplorableSystem, text: string): Scenario {
  const program = parseProgram(text);
  for (const { op, on } of callsIn(program)) {
    const known = Object.hasOwn(system.operations, op) ? system.operations[op] : undefined;
    if (known === undefined) {
      const names = Object.keys(system.operations);
      const near = nearest(op, names);
      throw new QuiesceError('usage', `${system.name} has no operation "${op}"`, {
        hint: near === undefined ? `its operations are ${names.join(', ')}` : `did you mean ${near}?`,
      });
    }
    const fits =
      known.on.length === on.length && known.on.every((kind, i) => numberOf(on[i], kind) < (system.objects[kind] ?? 0));
    if (!fits)
      throw new QuiesceError('usage', `${op} of ${system.name} is not called with (${on.join(', ')})`, {
        hint: `it takes (${known.on.map((kind) => `${kind}0 to ${kind}${(system.objects[kind] ?? 1) - 1}`).join(', ')})`,
      });
  }
  for (const { op } of program.start)
    if (system.operations[op]?.atStart !== true)
      throw new QuiesceError('usage', `${op} of ${system.name} cannot have been done before`, {
        hint: 'let an actor call it',
      });
  const limit = limitBroken(system, program);
  if (limit !== undefined)
    throw new QuiesceError('usage', `${system.name} cannot set up this program`, {
      where: text,
      hint: `its model has a limit: ${limit.about}`,
    });
  return scenarioOf(system, program);
}

const numberOf = (name: string | undefined, kind: string): number =>
  name?.startsWith(kind) && /^\d$/.test(name.slice(kind.length))
    ? Number(name.slice(kind.length))
    : Number.POSITIVE_INFINITY;
