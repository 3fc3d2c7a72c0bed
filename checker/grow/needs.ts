/**
 * `needs`: the smallest bounds at which a bug shows, and the fewest injected failures there. Every smaller cell is
 * searched, so that the answer does not rest on the hope that a bug which is gone stays gone below.
 *
 * Cells are ordered by the sum of their bounds, then by the bounds in the order of the scenario, least first; the first
 * that shows the bug is the answer. At its bounds the budgets of injected failures are lowered in the same way.
 * The bug is the property and the kind of the violation at the declared bounds: with fewer actors and objects its
 * signature may change, and whether it did is told. Only its property is checked, so that no other violation hides it.
 *
 * Limits: the number of cells is the product of the declared bounds; a cell cut by a limit leaves the answer unproven.
 */
import type { CheckOptions } from '../check.ts';
import { effectiveBounds } from '../compile/setup.ts';
import type { Bounds, Scenario } from '../lang/scenario.ts';
import type { ViolationKind } from '../lang/violation.ts';
import type { Verdict } from '../verdict.ts';
import { VERSION } from '../version.ts';
import { CELL_DEFAULTS, type Cell, type CellOptions, cellOf, type Ran, runCell } from './cell.ts';

/** What `needs` takes. */
export interface NeedsOptions extends CellOptions {
  /** Where the search downwards starts, for bounds that differ from the variant's. */
  readonly bounds?: Bounds;
  /** Least value of a bound; 0 when not given. */
  readonly least?: Bounds;
}

/** What `needs` returns and `--json` prints. */
export interface Needs {
  readonly schema: 'quiesce.needs/1';
  readonly tool: { readonly name: 'quiesce'; readonly version: string };
  readonly scenario: string;
  readonly variant: string;
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  /** The bounds it started from. */
  readonly declared: Bounds;
  /** What the search at these bounds says; there is something to make smaller only when it is violated. */
  readonly outcome: Verdict['outcome'];
  readonly bug: { readonly property: string; readonly kind: ViolationKind; readonly signature: string } | null;
  /** The smallest bounds at which it shows; null when there is no bug. */
  readonly bounds: Bounds | null;
  /** The fewest injected failures there, by budget. */
  readonly failures: Readonly<Record<string, number>> | null;
  /** Its signature there. */
  readonly signature: string | null;
  /** Steps of its counterexample there. */
  readonly steps: number | null;
  /** Every smaller cell was searched completely and does not show it. */
  readonly proven: boolean;
  /** Why not. */
  readonly because: string | null;
  /** The declared bounds first, then in the order in which they were tried. */
  readonly cells: readonly NeedsCell[];
  readonly timing: { readonly seconds: number; readonly cells: readonly number[]; readonly workers: number };
}

/** One search on the way down to the smallest bounds. */
export interface NeedsCell extends Cell {
  /** Budgets of injected failures, where they differ from those of the scenario. */
  readonly failures: Readonly<Record<string, number>> | null;
  readonly shows: boolean;
}

/**
 * Looks for the smallest bounds at which the bug of a variant shows. Throws `QuiesceError` for an option or scenario
 * that is wrong; when nothing is found at the declared bounds, `outcome` says so and `bounds` is null.
 *
 * Cost: one search for each set of bounds below the declared ones that may show it, smallest first.
 *
 * @example
 * ```ts
 * import { needs, scenarios } from 'quiesce';
 *
 * const dining = scenarios.find((s) => s.name === 'peers-dining');
 * const { bounds } = await needs(dining, { variant: 'posted', least: { philosophers: 2 } });
 * console.log(bounds); // { philosophers: 2 }
 * ```
 */
export async function needs(scenario: Scenario, options: NeedsOptions = {}): Promise<Needs> {
  return new Descent(scenario, options).run();
}

class Descent {
  readonly #scenario: Scenario;
  readonly #options: NeedsOptions;
  readonly #shared: CellOptions;
  readonly #started = performance.now();
  readonly #limit: number;
  readonly #cells: NeedsCell[] = [];
  readonly #seconds: number[] = [];
  /** Seconds spent since the last cell was noted. */
  #spent = 0;
  #because: string | null = null;

