/**
 * A model driven one step at a time, with names for everything: what explanation, replay and tests use. It runs
 * the instrumented form of the same steps the search runs.
 */
import { type CompileOptions, compile } from '../compile/compile.ts';
import type { FrameInfo, Point } from '../compile/flow.ts';
import type { CompiledModel } from '../compile/model.ts';
import { showValue } from '../compile/views.ts';
import { QuiesceError } from '../lang/errors.ts';
import { nameOf } from '../lang/names.ts';
import type { Scenario } from '../lang/scenario.ts';
import { type Evidence, Violation } from '../lang/violation.ts';
import { evidenceOf } from '../search/successors.ts';
import type { Value } from './counterexample.ts';

export const actorOf = (move: number): number => move >> 16;
export const choiceOf = (move: number): number => move & 0xffff;

export type StepResult =
  | { readonly result: 'moved' }
  | { readonly result: 'blocked' }
  | { readonly result: 'fault'; readonly evidence: Evidence };

/** A step that can be taken in a state. */
export interface Move {
  readonly actor: number;
  readonly choice: number;
  readonly fault: Evidence | null;
  readonly after: Int32Array;
}

/** Which bytes a step or guard touched. */
export interface Footprint {
  readonly reads: ReadonlySet<number>;
  readonly writes: ReadonlySet<number>;
}

export class Simulator {
  readonly model: CompiledModel;
  /** The current state. */
  state: Int32Array;
  footprint: Footprint = { reads: new Set(), writes: new Set() };

  /** @param model the instrumented model of this form of the scenario, if there is one already. */
  constructor(scenario: Scenario, options: CompileOptions = {}, model: CompiledModel | null = null) {
    this.model = model ?? compile(scenario, { ...options, instrumented: true });
    this.state = this.model.initial.slice();
  }

  /** Makes the current state the one that views show. */
  focus(): void {
    this.model.memory.recording = false;
    this.model.load(this.state, 0);
  }

  /** Tries one step. The state changes only when it moves. */
  step(actor: number, choice: number): StepResult {
    const { model } = this;
    const m = model.memory;
    this.focus();
    m.forget();
    m.recording = true;
    try {
      const moved = model.run(actor, choice) >= 0;
      this.#keepFootprint();
      if (!moved) return { result: 'blocked' };
      this.state = m.words.slice(0, model.words);
      return { result: 'moved' };
    } catch (thrown) {
      this.#keepFootprint();
      model.registers[0] = 0;
      return { result: 'fault', evidence: evidenceOf(model, thrown, actor, this.state, 0) };
    } finally {
      m.recording = false;
      m.phase = 'free';
    }
  }

