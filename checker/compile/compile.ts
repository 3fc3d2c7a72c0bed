/**
 * From a scenario to a compiled model: set-up, control flow, layout of frames and program counters, emitted text.
 */
import { createHash } from 'node:crypto';
import { modelError, nearest, QuiesceError } from '../lang/errors.ts';
import type { Actor } from '../lang/fields.ts';
import { nameOf } from '../lang/names.ts';
import type { Bounds, Scenario } from '../lang/scenario.ts';
import { type Evidence, Violation, violated } from '../lang/violation.ts';
import type { Identified } from './collections.ts';
import { type EmitRuntime, type EmittedActor, emit, numberPoints } from './emit.ts';
import { Flow, type FlowContext, type FrameInfo, type Point } from './flow.ts';
import type { LockCell } from './layout.ts';
import { beginMarking, layOutMarks, type Recording } from './marks.ts';
import { BUFFER_BYTES, type Memory } from './memory.ts';
import { Mentions } from './mentions.ts';
import type { CompiledActor, CompiledModel, CoveragePoint } from './model.ts';
import { bodiesOf } from './revise.ts';
import { type ActorView, effectiveBounds, runSetup, type SetupResult } from './setup.ts';
import { isScalar } from './views.ts';

export interface CompileOptions {
  readonly variant?: string;
  readonly bounds?: Bounds;
  /** Record footprints and check that guards only read and fused code is local. Slower; for replay and audit. */
  readonly instrumented?: boolean;
  /**
   * Steps mark what they touch, also while they are searched, and one actor can be expanded alone; for persistent
   * sets. Costs a store at each access. Not together with `instrumented`.
   */
  readonly marks?: boolean;
}

