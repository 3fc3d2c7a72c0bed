/**
 * Accessors. For each type of object, struct and frame one class is generated whose getters and setters read and
 * write fixed offsets of the current state vector, check liveness, and (in models that record) leave the footprint.
 * Views are made once, before the search; no object is made while it runs.
 */
import { modelError } from '../lang/errors.ts';
import type { Actor, FieldSpec } from '../lang/fields.ts';
import { nameOf, rememberName } from '../lang/names.ts';
import type { Shape } from '../lang/object.ts';
import type { Params, Procedure } from '../lang/procedure.ts';
import { ActorSetView, type Codec, dead, ListView, RingView, ScalarArrayView, ViewArrayView } from './collections.ts';
import type { Cell, Layout } from './layout.ts';
import { fieldMark, type Recording } from './marks.ts';
import type { Memory } from './memory.ts';

export type ViewClass = new (memory: Memory, base: number, live: number, id: number) => object;
export type FrameClass = new (memory: Memory, base: number, constants: Readonly<Record<string, unknown>>) => object;

/**
 * Classes are shared by all models of a process: what a step's closures see then has the same hidden class in every
 * one of them, and stays fast. The memory is therefore reached through the view.
 */
const viewClasses: Readonly<Record<Recording, WeakMap<Shape, ViewClass>>> = {
  nothing: new WeakMap(),
  footprint: new WeakMap(),
  marks: new WeakMap(),
};
const frameClasses = new WeakMap<Procedure<Params, unknown>, Map<string, FrameClass>>();

const SCALARS = ['int', 'bool', 'enum', 'ref', 'actor', 'callback'] as const;
export const isScalar = (spec: FieldSpec): boolean => (SCALARS as readonly string[]).includes(spec.kind);

/** Bytes a field takes. */
export function sizeOf(spec: FieldSpec): number {
  switch (spec.kind) {
    case 'actors':
      return 2;
    case 'list':
      return 1 + spec.capacity;
    case 'ring':
      return 1 + spec.capacity;
    case 'array':
      return spec.length * sizeOf(spec.element);
    case 'struct':
      return sizeOfShape(spec.shape);
    default:
      return 1;
  }
}

export function sizeOfShape(shape: Shape): number {
  let size = 0;
  for (const field of Object.values(shape)) size += sizeOf(field as FieldSpec);
  return size;
}

/** Expression that decodes byte expression `b`; every zero byte is the initial value. */
function decode(spec: FieldSpec, b: string, name: string): string {
  switch (spec.kind) {
    case 'int': {
      const shift = spec.init - spec.lo;
      if (shift === 0) return spec.lo === 0 ? b : `${b} + ${spec.lo}`;
      return `((${b} + ${shift}) & 255) + ${spec.lo}`;
    }
    case 'bool':
      return spec.init ? `${b} === 0` : `${b} !== 0`;
    case 'enum':
      return `E_${name}[${b}]`;
    case 'ref':
      return `m.views[${b}]`;
    case 'actor':
      return `m.actors[${b}]`;
    case 'callback':
      return `m.callbacks[${b}]`;
    default:
      throw new Error(`${spec.kind} is no scalar`);
  }
}

/** Statements that check `v` and expression that encodes it. */
function encode(spec: FieldSpec, name: string): { check: string; value: string } {
  switch (spec.kind) {
    case 'int': {
      const shift = spec.init - spec.lo;
      const check = `if ((v | 0) !== v || v < ${spec.lo} || v > ${spec.hi}) bad(this, '${name}', v);`;
      const raw = spec.lo === 0 ? 'v' : `(v - ${spec.lo})`;
      return { check, value: shift === 0 ? raw : `(${raw} - ${shift}) & 255` };
    }
    case 'bool':
      return { check: '', value: spec.init ? '(v ? 0 : 1)' : '(v ? 1 : 0)' };
    case 'enum':
      return {
        check: `let e = E_${name}.indexOf(v); if (e < 0) bad(this, '${name}', v);`,
        value: 'e',
      };
    case 'ref':
    case 'actor':
      // What has no identity of its own, an embedded struct say, would be stored as NULL.
      return {
        check: `let e = v === null || v === undefined ? 0 : v.$id; if (m.${spec.kind === 'ref' ? 'views' : 'actors'}[e] !== v) badReference(this, '${name}', v);`,
        value: 'e',
      };
    case 'callback':
      return {
        check: `let e = v === null ? 0 : m.callbacks.indexOf(v); if (e < 0) badCallback(this, '${name}', v);`,
        value: 'e',
      };
    default:
      throw new Error(`${spec.kind} is no scalar`);
  }
}

