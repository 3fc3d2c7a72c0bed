/**
 * A quick look for mistakes that only show while a model runs: shared memory touched between two steps, a guard that
 * writes, a step that gives two results for one state. A few seeded walks over the instrumented model are made before
 * every search; they cost some ten milliseconds.
 *
 * Limits: it sees the steps that the walks take. A mistake in a step they miss is found by a longer audit
 * (`steps`), or never.
 */
import seedrandom from 'seedrandom';
import { type CompileOptions, compile } from '../compile/compile.ts';
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Scenario } from '../lang/scenario.ts';
import { type Fault, successors } from '../search/successors.ts';

/** Throws a `model` or `nondeterminism` error that names the step. The model must be an instrumented one. */
export function audit(model: CompiledModel, steps = 400): void {
  const random = seedrandom('audit');
  const m = model.memory;
  const { words } = model;
  let state = model.initial.slice();
  const faults: Fault[] = [];
  const expand = (): Int32Array => {
    faults.length = 0;
    m.recording = true;
    model.registers[NEXT] = 0;
    try {
      successors(model, state, 0, faults);
    } catch (error) {
      if (error instanceof QuiesceError && error.cause instanceof QuiesceError)
        throw new QuiesceError('model', error.message, {
          ...(error.where === undefined ? {} : { where: error.where }),
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          cause: error.cause,
        });
      throw error;
    } finally {
      m.recording = false;
      m.phase = 'free';
      m.forget();
    }
    return m.words.slice(0, (model.registers[NEXT] as number) * words);
  };
  for (let i = 0; i < steps; i++) {
    const first = expand();
    const moves = model.moves.slice(0, model.registers[NEXT] as number);
    const second = expand();
    if (first.length !== second.length || !first.every((word, k) => word === second[k])) {
      const differing =
        first.length === second.length ? Math.floor(first.findIndex((w, k) => w !== second[k]) / words) : 0;
      const actor = model.actors[(moves[differing] ?? 0) >> 16];
      model.load(state, 0);
      const point = actor?.points[model.pc(actor.index)];
      throw new QuiesceError('nondeterminism', 'a step gives two results for one state', {
        where: point ? `${point.procedure}/${point.label} (actor ${actor?.view.name})` : model.scenario.name,
        hint: 'steps may use the state only: no clock, no randomness, no variable outside the model',
      });
    }
    const count = first.length / words;
    if (count === 0) state = model.initial.slice();
    else {
      const chosen = Math.floor(random() * count);
      state = first.slice(chosen * words, (chosen + 1) * words);
    }
  }
}

/** Forms of each scenario that passed, so that one that is searched many times is looked at once. */
const passed = new WeakMap<Scenario, Set<string>>();

/** Audits one form of a scenario, unless it passed before in this process. Throws what `audit` throws. */
export function auditOnce(scenario: Scenario, form: Pick<CompileOptions, 'variant' | 'bounds'>): void {
  const forms = passed.get(scenario) ?? new Set();
  const key = JSON.stringify([form.variant ?? null, Object.entries(form.bounds ?? {}).sort()]);
  if (forms.has(key)) return;
  audit(compile(scenario, { ...form, instrumented: true }));
  passed.set(scenario, forms.add(key));
}