  #keepFootprint(): void {
    const m = this.model.memory;
    m.recording = false;
    this.footprint = { reads: new Set(m.reads), writes: new Set(m.writes) };
  }

  /** Every step that can be taken now, with the faults among them, and the state after each; after a fault the same. */
  moves(): Move[] {
    const before = this.state;
    const result: Move[] = [];
    for (const a of this.model.actors) {
      this.focus();
      const arity = this.model.arity(a.index);
      for (let choice = 0; choice < arity; choice++) {
        const outcome = this.step(a.index, choice);
        const fault = outcome.result === 'fault' ? outcome.evidence : null;
        if (outcome.result !== 'blocked') result.push({ actor: a.index, choice, fault, after: this.state });
        this.state = before;
      }
    }
    this.focus();
    return result;
  }

  /** Can the actor take any step now? The footprint is then that of its guards. */
  isEnabled(actor: number): boolean {
    const before = this.state;
    this.focus();
    const arity = this.model.arity(actor);
    const reads = new Set<number>();
    let enabled = false;
    for (let choice = 0; choice < arity && !enabled; choice++) {
      const outcome = this.step(actor, choice);
      this.state = before;
      if (outcome.result !== 'blocked') enabled = true;
      for (const offset of this.footprint.reads) reads.add(offset);
    }
    this.footprint = { reads, writes: new Set() };
    this.focus();
    return enabled;
  }

  /** Where an actor stands; null when it has ended. */
  point(actor: number): Point | null {
    this.focus();
    return this.model.actors[actor]?.points[this.model.pc(actor)] ?? null;
  }

  /** Name of a choice at a point: an arm, an option, or `fail`; null for a step without one. */
  choiceName(point: Point, actor: number, choice: number): string | null {
    if (point.choices.length === 0) return null;
    if (point.statement.op !== 'pick') return point.choices[choice] ?? null;
    this.focus();
    const self = this.model.actors[actor]?.view as never;
    const options = point.statement.from(point.frame.view as never, self);
    return optionName(options[choice]);
  }

  /** Every value of the state by path: shared fields of living objects, and locals that are not at rest. */
  values(): Map<string, string> {
    this.focus();
    const { model } = this;
    const m = model.memory;
    const values = new Map<string, string>();
    for (const cell of model.cells) {
      if (cell.liveness >= 0 && m.bytes[m.at + cell.liveness] !== 1) continue;
      values.set(cell.path, cell.show());
    }
    for (const a of model.actors) {
      const point = a.points[model.pc(a.index)];
      for (let frame: FrameInfo | null = point?.frame ?? null; frame !== null; frame = frame.caller)
        for (const slot of frame.slots) {
          if (m.bytes[m.at + slot.offset] === 0) continue;
          const short = `${a.view.name}:${slot.name}`;
          const path = values.has(short) ? `${a.view.name}:${frame.procedure}.${slot.name}` : short;
          values.set(path, showValue((frame.view as Record<string, unknown>)[slot.name]));
        }
      if (a.view.$flags >= 0) {
        if (a.view.parked) values.set(`${a.view.name}:asleep`, 'true');
        if (a.view.signalled) values.set(`${a.view.name}:signal pending`, 'true');
      }
    }
    for (const [name, offset] of model.budgetOffsets)
      values.set(`failures left:${name}`, String(m.bytes[m.at + offset]));
    return values;
  }

  valueList(): Value[] {
    return [...this.values()].map(([path, value]) => ({ path, value }));
  }

  /** What the views of the author say of the current state, in their order. */
  views(): string[] {
    const m = this.model.memory;
    return this.model.views.map(({ name, show }) => {
      this.focus();
      // As in a guard, a write is noticed.
      m.recording = true;
      m.phase = 'guard';
      try {
        return showValue(show() ?? null);
      } catch (thrown) {
        if (thrown instanceof Violation) return `cannot be told: ${thrown.message}`;
        throw new QuiesceError('model-threw', `view "${name}" threw ${String(thrown)}`, {
          hint: 'it is evaluated in every state of a schedule, and may only read',
          cause: thrown,
        });
      } finally {
        m.recording = false;
        m.phase = 'free';
        m.forget();
      }
    });
  }

  /** Paths of the shared bytes in a set of offsets. */
  paths(offsets: ReadonlySet<number>): string[] {
    const paths: string[] = [];
    for (const cell of this.model.cells) {
      for (let i = 0; i < cell.bytes; i++)
        if (offsets.has(cell.offset + i)) {
          if (cell.liveness !== cell.offset) paths.push(cell.path);
          break;
        }
    }
    return paths;
  }

  /** Eight hex digits of the current state. */
  fingerprint(): string {
    let h = 0x811c9dc5;
    for (const word of this.state)
      for (let shift = 0; shift < 32; shift += 8) h = Math.imul(h ^ ((word >>> shift) & 255), 0x01000193);
    return (h >>> 0).toString(16).padStart(8, '0');
  }
}

function optionName(option: unknown): string {
  if (typeof option === 'object' && option !== null) {
    const name = nameOf(option);
    return name === 'object' ? JSON.stringify(option) : name;
  }
  return String(option);
}