export class ViewFactory {
  readonly #memory: Memory;
  readonly #layout: Layout;
  readonly #recording: Recording;

  constructor(layout: Layout, recording: Recording) {
    this.#memory = layout.memory;
    this.#layout = layout;
    this.#recording = recording;
  }

  /**
   * The view of an object or struct whose fields begin at `base`. Registers its cells, references and locks with
   * the layout under `name`.
   */
  view(shape: Shape, base: number, live: number, id: number, name: string): object {
    const classes = viewClasses[this.#recording];
    let Class = classes.get(shape);
    if (Class === undefined) {
      Class = this.#generate(shape, `shape of ${name}`);
      classes.set(shape, Class);
    }
    const view = new Class(this.#memory, base, live, id);
    rememberName(view, name);
    let offset = base;
    for (const [field, f] of Object.entries(shape)) {
      const spec = f as FieldSpec;
      this.#embed(view, field, spec, offset, live, `${name}.${field}`);
      offset += sizeOf(spec);
    }
    return view;
  }

  /** Makes sub-views and registers what the field holds. */
  #embed(view: object, field: string, spec: FieldSpec, offset: number, live: number, path: string): void {
    const part = this.#part(spec, offset, live, path);
    if (part !== null) Object.defineProperty(view, `$_${field}`, { value: part });
  }

  #part(spec: FieldSpec, offset: number, live: number, path: string): object | null {
    const { cells } = this.#layout;
    const first = cells.length;
    const part = this.#partOf(spec, offset, live, path);
    const { mark } = spec;
    // A mark holds for everything inside.
    for (let i = first; mark !== undefined && i < cells.length; i++) cells[i] = { mark, ...(cells[i] as Cell) };
    return part;
  }

