/**
 * Random models, as plain data: what `random-build.ts` makes scenarios from and `random-print.ts` prints. They are
 * small, use every construct of the modelling language, and are made so that bugs of all kinds are common.
 *
 * Two models in three are made of a few constructs only, drawn for each anew: what is rare among all constructs is
 * common there, and actors more often have nothing to do with each other, which is what reductions live on.
 * (Groce, Zhang, Eide, Chen and Regehr, Swarm testing, 2012.)
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
  | 'm.owner = null'
  | 'assert a < 2'
  | 'assert b'
  | 'assert not held';

/** Effects on locals, between steps. */
export type LocalEffect = 'y = x' | 'y = next' | 't = !t' | 'u = null' | 'u = n' | 'e = q';

export type LockName = 'm' | 's' | 'read rw' | 'write rw' | 'u.m' | 'u.inner.m' | 'read u.rw' | 'write u.rw';

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
  /** With `tries` the lock is only taken when it is free, else the body is left out. */
  | { readonly op: 'section'; readonly lock: LockName; readonly tries: boolean; readonly body: readonly Statement[] }
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
  /** Then each of them also has a box and a node of its own: what is exchanged is a block of three. */
  readonly blocks: boolean;
  readonly always: Condition | null;
  readonly atEnd: Condition | null;
  readonly sometimes: Condition | null;
  /** At most so many live nodes. */
  readonly alwaysFew: number | null;
}

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const scalarCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    on: among<'a' | 'n' | 'held' | 'listed' | 'queued'>('a', 'n', 'held', 'listed', 'queued'),
    is: among<'<' | '='>('<', '='),
    value: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ on: among<'b' | 'node set' | 'queue full'>('b', 'node set', 'queue full') }),
  fc.record({ on: fc.constant<'c'>('c'), value: among<'x' | 'y' | 'z'>('x', 'y', 'z') }),
);

const propertyCondition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 2, arbitrary: scalarCondition },
  { weight: 1, arbitrary: fc.record({ on: fc.constant<'not'>('not'), what: scalarCondition }) },
);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 6, arbitrary: propertyCondition },
  { weight: 1, arbitrary: fc.record({ on: among<'u listed' | 'awake'>('u listed', 'awake') }) },
);

const localCondition = among<LocalCondition>('t', 'not t', 'y = 1', 'x = 1', 'u', 'not u', 'n', 'e = q');
const localEffect = among<LocalEffect>('y = x', 'y = next', 't = !t', 'u = null', 'u = n', 'u = n', 'u = n', 'e = q');

/** Effects that belong together, and how often one of a family is taken when there are all. */
const families: readonly (readonly [number, ...Effect[]])[] = [
  [5, 'a++', 'a = -1', 'b = !b', 'c = next'],
  [5, 'y = a', 't = b', 'arr[y] = x', 'y = arr[x]'],
  [8, 'node = u', 'u = node', 'node = null', 'slots[x] = u', 'u = slots[x]', 'u = list.first'],
  [3, 'queue.push(x)', 'y = queue.shift()', 'queue.removeAt(last)'],
  [3, 'nodes.push(u)', 'u = nodes.shift()'],
  [3, 'list.add(u)', 'list.addFirst(u)', 'list.clear()', 'y = walk(list)'],
  [2, 'u.v = y', 'y = u.v', 'u.inner.w = t'],
  [2, 'u.peer = node', 'u = u.peer', 'u.kids.add(node)'],
  [2, 'list.remove(u)', 'u = list.next(u)', 'u = list.prev(u)', 'u = list.find(v = 1)'],
  [3, 'get(n)', 'put(n)'],
  [3, 'cb = 0', 'cb = 1', 'cb = null'],
  [4, 'sleep', 'wake', 'signal all', 'mates[x].who = self'],
  [1, 'm.owner = null'],
  [1, 'assert a < 2', 'assert b', 'assert not held'],
];

const boxLocks: readonly LockName[] = ['m', 's', 'read rw', 'write rw'];
const nodeLocks: readonly LockName[] = ['u.m', 'u.inner.m', 'read u.rw', 'write u.rw'];

