/** What an exploration draws from: names are looked up in the system, and what cannot be drawn is refused. */
import { nearest, QuiesceError } from '../checker/lang/index.ts';
import type { ExploreOptions } from './explore.ts';
import { type Choice, failuresOf } from './generate.ts';
import type { ExplorableSystem, PublicOperation } from './system.ts';

const DEFAULT_ACTORS = 3;

/** What is to be drawn from. Throws for a name that the system does not have, and for what cannot be drawn. */
export function choiceOf(system: ExplorableSystem, options: ExploreOptions): Choice {
  const contracts = Object.keys(system.contracts).filter((name) => !(options.withoutContracts ?? []).includes(name));
  const variants =
    options.variants ?? Object.keys(system.presets).filter((name) => system.presets[name]?.repaired !== true);
  const ops =
    options.ops ??
    Object.keys(system.operations).filter((name) => {
      const { large, breaks } = system.operations[name] ?? {};
      return large !== true && (breaks === undefined || !contracts.includes(breaks));
    });
  refuseUnknown(system, 'variant', Object.keys(system.presets), variants);
  refuseUnknown(system, 'operation', Object.keys(system.operations), ops);
  refuseUnknown(system, 'contract', Object.keys(system.contracts), options.withoutContracts ?? []);
  for (const name of ops) {
    const { breaks } = system.operations[name] as PublicOperation;
    if (breaks !== undefined && contracts.includes(breaks))
      throw new QuiesceError(
        'config',
        `operation ${name} has no meaning with the contract ${breaks}, which it breaks`,
        {
          hint: `give --without-contract ${breaks} as well`,
        },
      );
  }
  const { objects, failures } = options;
  refuseUnknown(system, 'failure', failuresOf(system, ops), failures ?? []);
  for (const [kind, most] of Object.entries(objects ?? {})) {
    refuseUnknown(system, 'kind of object', Object.keys(system.objects), [kind]);
    const all = system.objects[kind] ?? 0;
    if (!(Number.isInteger(most) && most >= 1 && most <= all))
      throw new QuiesceError('usage', `${system.name} has 1 to ${all} ${kind}, not ${most}`);
  }
  return {
    variants,
    ops,
    actors: options.actors ?? DEFAULT_ACTORS,
    contracts,
    ...(objects === undefined ? {} : { objects }),
    ...(failures === undefined ? {} : { failures }),
  };
}

function refuseUnknown(
  system: ExplorableSystem,
  what: string,
  known: readonly string[],
  given: readonly string[],
): void {
  for (const name of given)
    if (!known.includes(name)) {
      const near = nearest(name, known);
      const all = `there are ${known.join(', ')}`;
      throw new QuiesceError('usage', `${system.name} has no ${what} "${name}"`, {
        hint: near === undefined ? all : `did you mean ${near}? ${all}`,
      });
    }
}
