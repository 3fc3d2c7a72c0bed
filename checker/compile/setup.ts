/**
 * Runs a scenario's `setup`: gives every object its bytes and its view, and collects actors, budgets and
 * properties.
 */
import { modelError, nearest, QuiesceError } from '../lang/errors.ts';
import type { Actor, FieldSpec } from '../lang/fields.ts';
import { nameOf } from '../lang/names.ts';
import type { ObjectType, Shape } from '../lang/object.ts';
import type { CallbackType, Params, Procedure } from '../lang/procedure.ts';
import type { Property } from '../lang/property.ts';
import type {
  ActorOptions,
  Bounds,
  Interchange,
  Operation,
  Pool,
  Scenario,
  Setup,
  StateView,
  Variant,
} from '../lang/scenario.ts';
import { type Identified, LIVE } from './collections.ts';
import { Heap } from './heap.ts';
import { Layout } from './layout.ts';
import type { Recording } from './marks.ts';
import { Memory } from './memory.ts';
import { isScalar, sizeOfShape, ViewFactory } from './views.ts';

/** An actor as steps see it. Its flags lie in the state only when the model has a step that parks. */
export class ActorView implements Actor {
  readonly $id: number;
  readonly name: string;
  readonly role: NonNullable<ActorOptions['role']>;
  /** It does not stop for ever where it could go on. */
  readonly fair: boolean;
  /** Offset of the flag byte, or -1. */
  $flags = -1;
  readonly #m: Memory;

  constructor(memory: Memory, id: number, name: string, options: ActorOptions) {
    this.#m = memory;
    this.$id = id;
    this.name = name;
    this.role = options.role ?? 'task';
    this.fair = options.fair ?? true;
  }

  get parked(): boolean {
    return (this.#byte() & 1) !== 0;
  }

  set parked(value: boolean) {
    this.#set(1, value);
  }

  get signalled(): boolean {
    return (this.#byte() & 2) !== 0;
  }

  set signalled(value: boolean) {
    this.#set(2, value);
  }

  #byte(): number {
    if (this.$flags < 0)
      throw modelError(
        `${this.name} has no flags`,
        undefined,
        'mark the steps that read or write parked or signalled with `parks: true`',
      );
    if (this.#m.recording) this.#m.read(this.$flags);
    return this.#m.bytes[this.#m.at + this.$flags] as number;
  }

  #set(bit: number, value: boolean): void {
    const byte = this.#byte();
    if (this.#m.recording) this.#m.write(this.$flags);
    this.#m.bytes[this.#m.at + this.$flags] = value ? byte | bit : byte & ~bit;
  }
}

export interface Program {
  readonly actor: ActorView;
  readonly operations: readonly Operation[];
}

/** Where an object lies. */
export interface Place {
  readonly id: number;
  readonly base: number;
  readonly size: number;
  /** Offset of the liveness byte, or -1. */
  readonly live: number;
}

export interface SetupResult {
  readonly memory: Memory;
  readonly layout: Layout;
  readonly heap: Heap;
  readonly factory: ViewFactory;
  readonly programs: readonly Program[];
  readonly implementations: ReadonlyMap<CallbackType<Params, unknown>, readonly Procedure<Params, unknown>[]>;
  readonly budgets: Readonly<Record<string, number>>;
  readonly properties: readonly Property[];
  readonly views: readonly StateView[];
  /** Every object, by identity from 1 on. */
  readonly places: readonly Place[];
  /** Groups of interchangeable blocks. */
  readonly symmetries: readonly Interchange[];
  readonly mayOutlive: ReadonlySet<ObjectType<Shape>>;
  readonly roots: readonly Identified[];
  /** What the variant sets. */
  readonly settings: ReadonlyMap<string, string>;
  /** Switches that the set-up itself asked for, and their values. */
  readonly read: ReadonlyMap<string, string>;
  readonly bounds: Bounds;
}

/** The properties a scenario declares in its first variant. Only the set-up runs, so that it takes a few milliseconds. */
export function propertiesOf(scenario: Scenario): readonly Property[] {
  const [variant] = Object.values(scenario.variants) as [Variant];
  return runSetup(scenario, variant, effectiveBounds(scenario, variant), 'nothing').properties;
}

/** The bounds in effect: the scenario's, then the variant's, then the given ones. */
export function effectiveBounds(scenario: Scenario, variant: Variant, given: Bounds = {}): Bounds {
  const bounds: Record<string, number> = { ...scenario.bounds, ...(variant.bounds as Bounds | undefined) };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(bounds, name)) {
      const near = nearest(name, Object.keys(bounds));
      throw new QuiesceError('usage', `scenario ${scenario.name} has no bound "${name}"`, {
        hint: near ? `did you mean "${near}"?` : `its bounds are ${Object.keys(bounds).join(', ') || 'none'}`,
      });
    }
    if (!Number.isInteger(value) || value < 0)
      throw new QuiesceError('usage', `bound ${name} must be a whole number, not ${value}`);
    bounds[name] = value;
  }
  return bounds;
}

