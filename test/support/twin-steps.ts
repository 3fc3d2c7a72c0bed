/**
 * The interpreter of the brute-force twin: runs the statements of procedure bodies one at a time, straight from the
 * data that the modelling language makes, with an explicit stack of calls.
 */
import type { Body, Statement } from '../../checker/lang/body.ts';
import type { FieldSpec } from '../../checker/lang/fields.ts';
import { modelError, Violation } from '../../checker/lang/index.ts';
import type { Twin } from './twin-setup.ts';
import { type AnyProcedure, type Frame, initialValue, type Player, storedFields, type World } from './twin-world.ts';

type AnyStatement = Statement<any>;
type AnyBody = Body<any>;

/** Statements in a row without a step after which we say that the actor never comes to one. */
const ENDLESS = 10_000;

export class Interpreter {
  readonly #twin: Twin;
  readonly #world: World;
  /** Constant lists and constants given to calls, by place of the call and name of the parameter. */
  readonly #constants = new Map<string, unknown>();
  readonly #looks = new Map<AnyProcedure, object>();
  readonly #inner = new Map<AnyStatement, Record<string, AnyBody>>();

  constructor(twin: Twin) {
    this.#twin = twin;
    this.#world = twin.world;
  }

  /** Brings every actor to its first step. */
  start(): void {
    for (const player of this.#world.players) {
      player.operation = -1;
      this.#nextOperation(player);
      this.#settle(player);
    }
  }

