/**
 * Random models, as plain data: what `random-build.ts` makes scenarios from and `random-print.ts` prints. They are
 * small, use every construct of the modelling language, and are made so that bugs of all kinds are common.
 */
import fc from 'fast-check';

/** Conditions on shared objects: for guards and tests. */
export type Condition =
  | { readonly on: 'a' | 'n' | 'held' | 'listed' | 'queued'; readonly is: '<' | '='; readonly value: number }
  | { readonly on: 'b' | 'u listed' | 'node set' | 'awake' | 'queue full' }
  | { readonly on: 'c'; readonly value: 'x' | 'y' | 'z' }
  | { readonly on: 'not'; readonly what: Condition };

/** Conditions on parameters and locals. */
export type LocalCondition = 't' | 'not t' | 'y = 1' | 'x = 1' | 'u' | 'not u' | 'n' | 'e = q';

/** Effects on shared objects, in a step. */
export type Effect =
  | 'a++'
  | 'a = -1'
  | 'b = !b'
  | 'c = next'
  | 'y = a'
  | 't = b'
  | 'arr[y] = x'
  | 'y = arr[x]'
  | 'node = u'
  | 'u = node'
  | 'node = null'
  | 'u.v = y'
  | 'y = u.v'
  | 'u.peer = node'
  | 'u = u.peer'
  | 'slots[x] = u'
  | 'u = slots[x]'
  | 'u.inner.w = t'
  | 'u.kids.add(node)'
  | 'list.add(u)'
  | 'list.addFirst(u)'
  | 'list.remove(u)'
  | 'u = list.first'
  | 'u = list.next(u)'
  | 'u = list.prev(u)'
  | 'u = list.find(v = 1)'
  | 'y = walk(list)'
  | 'list.clear()'
  | 'queue.push(x)'
  | 'y = queue.shift()'
  | 'queue.removeAt(last)'
  | 'nodes.push(u)'
  | 'u = nodes.shift()'
  | 'get(n)'
  | 'put(n)'
  | 'cb = 0'
  | 'cb = 1'
  | 'cb = null'
  | 'sleep'
  | 'wake'
  | 'signal all'
  | 'mates[x].who = self'
  | 'assert a < 2'
  | 'assert b'
  | 'assert not held';

/** Effects on locals, between steps. */
export type LocalEffect = 'y = x' | 'y = next' | 't = !t' | 'u = null' | 'u = n' | 'e = q';

export type LockName = 'm' | 's' | 'read rw' | 'write rw' | 'u.m' | 'u.inner.m' | 'read u.rw';

export type ArgumentValue = 0 | 1 | 'x' | 'y' | 't ? 1 : 0';

export type Statement =
  | { readonly op: 'step'; readonly effects: readonly Effect[] }
  | {
      readonly op: 'block';
      readonly until: Condition;
      readonly effects: readonly Effect[];
      readonly idle: boolean;
      readonly sleeps: boolean;
    }
  | { readonly op: 'lock' | 'unlock'; readonly lock: LockName }
  | { readonly op: 'section'; readonly lock: LockName; readonly body: readonly Statement[] }
  | {
      readonly op: 'test';
      readonly test: Condition;
      readonly effects: readonly Effect[];
      readonly yes: readonly Statement[];
      readonly no: readonly Statement[];
    }
  | { readonly op: 'choose'; readonly idle: boolean; readonly arms: readonly Arm[] }
  | {
      readonly op: 'pick';
      readonly from: 'boxes' | 'numbers';
      readonly when: Condition | null;
      readonly idle: boolean;
    }
  | { readonly op: 'attempt'; readonly effects: readonly Effect[]; readonly orElse: readonly Statement[] }
  | { readonly op: 'alloc'; readonly mayFail: boolean; readonly orElse: readonly Statement[] }
  /** Allocates, shows it to others, works with it, perhaps under its own lock, and frees it. */
  | {
      readonly op: 'use';
      readonly publish: Effect;
      readonly lock: LockName | null;
      readonly unlock: boolean;
      readonly body: readonly Statement[];
      readonly forget: boolean;
    }
  | { readonly op: 'free'; readonly what: 'u' | 'node' | 'n' | 'first of list'; readonly effects: readonly Effect[] }
  | { readonly op: 'local'; readonly effect: LocalEffect }
  | {
      readonly op: 'when';
      readonly test: LocalCondition;
      readonly yes: readonly Statement[];
      readonly no: readonly Statement[];
    }
  | { readonly op: 'loop'; readonly first: readonly Effect[]; readonly body: readonly Statement[] }
  | { readonly op: 'break' | 'continue' | 'goto out' | 'goto again' }
  | {
      readonly op: 'call';
      /** Which of the procedures that may be called from here. */
      readonly callee: number;
      readonly x: ArgumentValue;
      readonly n: 'u' | 'n' | 'null';
      readonly receive: boolean;
    }
  | { readonly op: 'callback'; readonly receive: boolean; readonly orElse: readonly Statement[] }
  | { readonly op: 'return'; readonly value: 0 | 1 | 'y' | 'nothing' }
  | { readonly op: 'switch'; readonly arms: readonly [readonly Statement[], readonly Statement[]] };

