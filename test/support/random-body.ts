/** The statements of a random procedure, in the modelling language. */
import {
  type Actor,
  type Kit,
  type Statement as LangStatement,
  nameOf,
  type Procedure,
  switchOf,
  Violation,
} from '../../checker/lang/index.ts';
import {
  doLocally,
  doShared,
  type F,
  holds,
  holdsLocally,
  isFree,
  isShared,
  lockOf,
  parks,
  take,
} from './random-acts.ts';
import type { Effect, LockName, Statement } from './random-model.ts';
import type { Types } from './random-types.ts';

export const mode = switchOf('random.mode', 'which arm every switch takes', 'first', 'second');

/** A procedure that may be called. */
interface Callee {
  readonly procedure: () => Procedure<any, any>;
  /** It has the constant list of boxes. */
  readonly main: boolean;
}

/** Turns statements of one procedure into those of the language. */
export class Builder {
  readonly #types: Types;
  readonly #helpers: readonly Procedure<any, any>[];
  /** What may be called from here: helpers from everywhere, other procedures from those before them. */
  readonly #callees: readonly Callee[];
  readonly #main: boolean;
  #labels = 0;

  constructor(types: Types, helpers: readonly Procedure<any, any>[], callees: readonly Callee[], main: boolean) {
    this.#types = types;
    this.#helpers = helpers;
    this.#callees = callees;
    this.#main = main;
  }

  procedure(k: Kit<F>, body: readonly Statement[]): LangStatement<F>[] {
    this.#labels = 0;
    const statements = this.#body(k, body, false);
    const gotos = JSON.stringify(body);
    return [
      ...(gotos.includes('"goto again"') ? [k.label('again'), k.step('again', (f) => this.#do(['c = next'], f))] : []),
      ...statements,
      ...(gotos.includes('"goto out"') ? [k.label('out')] : []),
      k.return(),
      // Never reached: a budget that no step names is refused, and many models have none that does.
      k.attempt('io', 'never', () => {}, []),
      k.alloc(this.#types.Node, () => {}, { label: 'never either', mayFail: 'memory' }),
    ];
  }

  #do(effects: readonly Effect[], f: F, self: Actor | null = null): void {
    for (const e of effects) doShared(e, f, self as Actor, this.#helpers);
  }

  #label(what: string): string {
    return `${what} ${++this.#labels}`;
  }

  #body(k: Kit<F>, body: readonly Statement[], inLoop: boolean): LangStatement<F>[] {
    return body.flatMap((s) => this.#statement(k, s, inLoop));
  }

  #lock(k: Kit<F>, name: LockName): LangStatement<F> {
    return k.blockUntil(this.#label(`lock ${name}`), (f) => isFree(name, f), {
      do: (f, self) => take(name, f, self),
      waiting: { kind: 'lock', lock: (f) => lockOf(name, f) },
      sleeps: name !== 's',
    });
  }

  #tryLock(k: Kit<F>, name: LockName, taken: readonly LangStatement<F>[]): LangStatement<F> {
    return k.test(
      this.#label(`try ${name}`),
      (f, self) => {
        if (!isFree(name, f)) return false;
        take(name, f, self);
        return true;
      },
      taken,
    );
  }