/** How often each statement is taken when there are all; those that hold others are left out at the innermost level. */
const statementWeights = {
  step: 8,
  block: 3,
  lock: 1,
  pick: 2,
  free: 4,
  local: 4,
  jump: 1,
  call: 2,
  return: 1,
  alloc: 3,
  attempt: 2,
  callback: 2,
  section: 6,
  use: 4,
  test: 3,
  choose: 2,
  when: 3,
  loop: 2,
  switch: 1,
} as const;
type StatementName = keyof typeof statementWeights;
const nesting: readonly StatementName[] = ['section', 'use', 'test', 'choose', 'when', 'loop', 'switch'];
const allStatements = Object.keys(statementWeights) as StatementName[];

/** What one model is made of. */
interface Vocabulary {
  readonly families: readonly (readonly [number, ...Effect[]])[];
  readonly boxLocks: readonly LockName[];
  readonly nodeLocks: readonly LockName[];
  readonly statements: readonly StatementName[];
  readonly boxes: number;
}

const wholeLanguage: fc.Arbitrary<Vocabulary> = fc.record({
  families: fc.constant(families),
  boxLocks: fc.constant(boxLocks),
  nodeLocks: fc.constant(nodeLocks),
  statements: fc.constant(allStatements),
  boxes: fc.integer({ min: 1, max: 2 }),
});

const someConstructs: fc.Arbitrary<Vocabulary> = fc.record({
  families: fc.subarray([...families], { minLength: 2, maxLength: 5 }),
  boxLocks: fc.subarray([...boxLocks], { minLength: 1, maxLength: 2 }),
  nodeLocks: fc.subarray([...nodeLocks], { maxLength: 2 }),
  statements: fc
    .subarray([...allStatements], { minLength: 3, maxLength: 8 })
    .map((some) => [...new Set<StatementName>([...some, 'step', 'section'])]),
  boxes: fc.integer({ min: 1, max: 3 }),
});

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 2 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const rarely = fc.integer({ min: 0, max: 4 }).map((n) => n === 4);
const op = <O extends string>(name: O) => fc.constant<O>(name);