/** Compiles one variant of a scenario. Throws `QuiesceError` with place and hint when the model is malformed. */
export function compile(scenario: Scenario, options: CompileOptions = {}): CompiledModel {
  const variantName = options.variant ?? (Object.keys(scenario.variants)[0] as string);
  const variant = Object.hasOwn(scenario.variants, variantName) ? scenario.variants[variantName] : undefined;
  if (variant === undefined) {
    const near = nearest(variantName, Object.keys(scenario.variants));
    throw new QuiesceError('usage', `scenario ${scenario.name} has no variant "${variantName}"`, {
      hint: near ? `did you mean "${near}"?` : `its variants are ${Object.keys(scenario.variants).join(', ')}`,
    });
  }
  const bounds = effectiveBounds(scenario, variant, options.bounds);
  const instrumented = options.instrumented ?? false;
  if (instrumented && options.marks)
    throw new QuiesceError('usage', 'a model records footprints or marks, not both', {
      where: scenario.name,
      hint: 'compile it twice',
    });
  const recording: Recording = options.marks ? 'marks' : instrumented ? 'footprint' : 'nothing';
  const setup = runSetup(scenario, variant, bounds, recording);
  const { memory, layout, heap, programs } = setup;

  const met = new Map<string, { readonly switch: { readonly name: string }; readonly value: string }>();
  const context: FlowContext = {
    layout,
    factory: setup.factory,
    settings: setup.settings,
    met: met as FlowContext['met'],
    implementations: setup.implementations,
    budgets: setup.budgets,
    bodyOf: bodiesOf(scenario, layout, setup.settings),
  };
  let parks = false;
  const mentions = new Mentions(setup.implementations);
  const emitted: EmittedActor[] = [];
  const frames: { frameBase: number; frameEnd: number }[] = [];
  for (const program of programs) {
    const frameBase = layout.end;
    const flow = new Flow(context, program.actor);
    const entry = flow.program(program.operations);
    layout.extendTo(flow.frameEnd);
    parks ||= flow.parks;
    for (const { procedure } of program.operations) mentions.procedure(procedure);
    const points = numberPoints(entry);
    if (points.length > 65_534) throw modelError(`actor ${program.actor.name} has ${points.length} program points`);
    const pcBytes = points.length > 254 ? 2 : 1;
    frames.push({ frameBase, frameEnd: flow.frameEnd });
    emitted.push({ actor: program.actor, entry, points, pcOffset: layout.reserve(pcBytes), pcBytes });
  }
  refuseIneffective(scenario, variantName, setup, mentions);
  if (parks) for (const { actor } of programs) actor.$flags = layout.reserve(1);
  const budgetOffsets = new Map<string, number>();
  for (const [name, budget] of Object.entries(setup.budgets))
    if (budget > 0) {
      const offset = layout.reserve(1);
      memory.bytes[offset] = budget;
      budgetOffsets.set(name, offset);
    }

  const actors: CompiledActor[] = emitted.map((e, index) => ({
    index,
    view: e.actor as ActorView,
    points: e.points,
    pcOffset: e.pcOffset,
    pcBytes: e.pcBytes,
    ...(frames[index] as { frameBase: number; frameEnd: number }),
  }));
  const coverage: CoveragePoint[] = [];
  const coverageBase = actors.map((a) =>
    a.points.map((point) => {
      const base = coverage.length;
      for (let choice = 0; choice < point.arity; choice++)
        coverage.push({ actor: a.index, point, choice, outcome: null });
      if (point.statement.op === 'branch')
        for (const outcome of [true, false]) coverage.push({ actor: a.index, point, choice: 0, outcome });
      return base;
    }),
  );

  const spinLocks = layout.locks.filter((lock) => lock.spins);
  const actorName = (id: number) => (setup.memory.actors[id] as Actor).name;
  heap.actorName = actorName;
  const runtime = makeRuntime(setup, actors, budgetOffsets, spinLocks);
  const words = layout.stateBytes / 4;
  const marks = options.marks
    ? layOutMarks(
        layout.stateBytes,
        emitted.map((e) => e.points.length),
        layout.locks,
      )
    : null;
  const text = emit({
    actors: emitted,
    words,
    instrumented,
    spins: spinLocks.length > 0,
    runtime,
    coverageBase,
    marks,
  });
  const branching = actors.reduce((sum, a) => sum + a.points.reduce((m, p) => Math.max(m, p.arity), 0), 0);
  const room = Math.floor(BUFFER_BYTES / layout.stateBytes) - 1;
  if (room <= branching) throw modelError(`a state may have ${branching} successors, more than fit into a batch`);
  const registers = new Int32Array(4);
  const moves = new Int32Array(room + 1);
  const taken = new Uint8Array(coverage.length);
  const refused = new Uint8Array(coverage.length);
  const engine = new Function('m', 'reg', 'moves', 'taken', 'refused', ...text.names, text.text)(
    memory,
    registers,
    moves,
    taken,
    refused,
    ...text.values,
  ) as Engine;
  heap.framePointers = () => framePointers(actors, engine);

  memory.at = 0;
  memory.recording = instrumented;
  for (const a of actors) start(engine, a);
  memory.recording = false;
  memory.forget();
  memory.phase = 'free';
  if (marks !== null) {
    beginMarking(memory, marks);
    heap.framesMark = marks.frames;
  }
  const initial = memory.words.slice(0, words);

  const model: CompiledModel = {
    scenario,
    variantName,
    variant,
    bounds,
    settings: Object.fromEntries(
      [...setup.read, ...[...met].map(([name, { value }]) => [name, value] as const)].sort(),
    ),
    budgets: setup.budgets,
    budgetOffsets,
    memory,
    layout,
    heap,
    cells: layout.cells,
    locks: layout.locks,
    actors,
    properties: setup.properties,
    views: setup.views,
    places: setup.places,
    symmetries: setup.symmetries,
    words,
    stateBytes: layout.stateBytes,
    room,
    branching,
    initial,
    hash: hashOf(scenario, variantName, bounds, setup, actors),
    coverage,
    coverageBase,
    taken,
    refused,
    registers,
    moves,
    expand: engine.expand,
    rehearse: engine.rehearse,
    expandActor: (source, src, actor, choice) => {
      const alone = engine.alone?.[actor];
      if (alone === undefined) throw modelError('an actor is expanded alone in a model without marks', scenario.name);
      return alone(source, src, choice);
    },
    marks,
    resting: engine.resting,
    run: (actor, choice) => (engine.run[actor] as (c: number) => number)(choice),
    arity: (actor) => (engine.arity[actor] as () => number)(),
    pc: (actor) => (engine.pc[actor] as () => number)(),
    rests: (actor) => (engine.rests[actor] as () => boolean)(),
    load: (source, src) => {
      memory.at = 0;
      memory.phase = 'free';
      memory.words.set(source.subarray(src, src + words), 0);
    },
    leak: () => findLeak(setup),
    held: (actor) => heldBy(setup, actor),
  };
  return model;
}

