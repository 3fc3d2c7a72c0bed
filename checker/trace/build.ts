/**
 * From moves to a counterexample: re-executes them on the instrumented model and writes down, for every step, what
 * it changed, who holds what and who waits for whom.
 */
import { deadlockKind, lockOrderGraph, waitForGraph } from '../analyse/waiting.ts';
import type { Point } from '../compile/flow.ts';
import { actorName } from '../compile/model.ts';
import { nameOf } from '../lang/names.ts';
import type { Evidence } from '../lang/violation.ts';
import { branchesOf } from './branches.ts';
import type {
  Change,
  Counterexample,
  HeldLock,
  ModelProcedure,
  Ordering,
  Shrunk,
  Standing,
  TraceStep,
  Wait,
} from './counterexample.ts';
import { formatSchedule } from './schedule.ts';
import { actorOf, choiceOf, type Simulator } from './simulator.ts';
import { countSwitches } from './size.ts';
import { tellStory } from './story.ts';

export interface BuildInput {
  readonly simulator: Simulator;
  readonly property: string;
  readonly evidence: Evidence;
  readonly signature: string;
  readonly moves: readonly number[];
  /** The last move breaks a promise instead of leading to a state. */
  readonly fault: boolean;
  /** Moves before a cycle that is taken for ever. */
  readonly loop?: number;
  readonly minimal: Counterexample['minimal'];
  readonly shrunk?: Shrunk;
  readonly needed: readonly Ordering[] | null;
}

/** Throws when a move cannot be taken: the moves must come from a search or a replay of the same model. */
export function buildCounterexample(input: BuildInput): Counterexample {
  const { simulator: sim } = input;
  sim.state = sim.model.initial.slice();
  const recorder = new Recorder(sim);
  const initial = sim.valueList();
  const initialStandings = recorder.standings(0);
  const essential = new Set((input.needed ?? []).flatMap((o) => [o.before, o.after]));
  const steps: TraceStep[] = [];
  const seen = [sim.views()];
  const states = [sim.state];
  input.moves.forEach((move, i) => {
    const last = i === input.moves.length - 1;
    // What is taken for ever is what breaks a promise about the future, rather than the last step.
    const breaks = input.loop === undefined ? last : i >= input.loop;
    steps.push(recorder.take(move, i + 1, essential.has(i + 1) || breaks, last && input.fault));
    seen.push(sim.views());
    if (!(last && input.fault)) states.push(sim.state);
  });
  const final = steps[steps.length - 1]?.standings ?? initialStandings;
  const waitFor = waitForGraph(final);
  const isDeadlock = input.evidence.kind === 'deadlock' || input.evidence.kind === 'stuck';
  const subkind = isDeadlock ? deadlockKind(waitFor, final) : null;
  const failures: Record<string, number> = {};
  for (const [name, offset] of sim.model.budgetOffsets) {
    sim.focus();
    const used = (sim.model.budgets[name] as number) - (sim.model.memory.bytes[sim.model.memory.at + offset] as number);
    if (used > 0) failures[name] = used;
  }
  const branches =
    input.needed !== null
      ? branchesOf(sim, states, input.moves, new Set(steps.filter((s) => s.essential).map((s) => s.index)))
      : null;
  const partial = {
    evidence: input.evidence,
    property: input.property,
    subkind,
    headline: headline(input.evidence, steps, input.loop, final, waitFor.cycle),
    signature: input.signature,
    steps,
    ...(input.loop === undefined ? {} : { loop: input.loop + 1 }),
    initial,
    initialStandings,
    switches: countSwitches(input.moves),
    minimal: input.minimal,
    ...(input.shrunk === undefined ? {} : { shrunk: input.shrunk }),
    needed: input.needed,
    failures,
    waitFor,
    lockOrder: lockOrderGraph([...recorder.lockPairs, ...wantedPairs(final)]),
  };
  return {
    ...partial,
    story: tellStory(partial),
    procedures: proceduresOf(sim, steps),
    ...(branches === null ? {} : { branches }),
    ...(sim.model.views.length === 0
      ? {}
      : {
          views: sim.model.views.map(({ name, about }, i) => ({
            name,
            about,
            values: seen.map((values) => values[i] as string),
          })),
        }),
    schedule: formatSchedule({
      scenario: sim.model.scenario.name,
      variant: sim.model.variantName,
      bounds: sim.model.bounds,
      modelHash: sim.model.hash,
      property: input.property,
      signature: input.signature,
      moves: steps.map((s) => ({ actor: s.actor, procedure: s.procedure, label: s.label, choice: s.choice, line: 0 })),
      ...(input.loop === undefined ? {} : { loop: input.loop }),
    }),
  };
}