  /** The step the actor stands before; null when it has ended. */
  standing(player: Player): AnyStatement | null {
    const frame = player.stack[player.stack.length - 1];
    return frame === undefined ? null : (this.#statementAt(frame) as AnyStatement);
  }

  /** Where the actor stands, in words, for messages. */
  place(player: Player): string {
    const s = this.standing(player) as { label?: string; op: string } | null;
    return s === null ? 'ended' : (s.label ?? s.op);
  }

  /** May the actor stay here for ever? */
  rests(player: Player): boolean {
    const s = this.standing(player);
    return s === null || ('idle' in s && s.idle === true);
  }

  /** How many choices the step has. */
  choices(player: Player): number {
    const s = this.standing(player);
    switch (s?.op) {
      case undefined:
        return 0;
      case 'choose':
        return s.arms.length;
      case 'pick':
        return s.from(this.#view(player), player).length;
      case 'attempt':
      case 'alloc':
        return s.budget !== null && (this.#twin.budgets[s.budget] ?? 0) > 0 ? 2 : 1;
      default:
        return 1;
    }
  }

  /** Takes the step in the current state. False when a guard refuses it; throws when it breaks a promise. */
  take(player: Player, choice: number): boolean {
    const s = this.standing(player) as AnyStatement;
    const f = this.#view(player);
    const w = this.#world;
    if ('sleeps' in s && s.sleeps) this.#mustNotSpin(player);
    switch (s.op) {
      case 'step':
        s.act(f, player);
        this.#advance(player);
        break;
      case 'block':
        if (!s.guard(f, player)) return false;
        s.act?.(f, player);
        this.#advance(player);
        break;
      case 'branch':
        this.#into(player, s.test(f, player) ? 'yes' : 'no');
        break;
      case 'choose': {
        const arm = s.arms[choice];
        if (arm === undefined || (arm.when && !arm.when(f, player))) return false;
        arm.act?.(f, player);
        this.#into(player, `arm ${choice}`);
        break;
      }
      case 'pick': {
        const option = s.from(f, player)[choice] as never;
        if (s.when && !s.when(f, option, player)) return false;
        s.act(f, option, player);
        this.#advance(player);
        break;
      }
      case 'attempt':
      case 'alloc':
        if (choice === 1) {
          const budget = s.budget as string;
          if (w.budgets[budget] === 0) return false;
          w.budgets[budget] = (w.budgets[budget] as number) - 1;
          this.#into(player, 'orElse');
          break;
        }
        if (s.op === 'attempt') s.act(f, player);
        else s.act(f, w.allocate(s.type) as never, player);
        this.#advance(player);
        break;
      case 'free': {
        const view = s.what(f, player);
        s.act?.(f, player);
        w.free(view, player);
        this.#advance(player);
        break;
      }
      case 'callback': {
        const procedure = s.target(f, player) as AnyProcedure | null;
        if (procedure === null) {
          if (s.orElse.length === 0) throw new Violation('null-dereference', 'a call through a NULL pointer');
          this.#into(player, 'orElse');
        } else {
          if (!this.#twin.implementations.get(s.type)?.includes(procedure)) return false;
          this.#enter(player, procedure, s.args(f, player));
        }
        break;
      }
      default:
        throw new Error(`${s.op} is not a step`);
    }
    this.#settle(player);
    return true;
  }

  #mustNotSpin(player: Player): void {
    const lock = this.#world.heldBy(player).find((l) => l.spins);
    if (lock !== undefined)
      throw new Violation(
        'sleep-in-atomic',
        `${player.name} may sleep while it holds ${lock.name}`,
        [lock.name],
        [player.name],
      );
  }

  /** Runs what is no step until the actor stands before one or has ended. */
  #settle(player: Player): void {
    for (let n = 0; n < ENDLESS; n++) {
      const frame = player.stack[player.stack.length - 1];
      if (frame === undefined) return;
      const s = this.#statementAt(frame);
      if (s === null) {
        this.#return(player, 0);
        continue;
      }
      const f = this.#view(player);
      switch (s.op) {
        case 'local':
          s.act(f, player);
          this.#advance(player);
          break;
        case 'if':
          this.#into(player, s.test(f, player) ? 'yes' : 'no');
          break;
        case 'loop':
          this.#into(player, 'body');
          break;
        case 'break':
        case 'continue':
          while (frame.path[frame.path.length - 2] !== 'body') frame.path.splice(-2);
          if (s.op === 'continue') frame.path[frame.path.length - 1] = 0;
          else {
            frame.path.splice(-2);
            this.#advance(player);
          }
          break;
        case 'label':
          this.#advance(player);
          break;
        case 'goto': {
          const path = this.#find(s.name, this.#procedure(frame).body(), []);
          if (path === null) throw modelError(`goto names unknown label "${s.name}"`);
          frame.path = path;
          break;
        }
        case 'call':
          this.#enter(player, s.procedure(), s.args(f, player));
          break;
        case 'return':
          this.#return(player, s.value ? s.value(f, player) : 0);
          break;
        case 'switch':
          this.#into(player, `is ${this.#twin.settings.get(s.on.name) ?? s.on.values[0]}`);
          break;
        default:
          return;
      }
    }
    throw modelError(`${player.name} never comes to a step`);
  }

  #enter(player: Player, procedure: AnyProcedure, args: Readonly<Record<string, unknown>>): void {
    const w = this.#world;
    let number = w.procedures.indexOf(procedure);
    if (number < 0) number = w.procedures.push(procedure) - 1;
    const frame: Frame = { procedure: number, path: [0], vars: {} };
    player.stack.push(frame);
    for (const [name, spec] of storedFields(procedure))
      frame.vars[name] =
        name in procedure.params ? w.coder(spec, name).keep(args[name]) : initialValue(spec as FieldSpec);
    for (const [name, spec] of Object.entries(procedure.params))
      if (spec.kind === 'each' || spec.kind === 'constant')
        this.#constants.set(this.#placeOf(player, name), args[name]);
  }

  /** Leaves the innermost call; its caller receives the value. */
  #return(player: Player, value: unknown): void {
    player.stack.pop();
    const caller = player.stack[player.stack.length - 1];
    if (caller !== undefined) {
      const s = this.#statementAt(caller) as AnyStatement & { op: 'call' | 'callback' };
      s.receive?.(this.#view(player), value as never);
      this.#advance(player);
      return;
    }
    const held = this.#world.heldBy(player)[0];
    if (held !== undefined)
      throw new Violation(
        'lock-misuse',
        `${player.program[player.operation]?.procedure.name} returns with ${held.name} held`,
        [held.name],
        [player.name],
      );
    this.#nextOperation(player);
  }

  #nextOperation(player: Player): void {
    player.operation++;
    const operation = player.program[player.operation];
    if (operation !== undefined) this.#enter(player, operation.procedure, operation.args);
  }