/** A switch that is set or a budget that is given must be one the model knows; else a misspelt one would be ignored. */
function refuseIneffective(scenario: Scenario, variant: string, setup: SetupResult, mentions: Mentions): void {
  const switches = [...mentions.switches, ...setup.read.keys()];
  const hint = (near: string | undefined) => near && `did you mean "${near}"?`;
  for (const name of setup.settings.keys())
    if (!switches.includes(name))
      throw modelError(
        `variant "${variant}" sets switch ${name}, which no step and no setup reads`,
        scenario.name,
        hint(nearest(name, switches)),
      );
  for (const [name, budget] of Object.entries(setup.budgets))
    if (budget > 0 && !mentions.budgets.has(name))
      throw modelError(`no step fails by the budget "${name}"`, scenario.name, hint(nearest(name, mentions.budgets)));
}

/** Runs what stands before the first step of an actor, which may touch its frame only. */
function start(engine: Engine, actor: CompiledActor): void {
  const where = `actor ${actor.view.name}, before its first step`;
  try {
    engine.setPc[actor.index]?.(engine.start[actor.index]?.() as number);
  } catch (cause) {
    if (cause instanceof QuiesceError) throw modelError(cause.message, where, cause.hint);
    throw new QuiesceError('model-threw', `the model threw ${String(cause)}`, { where, cause });
  }
}

interface Engine {
  readonly expand: CompiledModel['expand'];
  readonly rehearse: () => void;
  readonly alone?: readonly ((words: Int32Array, src: number, choice: number) => number)[];
  readonly resting: () => boolean;
  readonly start: readonly (() => number)[];
  readonly run: readonly ((choice: number) => number)[];
  readonly arity: readonly (() => number)[];
  readonly pc: readonly (() => number)[];
  readonly setPc: readonly ((value: number) => void)[];
  readonly rests: readonly (() => boolean)[];
}

function makeRuntime(
  setup: SetupResult,
  actors: readonly CompiledActor[],
  budgets: ReadonlyMap<string, number>,
  spinLocks: readonly LockCell[],
): EmitRuntime {
  const m = setup.memory;
  const name = (index: number) => (actors[index] as CompiledActor).view.name;
  return {
    allocate: (type) => setup.heap.allocate(type as never),
    free: (view, actor) => setup.heap.free(view as object | null, actor),
    spend: (budget) => {
      const budgetAt = budgets.get(budget) as number;
      const offset = m.at + budgetAt;
      if (m.marking) m.read(budgetAt);
      if (m.bytes[offset] === 0) return false;
      if (m.marking) m.write(budgetAt);
      m.bytes[offset] = (m.bytes[offset] as number) - 1;
      return true;
    },
    noSleep: (index, point) => {
      const id = index + 1;
      if (m.marking) markHolding(m, spinLocks);
      for (const lock of spinLocks)
        if (isLive(setup, lock) && modeOf(setup, lock, id) !== null)
          throw new Violation(
            'sleep-in-atomic',
            `${point.label} in ${point.procedure} may sleep while ${name(index)} holds ${lock.name}`,
            [lock.name],
            [name(index)],
          );
    },
    returned: (index, operation) => {
      if (m.marking) markHolding(m, setup.layout.locks);
      for (const lock of setup.layout.locks)
        if (isLive(setup, lock) && modeOf(setup, lock, index + 1) !== null)
          throw new Violation('lock-misuse', `${operation} returns with ${lock.name} held`, [lock.name], [name(index)]);
    },
    differs: (argument, procedure) => {
      throw modelError(
        `argument "${argument}" of ${procedure} depends on a value that is passed on as well`,
        undefined,
        'read that value once for each of its uses',
      );
    },
    nullCall: (point) => {
      throw new Violation('null-dereference', `${point.label} in ${point.procedure} calls through a NULL pointer`);
    },
  };
}

/**
 * An actor asks whether it holds one of these locks itself. It alone changes that, or a stranger: see `marks.ts`. What
 * lies in a dead object is zero, so that nobody holds it.
 */
function markHolding(m: Memory, locks: readonly LockCell[]): void {
  for (const lock of locks) {
    for (const offset of lock.exclusive) m.read(m.strangers[offset] as number);
    for (const offset of lock.shared) m.read(m.strangers[offset] as number);
  }
}