export function runSetup(scenario: Scenario, variant: Variant, bounds: Bounds, recording: Recording): SetupResult {
  const memory = new Memory();
  const layout = new Layout(memory);
  const heap = new Heap(layout);
  const factory = new ViewFactory(layout, recording);
  const programs: Program[] = [];
  const implementations = new Map<CallbackType<Params, unknown>, readonly Procedure<Params, unknown>[]>();
  const budgets: Record<string, number> = {};
  const properties: Property[] = [];
  const views: StateView[] = [];
  const places: Place[] = [];
  const read = new Map<string, string>();
  const symmetries: Interchange[] = [];
  const mayOutlive = new Set<ObjectType<Shape>>();
  const roots: Identified[] = [];
  const names = new Set<string>();
  const settings = new Map((variant.settings ?? []).map((s) => [s.switch.name, s.value]));

  const claim = (name: string): string => {
    if (!/^[A-Za-z_][\w.#-]*$/.test(name))
      throw modelError(
        `name "${name}" is not a plain word`,
        scenario.name,
        'use letters, digits, dots and underscores',
      );
    if (names.has(name)) throw modelError(`two things are named "${name}"`, scenario.name);
    names.add(name);
    return name;
  };
  const place = (type: ObjectType<Shape>, name: string, pooled: boolean): Identified => {
    if (memory.views.length > 254)
      throw modelError('a scenario may have at most 254 objects', scenario.name, 'lower the bounds');
    const live = type.permanent ? -1 : layout.reserve(1);
    const size = sizeOfShape(type.shape);
    const base = layout.reserve(size);
    const view = factory.view(type.shape, base, live, memory.views.length, name) as Identified;
    memory.views.push(view);
    places.push({ id: view.$id, base, size, live });
    if (live >= 0) {
      layout.cells.push({
        path: name,
        offset: live,
        bytes: 1,
        liveness: live,
        owner: 'shared',
        show: () => type.name,
      });
      heap.register(type, { view, base, size, pooled });
    }
    return view;
  };
  const initialise = (view: object, type: ObjectType<Shape>, init: Readonly<Record<string, unknown>>): void => {
    for (const [field, value] of Object.entries(init)) {
      const spec = type.shape[field] as FieldSpec | undefined;
      if (spec === undefined) {
        const near = nearest(field, Object.keys(type.shape));
        throw modelError(`${type.name} has no field "${field}"`, nameOf(view), near && `did you mean "${near}"?`);
      }
      if (!isScalar(spec))
        throw modelError(`${nameOf(view)}.${field} is embedded`, nameOf(view), 'assign its parts after s.object(...)');
      (view as Record<string, unknown>)[field] = value;
    }
  };
  const addActor = (name: string, operations: readonly Operation[], options: ActorOptions = {}): Actor => {
    if (memory.actors.length > 60)
      throw modelError('a scenario may have at most 60 actors', scenario.name, 'lower the bounds');
    const actor = new ActorView(memory, memory.actors.length, claim(name), options);
    memory.actors.push(actor);
    programs.push({ actor, operations });
    return actor;
  };

  const setup: Setup<Bounds> = {
    bounds,
    setting: (aSwitch) => {
      const value = settings.get(aSwitch.name) ?? (aSwitch.values[0] as string);
      read.set(aSwitch.name, value);
      return value as never;
    },
    object: (type, name, init) => {
      const erased = type as unknown as ObjectType<Shape>;
      const view = place(erased, claim(name), false);
      if (view.$live >= 0) memory.bytes[view.$live] = LIVE;
      roots.push(view);
      initialise(view, erased, (init ?? {}) as Record<string, unknown>);
      return view as never;
    },
    objects: (type, stem, count, init) =>
      Array.from({ length: count }, (_, i) => setup.object(type, `${stem}${i}`, init?.(i))),
    pool: (type, slots) => {
      const erased = type as unknown as ObjectType<Shape>;
      if (erased.permanent) throw modelError(`${type.name} is permanent and cannot be allocated`, scenario.name);
      if (!(Number.isInteger(slots) && slots >= 1))
        throw modelError(`pool of ${type.name} needs at least one slot`, scenario.name);
      for (let i = 0; i < slots; i++) place(erased, claim(`${type.name}#${i}`), true);
      const pool: Pool<never> = {
        type: type.name,
        [Symbol.iterator]: () => heap.live(erased) as never,
      };
      return pool as never;
    },
    task: (name, operations, options) => addActor(name, operations, options),
    actor: (name, procedure, args, options) =>
      addActor(name, [{ procedure: procedure as never, args: args as Record<string, unknown> }], options),
    implementations: (type, procedures) => {
      implementations.set(type as never, procedures as never);
      for (const p of procedures) if (!memory.callbacks.includes(p as never)) memory.callbacks.push(p as never);
    },
    failures: (given) => {
      for (const [name, value] of Object.entries(given)) {
        if (!(Number.isInteger(value) && value >= 0 && value < 256))
          throw modelError(`failure budget ${name} must be a whole number below 256`, scenario.name);
        budgets[name] = value;
      }
    },
    property: (...given) => {
      for (const p of given) {
        if (properties.some((q) => q.name === p.name))
          throw modelError(`two properties are named "${p.name}"`, scenario.name);
        properties.push(p);
      }
    },
    view: (name, about, show) => {
      if (!/^\w[\w ,()'-]*$/.test(name) || views.some((v) => v.name === name))
        throw modelError(`view "${name}" is not named by plain words of its own`, scenario.name);
      views.push({ name, about, show });
    },
    interchangeable: (blocks, options) => {
      symmetries.push({ blocks, by: options?.by ?? 'exchange' });
    },
    mayOutlive: (...types) => {
      for (const type of types) mayOutlive.add(type as never);
    },
  };
  scenario.setup(setup);
  if (programs.length === 0)
    throw modelError('the scenario has no actor', scenario.name, 'add one with s.task or s.actor');
  return {
    memory,
    layout,
    heap,
    factory,
    programs,
    implementations,
    budgets,
    properties,
    views,
    places,
    symmetries,
    mayOutlive,
    roots,
    settings,
    read,
    bounds,
  };
}