  #advance(player: Player): void {
    const { path } = player.stack[player.stack.length - 1] as Frame;
    path[path.length - 1] = (path[path.length - 1] as number) + 1;
  }

  #into(player: Player, block: string): void {
    (player.stack[player.stack.length - 1] as Frame).path.push(block, 0);
  }

  /** The statement at the place of a call; null at the end of its procedure. Ends of inner blocks are left. */
  #statementAt(frame: Frame): AnyStatement | null {
    for (;;) {
      let body = this.#procedure(frame).body() as AnyBody;
      let s = body[frame.path[0] as number];
      for (let i = 1; i < frame.path.length; i += 2) {
        body = this.#blocks(s as AnyStatement)[frame.path[i] as string] as AnyBody;
        s = body[frame.path[i + 1] as number];
      }
      if (s !== undefined) return s;
      if (frame.path.length === 1) return null;
      const [block] = frame.path.splice(-2);
      // The end of a loop's body leads to its start, the end of another block to what follows it.
      if (block === 'body') frame.path.push('body', 0);
      else frame.path[frame.path.length - 1] = (frame.path[frame.path.length - 1] as number) + 1;
    }
  }

  /** The blocks inside a statement, by name. */
  #blocks(s: AnyStatement): Record<string, AnyBody> {
    const known = this.#inner.get(s) ?? blocksOf(s);
    this.#inner.set(s, known);
    return known;
  }
  /** Path of a label. */
  #find(label: string, body: AnyBody, prefix: (string | number)[]): (string | number)[] | null {
    for (const [i, s] of body.entries()) {
      if (s.op === 'label' && s.name === label) return [...prefix, i];
      for (const [name, block] of Object.entries(this.#blocks(s))) {
        if (s.op === 'switch' && name !== `is ${this.#twin.settings.get(s.on.name) ?? s.on.values[0]}`) continue;
        const found = this.#find(label, block, [...prefix, i, name]);
        if (found !== null) return found;
      }
    }
    return null;
  }

  #procedure(frame: Frame): AnyProcedure {
    return this.#world.procedures[frame.procedure] as AnyProcedure;
  }

  #placeOf(player: Player, name: string): string {
    const calls = player.stack.map((frame, i) => [frame.procedure, i + 1 < player.stack.length ? frame.path : '']);
    return JSON.stringify([player.number, player.operation, calls, name]);
  }

  /** The innermost call as its statements see it: parameters are read-only, locals are not. */
  #view(player: Player): Record<string, unknown> {
    const frame = player.stack[player.stack.length - 1] as Frame;
    const procedure = this.#procedure(frame);
    const view = Object.create(this.#looksOf(procedure)) as Record<string, unknown>;
    (view as { $frame?: Frame }).$frame = frame;
    for (const [name, spec] of Object.entries(procedure.params))
      if (spec.kind === 'each' || spec.kind === 'constant') {
        const value = this.#constants.get(this.#placeOf(player, name));
        Object.defineProperty(view, name, { value });
      }
    return view;
  }

  /** The accessors of the frames of a procedure. */
  #looksOf(procedure: AnyProcedure): object {
    let looks = this.#looks.get(procedure);
    if (looks !== undefined) return looks;
    looks = {};
    for (const [name, spec] of storedFields(procedure)) {
      const coder = this.#world.coder(spec, name);
      Object.defineProperty(looks, name, {
        get(this: { $frame: Frame }) {
          return coder.show(this.$frame.vars[name]);
        },
        ...(name in procedure.locals
          ? {
              set(this: { $frame: Frame }, value: unknown) {
                this.$frame.vars[name] = coder.keep(value);
              },
            }
          : {}),
      });
    }
    this.#looks.set(procedure, looks);
    return looks;
  }
}

function blocksOf(s: AnyStatement): Record<string, AnyBody> {
  switch (s.op) {
    case 'branch':
    case 'if':
      return { yes: s.yes, no: s.no };
    case 'choose':
      return Object.fromEntries(s.arms.map((arm, i) => [`arm ${i}`, arm.body]));
    case 'attempt':
    case 'alloc':
    case 'callback':
      return { orElse: s.orElse };
    case 'loop':
      return { body: s.body };
    case 'switch':
      return Object.fromEntries(Object.entries(s.arms).map(([value, body]) => [`is ${value}`, body]));
    default:
      return {};
  }
}