function isLive(setup: SetupResult, lock: LockCell): boolean {
  return lock.liveness < 0 || setup.memory.bytes[setup.memory.at + lock.liveness] === 1;
}

/** How the actor with this identity holds the lock. */
function modeOf(setup: SetupResult, lock: LockCell, id: number): 'exclusive' | 'shared' | null {
  const m = setup.memory;
  for (const offset of lock.exclusive) if (m.bytes[m.at + offset] === id) return 'exclusive';
  for (const offset of lock.shared) {
    const mask = (m.bytes[m.at + offset] as number) | ((m.bytes[m.at + offset + 1] as number) << 8);
    if (mask & (1 << (id - 1))) return 'shared';
  }
  return null;
}

function heldBy(setup: SetupResult, actor: Actor): ReturnType<CompiledModel['held']> {
  const held: ReturnType<CompiledModel['held']> = [];
  for (const lock of setup.layout.locks) {
    if (!isLive(setup, lock)) continue;
    const mode = modeOf(setup, lock, (actor as ActorView).$id);
    if (mode !== null) held.push({ lock, mode });
  }
  return held;
}

/** Offsets of pointers in the frames that each actor uses at its present point. */
function* framePointers(actors: readonly CompiledActor[], engine: Engine): Generator<number> {
  for (const a of actors) {
    const point = a.points[(engine.pc[a.index] as () => number)()];
    for (let frame: FrameInfo | null = point?.frame ?? null; frame !== null; frame = frame.caller)
      for (const slot of frame.slots) if (isScalar(slot.spec) && slot.spec.kind === 'ref') yield slot.offset;
  }
}

/** An object that lives on at the end although no object of the scenario leads to it. */
function findLeak(setup: SetupResult): Evidence | null {
  const { heap, layout, memory: m } = setup;
  const reached = new Set<Identified>(setup.roots.filter((root) => heap.isLive(root)));
  const owner = new Map<number, Identified>();
  for (const [, slot] of heap.all()) for (let i = 0; i < slot.size; i++) owner.set(slot.base + i, slot.view);
  let grew = true;
  while (grew) {
    grew = false;
    for (const offset of heap.pointers()) {
      const holder = owner.get(offset);
      if (holder !== undefined && !reached.has(holder)) continue;
      const target = setup.memory.views[m.bytes[m.at + offset] as number] ?? null;
      if (target !== null && !reached.has(target)) {
        reached.add(target);
        grew = true;
      }
    }
  }
  void layout;
  for (const [type, slot] of heap.all())
    if (slot.pooled && heap.isLive(slot.view) && !reached.has(slot.view) && !setup.mayOutlive.has(type)) {
      const name = nameOf(slot.view);
      return violated('leak', `${name} is still allocated at the end and nothing leads to it`, { objects: [name] });
    }
  return null;
}

/** Eight bytes in hex that change when the model does: its layout, its program points and the text of its steps. */
function hashOf(
  scenario: Scenario,
  variant: string,
  bounds: Bounds,
  setup: SetupResult,
  actors: readonly CompiledActor[],
): string {
  const hash = createHash('sha256');
  const line = (...parts: unknown[]) => hash.update(`${parts.join('\u0000')}\n`);
  line(scenario.name, variant, JSON.stringify(bounds), JSON.stringify(setup.budgets));
  for (const cell of setup.layout.cells) line(cell.path, cell.offset, cell.bytes);
  const texts = new Map<unknown, string>();
  for (const a of actors) {
    line(a.view.name, a.view.role, a.points.length);
    for (const point of a.points) line(point.procedure, point.label, point.choices.join('|'), stepText(point, texts));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Text of the closures of a step, without white space. */
function stepText(point: Point, known: Map<unknown, string>): string {
  let text = known.get(point.statement);
  if (text === undefined) {
    const parts: string[] = [point.statement.op];
    const { statement } = point;
    for (const value of Object.values(statement)) if (typeof value === 'function') parts.push(value.toString());
    if (statement.op === 'choose') for (const { when, act } of statement.arms) parts.push(`${when}`, `${act}`);
    text = parts.join('\n').replace(/\s+/g, '');
    known.set(point.statement, text);
  }
  return text;
}
