/**
 * Ordering coverage: which orders of externally visible events the explored executions contain. An event is a stretch of
 * an actor's time: an operation of its program, from its first step to its return, or a procedure entered by a callback,
 * from the call to the return: a notifier, a fault handler, the function of a work item; or one step whose notes call it an
 * `event`, such as an answer to a page request. Of two events of different actors
 * every execution has one before the other, or they overlap; which of these some execution shows is told for each pair.
 * What never comes in some order is what no test of this scenario could have tried.
 *
 * An event may come several times: `A before B` says that in some execution an A had ended when a B began. Because the
 * question is whether *some* execution shows it, it is answered exactly, by what can have ended on the ways to each
 * state: one set of events for each state, grown along the transitions until nothing changes.
 *
 * Limits: needs all transitions of a complete search without reductions; at most 32 events. An operation that comes back to
 * its first step counts as begun from when the one before it has ended. What touches nothing shared takes no step and is no
 * event.
 */
import type { CompiledActor, CompiledModel } from '../compile/model.ts';
import type { Complete } from '../search/explored.ts';
import type { Call } from '../trace/counterexample.ts';
import { TransitionBuilder, type Transitions } from './transitions.ts';

/** Sets of events are masks of 32 bits. */
const MOST_EVENTS = 32;
const SLICE = 20_000;

/** What happens between an actor and the rest of the world. */
export interface VisibleEvent {
  readonly actor: string;
  /** The procedure, or what the step is called; a second call by the same program has ` (2)` behind it. */
  readonly name: string;
  readonly kind: 'operation' | 'callback' | 'step';
}

/** Two events, by their numbers, and which orders of them some execution shows. */
export interface OrderedPair {
  readonly first: number;
  readonly second: number;
  /** The first had ended when the second began. */
  readonly before: boolean;
  /** The second had ended when the first began. */
  readonly after: boolean;
  /** One began while the other was under way. */
  readonly overlap: boolean;
}

/** The visible events of a scenario, and for each two of different actors the orders that were explored. */
export interface EventOrders {
  readonly events: readonly VisibleEvent[];
  /** Every pair of events of different actors. */
  readonly pairs: readonly OrderedPair[];
  /** Events beyond those that can be told apart here. */
  readonly leftOut: number;
}

/** The events of one actor that stand behind each of its program points, as the calls they belong to. */
interface ActorEvents {
  readonly events: readonly {
    readonly event: VisibleEvent;
    readonly calls: ReadonlySet<Call>;
    /** Program points whose step is the event. */
    readonly steps: ReadonlySet<number>;
  }[];
  /** Number of the operation of each point; the number of operations for one that has ended. */
  readonly operationAt: readonly number[];
  readonly operations: number;
}

function eventsOf(actor: CompiledActor): ActorEvents {
  const operations: Call[] = [];
  const callbacks = new Map<string, Set<Call>>();
  for (const { stack } of actor.points) {
    const top = stack[0];
    if (top !== undefined && !operations.includes(top)) operations.push(top);
  }
  const called = new Map<Call | undefined, Set<string>>();
  for (const { statement, stack, implementations } of actor.points)
    if (statement.op === 'callback') {
      const from = stack[stack.length - 1];
      const names = called.get(from) ?? new Set<string>();
      for (const p of implementations) names.add(p.name);
      called.set(from, names);
    }
  for (const { stack } of actor.points)
    stack.forEach((call, depth) => {
      if (depth === 0 || !called.get(stack[depth - 1])?.has(call.procedure)) return;
      callbacks.set(call.procedure, (callbacks.get(call.procedure) ?? new Set()).add(call));
    });
  // Points are numbered along the program, but for what lies behind jumps: the operations are asked for by name only.
  const order = operations.sort((a, b) => firstPc(actor, a) - firstPc(actor, b));
  const times = new Map<string, number>();
  const named = order.map((call) => {
    const n = (times.get(call.procedure) ?? 0) + 1;
    times.set(call.procedure, n);
    return { call, name: n === 1 ? call.procedure : `${call.procedure} (${n})` };
  });
  const { name, role } = actor.view;
  const steps = new Map<string, Set<number>>();
  for (const { statement, pc } of actor.points)
    if (statement.op !== 'callback' && statement.event !== undefined)
      steps.set(statement.event, (steps.get(statement.event) ?? new Set()).add(pc));
  const none: ReadonlySet<never> = new Set();
  // What hardware and workers do for ever is no operation that somebody called.
  const calls = role === 'hardware' || role === 'worker' ? [] : named;
  return {
    events: [
      ...calls.map(({ call, name: procedure }) => ({
        event: { actor: name, name: procedure, kind: 'operation' as const },
        calls: new Set([call]),
        steps: none,
      })),
      ...[...callbacks].map(([procedure, set]) => ({
        event: { actor: name, name: procedure, kind: 'callback' as const },
        calls: set,
        steps: none,
      })),
      ...[...steps].map(([step, set]) => ({
        event: { actor: name, name: step, kind: 'step' as const },
        calls: none,
        steps: set,
      })),
    ],
    operationAt: actor.points.map(({ stack }) => order.indexOf(stack[0] as Call)),
    operations: order.length,
  };
}

