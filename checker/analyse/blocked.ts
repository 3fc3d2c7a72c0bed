/**
 * Why nobody moves: the part of a set of blocked actors that the others only wait behind.
 *
 * A blocked actor waits for others where that is known from the state alone: for the holders of the lock it wants, or
 * for those whom its step names. The core is the shortest cycle of such waits. Where there is none, it is the actors
 * that wait for none of the blocked ones: each lacks something that nobody will do. If others wait behind some of
 * these, only they count. Everybody else is a bystander: take a bystander away and the others are blocked just the same.
 *
 * Only the state is looked at, never the way to it, so that every search finds the same core.
 *
 * Limits: where a step does not say whom it waits for, its actor counts as waiting for nobody. Of several shortest
 * cycles in one state the one whose text comes first is taken.
 */
import type { CompiledModel } from '../compile/model.ts';
import { nameOf, roleOf } from '../lang/names.ts';

/** One blocked actor: where it stands, what it wants and whom among the blocked ones it waits for. */
interface Blocked {
  readonly place: string;
  /** Role of the lock or object it waits for; empty when the step does not say. */
  readonly wants: string;
  readonly wantsLock: boolean;
  readonly after: number[];
}

/**
 * The core of the actors with these indices, all of them blocked in the current state of the memory, as text without
 * the names of actors: one entry for each member, in a fixed order.
 */
export function blockedCore(model: CompiledModel, actors: readonly number[]): string[] {
  const blocked = actors.map((index) => blockedAt(model, index, actors));
  const cycle = shortestCycle(blocked);
  if (cycle !== null) return ['cycle', ...cycle];
  const alone = blocked.filter((b) => b.after.length === 0);
  const inFront = alone.filter((b) => blocked.some((other) => other.after.some((i) => blocked[i] === b)));
  const roots = inFront.length > 0 ? inFront : alone;
  // Who else wants a lock that is never released does not matter.
  return ['core', ...new Set(roots.map((b) => (b.wantsLock ? `held for ever: ${b.wants}` : textOf(b))).sort())];
}

const textOf = (b: Blocked): string => `${b.place} for ${b.wants}`;

function blockedAt(model: CompiledModel, index: number, actors: readonly number[]): Blocked {
  const actor = model.actors[index];
  const point = actor?.points[model.pc(index)];
  if (actor === undefined || point === undefined) return { place: 'ended', wants: '', wantsLock: false, after: [] };
  const waiting = 'waiting' in point.statement ? point.statement.waiting : null;
  const ask = <T>(f: ((f: never, self: never) => T) | undefined): T | null => {
    try {
      return f === undefined ? null : f(point.frame.view as never, actor.view as never);
    } catch {
      // It looks at an object that is gone: whom the actor waits for cannot be told.
      return null;
    }
  };
  const view = ask(waiting?.lock);
  const lock = model.locks.find((l) => l.view === view);
  const declared = ask(waiting?.owners);
  const owners = new Set(declared === null ? [] : [...declared].map((owner) => owner.name));
  if (lock !== undefined && owners.size === 0)
    for (const a of model.actors) if (model.held(a.view).some((h) => h.lock === lock)) owners.add(a.view.name);
  const on = view ?? ask(waiting?.on);
  return {
    place: `${point.procedure}/${point.label}`,
    wants: on === null || on === undefined ? '' : roleOf(typeof on === 'object' ? nameOf(on) : String(on)),
    wantsLock: lock !== undefined,
    after: actors.flatMap((other, i) => (owners.has(model.actors[other]?.view.name ?? '') ? [i] : [])),
  };
}

/** Texts of the members of a shortest cycle, sorted; null when there is none. */
function shortestCycle(blocked: readonly Blocked[]): string[] | null {
  let best: { readonly length: number; readonly text: string[] } | null = null;
  for (let start = 0; start < blocked.length; start++) {
    const back = stepsTo(blocked, start);
    const length = 1 + Math.min(...(blocked[start]?.after ?? []).map((next) => back[next] ?? Number.POSITIVE_INFINITY));
    if (!Number.isFinite(length) || (best !== null && length > best.length)) continue;
    for (const path of paths(blocked, start, length, back)) {
      const text = path.map((i) => textOf(blocked[i] as Blocked)).sort();
      if (best === null || length < best.length || text.join('\n') < best.text.join('\n')) best = { length, text };
    }
  }
  return best?.text ?? null;
}

/** For each blocked actor the least number of waits from it to the target. */
function stepsTo(blocked: readonly Blocked[], target: number): number[] {
  const steps = blocked.map(() => Number.POSITIVE_INFINITY);
  steps[target] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    blocked.forEach((b, i) => {
      const least = 1 + Math.min(...b.after.map((next) => steps[next] as number));
      if (least < (steps[i] as number)) {
        steps[i] = least;
        changed = true;
      }
    });
  }
  return steps;
}

/** Every way of that length from the start back to it. */
function* paths(
  blocked: readonly Blocked[],
  start: number,
  length: number,
  back: readonly number[],
  path: readonly number[] = [start],
): Generator<readonly number[]> {
  if (path.length === length) {
    yield path;
    return;
  }
  for (const next of blocked[path[path.length - 1] as number]?.after ?? [])
    if (path.length + (back[next] as number) === length) yield* paths(blocked, start, length, back, [...path, next]);
}
