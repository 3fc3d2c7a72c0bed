/**
 * Does every lock, reference, flush, wait, wake-up, notifier and check of a form that holds matter? Each is left out, turned
 * or moved in turn, and the mutant is searched like any other form.
 *
 * Limits: a mutant is searched up to a multiple of the states of the form itself, and what is beyond stays undecided. What
 * nobody notices is redundant at these bounds, or the scenario is blind for it; more bounds may tell more.
 */
import { type CheckOptions, check } from '../check.ts';
import { compile } from '../compile/compile.ts';
import { type Revising, revised } from '../compile/revise.ts';
import type { Statement } from '../lang/body.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Params, Procedure } from '../lang/procedure.ts';
import type { Bounds, Scenario } from '../lang/scenario.ts';
import type { Verdict } from '../verdict.ts';
import { VERSION } from '../version.ts';
import { changed, observed, type Seen, unseen } from './effects.ts';
import { type Mutant, type MutantChange, type MutantKind, mutantsOf } from './mutants.ts';
import { type Edit, Rebuild, type Site } from './sites.ts';

/** What `sensitivity` can be asked. */
export interface SensitivityOptions {
  /** A variant that holds; the first that is expected to when not given. */
  readonly variant?: string;
  readonly bounds?: Bounds;
  /** Most states of a mutant, as a multiple of those of the form itself; 4 when not given. */
  readonly factor?: number;
  /** Leave out also steps that are there for their effect alone. */
  readonly steps?: boolean;
  readonly symmetry?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: CheckOptions['onProgress'];
  /** Told of each mutant when it is searched. */
  readonly onRow?: (row: SensitivityRow, done: number, all: number) => void;
}

/**
 * `noticed`: a property is broken, or a goal not reached. `redundant`: the same verdict although the place was reached and
 * decided something. `blind`: it was never reached, or it never made a difference. `undecided`: the search was cut.
 * `refused`: there is no such model.
 */
export type SensitivityResult = 'noticed' | 'redundant' | 'blind' | 'undecided' | 'refused';

/** One mutant and what came of it. */
export interface SensitivityRow {
  readonly kind: MutantKind;
  readonly change: MutantChange;
  readonly procedure: string;
  readonly labels: readonly string[];
  readonly result: SensitivityResult;
  /** Why it is blind, undecided or refused; null for the others. */
  readonly because: string | null;
  /** What noticed it. */
  readonly property: string | null;
  readonly violation: string | null;
  /** Steps of a shortest schedule that shows it; null where there is none. */
  readonly length: number | null;
  /** States of the mutant that were found; 0 where it does the same as the form, so that nothing was searched. */
  readonly states: number;
}

/** The table of one form: what `quiesce sensitivity --json` prints. */
export interface Sensitivity {
  readonly schema: 'quiesce.sensitivity/1';
  readonly tool: { readonly name: 'quiesce'; readonly version: string };
  readonly scenario: string;
  readonly variant: string;
  readonly bounds: Readonly<Record<string, number>>;
  /** States of the form itself. */
  readonly states: number;
  /** Most states that a mutant was searched for. */
  readonly mostStates: number;
  readonly steps: boolean;
  readonly symmetry: boolean;
  readonly rows: readonly SensitivityRow[];
  /** All mutants were searched. */
  readonly complete: boolean;
}

/** States that a mutant of a very small form may have all the same. */
const LEAST_STATES = 10_000;

/**
 * Searches every mutant of a form that holds. Throws `QuiesceError` when the form itself does not hold completely; an
 * abort ends it, and the rows so far are returned.
 *
 * Cost: one search for each mutant, of up to `factor` times the states of the form. One thread.
 *
 * @example
 * ```ts
 * import { scenarios, sensitivity } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'sva-two-pasids');
 * const { rows } = await sensitivity(scenario, { variant: 'fixed' });
 * console.log(rows.filter((row) => row.result === 'noticed').length); // 5
 * ```
 */