function firstPc(actor: CompiledActor, call: Call): number {
  return actor.points.findIndex((p) => p.stack[0] === call);
}

/** One event while states are looked at: what each program point of its actor says of it. */
interface Watched {
  readonly actor: number;
  /** For each program point: a number that differs from call to call while the event is under way, else -1. */
  readonly under: Int32Array;
  /** Program points whose step begins and ends it at once. */
  readonly steps: ReadonlySet<number>;
}

/** Program points at which an actor waits before the first step of an operation, and to which it never comes back. */
function entries(
  model: CompiledModel,
  own: readonly ActorEvents[],
  graph: Transitions,
  pcs: Uint16Array,
): ReadonlySet<number>[] {
  const n = model.actors.length;
  const entered = model.actors.map(() => new Set<number>());
  const again = model.actors.map(() => new Set<number>());
  for (const { index } of model.actors) entered[index]?.add(pcs[index] as number);
  for (let s = 0; s < graph.count; s++)
    for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++) {
      const a = graph.movers[e] as number;
      const [from, to] = [pcs[s * n + a] as number, pcs[(graph.targets[e] as number) * n + a] as number];
      const operations = (own[a] as ActorEvents).operationAt;
      const same = operations[from] === operations[to];
      (same ? again : entered)[a]?.add(to);
    }
  return entered.map((set, a) => new Set([...set].filter((pc) => !again[a]?.has(pc))));
}

/**
 * Orders of the events in all executions of a finished search.
 *
 * @param search a complete one without reductions.
 * @param pause called between slices of the work; returns why to stop, or null.
 * @returns why it cannot be told, when it cannot.
 */
export async function eventOrders(
  model: CompiledModel,
  search: Complete,
  maxBytes: number,
  pause: () => Promise<string | null>,
): Promise<EventOrders | string> {
  const n = model.actors.length;
  const pcs = new Uint16Array(search.store.count * n);
  const builder = new TransitionBuilder(model, search, maxBytes, (state) => {
    for (let a = 0; a < n; a++) pcs[state * n + a] = model.pc(a);
  });
  while (builder.advance(SLICE)) {
    const because = await pause();
    if (because !== null) return because;
  }
  if (builder.failed !== null) return builder.failed;
  const { graph } = builder;
  const own = model.actors.map(eventsOf);
  const entry = entries(model, own, graph, pcs);
  const all = own.flatMap(({ events, operationAt }, actor) =>
    events.map(({ event, calls, steps }) => {
      const { points } = model.actors[actor] as CompiledActor;
      const numbers = [...calls];
      const under = Int32Array.from([...points, null], (point, pc) => {
        if (point === null) return -1;
        if (event.kind === 'operation' && entry[actor]?.has(pc)) return -1;
        return point.stack.findIndex((c) => calls.has(c)) < 0 ? -1 : numbers.findIndex((c) => point.stack.includes(c));
      });
      const first = points.findIndex((p) => p.stack.some((c) => calls.has(c)));
      const operation = event.kind === 'operation' ? (operationAt[first] as number) : -1;
      return { event, watched: { actor, under, steps } as Watched, operation };
    }),
  );
  const watched = all.slice(0, MOST_EVENTS);
  const relation = relate(model, own, watched, graph, pcs);
  const pairs: OrderedPair[] = [];
  watched.forEach((a, i) => {
    watched.forEach((b, j) => {
      if (j <= i || a.watched.actor === b.watched.actor) return;
      const bit = (row: Int32Array, x: number, y: number) => (((row[x] as number) >>> y) & 1) === 1;
      pairs.push({
        first: i,
        second: j,
        before: bit(relation.ended, j, i),
        after: bit(relation.ended, i, j),
        overlap: bit(relation.under, i, j) || bit(relation.under, j, i),
      });
    });
  });
  return { events: watched.map((w) => w.event), pairs, leftOut: all.length - watched.length };
}

