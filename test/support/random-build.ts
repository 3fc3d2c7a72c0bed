/** Makes a scenario of a random model, with the public modelling language only. */
import {
  type Actor,
  actor,
  actors,
  array,
  bool,
  type CallbackType,
  callbackType,
  does,
  each,
  type Field,
  int,
  type Kit,
  type Statement as LangStatement,
  list,
  machine,
  nameOf,
  object,
  oneOf,
  op,
  type ParamSpec,
  type Procedure,
  patch,
  procedure,
  ref,
  ring,
  type Scenario,
  scenario,
  set,
  struct,
  switchOf,
  Violation,
  violated,
} from '../../checker/lang/index.ts';
import type {
  ActorModel,
  Condition,
  Effect,
  LocalCondition,
  LocalEffect,
  LockName,
  RandomModel,
  Statement,
} from './random-model.ts';

const source = patch('random model')();

const mode = switchOf('random.mode', 'which arm every switch takes', 'first', 'second');

/** Frames and objects are typed loosely here: what may be NULL is followed on purpose. */
type F = any;

const mutex = (name = 'mutex') => struct(name, { owner: actor() }, { spins: false });

/** Lists hold every node there can be, so that no bound of the model is ever met. */
const NODES = 7;

function typesOf(model: RandomModel) {
  const Notify: CallbackType<any, number> = callbackType('notify', {} as Record<string, ParamSpec>);
  const Node = object(
    'node',
    {
      v: int(0, 2, 1),
      peer: ref((): any => Node),
      m: mutex(),
      rw: struct('rwsem', { owner: actor(), readers: actors() }, { spins: false }),
      kids: list((): any => Node, NODES),
      inner: struct('inner', { w: bool(), m: mutex() }),
    } as Record<string, Field<any>>,
    { reusesAddress: model.reusesAddress },
  );
  const Box = object(
    'box',
    {
      a: int(-1, 2, 0),
      b: bool(true),
      c: oneOf('x', 'y', 'z'),
      n: int(0, 2, 1),
      m: mutex(),
      s: struct('spinlock', { owner: actor() }, { spins: true }),
      rw: struct('rwsem', { owner: actor(), readers: actors() }, { spins: false }),
      node: ref(Node),
      arr: array(int(0, 2), 2),
      slots: array(ref(Node), 2),
      mates: array(struct('mate', { who: actor() }), 2),
      queue: ring(int(0, 2), 2),
      nodes: ring(ref(Node), 2),
      list: list(Node, NODES),
      waiters: actors(),
      cb: op(Notify),
    } as Record<string, Field<any>>,
    { permanent: true },
  );
  return { Notify, Node, Box };
}

const locals = (Node: any) => ({ u: ref(Node), y: int(0, 2), t: bool(), e: oneOf('p', 'q') });

function holds(c: Condition, box: F, f: F, self: Actor | null): boolean {
  switch (c.on) {
    case 'a':
    case 'n':
      return c.is === '<' ? box[c.on] < c.value : box[c.on] === c.value;
    case 'held': {
      const holders = box.rw.readers.size + (box.m.owner === null ? 0 : 1);
      return c.is === '<' ? holders < c.value : holders === c.value;
    }
    case 'listed':
      return c.is === '<' ? box.list.length < c.value : box.list.length === c.value;
    case 'queued':
      return c.is === '<' ? box.queue.length < c.value : box.queue.length === c.value;
    case 'b':
      return box.b;
    case 'c':
      return box.c === c.value;
    case 'u listed':
      return f.u !== null && box.list.has(f.u);
    case 'node set':
      return box.node !== null;
    case 'queue full':
      return box.queue.full;
    case 'awake':
      return self === null || self.name.startsWith('machine') || !self.parked || self.signalled;
    case 'not':
      return !holds(c.what, box, f, self);
  }
}

function holdsLocally(c: LocalCondition, f: F): boolean {
  switch (c) {
    case 't':
      return f.t;
    case 'not t':
      return !f.t;
    case 'y = 1':
      return f.y === 1;
    case 'x = 1':
      return f.x === 1;
    case 'u':
      return f.u !== null;
    case 'not u':
      return f.u === null;
    case 'n':
      return f.n !== null;
    case 'e = q':
      return f.e === 'q';
  }
}