/** Arbitraries of everything that is made of one vocabulary. */
function grammar(words: Vocabulary) {
  const effect: fc.Arbitrary<Effect> = fc.oneof(
    ...words.families.map(([weight, ...effects]) => ({ weight, arbitrary: among(...effects) })),
  );
  const effects = fc.array(effect, { minLength: 1, maxLength: 2 });
  const perhapsEffect = fc.array(effect, { maxLength: 1 });
  const locks = [
    { weight: 8, arbitrary: among(...words.boxLocks) },
    ...(words.nodeLocks.length > 0 ? [{ weight: 4, arbitrary: among(...words.nodeLocks) }] : []),
  ];
  const lock: fc.Arbitrary<LockName> = fc.oneof(...locks);

  /** A body whose blocks nest at most `depth` deep. */
  function body(depth: number, maxLength: number, minLength = 0): fc.Arbitrary<readonly Statement[]> {
    return fc.array(statement(depth), { minLength, maxLength });
  }

  function statement(depth: number): fc.Arbitrary<Statement> {
    const inner = depth > 0 ? body(depth - 1, 2) : fc.constant<readonly Statement[]>([]);
    const kinds: Record<StatementName, () => fc.Arbitrary<Statement>> = {
      step: () => fc.record({ op: op('step'), effects }),
      block: () =>
        fc.record({ op: op('block'), until: condition, effects: perhapsEffect, idle: rarely, sleeps: fc.boolean() }),
      lock: () => fc.record({ op: among<'lock' | 'unlock'>('lock', 'unlock'), lock }),
      pick: () =>
        fc.record({
          op: op('pick'),
          from: among<'boxes' | 'numbers'>('boxes', 'numbers'),
          when: maybe(condition),
          idle: rarely,
        }),
      free: () =>
        fc.record({
          op: op('free'),
          what: among<'u' | 'node' | 'n' | 'first of list'>('u', 'node', 'n', 'first of list'),
          effects: fc.array(among<Effect>('node = null', 'a++', 'list.clear()'), { maxLength: 1 }),
        }),
      local: () => fc.record({ op: op('local'), effect: localEffect }),
      jump: () =>
        fc.record({
          op: among<'break' | 'continue' | 'goto out' | 'goto again'>('break', 'continue', 'goto out', 'goto again'),
        }),
      call: () =>
        fc.record({
          op: op('call'),
          callee: fc.integer({ min: 0, max: 3 }),
          x: among<ArgumentValue>(0, 1, 'x', 'y', 't ? 1 : 0'),
          n: among<'u' | 'n' | 'null'>('u', 'n', 'null'),
          receive: fc.boolean(),
        }),
      return: () => fc.record({ op: op('return'), value: among<0 | 1 | 'y' | 'nothing'>(0, 1, 'y', 'nothing') }),
      alloc: () => fc.record({ op: op('alloc'), mayFail: fc.boolean(), orElse: inner }),
      attempt: () => fc.record({ op: op('attempt'), effects, orElse: inner }),
      callback: () => fc.record({ op: op('callback'), receive: fc.boolean(), orElse: inner }),
      section: () => fc.record({ op: op('section'), lock, tries: rarely, body: inner }),
      use: () =>
        fc.record({
          op: op('use'),
          publish: among<Effect>('node = u', 'slots[x] = u', 'list.add(u)', 'nodes.push(u)', 'u.v = y'),
          lock: words.nodeLocks.length > 0 ? maybe(among(...words.nodeLocks)) : fc.constant(null),
          unlock: rarely.map((b) => !b),
          body: inner,
          forget: fc.boolean(),
        }),
      test: () => fc.record({ op: op('test'), test: condition, effects: perhapsEffect, yes: inner, no: inner }),
      choose: () =>
        fc.record({
          op: op('choose'),
          idle: rarely,
          arms: fc.array(fc.record({ when: maybe(condition), effects: perhapsEffect, body: inner }), {
            minLength: 1,
            maxLength: 2,
          }),
        }),
      when: () => fc.record({ op: op('when'), test: localCondition, yes: inner, no: inner }),
      loop: () => fc.record({ op: op('loop'), first: effects, body: body(depth - 1, 3) }),
      switch: () => fc.record({ op: op('switch'), arms: fc.tuple(inner, inner) }),
    };
    const allowed = words.statements.filter((name) => depth > 0 || !nesting.includes(name));
    return fc.oneof(...allowed.map((name) => ({ weight: statementWeights[name], arbitrary: kinds[name]() })));
  }

  const task: fc.Arbitrary<ActorModel> = fc.record({
    kind: op('task'),
    calls: fc.array(
      fc.record({
        callee: fc.integer({ min: 0, max: 3 }),
        box: fc.integer({ min: 0, max: 2 }),
        x: fc.integer({ min: 0, max: 1 }),
        old: fc.integer({ min: 0, max: 3 }).map((i) => i < 3),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  });
  const agent: fc.Arbitrary<ActorModel> = fc.record({
    kind: op('machine'),
    box: fc.integer({ min: 0, max: 2 }),
    rest: fc.boolean(),
    transitions: fc.array(
      fc.record({
        from: fc.integer({ min: 0, max: 1 }),
        to: fc.integer({ min: 0, max: 2 }),
        when: maybe(condition),
        effects: perhapsEffect,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });
  return { body, actor: fc.oneof({ weight: 5, arbitrary: task }, { weight: 1, arbitrary: agent }) };
}

export const randomModel: fc.Arbitrary<RandomModel> = fc
  .oneof({ weight: 1, arbitrary: wholeLanguage }, { weight: 2, arbitrary: someConstructs })
  .chain((words) => {
    const { body, actor } = grammar(words);
    return fc.record({
      boxes: fc.constant(words.boxes),
      slots: fc.integer({ min: 1, max: 4 }),
      oldIn: fc.subarray<'node' | 'list'>(['node', 'list']),
      reusesAddress: fc.boolean(),
      switchedOn: fc.boolean(),
      failures: fc.integer({ min: 0, max: 1 }),
      mayOutlive: fc.boolean(),
      helpers: fc.array(body(1, 3), { minLength: 1, maxLength: 2 }),
      procedures: fc.array(body(2, 5, 2), { minLength: 1, maxLength: 3 }),
      actors: fc.array(actor, { minLength: 2, maxLength: 3 }),
      symmetric: rarely,
      blocks: fc.boolean(),
      always: seldom(propertyCondition),
      atEnd: seldom(propertyCondition),
      sometimes: seldom(propertyCondition),
      alwaysFew: seldom(fc.integer({ min: 0, max: 2 })),
    });
  });
