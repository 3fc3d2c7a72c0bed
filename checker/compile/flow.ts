/**
 * Control flow. The body of a procedure, with every call expanded in place, becomes a graph of nodes: program
 * points, where another actor may come between, and fused nodes, which touch only frames and run together with the
 * step before them.
 */
import type { Body, Statement } from '../lang/body.ts';
import { modelError, nearest } from '../lang/errors.ts';
import type { Actor, FieldSpec, ParamSpec } from '../lang/fields.ts';
import { isLine, rememberName } from '../lang/names.ts';
import type { CallbackType, Params, Procedure } from '../lang/procedure.ts';
import type { Source } from '../lang/source.ts';
import type { Switch } from '../lang/switches.ts';
import type { Call } from '../trace/counterexample.ts';
import { knownArguments } from './constants.ts';
import type { Layout } from './layout.ts';
import { isScalar, type ViewFactory } from './views.ts';

type Closure = (...args: never[]) => unknown;

/** A frame: where the parameters and locals of one expanded call live. */
export interface FrameInfo {
  readonly view: object;
  readonly base: number;
  readonly size: number;
  readonly constants: Readonly<Record<string, unknown>>;
  readonly procedure: string;
  /** Stored parameters and locals, in the order of their bytes. */
  readonly slots: readonly { readonly name: string; readonly offset: number; readonly spec: FieldSpec }[];
  /** Frame of the caller; null for an operation of the actor itself. */
  readonly caller: FrameInfo | null;
}

export type PointStatement = Extract<
  Statement<never>,
  { op: 'step' | 'block' | 'branch' | 'choose' | 'pick' | 'attempt' | 'alloc' | 'free' | 'callback' }
>;

/** A place where an actor may stand between two steps. */
export interface Point {
  readonly kind: 'point';
  readonly statement: PointStatement;
  readonly frame: FrameInfo;
  readonly procedure: string;
  readonly label: string;
  readonly stack: readonly Call[];
  readonly source: Source;
  readonly note: string | null;
  /** Why the step touches several shared fields at once; null when the model does not say. */
  readonly indivisible: string | null;
  /** Where the step leads: one target, or one for each outcome (branch: yes, no; choose: each arm; failure: ok, fail). */
  readonly next: Node[];
  /** For callbacks: the implementations, in the order of `next`. */
  readonly implementations: readonly Procedure<Params, unknown>[];
  /** Names of the choices; empty for a step without one. Options of `pick` are named when they are taken. */
  readonly choices: readonly string[];
  readonly arity: number;
  /** Number of the point within its actor, given when the graph is complete. */
  pc: number;
}

export type Node =
  | Point
  | { readonly kind: 'act'; readonly run: Closure; readonly frame: FrameInfo; next: Node }
  | { readonly kind: 'test'; readonly test: Closure; readonly frame: FrameInfo; readonly yes: Node; readonly no: Node }
  | {
      readonly kind: 'enter';
      readonly args: Closure;
      readonly from: FrameInfo;
      readonly to: FrameInfo;
      readonly stored: readonly string[];
      next: Node;
    }
  | {
      readonly kind: 'leave';
      readonly value: Closure | null;
      readonly receive: Closure | null;
      readonly from: FrameInfo;
      readonly to: FrameInfo | null;
      next: Node;
    }
  | { readonly kind: 'jump'; to: Node | null; readonly what: string }
  | { readonly kind: 'returned'; readonly operation: string; next: Node }
  | { readonly kind: 'end' };

export interface FlowContext {
  readonly layout: Layout;
  readonly factory: ViewFactory;
  /** Value of each switch, by name; switches that are met are added to `met`. */
  readonly settings: ReadonlyMap<string, string>;
  readonly met: Map<string, { readonly switch: Switch; readonly value: string }>;
  readonly implementations: ReadonlyMap<CallbackType<Params, unknown>, readonly Procedure<Params, unknown>[]>;
  readonly budgets: Readonly<Record<string, number>>;
  /** What a procedure does; for a mutated form another than it says itself. */
  readonly bodyOf: (procedure: Procedure<Params, unknown>) => Body<never>;
}