/** The model's text of what the schedule enters, so that the steps it left out can be seen beside those it took. */
function proceduresOf(sim: Simulator, steps: readonly TraceStep[]): ModelProcedure[] {
  const entered = new Map<string, { procedure: string; source: TraceStep['source']; steps: Set<string> }>();
  for (const { procedure, source } of steps)
    if (!entered.has(procedure)) entered.set(procedure, { procedure, source, steps: new Set() });
  for (const actor of sim.model.actors)
    for (const point of actor.points) entered.get(point.procedure)?.steps.add(point.label);
  return [...entered.values()].map((p) => ({ ...p, steps: [...p.steps] }));
}

function wantedPairs(final: readonly Standing[]): { held: string; wanted: string; label: string }[] {
  return final.flatMap((s) =>
    s.status === 'blocked' && s.waits?.kind === 'lock'
      ? s.holds.map((h) => ({ held: h.lock, wanted: s.waits?.on as string, label: `${s.actor} wants it` }))
      : [],
  );
}

/** Keeps what is known from one step to the next: since when a lock is held, who wrote a byte last. */
export class Recorder {
  readonly lockPairs: { held: string; wanted: string; label: string }[] = [];
  readonly #sim: Simulator;
  readonly #lastWriter = new Map<number, number>();
  readonly #heldSince = new Map<string, number>();
  readonly #blockedSince = new Map<string, { readonly point: Point; readonly since: number }>();
  #values: Map<string, string>;

  constructor(sim: Simulator) {
    this.#sim = sim;
    this.#values = sim.values();
  }

  take(move: number, index: number, essential: boolean, fault: boolean): TraceStep {
    const sim = this.#sim;
    const actor = actorOf(move);
    const point = sim.point(actor);
    const view = sim.model.actors[actor]?.view;
    if (point === null || view === undefined) throw new Error(`step ${index}: the actor has ended`);
    const choice = sim.choiceName(point, actor, choiceOf(move));
    const heldBefore = this.#heldBy(actor);
    const outcome = sim.step(actor, choiceOf(move));
    if (outcome.result === 'blocked' || (outcome.result === 'fault') !== fault)
      throw new Error(`step ${index} of ${view.name} (${point.label}) is ${outcome.result}`);
    const { reads, writes } = sim.footprint;
    for (const offset of writes) this.#lastWriter.set(offset, actor);
    const after = sim.values();
    const changes = diff(this.#values, after);
    this.#values = after;
    const heldAfter = this.#heldBy(actor);
    const acquires = heldAfter.filter((l) => !heldBefore.includes(l));
    const releases = heldBefore.filter((l) => !heldAfter.includes(l));
    for (const lock of acquires) {
      this.#heldSince.set(`${view.name} ${lock}`, index);
      for (const held of heldBefore) this.lockPairs.push({ held, wanted: lock, label: `${view.name}, step ${index}` });
    }
    return {
      index,
      actor: view.name,
      procedure: point.procedure,
      label: point.label,
      choice,
      stack: point.stack,
      source: point.source,
      note: point.note,
      changes,
      reads: sim.paths(reads),
      writes: sim.paths(writes),
      acquires,
      releases,
      standings: this.standings(index),
      essential,
      fingerprint: sim.fingerprint(),
    };
  }

  #heldBy(actor: number): string[] {
    this.#sim.focus();
    const view = this.#sim.model.actors[actor]?.view;
    return view === undefined ? [] : this.#sim.model.held(view).map((h) => h.lock.name);
  }