  #partOf(spec: FieldSpec, offset: number, live: number, path: string): object | null {
    const m = this.#memory;
    switch (spec.kind) {
      case 'struct': {
        const view = this.view(spec.shape, offset, -1, 0, path);
        if (live >= 0) this.#livesWith(live, offset);
        if (spec.lock !== null) this.#registerLock(spec, offset, live, path, view);
        if (spec.counts) this.#registerCounters(spec, offset);
        return view;
      }
      case 'list': {
        this.#layout.refs.push({ offset: offset + 1, lengthAt: offset, capacity: spec.capacity });
        for (let i = 1; i <= spec.capacity; i++) this.#layout.identities.set(offset + i, 'object');
        const view = new ListView(m, offset, spec.capacity, m.views);
        rememberName(view, path);
        this.#cell(path, offset, 1 + spec.capacity, live, () => {
          const length = m.bytes[m.at + offset] as number;
          const ids = Array.from({ length }, (_, i) => m.views[m.bytes[m.at + offset + 1 + i] as number] ?? null);
          return `[${ids.map(nameOf).join(', ')}]`;
        });
        return view;
      }
      case 'ring': {
        if (!isScalar(spec.element)) throw modelError(`ring ${path} may hold scalars and references only`);
        if (spec.element.kind === 'ref')
          this.#layout.refs.push({ offset: offset + 1, lengthAt: offset, capacity: spec.capacity });
        for (let i = 1; i <= spec.capacity; i++) this.#identify(spec.element, offset + i);
        const codec = this.codec(spec.element, path);
        const view = new RingView(m, offset, spec.capacity, codec);
        rememberName(view, path);
        this.#cell(path, offset, 1 + spec.capacity, live, () => `[${[...view].map(showValue).join(', ')}]`);
        return view;
      }
      case 'array': {
        const size = sizeOf(spec.element);
        if (isScalar(spec.element)) {
          for (let i = 0; i < spec.length; i++) {
            this.#part(spec.element, offset + i, live, `${path}[${i}]`);
          }
          const view = new ScalarArrayView(offset, spec.length, this.codec(spec.element, path));
          rememberName(view, path);
          return view;
        }
        const elements = Array.from(
          { length: spec.length },
          (_, i) => this.#part(spec.element, offset + i * size, live, `${path}[${i}]`) as object,
        );
        const view = new ViewArrayView(elements);
        rememberName(view, path);
        return view;
      }
      case 'actors': {
        this.#layout.identities.set(offset, 'mask');
        const view = new ActorSetView(m, offset, m.actors);
        rememberName(view, path);
        this.#cell(path, offset, 2, live, () => `{${[...view].map((a) => a.name).join(', ')}}`);
        return view;
      }
      default:
        this.#scalarCell(spec, offset, live, path);
        return null;
    }
  }

  /** Cells and locks of an embedded struct, from `offset` on, live and die with the object around it. */
  #livesWith(live: number, offset: number): void {
    const { cells, locks } = this.#layout;
    for (let i = cells.length - 1; i >= 0; i--) {
      const cell = cells[i];
      if (cell === undefined || cell.offset < offset) break;
      if (cell.liveness < 0) cells[i] = { ...cell, liveness: live };
    }
    for (let i = locks.length - 1; i >= 0; i--) {
      const lock = locks[i];
      if (lock === undefined || lock.base < offset) break;
      if (lock.liveness < 0) locks[i] = { ...lock, liveness: live };
    }
  }

  #scalarCell(spec: FieldSpec, offset: number, live: number, path: string): void {
    if (spec.kind === 'ref') this.#layout.refs.push({ offset, lengthAt: -1, capacity: 1 });
    this.#identify(spec, offset);
    // Most cells are never shown.
    let codec: Codec<unknown> | undefined;
    this.#cell(path, offset, 1, live, () => {
      codec ??= this.codec(spec, path);
      return showValue(codec.get(offset));
    });
  }

  #identify(spec: FieldSpec, offset: number): void {
    if (spec.kind === 'ref') this.#layout.identities.set(offset, 'object');
    if (spec.kind === 'actor') this.#layout.identities.set(offset, 'actor');
  }

  #cell(path: string, offset: number, bytes: number, liveness: number, show: () => string): void {
    this.#layout.cells.push({ path, offset, bytes, liveness, owner: 'shared', show });
  }

  #registerLock(spec: FieldSpec & { kind: 'struct' }, base: number, live: number, name: string, view: object): void {
    const exclusive: number[] = [];
    const shared: number[] = [];
    let offset = base;
    for (const field of Object.values(spec.shape)) {
      const f = field as FieldSpec;
      if (f.kind === 'actor') exclusive.push(offset);
      if (f.kind === 'actors') shared.push(offset);
      offset += sizeOf(f);
    }
    this.#layout.locks.push({ name, base, spins: spec.lock?.spins ?? false, liveness: live, view, exclusive, shared });
  }

  #registerCounters(spec: FieldSpec & { kind: 'struct' }, base: number): void {
    let offset = base;
    for (const field of Object.values(spec.shape)) {
      const f = field as FieldSpec;
      if (f.kind === 'int') this.#layout.counters.push({ offset, init: f.init });
      offset += sizeOf(f);
    }
  }

  /** Reads and writes one scalar at any offset; for collections, frames and display. */
  codec(spec: FieldSpec, name: string): Codec<unknown> {
    const { check, value } = encode(spec, 'value');
    const rec = (kind: 'read' | 'write') => fieldMark(this.#recording, kind, 'offset', spec);
    const make = this.#evaluate(
      [['value', spec]],
      `return (m) => ({
        get(offset) { ${rec('read')} return ${decode(spec, 'm.bytes[m.at + offset]', 'value')}; },
        set(offset, v) { ${check} ${rec('write')} m.bytes[m.at + offset] = ${value}; },
        $name: ${JSON.stringify(name)}
      });`,
    ) as (m: Memory) => Codec<unknown>;
    return make(this.#memory);
  }

  #generate(shape: Shape, what: string): ViewClass {
    const fields = Object.entries(shape) as [string, FieldSpec][];
    let members = '';
    let offset = 0;
    for (const [name, spec] of fields) {
      const live = (access: string) => {
        const record = fieldMark(this.#recording, 'read', 'this.$live');
        return `const m = this.$m; if (this.$live >= 0) { ${record} if (m.bytes[m.at + this.$live] !== 1) dead(m, this, '${access}'); }`;
      };
      const place = `this.$b + ${offset}`;
      if (isScalar(spec)) {
        const { check, value } = encode(spec, name);
        const rec = (kind: 'read' | 'write') => fieldMark(this.#recording, kind, place, spec);
        members += `
          get ${name}() { ${live(name)} ${rec('read')} return ${decode(spec, `m.bytes[m.at + ${place}]`, name)}; }
          set ${name}(v) { ${live(name)} ${check} ${rec('write')} m.bytes[m.at + ${place}] = ${value}; }`;
      } else {
        members += `
          get ${name}() { ${live(name)} return this.$_${name}; }
          set ${name}(v) { fixed(this, '${name}'); }`;
      }
      offset += sizeOf(spec);
    }
    return this.#evaluate(
      fields,
      `return class {
        constructor(m, base, live, id) { this.$m = m; this.$b = base; this.$live = live; this.$id = id; }
        ${members}
      };`,
      what,
    ) as ViewClass;
  }

  /**
   * The class of frames of a procedure. Its parameters and locals in `stored` are bytes from the frame's base on, in
   * that order; its other parameters are constants of the frame.
   */
  frameClass(
    procedure: Procedure<Params, unknown>,
    stored: readonly (readonly [string, FieldSpec, 'param' | 'local'])[],
  ): FrameClass {
    const key = stored.map(([name]) => name).join(',');
    const known = frameClasses.get(procedure)?.get(key);
    if (known !== undefined) return known;
    let members = '';
    stored.forEach(([name, spec, role], offset) => {
      const place = `m.at + this.$b + ${offset}`;
      const { check, value } = encode(spec, name);
      members += `
        get ${name}() { const m = this.$m; return ${decode(spec, `m.bytes[${place}]`, name)}; }
        ${role === 'local' ? `set ${name}(v)` : `$set_${name}(v)`} { const m = this.$m; ${check} m.bytes[${place}] = ${value}; }`;
    });
    const Class = this.#evaluate(
      stored.map(([name, spec]) => [name, spec]),
      `return class {
        constructor(m, base, constants) {
          this.$m = m;
          this.$b = base;
          for (const k of Object.keys(constants)) Object.defineProperty(this, k, { value: constants[k], enumerable: true });
        }
        ${members}
      };`,
      `frame of ${procedure.name}`,
    ) as FrameClass;
    const classes = frameClasses.get(procedure) ?? new Map<string, FrameClass>();
    classes.set(key, Class);
    frameClasses.set(procedure, classes);
    return Class;
  }

  /** Evaluates generated text in a scope that knows the checks and the names of enums. */
  #evaluate(fields: readonly (readonly [string, FieldSpec])[], text: string, what = 'view'): unknown {
    const scope: Record<string, unknown> = {
      dead,
      bad,
      badReference,
      badCallback,
      fixed,
    };
    for (const [name, spec] of fields) if (spec.kind === 'enum') scope[`E_${name}`] = spec.values;
    try {
      return new Function(...Object.keys(scope), `'use strict'; ${text}`)(...Object.values(scope));
    } catch (cause) {
      throw modelError(`${what} cannot be compiled: ${String(cause)}`);
    }
  }
}