/** What surrounds a statement while it is expanded. */
interface Scope {
  readonly procedure: Procedure<Params, unknown>;
  readonly frame: FrameInfo;
  readonly stack: readonly Call[];
  readonly labels: ReadonlyMap<string, Node & { kind: 'jump' }>;
  readonly stepLabels: Map<Statement<never>, string>;
  readonly onReturn: (value: Closure | null) => Node;
  readonly onBreak: Node | null;
  readonly onContinue: Node | null;
  readonly calls: readonly Procedure<Params, unknown>[];
}

/** Expands the programs of one actor. */
export class Flow {
  readonly #c: FlowContext;
  readonly actor: Actor;
  /** End of the deepest frame so far. */
  frameEnd: number;
  parks = false;
  readonly procedures = new Set<Procedure<Params, unknown>>();

  constructor(context: FlowContext, actor: Actor) {
    this.#c = context;
    this.actor = actor;
    this.frameEnd = context.layout.end;
  }

  /** The program of an actor: its operations in order, each called with constant arguments. */
  program(
    operations: readonly { procedure: Procedure<Params, unknown>; args: Readonly<Record<string, unknown>> }[],
  ): Node {
    let next: Node = { kind: 'end' };
    for (const operation of [...operations].reverse()) {
      const after: Node = { kind: 'returned', operation: operation.procedure.name, next };
      this.#checkArguments(operation.procedure, operation.args);
      // The frame is cleared, as on every return: the next operation begins with locals at zero.
      next = this.#expand(
        operation.procedure,
        operation.args,
        [],
        this.#c.layout.end,
        [],
        (frame) => ({ kind: 'leave', value: null, receive: null, from: frame, to: null, next: after }),
        null,
        null,
      );
    }
    return next;
  }

  #checkArguments(procedure: Procedure<Params, unknown>, args: Readonly<Record<string, unknown>>): void {
    const given = Object.keys(args).filter((name) => args[name] !== undefined);
    checkNames(procedure, given, `actor ${this.actor.name}`);
  }

  /** Expands one call; `enter` stores what is not constant. Returns its entry. */
  #expand(
    procedure: Procedure<Params, unknown>,
    constants: Readonly<Record<string, unknown>>,
    calls: readonly Procedure<Params, unknown>[],
    base: number,
    stack: readonly Call[],
    exit: (frame: FrameInfo, value: Closure | null) => Node,
    args: Closure | null,
    from: FrameInfo | null,
  ): Node {
    if (calls.includes(procedure)) {
      const path = [...calls.slice(calls.indexOf(procedure)), procedure].map((p) => p.name).join(' -> ');
      throw modelError(
        `recursion: ${path}`,
        `actor ${this.actor.name}`,
        'unroll it, or model the repetition as a loop',
      );
    }
    this.procedures.add(procedure);
    const stored = Object.entries(procedure.params).filter(([name]) => !(name in constants));
    for (const [name, spec] of stored)
      if (!isStorable(spec))
        throw modelError(
          `parameter "${name}" of ${procedure.name} must be constant`,
          `actor ${this.actor.name}`,
          'pass a list or constant of the scenario on as it is',
        );
    const slots = [
      ...stored.map(([name, spec]) => [name, storedSpec(spec), 'param'] as const),
      ...Object.entries(procedure.locals).map(([name, spec]) => [name, spec as FieldSpec, 'local'] as const),
    ];
    for (const [name, spec, role] of slots)
      if (!isScalar(spec))
        throw modelError(
          `${role} "${name}" of ${procedure.name} is a ${spec.kind}; frames hold scalars and pointers only`,
        );
    const Class = this.#c.factory.frameClass(procedure, slots);
    const view = new Class(this.#c.layout.memory, base, constants);
    rememberName(view, procedure.name);
    const frame: FrameInfo = {
      view,
      base,
      size: slots.length,
      constants,
      procedure: procedure.name,
      slots: slots.map(([name, spec], i) => ({ name, offset: base + i, spec })),
      caller: from,
    };
    this.frameEnd = Math.max(this.frameEnd, base + slots.length);
    const body = this.#c.bodyOf(procedure);
    const chosen = (s: Statement<never> & { op: 'switch' }) => this.#chosenArm(s, procedure.name);
    const labels = collectLabels(body, procedure.name, chosen);
    const call: Call = { procedure: procedure.name, source: procedure.source };
    const scope: Scope = {
      procedure,
      frame,
      stack: [...stack, call],
      labels,
      stepLabels: numberLabels(body, procedure.name, chosen),
      onReturn: (value) => exit(frame, value),
      onBreak: null,
      onContinue: null,
      calls: [...calls, procedure],
    };
    const entry = this.#sequence(body, scope, exit(frame, null));
    return from === null || args === null || stored.length === 0
      ? entry
      : { kind: 'enter', args, from, to: frame, stored: stored.map(([name]) => name), next: entry };
  }

  /** The arm the variant chooses. */
  #chosenArm(s: Statement<never> & { op: 'switch' }, procedure: string): Body<never> {
    const where = `${procedure} (actor ${this.actor.name})`;
    const value = this.#c.settings.get(s.on.name) ?? s.on.values[0];
    if (value === undefined || !s.on.values.includes(value))
      throw modelError(`switch ${s.on.name} is set to unknown value "${value}"`, where);
    this.#c.met.set(s.on.name, { switch: s.on, value });
    const arm = s.arms[value];
    if (arm === undefined) throw modelError(`switch ${s.on.name} has no arm for "${value}"`, where);
    return arm;
  }

  #sequence(body: Body<never>, scope: Scope, next: Node): Node {
    let node = next;
    for (let i = body.length - 1; i >= 0; i--) node = this.#statement(body[i] as Statement<never>, scope, node);
    return node;
  }

  #statement(s: Statement<never>, scope: Scope, next: Node): Node {
    const point = (
      statement: PointStatement,
      targets: Node[],
      choices: readonly string[],
      arity: number,
      implementations: readonly Procedure<Params, unknown>[] = [],
    ): Point => {
      const notes = statement as { source?: Source; note?: string; parks?: boolean; indivisible?: string };
      if (notes.indivisible?.trim() === '')
        throw this.#error(
          scope,
          `"${labelOf(statement)}" is indivisible without a reason`,
          'say why nobody can get in between',
        );
      if (notes.parks) this.parks = true;
      return {
        kind: 'point',
        statement,
        frame: scope.frame,
        procedure: scope.procedure.name,
        label: scope.stepLabels.get(statement as Statement<never>) ?? labelOf(statement),
        stack: scope.stack,
        source: notes.source ?? scope.procedure.source,
        note: notes.note ?? (notes.indivisible === undefined ? null : `one step: ${notes.indivisible}`),
        indivisible: notes.indivisible ?? null,
        next: targets,
        implementations,
        choices,
        arity,
        pc: -1,
      };
    };
    switch (s.op) {
      case 'step':
      case 'block':
      case 'free':
        return point(s, [next], [], 1);
      case 'branch':
        return point(s, [this.#sequence(s.yes, scope, next), this.#sequence(s.no, scope, next)], [], 1);
      case 'choose': {
        if (s.arms.length === 0) throw this.#error(scope, `choice "${s.label}" has no arm`);
        for (const [i, { name }] of s.arms.entries()) {
          if (!isLine(name))
            throw this.#error(scope, `arm ${JSON.stringify(name)} of "${s.label}" is not one line of text`);
          if (s.arms.findIndex((arm) => arm.name === name) !== i)
            throw this.#error(scope, `choice "${s.label}" has two arms named "${name}"`, 'say what distinguishes them');
        }
        const targets = s.arms.map((arm) => this.#sequence(arm.body, scope, next));
        return point(
          s,
          targets,
          s.arms.map((arm) => arm.name),
          s.arms.length,
        );
      }
      case 'pick':
        return point(s, [next], ['*'], this.#optionsOf(s, scope));
      case 'attempt':
      case 'alloc': {
        const mayFail = s.budget !== null && (this.#c.budgets[s.budget] ?? 0) > 0;
        if (!mayFail) return point(s, [next], [], 1);
        return point(s, [next, this.#sequence(s.orElse, scope, next)], ['ok', 'fail'], 2);
      }
      case 'local':
        return { kind: 'act', run: s.act as Closure, frame: scope.frame, next };
      case 'if':
        return {
          kind: 'test',
          test: s.test as Closure,
          frame: scope.frame,
          yes: this.#sequence(s.yes, scope, next),
          no: this.#sequence(s.no, scope, next),
        };
      case 'loop': {
        const head: Node = { kind: 'jump', to: null, what: `loop of ${scope.procedure.name}` };
        head.to = this.#sequence(s.body, { ...scope, onBreak: next, onContinue: head }, head);
        return head;
      }
      case 'break':
        if (scope.onBreak === null) throw this.#error(scope, 'break outside a loop');
        return scope.onBreak;
      case 'continue':
        if (scope.onContinue === null) throw this.#error(scope, 'continue outside a loop');
        return scope.onContinue;
      case 'label': {
        const jump = scope.labels.get(s.name) as Node & { kind: 'jump' };
        jump.to = next;
        return jump;
      }
      case 'goto': {
        const jump = scope.labels.get(s.name);
        if (jump === undefined) {
          const near = nearest(s.name, scope.labels.keys());
          throw this.#error(scope, `goto names unknown label "${s.name}"`, near && `did you mean "${near}"?`);
        }
        return jump;
      }
      case 'return':
        return scope.onReturn((s.value as Closure | undefined) ?? null);
      case 'call':
        return this.#call(s.procedure(), s.args as Closure, s.receive as Closure | undefined, scope, next);
      case 'callback':
        return this.#callback(s, scope, next, point);
      case 'switch':
        return this.#sequence(this.#chosenArm(s, scope.procedure.name), scope, next);
    }
  }

  #call(
    procedure: Procedure<Params, unknown>,
    args: Closure,
    receive: Closure | undefined,
    scope: Scope,
    next: Node,
  ): Node {
    const { constants, names } = knownArguments(args as never, scope.frame);
    if (names !== null) checkNames(procedure, names, `${scope.procedure.name} (actor ${this.actor.name})`);
    return this.#expand(
      procedure,
      constants,
      scope.calls,
      scope.frame.base + scope.frame.size,
      scope.stack,
      (frame, value) => ({ kind: 'leave', value, receive: receive ?? null, from: frame, to: scope.frame, next }),
      args,
      scope.frame,
    );
  }

  #callback(
    s: Extract<Statement<never>, { op: 'callback' }>,
    scope: Scope,
    next: Node,
    point: (
      statement: PointStatement,
      targets: Node[],
      choices: readonly string[],
      arity: number,
      implementations: readonly Procedure<Params, unknown>[],
    ) => Point,
  ): Node {
    const implementations = this.#c.implementations.get(s.type) ?? [];
    const targets = implementations.map((p) =>
      this.#call(p, s.args as Closure, s.receive as Closure | undefined, scope, next),
    );
    targets.push(this.#sequence(s.orElse, scope, next));
    return point(s, targets, [], 1, implementations);
  }

  #optionsOf(s: Extract<Statement<never>, { op: 'pick' }>, scope: Scope): number {
    // The list must be a constant of the scenario, so that the number of choices is known.
    const probe = knownArguments((f, self) => ({ from: s.from(f, self) }), scope.frame);
    const options = probe.constants['from'];
    if (!Array.isArray(options))
      throw this.#error(
        scope,
        `"${s.label}" picks from a list that is not constant`,
        'use a parameter declared with each() or constant()',
      );
    return Math.max(1, options.length);
  }

  #error(scope: Scope, what: string, hint?: string) {
    return modelError(what, `${scope.procedure.name} (actor ${this.actor.name})`, hint);
  }
}