export async function sensitivity(scenario: Scenario, options: SensitivityOptions = {}): Promise<Sensitivity> {
  const variant = options.variant ?? firstThatHolds(scenario);
  const form = { variant, ...(options.bounds === undefined ? {} : { bounds: options.bounds }) };
  const search: CheckOptions = {
    ...form,
    explain: false,
    ...(options.symmetry === true ? { symmetry: true } : {}),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
  const seen = new Map<string, { readonly site: Site; readonly seen: Seen }>();
  const statements = new WeakMap<object, string>();
  const watched = rebuilt(scenario, {
    replace: (site, statement, about) => {
      const place = seen.get(site.id) ?? { site, seen: unseen() };
      seen.set(site.id, place);
      const result = observed(statement, place.seen, about);
      statements.set(result, site.id);
      return result;
    },
  });
  const base = await check(watched, search);
  if (base.outcome !== 'holds' || !base.complete) {
    if (base.incompleteBecause === 'interrupted')
      throw new QuiesceError('usage', 'interrupted before the first mutant');
    throw new QuiesceError(
      'usage',
      `${scenario.name} ${variant} ${base.outcome === 'holds' ? 'was not searched whole' : `is ${base.outcome}`}`,
      {
        hint: 'choose a variant that holds: its protections are what is tried',
      },
    );
  }
  const model = compile(watched, form);
  const mutants = mutantsOf([...seen.values()], model, (s) => statements.get(s), options.steps === true);
  const mostStates = Math.max(LEAST_STATES, (options.factor ?? 4) * base.counts.states);
  const rows: SensitivityRow[] = [];
  for (const mutant of mutants) {
    if (options.signal?.aborted === true) break;
    const row = await tryOne(scenario, mutant, { ...search, maxStates: mostStates });
    if (row === null) break;
    rows.push(row);
    options.onRow?.(row, rows.length, mutants.length);
  }
  return {
    schema: 'quiesce.sensitivity/1',
    tool: { name: 'quiesce', version: VERSION },
    scenario: scenario.name,
    variant,
    bounds: base.bounds,
    states: base.counts.states,
    mostStates,
    steps: options.steps === true,
    symmetry: options.symmetry === true,
    rows,
    complete: rows.length === mutants.length,
  };
}

function firstThatHolds(scenario: Scenario): string {
  const names = Object.keys(scenario.variants);
  const found = names.find((name) => scenario.variants[name]?.expect.verdict === 'holds');
  if (found === undefined)
    throw new QuiesceError('usage', `no variant of ${scenario.name} is expected to hold`, {
      hint: 'only what a form that holds rests on can be told',
    });
  return found;
}

/** The row of one mutant; null when the search was interrupted. */
async function tryOne(scenario: Scenario, mutant: Mutant, search: CheckOptions): Promise<SensitivityRow | null> {
  const { kind, change, procedure, labels } = mutant;
  const row = { kind, change, procedure, labels };
  const none = { property: null, violation: null, length: null };
  if (mutant.same) return { ...row, ...none, result: 'blind', because: mutant.blind, states: 0 };
  const form = rebuilt(scenario, {
    replace: (site, statement, about) => {
      const effect = mutant.effects.get(site.id);
      return effect === undefined ? statement : changed(statement, effect, about);
    },
    ...(mutant.swap === null ? {} : { swap: mutant.swap }),
  });
  let verdict: Verdict;
  try {
    verdict = await check(form, search);
  } catch (error) {
    if (!(error instanceof QuiesceError)) throw error;
    return { ...row, ...none, result: 'refused', because: error.message, states: 0 };
  }
  if (verdict.incompleteBecause === 'interrupted') return null;
  const { states } = verdict.counts;
  const [found] = verdict.violations;
  if (found !== undefined)
    return {
      ...row,
      result: 'noticed',
      because: null,
      property: found.property,
      violation: found.evidence.kind,
      length: found.steps.length,
      states,
    };
  if (verdict.outcome === 'undecided')
    return { ...row, ...none, result: 'undecided', because: verdict.incompleteBecause, states };
  if (verdict.outcome === 'violated') {
    const goal = verdict.properties.find((p) => p.result === 'never reached');
    return {
      ...row,
      result: 'noticed',
      because: null,
      property: goal?.name ?? null,
      violation: 'unreached',
      length: null,
      states,
    };
  }
  return {
    ...row,
    ...none,
    result: mutant.blind === null ? 'redundant' : 'blind',
    because: mutant.blind,
    states,
  };
}

/** The scenario with every procedure rebuilt by the edit. */
function rebuilt(scenario: Scenario, edit: Edit): Scenario {
  let about: Revising['layout'] | null = null;
  let names = new Map<string, number>();
  return revised(scenario, (procedure: Procedure<Params, unknown>, body, revising) => {
    // Each compilation meets the procedures in the same order.
    if (revising.layout !== about) {
      about = revising.layout;
      names = new Map();
    }
    const n = (names.get(procedure.name) ?? 0) + 1;
    names.set(procedure.name, n);
    const id = n === 1 ? procedure.name : `${procedure.name}#${n}`;
    return new Rebuild(procedure, id, revising, edit).body(body) as readonly Statement<never>[];
  });
}
