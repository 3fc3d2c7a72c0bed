/**
 * The state of the brute-force twin: objects, actors and failure budgets as plain data, and views of them with the
 * names and types that the steps of a model use. A snapshot is the JSON text of all the data; restoring parses it. Views are made once and look the data up at every access, so closures of a scenario may keep them.
 */
import type { Actor, FieldSpec } from '../../checker/lang/fields.ts';
import {
  modelError,
  nameOf,
  type ObjectType,
  type Procedure,
  type Shape,
  Violation,
} from '../../checker/lang/index.ts';
import { rememberName } from '../../checker/lang/names.ts';
import type { Params } from '../../checker/lang/procedure.ts';
import type { Operation } from '../../checker/lang/scenario.ts';
import { type Coder, TwinActors, TwinElements, TwinList, TwinRing, TwinScalars } from './twin-parts.ts';

export type Data = Record<string, unknown>;
export type AnyProcedure = Procedure<Params, unknown>;

/** An object of the scenario or a slot for allocations. */
export interface Thing {
  readonly number: number;
  readonly type: ObjectType<Shape>;
  readonly name: string;
  readonly pooled: boolean;
  readonly view: object;
  life: 'unborn' | 'live' | 'freed';
  data: Data;
}

/** One call in progress: the place in the body and the values of parameters and locals. */
export interface Frame {
  procedure: number;
  /** Position in a block, name of the inner block, position in it, ... down to the statement. */
  path: (number | string)[];
  vars: Data;
}

/** An actor as steps see it, and where it stands. */
export class Player implements Actor {
  readonly number: number;
  readonly name: string;
  readonly role: string;
  readonly program: readonly Operation[];
  /** It does not stop for ever where it could go on. */
  readonly fair: boolean;
  parked = false;
  signalled = false;
  /** Number of the operation that runs; the length of the program when it has ended. */
  operation = 0;
  /** The calls in progress, innermost last. */
  stack: Frame[] = [];

  constructor(number: number, name: string, role: string, program: readonly Operation[], fair = true) {
    this.fair = fair;
    this.number = number;
    this.name = name;
    this.role = role;
    this.program = program;
  }
}

/** A struct with a lock role, wherever it is embedded. */
export interface Lock {
  readonly name: string;
  readonly spins: boolean;
  readonly thing: Thing;
  /** Numbers of the actors in its actor fields. */
  readonly exclusive: () => number[];
  /** Numbers of the actors in its actor sets. */
  readonly shared: () => number[];
}

const FIRST = ['int', 'bool', 'enum', 'ref', 'actor', 'callback'];
export const isScalarField = (spec: FieldSpec): boolean => FIRST.includes(spec.kind);

export class World {
  readonly things: Thing[] = [];
  readonly players: Player[] = [];
  readonly callbacks: AnyProcedure[] = [];
  readonly procedures: AnyProcedure[] = [];
  readonly locks: Lock[] = [];
  budgets: Record<string, number> = {};
  readonly #thingOf = new Map<object, Thing>();
  /** The newest snapshot, or the state restored last. */
  #current: readonly string[] = [];

