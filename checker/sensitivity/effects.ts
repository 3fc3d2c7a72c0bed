/**
 * What a statement is made into, and what is seen while it runs. The bytes of the state are looked at directly: nothing
 * of it is an access of the model, and it leaves no footprint.
 */
import type { Layout, LockCell } from '../compile/layout.ts';
import type { Revising } from '../compile/revise.ts';
import type { Statement } from '../lang/body.ts';
import type { Actor } from '../lang/fields.ts';

type Any = Statement<never>;
type Closure = (...args: never[]) => unknown;
/** Runs the closure of a statement in its own way. */
type Around = (run: () => unknown, self: number) => unknown;

/** What was seen of a site in the whole search of the form that holds. */
export interface Seen {
  reached: boolean;
  /** A test that was true, and one that was false; a guard that let pass, and one that did not; an entry, and NULL. */
  yes: boolean;
  no: boolean;
  readonly acquires: Set<number>;
  readonly releases: Set<number>;
  /** Raised or lowered the number of owners of something. */
  gets: boolean;
  puts: boolean;
}

export const unseen = (): Seen => ({
  reached: false,
  yes: false,
  no: false,
  acquires: new Set(),
  releases: new Set(),
  gets: false,
  puts: false,
});

/** A change of one statement. */
export type Effect =
  /** It does nothing, or does not block; what else it does it does. */
  | { readonly kind: 'left out' }
  /** As if these locks were free when they are taken and held when they are given up, and nobody saw either. */
  | { readonly kind: 'unlocked'; readonly locks: readonly number[] }
  | { readonly kind: 'no get' }
  | { readonly kind: 'no put' }
  | { readonly kind: 'always'; readonly answer: boolean }
  /** The condition of a wait is taken for true, and nothing is done about it. */
  | { readonly kind: 'no wait' };

/** The statement with its closures run by `around`, and its tests and guards by `test`. */
function wrap(s: Any, around: Around, test: Around): Any {
  const last = (args: readonly unknown[]) => (args.at(-1) as Actor & { readonly $id: number }).$id;
  const by = (way: Around, closure: Closure | undefined) =>
    closure && ((...args: never[]) => way(() => closure(...args), last(args)));
  switch (s.op) {
    case 'step':
    case 'attempt':
    case 'alloc':
    case 'pick':
      return { ...s, act: by(around, s.act as Closure) } as never;
    case 'free':
      return { ...s, what: by(around, s.what as Closure) } as never;
    case 'block':
      return { ...s, guard: by(test, s.guard as Closure), act: by(around, (s.act ?? nothing) as Closure) } as never;
    case 'branch':
      return { ...s, test: by((run, self) => test(() => around(run, self), self), s.test as Closure) } as never;
    case 'if':
      return { ...s, test: by(test, s.test as Closure) } as never;
    case 'choose':
      return {
        ...s,
        arms: s.arms.map((arm) => ({ ...arm, act: by(around, (arm.act ?? nothing) as Closure) })),
      } as never;
    case 'callback':
      return { ...s, target: by((run, self) => test(() => around(run, self), self), s.target as Closure) } as never;
    default:
      return s;
  }
}

const nothing = () => undefined;

/** The same statement, which notes in `seen` what it does. */
export function observed(s: Any, seen: Seen, { layout }: Revising): Any {
  const watch: Around = (run, self) => {
    seen.reached = true;
    const held = layout.locks.map((lock) => holds(layout, lock, self));
    const owners = ownersIn(layout);
    const result = run();
    layout.locks.forEach((lock, i) => {
      const now = holds(layout, lock, self);
      if (now && !held[i]) seen.acquires.add(i);
      if (!now && held[i]) seen.releases.add(i);
    });
    ownersIn(layout).forEach((now, i) => {
      const before = owners[i] as number;
      // From zero it is not a reference more but a beginning.
      if (now > before && before > 0) seen.gets = true;
      if (now < before) seen.puts = true;
    });
    return result;
  };
  const test: Around = (run) => {
    seen.reached = true;
    const answer = run();
    if (answer) seen.yes = true;
    else seen.no = true;
    return answer;
  };
  return wrap(s, watch, test);
}