function doLocally(e: LocalEffect, f: F): void {
  switch (e) {
    case 'y = x':
      f.y = f.x;
      break;
    case 'y = next':
      f.y = (f.y + 1) % 3;
      break;
    case 't = !t':
      f.t = !f.t;
      break;
    case 'u = null':
      f.u = null;
      break;
    case 'u = n':
      f.u = f.n;
      break;
    case 'e = q':
      f.e = 'q';
      break;
  }
}

const parkingEffects: readonly Effect[] = ['sleep', 'wake', 'signal all'];
const parks = (effects: readonly Effect[], c: Condition | null = null): boolean =>
  effects.some((e) => parkingEffects.includes(e)) || (c !== null && c.on === 'awake');

function doShared(e: Effect, f: F, self: Actor, helpers: readonly unknown[]): void {
  const { box } = f;
  switch (e) {
    case 'a++':
      box.a = box.a === 2 ? -1 : box.a + 1;
      break;
    case 'a = -1':
      box.a = -1;
      break;
    case 'b = !b':
      box.b = !box.b;
      break;
    case 'c = next':
      box.c = box.c === 'x' ? 'y' : box.c === 'y' ? 'z' : 'x';
      break;
    case 'y = a':
      f.y = Math.max(0, box.a);
      break;
    case 't = b':
      f.t = box.b;
      break;
    case 'arr[y] = x':
      box.arr.set(f.y % 2, f.x);
      break;
    case 'y = arr[x]':
      f.y = box.arr.at(f.x % 2);
      break;
    case 'node = u':
      box.node = f.u;
      break;
    case 'u = node':
      f.u = box.node;
      break;
    case 'node = null':
      box.node = null;
      break;
    case 'u.v = y':
      f.u.v = f.y;
      break;
    case 'y = u.v':
      if (f.u !== null) f.y = f.u.v;
      break;
    case 'u.peer = node':
      if (f.u !== null) f.u.peer = box.node;
      break;
    case 'u = u.peer':
      if (f.u !== null) f.u = f.u.peer;
      break;
    case 'slots[x] = u':
      box.slots.set(f.x % 2, f.u);
      break;
    case 'u = slots[x]':
      f.u = box.slots.at(f.x % 2);
      break;
    case 'u.inner.w = t':
      if (f.u !== null) f.u.inner.w = f.t;
      break;
    case 'u.kids.add(node)':
      if (f.u !== null && box.node !== null) f.u.kids.add(box.node);
      break;
    case 'list.add(u)':
      if (f.u !== null) box.list.add(f.u);
      break;
    case 'list.addFirst(u)':
      if (f.u !== null) box.list.addFirst(f.u);
      break;
    case 'list.remove(u)':
      if (f.u !== null) box.list.remove(f.u);
      break;
    case 'u = list.first':
      f.u = box.list.first;
      break;
    case 'u = list.next(u)':
      if (f.u !== null) f.u = box.list.next(f.u);
      break;
    case 'u = list.prev(u)':
      if (f.u !== null) f.u = box.list.prev(f.u);
      break;
    case 'u = list.find(v = 1)':
      f.u = box.list.find((node: F) => node.v === 1);
      break;
    case 'y = walk(list)': {
      let sum = 0;
      for (const node of box.list) sum += node.v;
      f.y = sum % 3;
      break;
    }
    case 'list.clear()':
      box.list.clear();
      break;
    case 'queue.push(x)':
      if (!box.queue.full) box.queue.push(f.x);
      break;
    case 'y = queue.shift()':
      if (box.queue.length > 0) f.y = box.queue.shift();
      break;
    case 'queue.removeAt(last)':
      if (box.queue.length > 0) box.queue.removeAt(box.queue.length - 1);
      break;
    case 'nodes.push(u)':
      if (!box.nodes.full) box.nodes.push(f.u);
      break;
    case 'u = nodes.shift()':
      if (box.nodes.length > 0) f.u = box.nodes.shift();
      break;
    case 'get(n)':
      if (box.n === 0) throw new Violation('refcount', 'a count goes up from zero', [nameOf(box)]);
      if (box.n < 2) box.n++;
      break;
    case 'put(n)':
      if (box.n === 0) throw new Violation('refcount', 'a count goes below zero', [nameOf(box)]);
      box.n--;
      break;
    case 'cb = 0':
      box.cb = helpers[0];
      break;
    case 'cb = 1':
      box.cb = helpers[1 % helpers.length];
      break;
    case 'cb = null':
      box.cb = null;
      break;
    case 'sleep':
      box.waiters.add(self);
      self.parked = true;
      break;
    case 'wake':
      for (const sleeper of box.waiters) sleeper.parked = false;
      box.waiters.clear();
      break;
    case 'signal all':
      for (const sleeper of box.waiters) sleeper.signalled = true;
      box.waiters.delete(self);
      break;
    case 'mates[x].who = self':
      box.mates.at(f.x % 2).who = self;
      break;
    case 'm.owner = null':
      // Whoever holds it: the mutex is used as a semaphore, or set up anew.
      box.m.owner = null;
      break;
    case 'assert a < 2':
      if (box.a >= 2) throw new Violation('assertion', 'a is two', [nameOf(box)]);
      break;
    case 'assert b':
      if (!box.b) throw new Violation('assertion', 'b is false');
      break;
    case 'assert not held':
      if (box.m.owner !== null && box.m.owner !== self)
        throw new Violation('protocol', 'the mutex is held', [nameOf(box.m)], [self.name]);
      break;
  }
}

