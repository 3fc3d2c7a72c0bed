/**
 * `grow`: raises the bounds of a scenario step by step until time or memory is spent, and tells how far everything is
 * known: the largest bounds whose whole space was seen, and how fast the space grows with each bound.
 *
 * Cells are tried in the order of their expected size, smallest first. A cell may be tried when every cell with one
 * bound one lower was complete and holds. So each bound is first raised alone, then with others:
 *
 * - a violation, a limit or a model that cannot be built ends the growth there: no larger cell is tried;
 * - where raising a bound changed nothing (same states, transitions and depth), it is raised no further along this line,
 *   unless its range was given;
 * - a cell that cannot be expected to finish is tried all the same and cut when the time is over.
 *
 * What is expected: raising two bounds multiplies their factors, raising one again multiplies by its last factor.
 *
 * Limits: how many cells are tried depends on the machine; each of them, and their order, does not. The first cell must
 * be a model, and every range goes upwards.
 */
import { availableParallelism } from 'node:os';
import { effectiveBounds } from '../compile/setup.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Bounds, Scenario } from '../lang/scenario.ts';
import { VERSION } from '../version.ts';
import { CELL_DEFAULTS, type Cell, type CellOptions, cellOf, runCell } from './cell.ts';

/** Values that a bound may take; `to` is null when it may grow for ever. */
export interface Range {
  readonly from: number;
  readonly to: number | null;
}

/** What `grow` takes. Limits are for all cells together, except memory and states, which are for each. */
export interface GrowOptions extends CellOptions {
  /** Bounds that are raised, and how far. When not given, every bound from its declared value on. */
  readonly ranges?: Readonly<Record<string, Range>>;
  /** Bounds that keep another value than the declared one. */
  readonly bounds?: Bounds;
}

/** What `grow` returns and `--json` prints. */
export interface Growth {
  readonly schema: 'quiesce.grow/1';
  readonly tool: { readonly name: 'quiesce'; readonly version: string };
  readonly scenario: string;
  readonly variant: string;
  /** Bounds that were raised, in the order of the scenario. */
  readonly ranges: Readonly<Record<string, Range>>;
  /** Bounds that were not, and their values. */
  readonly fixed: Bounds;
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  /** In the order in which they were tried. */
  readonly cells: readonly Cell[];
  /** Bounds at which the scenario holds and was seen as a whole, and below no others that are; most states first. */
  readonly largest: readonly Bounds[];
  /** Why no more cells were tried, in one sentence. */
  readonly ended: string;
  /** The only part in which two runs of the same input may differ in what they both have. */
  readonly timing: {
    readonly seconds: number;
    /** Seconds of each cell. */
    readonly cells: readonly number[];
    readonly workers: number;
    readonly processors: number;
  };
}

/** Values of the bounds that are raised, in the order of the scenario. */
type Point = readonly number[];

/**
 * Grows a scenario. Throws `QuiesceError` for an option, range or scenario that is wrong; limits and an abort end the
 * growth, and what is known is returned.
 *
 * Cost: one search for each cell, until the time (a minute unless given) is over.
 *
 * @example
 * ```ts
 * import { grow, scenarios } from 'quiesce';
 *
 * const dining = scenarios.find((s) => s.name === 'peers-dining');
 * const growth = await grow(dining, { variant: 'fixed', ranges: { philosophers: { from: 2, to: 3 } } });
 * console.log(growth.cells.length, growth.largest); // 2 [ { philosophers: 3 } ]
 * ```
 */