export interface Arm {
  readonly when: Condition | null;
  readonly effects: readonly Effect[];
  readonly body: readonly Statement[];
}

export interface Transition {
  readonly from: number;
  readonly to: number;
  readonly when: Condition | null;
  readonly effects: readonly Effect[];
}

export interface Call {
  readonly callee: number;
  readonly box: number;
  readonly x: number;
  /** Give it the object that exists from the start. */
  readonly old: boolean;
}

export type ActorModel =
  | { readonly kind: 'task'; readonly calls: readonly Call[] }
  | {
      readonly kind: 'machine';
      readonly box: number;
      readonly rest: boolean;
      readonly transitions: readonly Transition[];
    };

export interface RandomModel {
  readonly boxes: number;
  readonly slots: number;
  /** Where the object that exists from the start is found, besides `slots[0]`. */
  readonly oldIn: readonly ('node' | 'list')[];
  readonly reusesAddress: boolean;
  readonly switchedOn: boolean;
  readonly failures: number;
  readonly mayOutlive: boolean;
  /** The implementations of the callback, called by the others too. */
  readonly helpers: readonly (readonly Statement[])[];
  readonly procedures: readonly (readonly Statement[])[];
  readonly actors: readonly ActorModel[];
  /** All actors do what the first one does, and are declared interchangeable. */
  readonly symmetric: boolean;
  readonly always: Condition | null;
  readonly atEnd: Condition | null;
  readonly sometimes: Condition | null;
  /** At most so many live nodes. */
  readonly alwaysFew: number | null;
}

const shared = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const scalarCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    on: shared<'a' | 'n' | 'held' | 'listed' | 'queued'>('a', 'n', 'held', 'listed', 'queued'),
    is: shared<'<' | '='>('<', '='),
    value: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ on: shared<'b' | 'node set' | 'queue full'>('b', 'node set', 'queue full') }),
  fc.record({ on: fc.constant<'c'>('c'), value: shared<'x' | 'y' | 'z'>('x', 'y', 'z') }),
);

const propertyCondition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 2, arbitrary: scalarCondition },
  { weight: 1, arbitrary: fc.record({ on: fc.constant<'not'>('not'), what: scalarCondition }) },
);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 6, arbitrary: propertyCondition },
  { weight: 1, arbitrary: fc.record({ on: shared<'u listed' | 'awake'>('u listed', 'awake') }) },
);

const localCondition = shared<LocalCondition>('t', 'not t', 'y = 1', 'x = 1', 'u', 'not u', 'n', 'e = q');

const effect: fc.Arbitrary<Effect> = fc.oneof(
  {
    weight: 10,
    arbitrary: shared<Effect>('a++', 'a = -1', 'b = !b', 'c = next', 'y = a', 't = b', 'arr[y] = x', 'y = arr[x]'),
  },
  {
    weight: 8,
    arbitrary: shared<Effect>('node = u', 'u = node', 'node = null', 'slots[x] = u', 'u = slots[x]', 'u = list.first'),
  },
  { weight: 3, arbitrary: shared<Effect>('queue.push(x)', 'y = queue.shift()', 'queue.removeAt(last)') },
  { weight: 3, arbitrary: shared<Effect>('nodes.push(u)', 'u = nodes.shift()') },
  { weight: 3, arbitrary: shared<Effect>('list.add(u)', 'list.addFirst(u)', 'list.clear()', 'y = walk(list)') },
  {
    weight: 5,
    arbitrary: shared<Effect>(
      'u.v = y',
      'y = u.v',
      'u.peer = node',
      'u = u.peer',
      'u.inner.w = t',
      'u.kids.add(node)',
      'list.remove(u)',
      'u = list.next(u)',
      'u = list.prev(u)',
      'u = list.find(v = 1)',
    ),
  },
  { weight: 3, arbitrary: shared<Effect>('get(n)', 'put(n)') },
  { weight: 3, arbitrary: shared<Effect>('cb = 0', 'cb = 1', 'cb = null') },
  { weight: 4, arbitrary: shared<Effect>('sleep', 'wake', 'signal all', 'mates[x].who = self') },
  { weight: 1, arbitrary: shared<Effect>('assert a < 2', 'assert b', 'assert not held') },
);