  /** A lock of a node is taken only where there is a node. */
  #ifThere(k: Kit<F>, name: LockName, body: LangStatement<F>[]): LangStatement<F>[] {
    return name.includes('u.') ? [k.when((f) => f.u !== null, body)] : body;
  }

  #unlock(k: Kit<F>, name: LockName): LangStatement<F> {
    return k.step(this.#label(`unlock ${name}`), (f, self) => {
      const lock = lockOf(name, f);
      const shared = isShared(name);
      const mine = shared ? lock.readers.has(self) : lock.owner === self;
      if (!mine) throw new Violation('lock-misuse', 'a stranger unlocks', [nameOf(lock)], [self.name]);
      if (shared) lock.readers.delete(self);
      else lock.owner = null;
    });
  }

  #statement(k: Kit<F>, s: Statement, inLoop: boolean): LangStatement<F>[] {
    const effects = (list: readonly Effect[]) => (f: F, self: Actor) => this.#do(list, f, self);
    switch (s.op) {
      case 'step':
        return [k.step(this.#label(s.effects.join(', ')), effects(s.effects), { parks: parks(s.effects) })];
      case 'block':
        return [
          k.blockUntil(this.#label('wait'), (f, self) => holds(s.until, f.box, f, self), {
            ...(s.effects.length > 0 ? { do: effects(s.effects) } : {}),
            idle: s.idle,
            sleeps: s.sleeps,
            parks: parks(s.effects, s.until),
          }),
        ];
      case 'lock':
        return this.#ifThere(k, s.lock, [this.#lock(k, s.lock)]);
      case 'unlock':
        return this.#ifThere(k, s.lock, [this.#unlock(k, s.lock)]);
      case 'section': {
        const body = [...this.#body(k, s.body, inLoop), this.#unlock(k, s.lock)];
        return this.#ifThere(k, s.lock, s.tries ? [this.#tryLock(k, s.lock, body)] : [this.#lock(k, s.lock), ...body]);
      }
      case 'test':
        return [
          k.test(
            this.#label('test'),
            (f, self) => {
              this.#do(s.effects, f, self);
              return holds(s.test, f.box, f, self);
            },
            this.#body(k, s.yes, inLoop),
            this.#body(k, s.no, inLoop),
            { parks: parks(s.effects, s.test) },
          ),
        ];
      case 'choose':
        return [
          k.choose(
            this.#label('choose'),
            s.arms.map((arm, i) => {
              const { when } = arm;
              return {
                name: `arm ${i}`,
                ...(when ? { when: (f: F, self: Actor) => holds(when, f.box, f, self) } : {}),
                ...(arm.effects.length > 0 ? { act: effects(arm.effects) } : {}),
                body: this.#body(k, arm.body, inLoop),
              };
            }),
            { idle: s.idle, parks: s.arms.some((arm) => parks(arm.effects, arm.when)) },
          ),
        ];
      case 'pick': {
        const { when } = s;
        const notes = { idle: s.idle, parks: parks([], when) };
        if (s.from === 'boxes' && this.#main)
          return [
            k.pick<any>(
              this.#label('pick a box'),
              (f) => f.boxes,
              (_f, box) => {
                box.b = !box.b;
              },
              { ...notes, ...(when ? { when: (f: F, box: F, self: Actor) => holds(when, box, f, self) } : {}) },
            ),
          ];
        return [
          k.pick<number>(
            this.#label('pick a number'),
            () => [0, 2],
            (f, number) => {
              f.y = number;
            },
            { ...notes, ...(when ? { when: (f, n, self) => n === 0 || holds(when, f.box, f, self) } : {}) },
          ),
        ];
      }
      case 'attempt':
        return [
          k.attempt('io', this.#label('attempt'), effects(s.effects), this.#body(k, s.orElse, inLoop), {
            parks: parks(s.effects),
          }),
        ];
      case 'alloc':
        // Only into an empty hand, so that few models use up the pool.
        return [
          k.when(
            (f) => f.u === null,
            [
              k.alloc(
                this.#types.Node,
                (f, fresh) => {
                  f.u = fresh;
                },
                s.mayFail ? { mayFail: 'memory', orElse: this.#body(k, s.orElse, inLoop) } : {},
              ),
            ],
          ),
        ];
      case 'use':
        return [
          k.alloc(this.#types.Node, (f, fresh, self) => {
            f.u = fresh;
            this.#do([s.publish], f, self);
          }),
          ...(s.lock ? [this.#lock(k, s.lock)] : []),
          ...this.#body(k, s.body, inLoop),
          ...(s.lock && s.unlock ? [this.#unlock(k, s.lock)] : []),
          k.free((f) => f.u),
          ...(s.forget ? [k.local((f) => doLocally('u = null', f))] : []),
        ];
      case 'free': {
        const options = s.effects.length > 0 ? { do: effects(s.effects) } : {};
        switch (s.what) {
          case 'u':
            return [k.free((f) => f.u, options)];
          case 'n':
            return [k.free((f) => f.n, options)];
          case 'node':
            return [k.free((f) => f.box.node, options)];
          case 'first of list':
            return [k.free((f) => f.box.list.first, { ...options, label: this.#label('free the first') })];
        }
        break;
      }
      case 'local':
        return [k.local((f) => doLocally(s.effect, f))];
      case 'when':
        return [k.when((f) => holdsLocally(s.test, f), this.#body(k, s.yes, inLoop), this.#body(k, s.no, inLoop))];
      case 'loop':
        return [
          k.loop([
            k.step(this.#label(`loop: ${s.first.join(', ')}`), effects(s.first), { parks: parks(s.first) }),
            ...this.#body(k, s.body, true),
          ]),
        ];
      case 'break':
        return inLoop ? [k.break()] : [];
      case 'continue':
        return inLoop ? [k.continue()] : [];
      case 'goto out':
        return [k.goto('out')];
      case 'goto again':
        return [k.goto('again')];
      case 'call': {
        const callee = this.#callees[s.callee % Math.max(1, this.#callees.length)];
        if (callee === undefined) return [];
        // A constant list is only passed on where no argument depends on a condition.
        const x = callee.main && s.x === 't ? 1 : 0' ? 1 : s.x;
        return [
          k.call<any, any>(
            callee.procedure,
            (f) => ({
              box: f.box,
              n: s.n === 'null' ? null : s.n === 'u' ? f.u : f.n,
              x: typeof x === 'number' ? x : x === 'x' ? f.x : x === 'y' ? f.y : f.t ? 1 : 0,
              ...(callee.main ? { boxes: f.boxes } : {}),
            }),
            s.receive
              ? (f, result) => {
                  f.y = result;
                }
              : undefined,
          ),
        ];
      }
      case 'callback':
        // From a helper it could call itself.
        if (!this.#main) return [];
        return [
          k.callback<any, any>(
            this.#types.Notify,
            (f) => f.box.cb,
            (f) => ({ box: f.box, n: f.u, x: 1 }),
            s.receive
              ? (f, result) => {
                  f.y = result;
                }
              : undefined,
            this.#body(k, s.orElse, inLoop),
          ),
        ];
      case 'return':
        return [s.value === 'nothing' ? k.return() : s.value === 'y' ? k.return((f) => f.y) : k.return(s.value)];
      case 'switch':
        return [k.switch(mode, { first: this.#body(k, s.arms[0], inLoop), second: this.#body(k, s.arms[1], inLoop) })];
    }
  }
}