export async function grow(scenario: Scenario, options: GrowOptions = {}): Promise<Growth> {
  const started = performance.now();
  const { ranges: given, bounds: kept, ...shared } = options;
  const variantName = options.variant ?? (Object.keys(scenario.variants)[0] as string);
  const declared = effectiveBounds(scenario, scenario.variants[variantName] ?? { about: '', expect: NOTHING }, kept);
  const ranges = rangesOf(scenario, declared, given, kept);
  const names = Object.keys(ranges);
  const grid = new Grid(Object.values(ranges), new Set(given === undefined ? [] : names.map((_, i) => i)));
  const boundsAt = (point: Point): Bounds => ({
    ...declared,
    ...Object.fromEntries(names.map((name, i) => [name, point[i] as number])),
  });
  const limit = options.maxSeconds ?? CELL_DEFAULTS.maxSeconds;
  const seconds: number[] = [];
  const cells: Cell[] = [];
  let ended: string | null = null;
  while (ended === null) {
    const next = grid.next();
    if (next === null) {
      ended = cells.length === 1 && names.length === 0 ? 'the scenario has no bound to raise' : grid.whyNoMore();
      break;
    }
    const began = performance.now();
    const left = Math.max(0.001, limit - (began - started) / 1000);
    const bounds = boundsAt(next.point);
    const ran = await runCell(scenario, bounds, shared, left, {}, cells.length === 0);
    const cell = cellOf(bounds, ran, {
      predicted: next.predicted,
      factorsOf: (states) => grid.factors(next.point, states, names),
    });
    grid.add(next.point, cell);
    cells.push(cell);
    seconds.push((performance.now() - began) / 1000);
    options.onCell?.(cell, ran.verdict);
    if (options.signal?.aborted) ended = 'interrupted';
    else if (cell.outcome === 'undecided' && cell.because === 'time limit') ended = 'time is spent';
    else if ((performance.now() - started) / 1000 >= limit && grid.next() !== null) ended = 'time is spent';
  }
  return {
    schema: 'quiesce.grow/1',
    tool: { name: 'quiesce', version: VERSION },
    scenario: scenario.name,
    variant: variantName,
    ranges,
    fixed: Object.fromEntries(Object.entries(declared).filter(([name]) => !names.includes(name))),
    options: {
      seconds: limit,
      memoryBytes: options.maxMemoryBytes ?? CELL_DEFAULTS.maxMemoryBytes,
      states: options.maxStates ?? null,
      symmetry: options.symmetry ?? false,
      properties: options.properties?.join(',') ?? null,
    },
    cells,
    largest: grid.largest().map(boundsAt),
    ended,
    timing: {
      seconds: (performance.now() - started) / 1000,
      cells: seconds,
      workers: options.workers ?? 1,
      processors: availableParallelism(),
    },
  };
}

/** For a variant that does not exist: `check` refuses it by name. */
const NOTHING = { verdict: 'holds', states: 0, depth: 0 } as const;

function rangesOf(
  scenario: Scenario,
  declared: Bounds,
  given: GrowOptions['ranges'],
  kept: Bounds | undefined,
): Readonly<Record<string, Range>> {
  const ranges: Record<string, Range> = {};
  if (given !== undefined) {
    // Refuses unknown names and values that are no bounds.
    const lowest = Object.fromEntries(Object.entries(given).map(([name, { from }]) => [name, from]));
    effectiveBounds(scenario, { about: '', expect: NOTHING }, lowest);
    for (const [name, { from, to }] of Object.entries(given))
      if (to !== null && !(Number.isInteger(to) && to >= from))
        throw new QuiesceError('usage', `the range of bound ${name} goes from ${from} to ${to}`, {
          hint: 'a range goes upwards, such as 1..4',
        });
  }
  for (const [name, value] of Object.entries(declared)) {
    const range = given?.[name];
    if (range !== undefined && kept?.[name] !== undefined)
      throw new QuiesceError('usage', `bound ${name} is given a value and a range`);
    if (range !== undefined) ranges[name] = { from: range.from, to: range.to };
    else if (given === undefined && kept?.[name] === undefined) ranges[name] = { from: value, to: null };
  }
  return ranges;
}

/** What is known of the cells, by the values of the bounds that are raised. */
class Grid {
  readonly #ranges: readonly Range[];
  /** Positions of bounds whose range was given. */
  readonly #given: ReadonlySet<number>;
  readonly #cells = new Map<string, { readonly point: Point; readonly cell: Cell }>();

  constructor(ranges: readonly Range[], given: ReadonlySet<number>) {
    this.#ranges = ranges;
    this.#given = given;
  }

  add(point: Point, cell: Cell): void {
    this.#cells.set(key(point), { point, cell });
  }