/** The statement after the change. */
export function changed(s: Any, effect: Effect, { layout }: Revising): Any {
  const m = layout.memory;
  const asIs: Around = (run) => run();
  switch (effect.kind) {
    case 'left out':
      return leftOut(s);
    case 'no wait':
      return s.op === 'branch' ? { ...s, test: () => true } : s;
    case 'always': {
      // What the test does besides it does as before.
      const answer: Around = (run) => {
        run();
        return effect.answer;
      };
      return wrap(s, asIs, answer);
    }
    case 'unlocked': {
      const locks = effect.locks.map((i) => layout.locks[i] as LockCell);
      const blind: Around = (run, self) => asIfAlone(layout, locks, self, s, run);
      return { ...wrap(s, blind, s.op === 'branch' ? asIs : blind), sleeps: false } as never;
    }
    case 'no get':
      return wrap(
        s,
        (run) => {
          const before = ownersIn(layout);
          const bytes = layout.counters.map(({ offset }) => m.bytes[m.at + offset] as number);
          const result = run();
          ownersIn(layout).forEach((now, i) => {
            const [{ offset }, was] = [layout.counters[i] as Counter, before[i] as number];
            if (was > 0 && now > was) m.bytes[m.at + offset] = bytes[i] as number;
          });
          return result;
        },
        asIs,
      );
    case 'no put':
      return wrap(s, (run) => withOneMore(layout, run), asIs);
  }
}

type Counter = Layout['counters'][number];

/** The number of owners in each counter. */
function ownersIn({ memory: m, counters }: Layout): number[] {
  return counters.map(({ offset, init }) => ((m.bytes[m.at + offset] as number) + init) & 255);
}

/** Runs it as if what it gives up had one owner more: that one is given up, and nothing else changes. */
function withOneMore(layout: Layout, run: () => unknown): unknown {
  const m = layout.memory;
  const state = m.bytes.slice(m.at, m.at + layout.stateBytes);
  const before = ownersIn(layout);
  run();
  const after = ownersIn(layout);
  m.bytes.set(state, m.at);
  layout.counters.forEach(({ offset }, i) => {
    if ((after[i] as number) < (before[i] as number)) m.bytes[m.at + offset] = ((state[offset] as number) + 1) & 255;
  });
  return run();
}

/**
 * Runs what takes or gives up locks as if nobody else were there: a lock that it would take is free, one that it would
 * give up is held by it. Afterwards each is as it was.
 */
function asIfAlone(layout: Layout, locks: readonly LockCell[], self: number, s: Any, run: () => unknown): unknown {
  const m = layout.memory;
  const bytes = locks.flatMap((lock) => [...lock.exclusive, ...lock.shared.flatMap((at) => [at, at + 1])]);
  const before = bytes.map((at) => m.bytes[m.at + at] as number);
  const restore = () =>
    bytes.forEach((at, i) => {
      m.bytes[m.at + at] = before[i] as number;
    });
  const takes = s.op === 'block' || (s.op === 'branch' && !(s.parks === true || s.sleeps === true));
  for (const lock of locks) {
    for (const at of lock.exclusive) m.bytes[m.at + at] = takes ? 0 : self;
    for (const at of lock.shared) {
      const mask = takes ? 0 : 1 << (self - 1);
      m.bytes[m.at + at] = mask & 0xff;
      m.bytes[m.at + at + 1] = mask >> 8;
    }
  }
  try {
    return run();
  } finally {
    restore();
  }
}

function holds(layout: Layout, lock: LockCell, self: number): boolean {
  const m = layout.memory;
  for (const at of lock.exclusive) if (m.bytes[m.at + at] === self) return true;
  for (const at of lock.shared) {
    const mask = (m.bytes[m.at + at] as number) | ((m.bytes[m.at + at + 1] as number) << 8);
    if (mask & (1 << (self - 1))) return true;
  }
  return false;
}

/** In its place stands a step that does nothing, so that labels keep their numbers. */
function leftOut(s: Any): Any {
  switch (s.op) {
    case 'block':
      return { ...s, guard: () => true, sleeps: false };
    case 'callback':
      return { op: 'step', label: `call ${s.type.name}`, derived: true, act: nothing };
    case 'step':
      return { ...s, act: nothing, sleeps: false };
    case 'attempt':
      return { op: 'step', label: s.label, ...(s.derived === undefined ? {} : { derived: s.derived }), act: nothing };
    default:
      return s;
  }
}