/** A lock as a step sees it. */
function lockOf(name: LockName, f: F): F {
  switch (name) {
    case 'm':
      return f.box.m;
    case 's':
      return f.box.s;
    case 'u.m':
      return f.u.m;
    case 'u.inner.m':
      return f.u.inner.m;
    case 'read u.rw':
    case 'write u.rw':
      return f.u.rw;
    default:
      return f.box.rw;
  }
}

const isShared = (name: LockName): boolean => name.startsWith('read');

function isFree(name: LockName, f: F): boolean {
  const lock = lockOf(name, f);
  return lock.owner === null && (!name.startsWith('write') || lock.readers.size === 0);
}

function take(name: LockName, f: F, self: Actor): void {
  const lock = lockOf(name, f);
  if (isShared(name)) lock.readers.add(self);
  else lock.owner = self;
}

/** A procedure that may be called. */
interface Callee {
  readonly procedure: () => Procedure<any, any>;
  /** It has the constant list of boxes. */
  readonly main: boolean;
}

/** Turns statements of one procedure into those of the language. */
class Builder {
  readonly #types: ReturnType<typeof typesOf>;
  readonly #helpers: readonly Procedure<any, any>[];
  /** What may be called from here: helpers from everywhere, other procedures from those before them. */
  readonly #callees: readonly Callee[];
  readonly #main: boolean;
  #labels = 0;