/** Refuses arguments that the procedure does not have, and parameters that are given no value. */
function checkNames(procedure: Procedure<Params, unknown>, given: readonly string[], where: string): void {
  for (const name of given)
    if (!(name in procedure.params)) {
      const near = nearest(name, Object.keys(procedure.params));
      throw modelError(
        `${procedure.name} has no parameter "${name}"`,
        where,
        near === undefined ? undefined : `did you mean "${near}"?`,
      );
    }
  for (const name of Object.keys(procedure.params))
    if (!given.includes(name)) throw modelError(`${procedure.name} is called without its parameter "${name}"`, where);
}

function isStorable(spec: ParamSpec): boolean {
  return spec.kind !== 'each' && spec.kind !== 'constant';
}

function storedSpec(spec: ParamSpec): FieldSpec {
  return spec.kind === 'object' ? { kind: 'ref', target: () => spec as never } : (spec as FieldSpec);
}

function labelOf(s: PointStatement): string {
  return s.op === 'callback' ? `call ${s.type.name}` : s.label;
}

type ChosenArm = (s: Statement<never> & { op: 'switch' }) => Body<never>;

/** All statements of a body, those inside others too; of a switch, the chosen arm. */
function* walk(body: Body<never>, chosen: ChosenArm): Generator<Statement<never>> {
  for (const s of body) {
    yield s;
    switch (s.op) {
      case 'branch':
      case 'if':
        yield* walk(s.yes, chosen);
        yield* walk(s.no, chosen);
        break;
      case 'choose':
        for (const arm of s.arms) yield* walk(arm.body, chosen);
        break;
      case 'attempt':
      case 'alloc':
      case 'callback':
        yield* walk(s.orElse, chosen);
        break;
      case 'loop':
        yield* walk(s.body, chosen);
        break;
      case 'switch':
        yield* walk(chosen(s), chosen);
        break;
    }
  }
}