  /** Everything two states can differ in: a JSON text for each object, for each actor and for the budgets. */
  snapshot(): readonly string[] {
    this.#current = [
      ...this.things.map((t) => JSON.stringify([t.life, t.data])),
      ...this.players.map((p) => JSON.stringify([p.operation, p.stack, p.parked, p.signalled])),
      JSON.stringify(this.budgets),
    ];
    return this.#current;
  }

  /** Goes back to a state. What is known to be the same already is left alone. */
  restore(state: readonly string[]): void {
    state.forEach((text, i) => {
      if (text === this.#current[i]) return;
      const value = JSON.parse(text);
      const player = i - this.things.length;
      if (player < 0) [(this.things[i] as Thing).life, (this.things[i] as Thing).data] = value;
      else if (player < this.players.length) {
        const [operation, stack, parked, signalled] = value;
        Object.assign(this.players[player] as Player, { operation, stack, parked, signalled });
      } else this.budgets = value;
    });
    this.#current = state;
  }

  /** A step broke off: nothing is known of the state it left behind. */
  forget(): void {
    this.#current = [];
  }

  addThing(type: ObjectType<Shape>, name: string, pooled: boolean): Thing {
    const thing: Thing = {
      number: this.things.length,
      type,
      name,
      pooled,
      view: {},
      life: pooled ? 'unborn' : 'live',
      data: emptyObject(type.shape),
    };
    this.things.push(thing);
    this.#thingOf.set(thing.view, thing);
    rememberName(thing.view, name);
    this.#fields(thing.view, type.shape, () => thing.data, thing, name);
    return thing;
  }

  thingOf(view: object): Thing | undefined {
    return this.#thingOf.get(view);
  }

  /** Throws unless the object may be accessed. */
  touch(thing: Thing, part: string): void {
    if (thing.life === 'freed')
      throw new Violation('use-after-free', `${part} of ${thing.name} is accessed after it was freed`, [thing.name]);
    if (thing.life === 'unborn') throw modelError(`${part} of ${thing.name} is accessed before it was allocated`);
  }

  allocate(type: ObjectType<Shape>): object {
    const slots = this.things.filter((t) => t.type === type);
    const chosen =
      slots.find((t) => t.pooled && t.life === 'unborn') ??
      slots.find((t) => t.life === 'freed' && (type.reusesAddress || (t.pooled && !this.#isPointedTo(t))));
    if (chosen === undefined) throw modelError(`no slot is left for ${type.name}`);
    chosen.life = 'live';
    return chosen.view;
  }

  free(view: object | null, by: Player): void {
    if (view === null) return;
    const thing = this.thingOf(view);
    if (thing === undefined || thing.type.permanent) throw modelError(`${nameOf(view)} cannot be freed`);
    if (thing.life === 'freed')
      throw new Violation('double-free', `${thing.name} is freed a second time`, [thing.name], [by.name]);
    if (thing.life === 'unborn')
      throw new Violation('invalid-free', `${thing.name} was never allocated`, [thing.name], [by.name]);
    for (const lock of this.locks) {
      const holders = lock.thing === thing ? [...lock.exclusive(), ...lock.shared()] : [];
      if (holders.length > 0)
        throw new Violation(
          'invalid-free',
          `${thing.name} is freed while ${lock.name} is held`,
          [thing.name],
          [...new Set([by.name, ...holders.map((n) => (this.players[n] as Player).name)])],
        );
    }
    thing.data = emptyObject(thing.type.shape);
    thing.life = 'freed';
  }

  /** Locks of living objects that the actor holds. */
  heldBy(player: Player): Lock[] {
    return this.locks.filter(
      (lock) =>
        lock.thing.life === 'live' &&
        (lock.exclusive().includes(player.number) || lock.shared().includes(player.number)),
    );
  }

  #isPointedTo(thing: Thing): boolean {
    for (const holder of this.things)
      if (pointersIn(holder.type.shape, holder.data).includes(thing.number)) return true;
    for (const player of this.players)
      for (const frame of player.stack) if (this.framePointers(frame).includes(thing.number)) return true;
    return false;
  }

  /** Numbers of the objects that parameters and locals of a call point to. */
  framePointers(frame: Frame): number[] {
    const procedure = this.procedures[frame.procedure] as AnyProcedure;
    const found: number[] = [];
    for (const [name, spec] of storedFields(procedure))
      if (spec.kind === 'ref' && frame.vars[name] !== null) found.push(frame.vars[name] as number);
    return found;
  }

  /** How values of a scalar field are kept. */
  coder(spec: FieldSpec, name: string): Coder {
    const bad = (value: unknown) => modelError(`${name} cannot hold ${String(value)}`);
    switch (spec.kind) {
      case 'int':
        return {
          show: (raw) => raw,
          keep: (v) => {
            if (!((v as number) >= spec.lo && (v as number) <= spec.hi)) throw bad(v);
            return v;
          },
        };
      case 'bool':
        return { show: (raw) => raw, keep: (v) => Boolean(v) };
      case 'enum':
        return {
          show: (raw) => raw,
          keep: (v) => {
            if (!spec.values.includes(v as string)) throw bad(v);
            return v;
          },
        };
      case 'ref':
        return {
          show: (raw) => (raw === null ? null : (this.things[raw as number] as Thing).view),
          keep: (v) => {
            if (v === null) return null;
            const thing = this.thingOf(v as object);
            if (thing === undefined) throw bad(v);
            return thing.number;
          },
        };
      case 'actor':
        return {
          show: (raw) => (raw === null ? null : this.players[raw as number]),
          keep: (v) => (v === null ? null : (v as Player).number),
        };
      case 'callback':
        return {
          show: (raw) => (raw === null ? null : this.callbacks[raw as number]),
          keep: (v) => {
            if (v === null) return null;
            const i = this.callbacks.indexOf(v as AnyProcedure);
            if (i < 0) throw bad(v);
            return i;
          },
        };
      default:
        throw new Error(`${spec.kind} is no scalar`);
    }
  }

  /** Gives a view its fields. */
  #fields(view: object, shape: Shape, data: () => Data, thing: Thing, name: string): void {
    for (const [field, f] of Object.entries(shape)) {
      const spec = f as FieldSpec;
      const path = `${name}.${field}`;
      const coder = isScalarField(spec) ? this.coder(spec, path) : null;
      const part = coder === null ? this.#part(spec, () => data()[field], thing, path) : null;
      Object.defineProperty(view, field, {
        enumerable: true,
        get: () => {
          this.touch(thing, field);
          return coder === null ? part : coder.show(data()[field]);
        },
        set: (value: unknown) => {
          this.touch(thing, field);
          if (coder === null) throw modelError(`${path} is embedded and cannot be assigned`);
          data()[field] = coder.keep(value);
        },
      });
    }
  }

  /** The view of an embedded struct or collection. */
  #part(spec: FieldSpec, data: () => unknown, thing: Thing, name: string): object {
    const array = data as () => unknown[];
    const part = ((): object => {
      switch (spec.kind) {
        case 'struct': {
          const view = {};
          this.#fields(view, spec.shape, data as () => Data, thing, name);
          if (spec.lock !== null) this.#lock(spec, data as () => Data, thing, name);
          return view;
        }
        case 'list': {
          const coder = this.coder({ kind: 'ref', target: spec.target }, name);
          return new TwinList(array, spec.capacity, coder, (node, what) => {
            // A list that is handed NULL follows it.
            if (node === null) throw new Violation('null-dereference', `${name} is given a NULL pointer`);
            this.touch(this.thingOf(node) as Thing, what);
          });
        }
        case 'ring':
          return new TwinRing(array, spec.capacity, this.coder(spec.element, name));
        case 'array':
          if (isScalarField(spec.element)) return new TwinScalars(array, spec.length, this.coder(spec.element, name));
          return new TwinElements(
            Array.from({ length: spec.length }, (_, i) =>
              this.#part(spec.element, () => array()[i], thing, `${name}[${i}]`),
            ),
          );
        case 'actors':
          return new TwinActors(array, this.coder({ kind: 'actor' }, name));
        default:
          throw new Error(`${spec.kind} is not embedded`);
      }
    })();
    rememberName(part, name);
    return part;
  }

  #lock(spec: FieldSpec & { kind: 'struct' }, data: () => Data, thing: Thing, name: string): void {
    const fields = Object.entries(spec.shape) as [string, FieldSpec][];
    this.locks.push({
      name,
      spins: spec.lock?.spins ?? false,
      thing,
      exclusive: () =>
        fields.filter(([n, f]) => f.kind === 'actor' && data()[n] !== null).map(([n]) => data()[n] as number),
      shared: () => fields.filter(([, f]) => f.kind === 'actors').flatMap(([n]) => data()[n] as number[]),
    });
  }
}