const localEffect = shared<LocalEffect>('y = x', 'y = next', 't = !t', 'u = null', 'u = n', 'u = n', 'u = n', 'e = q');
const lockName = fc.oneof(
  { weight: 8, arbitrary: shared<LockName>('m', 's', 'read rw', 'write rw') },
  { weight: 2, arbitrary: shared<LockName>('u.m', 'u.inner.m', 'read u.rw') },
);
const effects = fc.array(effect, { minLength: 1, maxLength: 2 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 2 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const rarely = fc.integer({ min: 0, max: 4 }).map((n) => n === 4);

/** A body whose blocks nest at most `depth` deep. */
function body(depth: number, maxLength: number, minLength = 0): fc.Arbitrary<readonly Statement[]> {
  return fc.array(statement(depth), { minLength, maxLength });
}

function statement(depth: number): fc.Arbitrary<Statement> {
  const inner = depth > 0 ? body(depth - 1, 2) : fc.constant<readonly Statement[]>([]);
  const simple: fc.WeightedArbitrary<Statement>[] = [
    { weight: 8, arbitrary: fc.record({ op: fc.constant<'step'>('step'), effects }) },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant<'block'>('block'),
        until: condition,
        effects: fc.array(effect, { maxLength: 1 }),
        idle: rarely,
        sleeps: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: shared<'lock' | 'unlock'>('lock', 'unlock'), lock: lockName }) },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant<'pick'>('pick'),
        from: shared<'boxes' | 'numbers'>('boxes', 'numbers'),
        when: maybe(condition),
        idle: rarely,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constant<'free'>('free'),
        what: shared<'u' | 'node' | 'n' | 'first of list'>('u', 'node', 'n', 'first of list'),
        effects: fc.array(shared<Effect>('node = null', 'a++', 'list.clear()'), { maxLength: 1 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ op: fc.constant<'local'>('local'), effect: localEffect }) },
    {
      weight: 1,
      arbitrary: fc.record({
        op: shared<'break' | 'continue' | 'goto out' | 'goto again'>('break', 'continue', 'goto out', 'goto again'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant<'call'>('call'),
        callee: fc.integer({ min: 0, max: 3 }),
        x: shared<ArgumentValue>(0, 1, 'x', 'y', 't ? 1 : 0'),
        n: shared<'u' | 'n' | 'null'>('u', 'n', 'null'),
        receive: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant<'return'>('return'),
        value: shared<0 | 1 | 'y' | 'nothing'>(0, 1, 'y', 'nothing'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constant<'alloc'>('alloc'), mayFail: fc.boolean(), orElse: inner }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant<'attempt'>('attempt'), effects, orElse: inner }) },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant<'callback'>('callback'), receive: fc.boolean(), orElse: inner }),
    },
  ];
  if (depth === 0) return fc.oneof(...simple);
  return fc.oneof(
    ...simple,
    { weight: 6, arbitrary: fc.record({ op: fc.constant<'section'>('section'), lock: lockName, body: inner }) },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constant<'use'>('use'),
        publish: shared<Effect>('node = u', 'slots[x] = u', 'list.add(u)', 'nodes.push(u)', 'u.v = y'),
        lock: seldom(shared<LockName>('u.m', 'u.inner.m', 'read u.rw')),
        unlock: rarely.map((b) => !b),
        body: inner,
        forget: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant<'test'>('test'),
        test: condition,
        effects: fc.array(effect, { maxLength: 1 }),
        yes: inner,
        no: inner,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant<'choose'>('choose'),
        idle: rarely,
        arms: fc.array(
          fc.record({ when: maybe(condition), effects: fc.array(effect, { maxLength: 1 }), body: inner }),
          { minLength: 1, maxLength: 2 },
        ),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constant<'when'>('when'), test: localCondition, yes: inner, no: inner }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant<'loop'>('loop'), first: effects, body: body(depth - 1, 3) }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant<'switch'>('switch'), arms: fc.tuple(inner, inner) }) },
  );
}

const actorModel: fc.Arbitrary<ActorModel> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant<'task'>('task'),
      calls: fc.array(
        fc.record({
          callee: fc.integer({ min: 0, max: 3 }),
          box: fc.integer({ min: 0, max: 1 }),
          x: fc.integer({ min: 0, max: 1 }),
          old: fc.integer({ min: 0, max: 3 }).map((i) => i < 3),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant<'machine'>('machine'),
      box: fc.integer({ min: 0, max: 1 }),
      rest: fc.boolean(),
      transitions: fc.array(
        fc.record({
          from: fc.integer({ min: 0, max: 1 }),
          to: fc.integer({ min: 0, max: 2 }),
          when: maybe(condition),
          effects: fc.array(effect, { maxLength: 1 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
);

export const randomModel: fc.Arbitrary<RandomModel> = fc.record({
  boxes: fc.integer({ min: 1, max: 2 }),
  slots: fc.integer({ min: 1, max: 4 }),
  oldIn: fc.subarray<'node' | 'list'>(['node', 'list']),
  reusesAddress: fc.boolean(),
  switchedOn: fc.boolean(),
  failures: fc.integer({ min: 0, max: 1 }),
  mayOutlive: fc.boolean(),
  helpers: fc.array(body(1, 3), { minLength: 1, maxLength: 2 }),
  procedures: fc.array(body(2, 5, 2), { minLength: 1, maxLength: 3 }),
  actors: fc.array(actorModel, { minLength: 2, maxLength: 3 }),
  symmetric: rarely,
  always: seldom(propertyCondition),
  atEnd: seldom(propertyCondition),
  sometimes: seldom(propertyCondition),
  alwaysFew: seldom(fc.integer({ min: 0, max: 2 })),
});