export function showValue(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'object') {
    if ((value as { kind?: string }).kind === 'procedure') return (value as { name: string }).name;
    return (value as Partial<Actor>).name !== undefined && '$flags' in value
      ? (value as unknown as Actor).name
      : nameOf(value as object);
  }
  return String(value);
}

function bad(view: object, field: string, value: unknown): never {
  throw modelError(
    `${nameOf(view)}.${field} cannot hold ${typeof value === 'object' || value === undefined ? showUnknown(value) : String(value)}`,
    undefined,
    'widen the field, or look for the step that should not happen',
  );
}

function showUnknown(value: unknown): string {
  return value === undefined ? 'undefined' : showValue(value);
}

function badReference(view: object, field: string, value: unknown): never {
  if (typeof value !== 'object' || value === null) return bad(view, field, value);
  throw modelError(
    `${nameOf(view)}.${field} cannot point to ${showValue(value)}`,
    undefined,
    '$id' in value && value.$id === 0
      ? 'it is embedded in another object: point to that one, or declare it with object() and make it in setup'
      : 'a reference names an object of this scenario, and a field for actors an actor',
  );
}

function badCallback(view: object, field: string, value: unknown): never {
  throw modelError(
    `${nameOf(view)}.${field} is set to ${(value as { name?: string } | null)?.name ?? String(value)}, which the scenario does not list`,
    undefined,
    'add it to s.implementations(...)',
  );
}

function fixed(view: object, field: string): never {
  throw modelError(`${nameOf(view)}.${field} is embedded and cannot be assigned`, undefined, 'assign its fields');
}