/** For each event, which others had ended, and which were under way, when it began in some execution. */
function relate(
  model: CompiledModel,
  own: readonly ActorEvents[],
  events: readonly { readonly watched: Watched; readonly operation: number }[],
  graph: Transitions,
  pcs: Uint16Array,
): { readonly ended: Int32Array; readonly under: Int32Array } {
  const n = model.actors.length;
  // What a move of an actor from one program point to another begins and ends, found once for each.
  const marks = new Map<number, { readonly begins: number; readonly ends: number }>();
  const marksOf = (actor: number, from: number, to: number) => {
    const key = (actor << 20) * 65536 + from * 65536 + to;
    const known = marks.get(key);
    if (known !== undefined) return known;
    let begins = 0;
    let ends = 0;
    const { operationAt, operations } = own[actor] as ActorEvents;
    const at = (pc: number) => operationAt[pc] ?? operations;
    events.forEach(({ watched, operation }, i) => {
      if (watched.actor !== actor) return;
      if (watched.steps.has(from)) {
        begins |= 1 << i;
        ends |= 1 << i;
        return;
      }
      const [u, v] = [watched.under[from] as number, watched.under[to] as number];
      if (operation >= 0) {
        // The step that leaves the entry begins it, even when it is the only one.
        const left = at(from) <= operation && u < 0 && (v >= 0 || (at(from) === operation && at(to) > operation));
        if (left) begins |= 1 << i;
        if (at(from) === operation && at(to) > operation) ends |= 1 << i;
      } else if (u !== v) {
        if (v >= 0) begins |= 1 << i;
        if (u >= 0) ends |= 1 << i;
      }
    });
    const made = { begins, ends };
    marks.set(key, made);
    return made;
  };
  const history = historyOf(graph, n, pcs, marksOf);
  const ended = new Int32Array(events.length);
  const under = new Int32Array(events.length);
  for (let s = 0; s < graph.count; s++) {
    let running = 0;
    events.forEach(({ watched }, i) => {
      if ((watched.under[pcs[s * n + watched.actor] as number] as number) >= 0) running |= 1 << i;
    });
    for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++) {
      const a = graph.movers[e] as number;
      const t = graph.targets[e] as number;
      let { begins } = marksOf(a, pcs[s * n + a] as number, pcs[t * n + a] as number);
      for (; begins !== 0; begins &= begins - 1) {
        const i = 31 - Math.clz32(begins & -begins);
        ended[i] = (ended[i] as number) | (history[s] as number);
        under[i] = (under[i] as number) | running;
      }
    }
  }
  return { ended, under };
}

/** For each state the events that ended on some way to it. */
function historyOf(
  graph: Transitions,
  n: number,
  pcs: Uint16Array,
  marksOf: (actor: number, from: number, to: number) => { readonly ends: number },
): Int32Array {
  const history = new Int32Array(graph.count);
  // Breadth-first order makes one round do most of it; cycles and ways that join late need more.
  for (let changed = true; changed; ) {
    changed = false;
    for (let s = 0; s < graph.count; s++)
      for (let e = graph.first[s] as number; e < (graph.first[s + 1] as number); e++) {
        const a = graph.movers[e] as number;
        const t = graph.targets[e] as number;
        const { ends } = marksOf(a, pcs[s * n + a] as number, pcs[t * n + a] as number);
        const grown = (history[t] as number) | (history[s] as number) | ends;
        if (grown === history[t]) continue;
        history[t] = grown;
        changed = true;
      }
  }
  return history;
}