function collectLabels(body: Body<never>, procedure: string, chosen: ChosenArm): Map<string, Node & { kind: 'jump' }> {
  const labels = new Map<string, Node & { kind: 'jump' }>();
  for (const s of walk(body, chosen))
    if (s.op === 'label') {
      if (labels.has(s.name)) throw modelError(`label "${s.name}" stands twice`, procedure);
      labels.set(s.name, { kind: 'jump', to: null, what: `label ${s.name} of ${procedure}` });
    }
  return labels;
}

/** Step labels are unique within a procedure: derived ones are numbered, written ones must differ. */
function numberLabels(body: Body<never>, procedure: string, chosen: ChosenArm): Map<Statement<never>, string> {
  const result = new Map<Statement<never>, string>();
  const count = new Map<string, number>();
  const written = new Set<string>();
  for (const s of walk(body, chosen)) {
    const label = s.op === 'callback' ? labelOf(s) : 'label' in s ? s.label : undefined;
    if (label === undefined) continue;
    if (!isLine(label)) throw modelError(`step label ${JSON.stringify(label)} is not one line of text`, procedure);
    const n = (count.get(label) ?? 0) + 1;
    count.set(label, n);
    const derived = s.op === 'callback' || ('derived' in s && s.derived === true);
    if (!derived && written.has(label))
      throw modelError(`two steps are labelled "${label}"`, procedure, 'say what distinguishes them');
    if (!derived) written.add(label);
    result.set(s, n === 1 ? label : `${label} (${n})`);
  }
  return result;
}