  constructor(
    types: ReturnType<typeof typesOf>,
    helpers: readonly Procedure<any, any>[],
    callees: readonly Callee[],
    main: boolean,
  ) {
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

/** The scenario of a random model. It may be malformed where the bounds of its pool are met, and only there. */
export function build(model: RandomModel): Scenario {
  const types = typesOf(model);
  const { Node, Box, Notify } = types;
  const common = { box: Box, n: ref(Node), x: int(0, 2) };
  const helpers: Procedure<any, any>[] = [];
  model.helpers.forEach((body, i) => {
    const callees = model.helpers.flatMap((_, j) =>
      j > i ? [{ procedure: () => helpers[j] as Procedure<any, any>, main: false }] : [],
    );
    const builder = new Builder(types, helpers, callees, false);
    helpers.push(
      procedure(`helper${i}`, { source, params: common as any, locals: locals(Node) as any }, (k) =>
        builder.procedure(k as never, body),
      ) as never,
    );
  });
  const procedures: Procedure<any, any>[] = [];
  model.procedures.forEach((body, i) => {
    const callees = [
      ...model.procedures.flatMap((_, j) =>
        j > i ? [{ procedure: () => procedures[j] as Procedure<any, any>, main: true }] : [],
      ),
      ...helpers.map((helper) => ({ procedure: () => helper, main: false })),
    ];
    const builder = new Builder(types, helpers, callees, true);
    const params = { ...common, boxes: each(Box) };
    procedures.push(
      procedure(`proc${i}`, { source, params: params as any, locals: locals(Node) as any }, (k) =>
        builder.procedure(k as never, body),
      ) as never,
    );
  });

  return scenario('random', {
    title: 'random model',
    about: 'made by a test',
    systems: ['test'],
    source,
    bounds: {},
    variants: {
      posted: {
        about: 'as it was made',
        settings: [set(mode, model.switchedOn ? 'second' : 'first')],
        expect: { verdict: 'holds', states: 0, depth: 0 },
      },
    },
    setup: (s) => {
      // A switch that nobody reads is refused, and many models have no statement that does.
      s.setting(mode);
      const actorModels = model.symmetric ? model.actors.map(() => model.actors[0] as ActorModel) : model.actors;
      const blocks = model.symmetric && model.blocks;
      // With blocks the first box is everybody's, and each actor has the next one and a node of its own.
      const boxes = s.objects(Box, 'box', blocks ? 1 + actorModels.length : model.boxes) as F[];
      const olds = s.objects(Node, 'old', blocks ? actorModels.length : 1);
      const pool = s.pool(Node, model.slots);
      olds.forEach((old, i) => {
        const home = boxes[blocks ? i + 1 : 0];
        home.slots.set(0, old);
        if (model.oldIn.includes('node')) home.node = old;
        if (model.oldIn.includes('list')) home.list.add(old);
      });
      s.implementations(Notify, helpers);
      if (model.mayOutlive) s.mayOutlive(Node);
      const made: Actor[] = [];
      const agents = new Map<ActorModel, Procedure<any, any>>();
      const states = ['s0', 's1', 's2'];
      const agentOf = (a: ActorModel & { kind: 'machine' }) =>
        machine(
          'agent',
          { source, params: common as any, locals: locals(Node) as any, states, ...(a.rest ? {} : { rest: [] }) },
          a.transitions.map((t, j) => ({
            label: `${j}: ${t.effects.join(', ')}`,
            from: states[t.from] as string,
            to: states[t.to] as string,
            ...(t.when ? { when: (f: F, self: Actor) => holds(t.when as Condition, f.box, f, self) } : {}),
            // Transitions have no note that they park.
            do: (f: F, self: Actor) => {
              for (const e of t.effects) if (!parks([e])) doShared(e, f, self, helpers);
            },
          })),
        );
      actorModels.forEach((a, i) => {
        const name = `${a.kind}${i}`;
        const boxOf = (number: number) => boxes[blocks ? (number % 2) * (i + 1) : number % boxes.length];
        const old = olds[blocks ? i : 0];
        if (a.kind === 'task') {
          const calls = a.calls.map((call) =>
            does(procedures[call.callee % procedures.length] as Procedure<any, any>, {
              box: boxOf(call.box),
              n: call.old ? old : null,
              x: call.x,
              boxes,
            }),
          );
          made.push(s.task(name, calls));
          return;
        }
        const agent = agents.get(a) ?? agentOf(a);
        agents.set(a, agent);
        made.push(s.actor(name, agent as any, { box: boxOf(a.box), n: old, x: 1 } as any, { role: 'hardware' }));
      });
      if (actorModels.some((a) => a.kind === 'task')) s.failures({ io: model.failures, memory: model.failures });
      if (model.symmetric)
        s.interchangeable(made.map((who, i) => (blocks ? [who, boxes[i + 1], olds[i] as object] : [who])));
      const box = boxes[0] as F;
      const evidence = (c: Condition, what: string) =>
        holds(c, box, null, null) ? null : violated('assertion', what, { objects: [nameOf(box)] });
      const { always: everywhere, atEnd: finally_, sometimes: somewhere, alwaysFew } = model;
      if (everywhere) s.property({ kind: 'always', name: 'p', about: 'p', check: () => evidence(everywhere, 'p') });
      if (finally_) s.property({ kind: 'at-end', name: 'q', about: 'q', check: () => evidence(finally_, 'q') });
      if (somewhere)
        s.property({ kind: 'sometimes', name: 'r', about: 'r', reached: () => holds(somewhere, box, null, null) });
      if (alwaysFew !== null)
        s.property({
          kind: 'always',
          name: 'few',
          about: 'few nodes live',
          check: () =>
            [...pool].length <= alwaysFew
              ? null
              : violated('protocol', 'too many nodes', { objects: [...pool].map((node) => nameOf(node)) }),
        });
    },
  });
}
