/** Runs a scenario's `setup` on the plain objects of the brute-force twin. */
import { modelError, type ObjectType, type Property, type Scenario, type Shape } from '../../checker/lang/index.ts';
import type { CallbackType, Params } from '../../checker/lang/procedure.ts';
import type { ActorOptions, Operation, Setup } from '../../checker/lang/scenario.ts';
import { type AnyProcedure, Player, World } from './twin-world.ts';

/** A scenario of which one variant is chosen, ready to run. */
export interface Twin {
  readonly world: World;
  readonly properties: readonly Property[];
  readonly mayOutlive: ReadonlySet<ObjectType<Shape>>;
  readonly implementations: ReadonlyMap<CallbackType<Params, unknown>, readonly AnyProcedure[]>;
  /** Value of each switch that the variant sets. */
  readonly settings: ReadonlyMap<string, string>;
  /** Failure budgets at the start. */
  readonly budgets: Readonly<Record<string, number>>;
}

export function setUp(scenario: Scenario, variantName: string, given: Readonly<Record<string, number>> = {}): Twin {
  const variant = scenario.variants[variantName];
  if (variant === undefined) throw new Error(`scenario ${scenario.name} has no variant ${variantName}`);
  const world = new World();
  const properties: Property[] = [];
  const mayOutlive = new Set<ObjectType<Shape>>();
  const implementations = new Map<CallbackType<Params, unknown>, readonly AnyProcedure[]>();
  const settings = new Map((variant.settings ?? []).map((s) => [s.switch.name, s.value]));
  const addActor = (name: string, program: readonly Operation[], options: ActorOptions = {}) => {
    const { role = 'task', fair = true } = options;
    const player = new Player(world.players.length, name, role, program, fair);
    world.players.push(player);
    return player;
  };
  const setup: Setup<any> = {
    bounds: { ...scenario.bounds, ...(variant.bounds as Record<string, number> | undefined), ...given },
    setting: (aSwitch) => (settings.get(aSwitch.name) ?? aSwitch.values[0]) as never,
    object: (type, name, init) => {
      const thing = world.addThing(type as never, name, false);
      Object.assign(thing.view, init);
      return thing.view as never;
    },
    objects: (type, stem, count, init) =>
      Array.from({ length: count }, (_, i) => setup.object(type, `${stem}${i}`, init?.(i))),
    pool: (type, slots) => {
      if (type.permanent) throw modelError(`${type.name} is permanent and cannot be allocated`);
      for (let i = 0; i < slots; i++) world.addThing(type as never, `${type.name}#${i}`, true);
      const live = () => world.things.filter((t) => t.type === (type as never) && t.life === 'live').map((t) => t.view);
      return { type: type.name, [Symbol.iterator]: () => live()[Symbol.iterator]() as never };
    },
    task: (name, operations, options) => addActor(name, operations, options),
    actor: (name, procedure, args, options) => addActor(name, [{ procedure, args } as never], options),
    implementations: (type, procedures) => {
      implementations.set(type as never, procedures as never);
      for (const p of procedures) if (!world.callbacks.includes(p as never)) world.callbacks.push(p as never);
    },
    failures: (budgets) => {
      Object.assign(world.budgets, budgets);
    },
    property: (...given) => {
      properties.push(...given);
    },
    // No search calls them.
    view: () => {},
    // The twin reduces nothing.
    interchangeable: () => {},
    mayOutlive: (...types) => {
      for (const type of types) mayOutlive.add(type as never);
    },
  };
  scenario.setup(setup);
  return { world, properties, mayOutlive, implementations, settings, budgets: { ...world.budgets } };
}
