/**
 * A quick look for mistakes that only show while a model runs: shared memory touched between two steps, a guard that
 * writes, a step that gives two results for one state, a step that is too coarse. A few seeded walks over the
 * instrumented model are made before every search; they cost some ten milliseconds.
 *
 * Limits: it sees the steps that the walks take, and those that could be taken beside them. A mistake in a step they
 * miss is found by a longer audit (`steps`), or never.
 */
import seedrandom from 'seedrandom';
import { type CompileOptions, compile } from '../compile/compile.ts';
import { ACTOR, CHOICE, type CompiledModel, NEXT } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Scenario } from '../lang/scenario.ts';
import { evidenceOf } from '../search/successors.ts';
import { type CoarseStep, Sharing, type Touched } from './coarse.ts';

/** What the walks saw. */
export interface Audit {
  /** Steps that are too coarse, those with a reason among them. */
  readonly coarse: readonly CoarseStep[];
}

/** Throws a `model` or `nondeterminism` error that names the step. The model must be an instrumented one. */
export function audit(model: CompiledModel, steps = 400): Audit {
  const random = seedrandom('audit');
  const walk = new Walk(model);
  for (let i = 0; i < steps; i++) {
    const moves = walk.moves();
    if (moves.length === 0) walk.restart();
    else walk.follow(moves[Math.floor(random() * moves.length)] as Move);
  }
  return { coarse: walk.sharing.coarse() };
}

/** A step that can be taken, and what it does. */
interface Move {
  readonly actor: number;
  readonly touched: Touched;
  readonly after: Int32Array;
}

class Walk {
  readonly sharing: Sharing;
  readonly #model: CompiledModel;
  #state: Int32Array;

  constructor(model: CompiledModel) {
    this.#model = model;
    this.sharing = new Sharing(model);
    this.#state = model.initial.slice();
  }

  restart(): void {
    this.#state = this.#model.initial.slice();
    this.sharing.begin();
  }

  follow(move: Move): void {
    this.#state = move.after;
    this.#model.load(move.after, 0);
    this.sharing.follow(move.actor, move.touched);
  }

  /** Runs every step of the state, twice. */
  moves(): Move[] {
    const model = this.#model;
    const m = model.memory;
    const moves: Move[] = [];
    for (const { index: actor, points } of model.actors) {
      model.load(this.#state, 0);
      const point = points[model.pc(actor)];
      if (point === undefined) continue;
      const before = this.sharing.locksOf(actor);
      for (let choice = 0; choice < point.arity; choice++) {
        const moved = this.#run(actor, choice, true);
        const after = moved ? m.words.slice(0, model.words) : null;
        if (this.#run(actor, choice, false) !== moved) throw this.#differs(actor);
        if (after === null) continue;
        if (after.some((word, i) => word !== m.words[i])) throw this.#differs(actor);
        const touched = { reads: new Set(m.reads), writes: new Set(m.writes) };
        this.sharing.note(actor, point, choice, touched, before, this.sharing.locksOf(actor));
        moves.push({ actor, touched, after });
      }
    }
    return moves;
  }

  /** Runs one step, which may move; the state after it is then the current one. Blocked or breaking a promise: false. */
  #run(actor: number, choice: number, recording: boolean): boolean {
    const model = this.#model;
    const m = model.memory;
    model.load(this.#state, 0);
    if (recording) m.forget();
    m.recording = recording;
    try {
      return model.run(actor, choice) >= 0;
    } catch (thrown) {
      m.recording = false;
      model.registers[NEXT] = 0;
      model.registers[ACTOR] = actor;
      model.registers[CHOICE] = choice;
      this.#refuse(thrown, actor);
      return false;
    } finally {
      m.recording = false;
      m.phase = 'free';
    }
  }

  /** A broken promise is for the search to report; everything else is a mistake of the model. */
  #refuse(thrown: unknown, actor: number): void {
    try {
      evidenceOf(this.#model, thrown, actor, this.#state, 0);
    } catch (error) {
      if (error instanceof QuiesceError && error.cause instanceof QuiesceError)
        throw new QuiesceError('model', error.message, {
          ...(error.where === undefined ? {} : { where: error.where }),
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          cause: error.cause,
        });
      throw error;
    }
  }

  #differs(index: number): QuiesceError {
    const model = this.#model;
    model.load(this.#state, 0);
    const actor = model.actors[index];
    const point = actor?.points[model.pc(index)];
    return new QuiesceError('nondeterminism', 'a step gives two results for one state', {
      where: point ? `${point.procedure}/${point.label} (actor ${actor?.view.name})` : model.scenario.name,
      hint: 'steps may use the state only: no clock, no randomness, no variable outside the model',
    });
  }
}

/** What was seen of each form of a scenario that passed, so that one that is searched many times is looked at once. */
const passed = new WeakMap<Scenario, Map<string, Audit>>();

/**
 * Audits one form of a scenario, unless it passed before in this process. Throws what `audit` throws. `model` is the
 * instrumented model when one was compiled for it, so that others need not compile it again.
 */
export function auditOnce(
  scenario: Scenario,
  form: Pick<CompileOptions, 'variant' | 'bounds'>,
): Audit & { readonly model: CompiledModel | null } {
  const forms = passed.get(scenario) ?? new Map<string, Audit>();
  const key = JSON.stringify([form.variant ?? null, Object.entries(form.bounds ?? {}).sort()]);
  const known = forms.get(key);
  if (known !== undefined) return { ...known, model: null };
  const model = compile(scenario, { ...form, instrumented: true });
  const seen = audit(model);
  passed.set(scenario, forms.set(key, seen));
  return { ...seen, model };
}