/** Parameters and locals that a call keeps: all but constant lists and constants. */
export function storedFields(procedure: AnyProcedure): [string, FieldSpec][] {
  const fields: [string, FieldSpec][] = [];
  for (const [name, spec] of Object.entries(procedure.params))
    if (spec.kind === 'object') fields.push([name, { kind: 'ref', target: () => spec as never }]);
    else if (spec.kind !== 'each' && spec.kind !== 'constant') fields.push([name, spec as FieldSpec]);
  for (const [name, spec] of Object.entries(procedure.locals)) fields.push([name, spec as FieldSpec]);
  return fields;
}

/** The value a field has before anything is assigned. */
export function initialValue(spec: FieldSpec): unknown {
  switch (spec.kind) {
    case 'int':
    case 'bool':
      return spec.init;
    case 'enum':
      return spec.values[0];
    case 'array':
      return Array.from({ length: spec.length }, () => initialValue(spec.element));
    case 'struct':
      return emptyObject(spec.shape);
    case 'list':
    case 'ring':
    case 'actors':
      return [];
    default:
      return null;
  }
}

function emptyObject(shape: Shape): Data {
  return Object.fromEntries(Object.entries(shape).map(([name, spec]) => [name, initialValue(spec as FieldSpec)]));
}

/** Numbers of the objects that data of this shape points to. */
export function pointersIn(shape: Shape, data: Data): number[] {
  const found: number[] = [];
  const visit = (spec: FieldSpec, value: unknown): void => {
    if (spec.kind === 'ref' && value !== null) found.push(value as number);
    else if (spec.kind === 'list') found.push(...(value as number[]));
    else if (spec.kind === 'ring' || spec.kind === 'array') for (const v of value as unknown[]) visit(spec.element, v);
    else if (spec.kind === 'struct') found.push(...pointersIn(spec.shape, value as Data));
  };
  for (const [name, spec] of Object.entries(shape)) visit(spec as FieldSpec, data[name]);
  return found;
}