  /** The cell that is tried next, with the states it is expected to have; null when there is none. */
  next(): { readonly point: Point; readonly predicted: number | null } | null {
    const origin = this.#ranges.map((r) => r.from);
    if (this.#cells.size === 0) return { point: origin, predicted: null };
    let best: { point: Point; predicted: number | null; size: number } | null = null;
    for (const point of this.#frontier()) {
      const predicted = this.#predict(point);
      const candidate = { point, predicted, size: predicted ?? this.#atLeast(point) };
      if (best === null || isBefore(candidate, best)) best = candidate;
    }
    return best;
  }

  /** How states grew with each bound that stands above its start. */
  factors(point: Point, states: number, names: readonly string[]): Readonly<Record<string, number>> {
    const factors: Record<string, number> = {};
    for (const [i, name] of names.entries()) {
      const lower = this.#states(step(point, i, -1));
      if (lower !== null && lower > 0) factors[name] = states / lower;
    }
    return factors;
  }

  /** Complete cells that hold, below no other such cell; most states first. */
  largest(): Point[] {
    const complete = [...this.#cells.values()].filter(({ cell }) => cell.outcome === 'holds');
    const below = (a: Point, b: Point) => a !== b && a.every((value, i) => value <= (b[i] as number));
    return complete
      .filter(({ point }) => !complete.some((other) => below(point, other.point)))
      .sort((a, b) => b.cell.states - a.cell.states || compare(a.point, b.point))
      .map(({ point }) => point);
  }

  whyNoMore(): string {
    const ends = [...this.#cells.values()].filter(({ cell }) => cell.outcome !== 'holds');
    if (ends.length === 0 && this.#ranges.every((r) => r.to !== null)) return 'every cell of the ranges was seen';
    const reasons = [
      ends.some(({ cell }) => cell.outcome === 'violated') ? 'a violation' : '',
      ends.some(({ cell }) => cell.outcome === 'undecided') ? 'a limit' : '',
      ends.some(({ cell }) => cell.outcome === 'refused') ? 'a model that cannot be built' : '',
      this.#ranges.some((_, i) => [...this.#cells.values()].some(({ point }) => this.#changesNothing(point, i)))
        ? 'a bound that changes nothing more'
        : '',
      this.#ranges.some(({ to }, i) => [...this.#cells.values()].some(({ point }) => point[i] === to))
        ? 'the end of its range'
        : '',
    ].filter((reason) => reason !== '');
    return `every direction ends: ${reasons.join(', ')}`;
  }

  /** Cells one step above those tried, whose lower neighbours all hold. */
  *#frontier(): Generator<Point> {
    const seen = new Set<string>();
    for (const { point, cell } of this.#cells.values()) {
      if (cell.outcome !== 'holds') continue;
      for (let i = 0; i < this.#ranges.length; i++) {
        const above = step(point, i, 1);
        const { to } = this.#ranges[i] as Range;
        if ((to !== null && (above[i] as number) > to) || seen.has(key(above)) || this.#cells.has(key(above))) continue;
        seen.add(key(above));
        if (!this.#skipped(above) && this.#lower(above).every((j) => this.#settled(step(above, j, -1)))) yield above;
      }
    }
  }

  /** Positions of the bounds that stand above their start. */
  #lower(point: Point): number[] {
    return point.flatMap((value, i) => (value > (this.#ranges[i] as Range).from ? [i] : []));
  }

  /** Complete and holding, or equal to a cell that is because a bound changes nothing more. */
  #settled(point: Point): boolean {
    return this.#cells.get(key(point))?.cell.outcome === 'holds' || this.#skipped(point);
  }

  /** Is the cell like one that was seen, because some bound changed nothing before it came to its value here? */
  #skipped(point: Point): boolean {
    return this.#likeOf(point) !== null;
  }

  /** The tried cell that an untried one is like. */
  #likeOf(point: Point): Point | null {
    if (this.#cells.has(key(point))) return null;
    for (const i of this.#lower(point)) {
      for (let below = step(point, i, -1); (below[i] as number) > (this.#ranges[i] as Range).from; ) {
        if (this.#cells.has(key(below))) {
          if (this.#changesNothing(below, i)) return below;
          break;
        }
        below = step(below, i, -1);
      }
    }
    return null;
  }

  /** Did raising this bound to its value here leave the space as it was? */
  #changesNothing(point: Point, i: number): boolean {
    if (this.#given.has(i)) return false;
    const here = this.#cells.get(key(point))?.cell;
    const before = this.#cells.get(key(step(point, i, -1)))?.cell;
    return (
      here?.outcome === 'holds' &&
      before?.outcome === 'holds' &&
      here.states === before.states &&
      here.transitions === before.transitions &&
      here.depth === before.depth
    );
  }

  #states(point: Point): number | null {
    const like = this.#cells.has(key(point)) ? point : this.#likeOf(point);
    return like === null ? null : (this.#cells.get(key(like))?.cell.states ?? null);
  }

  /** States expected of a cell: the greatest of what each pair of its lower neighbours says. */
  #predict(point: Point): number | null {
    let most: number | null = null;
    const lower = this.#lower(point);
    for (const [n, i] of lower.entries())
      for (const j of lower.slice(n)) {
        const [a, b] = [this.#states(step(point, i, -1)), this.#states(step(point, j, -1))];
        const base = this.#states(step(step(point, i, -1), j, -1));
        if (a !== null && b !== null && base !== null && base > 0) most = Math.max(most ?? 0, (a * b) / base);
      }
    return most === null ? null : Math.round(most);
  }

  /** States of its greatest lower neighbour. */
  #atLeast(point: Point): number {
    return Math.max(0, ...this.#lower(point).map((i) => this.#states(step(point, i, -1)) ?? 0));
  }
}

function key(point: Point): string {
  return point.join(' ');
}

function step(point: Point, position: number, by: number): Point {
  return point.map((value, i) => (i === position ? value + by : value));
}

/** The bound that was declared first is raised first. */
function compare(a: Point, b: Point): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return (b[i] as number) - value;
  return 0;
}

function isBefore(
  a: { readonly point: Point; readonly size: number },
  b: { readonly point: Point; readonly size: number },
): boolean {
  const sum = (point: Point) => point.reduce((total, value) => total + value, 0);
  return (a.size - b.size || sum(a.point) - sum(b.point) || compare(a.point, b.point)) < 0;
}
