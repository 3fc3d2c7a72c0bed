/**
 * Which arguments of a call are constant: fixed by the scenario, the same in every state. They cost no byte of the
 * state vector.
 *
 * The argument function is run on trackers. A tracker stands for a value that depends on the state; following it
 * makes another one. When every tracker is an argument itself or was followed to reach one, no other argument can
 * have been computed from it, so the others are constants. Otherwise (an access was used in a condition, say) nothing
 * is assumed. An argument that is a tracker may also have been tested: the function is run once more for each of
 * them with NULL in its place, and must give the same constants.
 *
 * Limits: a value that is passed on and also compared with a number is not noticed here. The compiled call compares
 * the constants with what the argument function gives each time it runs.
 */

/** What is known of the caller's frame. */
export interface KnownFrame {
  readonly constants: Readonly<Record<string, unknown>>;
}

export interface KnownArguments {
  readonly constants: Readonly<Record<string, unknown>>;
  /** Names of all arguments; null when the function cannot be run before the search. */
  readonly names: readonly string[] | null;
}

export function knownArguments(
  args: (f: never, self: never) => Record<string, unknown>,
  frame: KnownFrame,
): KnownArguments {
  const first = probe(args, frame, -1);
  if (first === null) return { constants: {}, names: null };
  const { names } = first;
  if (first.dependent) return { constants: {}, names };
  for (const access of first.passed) {
    const again = probe(args, frame, access);
    if (again === null || again.dependent || !sameConstants(first.constants, again.constants))
      return { constants: {}, names };
  }
  return { constants: first.constants, names };
}

interface Probe {
  readonly names: readonly string[];
  /** Something was computed from the state in a way that cannot be followed. */
  readonly dependent: boolean;
  readonly constants: Record<string, unknown>;
  /** Numbers of the accesses whose trackers are arguments. */
  readonly passed: readonly number[];
}

/** One run on trackers; access number `nulled` gives NULL instead of one. Null when the function throws on them. */
function probe(
  args: (f: never, self: never) => Record<string, unknown>,
  frame: KnownFrame,
  nulled: number,
): Probe | null {
  let accesses = 0;
  let opaqueUse = false;
  /** Trackers not yet known to lead to an argument. */
  const unexplained = new Set<object>();
  const trackers = new Map<object, { readonly access: number; readonly from: object | null }>();
  const originals = new WeakMap<object, object>();
  const guards = new Map<object, object>();

  const explain = (from: object | null): void => {
    for (let t = from; t !== null; t = trackers.get(t)?.from ?? null) unexplained.delete(t);
  };
  const access = (from: object | null): object | null => {
    const number = accesses++;
    if (number === nulled) {
      explain(from);
      return null;
    }
    const tracker = makeTracker(number, from);
    unexplained.add(tracker);
    return tracker;
  };
  const makeTracker = (number: number, from: object | null): object => {
    const proxy: object = new Proxy(() => undefined, {
      get: (_t, key) => {
        if (typeof key === 'symbol') opaqueUse = true;
        return key === Symbol.toPrimitive ? () => 0 : access(proxy);
      },
      apply: () => {
        opaqueUse = true;
        return proxy;
      },
      set: () => {
        opaqueUse = true;
        return true;
      },
      has: () => {
        opaqueUse = true;
        return true;
      },
    });
    trackers.set(proxy, { access: number, from });
    return proxy;
  };

  /** A constant object may be passed on as it is, but what it holds depends on the state. */
  const guard = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(guard);
    // Plain data, such as a configuration given as `constant()`, does not depend on the state.
    if (typeof value !== 'object' || value === null || !('$id' in value)) return value;
    const known = guards.get(value);
    if (known !== undefined) return known;
    const proxy = new Proxy(value, {
      get: () => access(null),
      set: () => {
        opaqueUse = true;
        return true;
      },
    });
    originals.set(proxy, value);
    guards.set(value, proxy);
    return proxy;
  };
  const release = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(release);
    return typeof value === 'object' && value !== null ? (originals.get(value) ?? value) : value;
  };

  const frameProxy = new Proxy(
    {},
    {
      get: (_t, key) => {
        if (typeof key === 'string' && key in frame.constants) return guard(frame.constants[key]);
        return access(null);
      },
    },
  );

  let result: Record<string, unknown>;
  try {
    result = args(frameProxy as never, makeTracker(-1, null) as never);
  } catch {
    return null;
  }
  if (typeof result !== 'object' || result === null) return null;
  const constants: Record<string, unknown> = {};
  const passed: number[] = [];
  for (const [key, value] of Object.entries(result)) {
    const tracked = typeof value === 'function' ? trackers.get(value) : undefined;
    if (tracked === undefined) {
      constants[key] = release(value);
      continue;
    }
    if (tracked.access >= 0) passed.push(tracked.access);
    explain(value as object);
  }
  return { names: Object.keys(result), dependent: opaqueUse || unexplained.size > 0, constants, passed };
}

/** Has every constant of the first run the same value in the second? There, NULL is one constant more. */
function sameConstants(first: Readonly<Record<string, unknown>>, again: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(first).every(([key, value]) => key in again && sameValue(value, again[key]));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => sameValue(v, b[i]));
  if (Object.is(a, b)) return true;
  // Plain data made anew by each run.
  const isPlain = (v: unknown) => typeof v === 'object' && v !== null && !('$id' in v);
  return isPlain(a) && isPlain(b) && JSON.stringify(a) === JSON.stringify(b);
}