  constructor(scenario: Scenario, options: NeedsOptions) {
    const { bounds: _bounds, least: _least, ...shared } = options;
    this.#scenario = scenario;
    this.#options = options;
    this.#shared = shared;
    this.#limit = options.maxSeconds ?? CELL_DEFAULTS.maxSeconds;
  }

  async run(): Promise<Needs> {
    // Refuses unknown names and values that are no bounds.
    effectiveBounds(
      this.#scenario,
      { about: '', expect: { verdict: 'holds', states: 0, depth: 0 } },
      this.#options.least,
    );
    const start = await this.#run(this.#scenario, this.#options.bounds ?? {}, {}, true);
    const verdict = start.verdict as Verdict;
    const first = verdict.violations[0];
    const declared = verdict.bounds;
    this.#note(declared, null, start, first !== undefined);
    if (first === undefined) return this.#document(verdict, null, null);
    const bug = { property: first.property, kind: first.evidence.kind, signature: first.signature };
    const found = (await this.#smallestBounds(declared, bug)) ?? { bounds: declared, verdict };
    const failures = await this.#fewestFailures(found.bounds, found.verdict, bug);
    return this.#document(verdict, bug, { ...found, failures });
  }

  async #smallestBounds(declared: Bounds, bug: Bug): Promise<{ bounds: Bounds; verdict: Verdict } | null> {
    const names = Object.keys(declared);
    const least = names.map((name) => Math.min(this.#options.least?.[name] ?? 0, declared[name] as number));
    for (const point of below(least, Object.values(declared))) {
      const bounds = Object.fromEntries(names.map((name, i) => [name, point[i] as number]));
      if (names.every((name) => bounds[name] === declared[name])) continue;
      if (this.#isOver()) return null;
      const verdict = await this.#tryFor(this.#scenario, bounds, null, bug);
      if (verdict !== null) return { bounds, verdict };
    }
    return null;
  }

  async #fewestFailures(bounds: Bounds, verdict: Verdict, bug: Bug): Promise<Readonly<Record<string, number>>> {
    const budgets = Object.entries(verdict.failures).filter(([, n]) => n > 0);
    const all = Object.fromEntries(budgets);
    const names = budgets.map(([name]) => name);
    for (const point of below(
      names.map(() => 0),
      budgets.map(([, n]) => n),
    )) {
      const failures = Object.fromEntries(names.map((name, i) => [name, point[i] as number]));
      if (names.every((name) => failures[name] === all[name])) break;
      if (this.#isOver()) break;
      const fewer = withBudgets(this.#scenario, failures);
      if ((await this.#tryFor(fewer, bounds, failures, bug)) !== null) return positive(failures);
    }
    return positive(all);
  }

  /** The verdict of a cell when it shows the bug, else null. */
  async #tryFor(
    scenario: Scenario,
    bounds: Bounds,
    failures: Readonly<Record<string, number>> | null,
    bug: Bug,
  ): Promise<Verdict | null> {
    const shows = (v: Verdict | null) => v?.violations.some((found) => isBug(found, bug)) ?? false;
    const only = { properties: [bug.property] };
    let ran = await this.#run(scenario, bounds, only, false, failures !== null);
    // Another kind of the same property may come first and hide it.
    if (ran.verdict?.outcome === 'violated' && !shows(ran.verdict))
      ran = await this.#run(scenario, bounds, { ...only, all: true }, false, failures !== null);
    const { verdict } = ran;
    const shown = shows(verdict);
    const cell = this.#note(bounds, failures, ran, shown, bug);
    if (!shown && verdict !== null && !verdict.complete)
      this.#because ??= `${sizes(cell)} is undecided: ${verdict.incompleteBecause}`;
    return shown ? verdict : null;
  }

  #run(scenario: Scenario, bounds: Bounds, more: CheckOptions, mustRun: boolean, alone = false): Promise<Ran> {
    const left = Math.max(0.001, this.#limit - (performance.now() - this.#started) / 1000);
    const began = performance.now();
    // Threads import the scenario as it is declared, without budgets of ours.
    const { workers: _workers, module: _module, ...single } = this.#shared;
    return runCell(scenario, bounds, alone ? single : this.#shared, left, more, mustRun).finally(() => {
      this.#spent += (performance.now() - began) / 1000;
    });
  }

  #note(
    bounds: Bounds,
    failures: Readonly<Record<string, number>> | null,
    ran: Ran,
    shows: boolean,
    bug?: Bug,
  ): NeedsCell {
    // Of several violations the one that is looked for.
    const mine = ran.verdict?.violations.find((found) => bug !== undefined && isBug(found, bug));
    const verdict = ran.verdict !== null && mine !== undefined ? { ...ran.verdict, violations: [mine] } : ran.verdict;
    const cell = { ...cellOf(bounds, { ...ran, verdict }, { predicted: null }), failures, shows };
    this.#cells.push(cell);
    this.#seconds.push(this.#spent);
    this.#spent = 0;
    this.#options.onCell?.(cell, verdict);
    return cell;
  }

  #isOver(): boolean {
    if (this.#options.signal?.aborted) this.#because ??= 'interrupted';
    else if ((performance.now() - this.#started) / 1000 >= this.#limit) this.#because ??= 'time is spent';
    else return false;
    return true;
  }

  #document(
    verdict: Verdict,
    bug: Bug | null,
    found: { bounds: Bounds; verdict: Verdict; failures: Readonly<Record<string, number>> } | null,
  ): Needs {
    const there = found?.verdict.violations.find((v) => bug !== null && isBug(v, bug));
    const { onCell: _onCell, ...options } = this.#options;
    return {
      schema: 'quiesce.needs/1',
      tool: { name: 'quiesce', version: VERSION },
      scenario: verdict.scenario.name,
      variant: verdict.variant,
      options: {
        seconds: this.#limit,
        memoryBytes: options.maxMemoryBytes ?? CELL_DEFAULTS.maxMemoryBytes,
        states: options.maxStates ?? null,
        symmetry: options.symmetry ?? false,
        properties: options.properties?.join(',') ?? null,
      },
      declared: verdict.bounds,
      outcome: verdict.outcome,
      bug,
      bounds: found?.bounds ?? null,
      failures: found?.failures ?? null,
      signature: there?.signature ?? null,
      steps: there?.steps.length ?? null,
      proven: found !== null && this.#because === null,
      because: bug === null ? whyNoBug(verdict) : this.#because,
      cells: this.#cells,
      timing: {
        seconds: (performance.now() - this.#started) / 1000,
        cells: this.#seconds,
        workers: options.workers ?? 1,
      },
    };
  }
}

type Bug = NonNullable<Needs['bug']>;

function isBug(found: Verdict['violations'][number], bug: Bug): boolean {
  return found.property === bug.property && found.evidence.kind === bug.kind;
}

function whyNoBug(verdict: Verdict): string {
  if (verdict.outcome === 'violated') return 'a goal is never reached, which has no counterexample';
  return verdict.incompleteBecause ?? 'no violation at the declared bounds';
}

function sizes(cell: NeedsCell): string {
  const all = [...Object.entries(cell.bounds), ...Object.entries(cell.failures ?? {})];
  return all.map(([name, value]) => `${name}=${value}`).join(' ');
}

function positive(record: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(record).filter(([, n]) => n > 0));
}

/** The scenario with other budgets of injected failures. */
function withBudgets(scenario: Scenario, budgets: Readonly<Record<string, number>>): Scenario {
  return {
    ...scenario,
    setup: (s) =>
      scenario.setup({
        ...s,
        failures: (given) =>
          s.failures(Object.fromEntries(Object.entries(given).map(([name, n]) => [name, budgets[name] ?? n]))),
      }),
  };
}

/** Every point between two, those of the least sum first; of one sum those whose first values are least. */
function* below(least: readonly number[], most: readonly number[]): Generator<readonly number[]> {
  const total = (point: readonly number[]) => point.reduce((sum, value) => sum + value, 0);
  for (let sum = total(least); sum <= total(most); sum++) yield* ofSum(least, most, sum);
}

function* ofSum(least: readonly number[], most: readonly number[], sum: number): Generator<readonly number[]> {
  const [low, ...lows] = least;
  const [high, ...highs] = most;
  if (low === undefined || high === undefined) {
    if (sum === 0) yield [];
    return;
  }
  for (let value = low; value <= high && value <= sum; value++)
    for (const rest of ofSum(lows, highs, sum - value)) yield [value, ...rest];
}
