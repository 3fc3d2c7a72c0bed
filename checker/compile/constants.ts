/**
 * Which arguments of a call are constant: fixed by the scenario, the same in every state. They cost no byte of the
 * state vector.
 *
 * The argument function is run once on trackers. A tracker stands for a value that depends on the state and counts
 * how often it is followed. When every access is accounted for by a tracker that ended up as an argument itself,
 * none of the other arguments can have depended on the state, so they are constants. Otherwise (an access was used
 * in a condition, say) nothing is assumed.
 */

/** What is known of the caller's frame. */
export interface KnownFrame {
  readonly constants: Readonly<Record<string, unknown>>;
}

export function constantArguments(
  args: (f: never, self: never) => Record<string, unknown>,
  frame: KnownFrame,
): Record<string, unknown> {
  let accesses = 0;
  let opaqueUse = false;
  const depths = new WeakMap<object, number>();
  const originals = new WeakMap<object, object>();
  const guards = new Map<object, object>();

  const tracker = (depth: number): object => {
    const proxy = new Proxy(() => undefined, {
      get: (_t, key) => {
        if (typeof key === 'symbol') opaqueUse = true;
        accesses++;
        return tracker(depth + 1);
      },
      apply: () => {
        opaqueUse = true;
        return tracker(depth);
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
    depths.set(proxy, depth);
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
      get: () => {
        accesses++;
        return tracker(1);
      },
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
        accesses++;
        return tracker(1);
      },
    },
  );

  let result: Record<string, unknown>;
  try {
    result = args(frameProxy as never, tracker(1) as never);
  } catch {
    return {};
  }
  if (opaqueUse || typeof result !== 'object' || result === null) return {};
  let explained = 0;
  const constants: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(result)) {
    const depth = typeof value === 'function' ? depths.get(value) : undefined;
    if (depth !== undefined) explained += depth;
    else constants[key] = release(value);
  }
  return explained === accesses ? constants : {};
}