  standings(index: number): Standing[] {
    const sim = this.#sim;
    return sim.model.actors.map(({ index: actor, view }) => {
      const point = sim.point(actor);
      sim.focus();
      const holds = sim.model.held(view).map(
        ({ lock, mode }): HeldLock => ({
          lock: lock.name,
          mode,
          since: this.#heldSince.get(`${view.name} ${lock.name}`) ?? 0,
        }),
      );
      if (point === null)
        return { actor: view.name, role: view.role, status: 'ended', next: null, stack: [], holds, waits: null };
      const enabled = sim.isEnabled(actor);
      const guardReads = sim.footprint.reads;
      const idle = (point.statement as { idle?: boolean }).idle === true;
      const status = enabled ? 'running' : idle ? 'idle' : 'blocked';
      if (status !== 'blocked') this.#blockedSince.delete(view.name);
      else if (this.#blockedSince.get(view.name)?.point !== point)
        this.#blockedSince.set(view.name, { point, since: index });
      return {
        actor: view.name,
        role: view.role,
        status,
        next: point.label,
        stack: point.stack,
        holds,
        waits: status === 'blocked' ? this.#wait(point, actor, guardReads) : null,
      };
    });
  }

  #wait(point: Point, actor: number, guardReads: ReadonlySet<number>): Wait {
    const sim = this.#sim;
    const self = sim.model.actors[actor]?.view;
    const waiting = 'waiting' in point.statement ? point.statement.waiting : null;
    sim.focus();
    const evaluate = <T>(f: ((f: never, self: never) => T) | undefined): T | null => {
      try {
        return f ? f(point.frame.view as never, self as never) : null;
      } catch {
        return null;
      }
    };
    const lock = evaluate(waiting?.lock);
    const on = lock ?? evaluate(waiting?.on);
    const declared = evaluate(waiting?.owners);
    let owners = declared === null ? [] : [...declared].map((a) => a.name);
    if (owners.length === 0) {
      const writers = new Set<number>();
      for (const offset of guardReads) {
        const writer = this.#lastWriter.get(offset);
        if (writer !== undefined && writer !== actor) writers.add(writer);
      }
      owners = [...writers].sort((a, b) => a - b).map((w) => actorName(sim.model, w));
    }
    return {
      kind: waiting?.kind ?? 'wait',
      on: on === null || on === undefined ? point.label : typeof on === 'object' ? nameOf(on) : String(on),
      owners,
      since: this.#blockedSince.get(self?.name ?? '')?.since ?? 0,
    };
  }
}

/** What changed between two sets of values; parts of an object that came or went are folded into it. */
export function diff(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Change[] {
  const changes: Change[] = [];
  const gone: string[] = [];
  const fresh: string[] = [];
  for (const [path, value] of before)
    if (!after.has(path)) {
      if (!path.includes('.') && !path.includes(':')) gone.push(path);
      changes.push({ path, kind: 'deleted', before: value, after: null });
    }
  for (const [path, value] of after) {
    const old = before.get(path);
    if (old === undefined) {
      if (!path.includes('.') && !path.includes(':')) fresh.push(path);
      changes.push({ path, kind: 'added', before: null, after: value });
    } else if (old !== value) changes.push({ path, kind: 'modified', before: old, after: value });
  }
  const partOf = (path: string, objects: readonly string[]) => objects.some((o) => path.startsWith(`${o}.`));
  const resting = (value: string | null) =>
    value === 'NULL' || value === '0' || value === 'false' || value === '[]' || value === '{}';
  return changes.filter(
    (c) =>
      !(c.kind === 'deleted' && partOf(c.path, gone)) &&
      !(c.kind === 'added' && partOf(c.path, fresh) && resting(c.after)),
  );
}

function headline(
  evidence: Evidence,
  steps: readonly TraceStep[],
  loop: number | undefined,
  final: readonly Standing[],
  cycle: readonly string[],
): string {
  const last = steps[steps.length - 1];
  if (loop !== undefined && loop < steps.length) {
    const places = [...new Set(steps.slice(loop).map((s) => s.procedure))];
    return `${evidence.kind} in ${places.slice(0, 3).join(' / ')}`;
  }
  if (evidence.kind === 'deadlock' || evidence.kind === 'stuck') {
    const stuck = final.filter((s) => s.status === 'blocked' && (cycle.length === 0 || cycle.includes(s.actor)));
    const places = [...new Set(stuck.map((s) => s.stack[s.stack.length - 1]?.procedure ?? s.actor))];
    return `${evidence.kind} in ${places.slice(0, 3).join(' / ') || 'the initial state'}`;
  }
  return `${evidence.kind} in ${last?.procedure ?? 'the initial state'}`;
}
