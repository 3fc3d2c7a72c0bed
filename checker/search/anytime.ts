/**
 * Anytime search: stages that begin with what finds bugs soonest and end with what proves most.
 *
 * 1. PCT walks, about a second of them;
 * 2. every schedule without a preemption, then with one, two, ..., up to a bound;
 * 3. the exhaustive breadth-first search.
 *
 * The first violation is told at once, and what a walk or a bounded stage found is shrunk locally before the next stage
 * begins. Later stages go on for that signature only, unless all are wanted, and end when they see it again; of its
 * schedules the shortest is kept, of equal ones that with the fewest context switches. What is proven so far is the
 * greatest finished bound of the second stage, until the third is complete.
 *
 * Deviation from "a second of PCT": a clock would make the result depend on the machine. So the number and the length
 * of walks follow from the size of the model (`walksFor`), chosen so that they take up to about a second on a machine
 * of 2020; every stage gives the same result on every run.
 *
 * Limits: stuck actors and goals that are never reached are known after the last stage only. A stage that meets its
 * limit of states or memory gives way to the next one.
 */
import type { CompiledModel } from '../compile/model.ts';
import { simplify } from '../shrink/simplify.ts';
import { countSwitches, type Size, sizeOf } from '../trace/size.ts';
import { PreemptionBounded } from './bounded.ts';
import type { Finding, Findings } from './findings.ts';
import { type PctPolicy, pctPolicy } from './pct.ts';
import type { Limits, SearchCounts, Strategy } from './strategy.ts';
import { type WalkLimits, Walks } from './walk.ts';
import { Wanted } from './wanted.ts';

/** What one stage did. */
export interface Stage {
  readonly strategy: 'pct' | 'bounded' | 'bfs';
  /** Most preemptions of the schedules searched, for `bounded`. */
  readonly preemptions: number | null;
  /** Did it see everything it set out to see? Never for walks. */
  readonly finished: boolean;
  /** Why not, in one sentence. */
  readonly because: string | null;
  /** What it has proven, in one sentence; null when nothing. */
  readonly proven: string | null;
  readonly states: number;
  readonly transitions: number;
  /** Signatures it found, each with the length of its schedule. */
  readonly found: readonly { readonly signature: string; readonly steps: number; readonly switches: number }[];
  /** Violations of other signatures that it passed over while it looked for a better schedule of the first one. */
  readonly passedOver: number;
}

/** A violation and the search that can tell more about it. */
export interface Best {
  readonly finding: Finding;
  readonly by: Strategy;
  /** How many steps and switches it had when it was found; only where it was shrunk since. */
  readonly shrunkFrom?: Size;
}

export interface AnytimePlan {
  readonly model: CompiledModel;
  readonly limits: Limits;
  readonly properties: readonly string[] | null;
  readonly seed: string;
  /** Number of walks; from the size of the model when null. */
  readonly runs: number | null;
  /** Greatest bound of the second stage. */
  readonly preemptions: number;
  /** Collect every signature; no stage ends at a violation. */
  readonly all: boolean;
  /** Shrink what walks and bounded stages find. */
  readonly shrink: boolean;
  /** Makes the search of the last stage. */
  readonly exhaustive: (findings: Findings, stopAtFirst: boolean) => Strategy;
  readonly onStage: (stage: Stage) => void;
  /** A violation of a new signature, or a better schedule for a known one. */
  readonly onBetter: (best: Best, findings: Findings) => void;
}

/** Steps that all walks of the first stage may take together. */
const WALK_STEPS = 100_000;

/** Number and greatest length of the walks for a model. A walk may take each step of the model four times. */
export function walksFor(model: CompiledModel): WalkLimits {
  const points = model.actors.reduce((sum, actor) => sum + actor.points.length, 0);
  return {
    runs: Math.min(1000, Math.max(100, Math.floor(WALK_STEPS / Math.max(1, points)))),
    maxDepth: Math.min(10_000, Math.max(100, 4 * points)),
  };
}

export class Anytime implements Strategy {
  /** One schedule for each signature, the first one found first. */
  readonly best = new Map<string, Best>();
  readonly stages: Stage[] = [];
  /** The search that runs now, or ran last. */
  search: Strategy;
  /** What it has found. */
  findings: Wanted;
  readonly pct: PctPolicy;
  readonly walks: WalkLimits;
  readonly #plan: AnytimePlan;
  #strategy: Stage['strategy'] = 'pct';
  /** The bound that the second stage works on. */
  #bound = 0;
  /** Stages that ended since the last time anybody was told. */
  #untold: Stage[] = [];
  /** At work between two stages, on what the first of them found. */
  #shrinking: Generator<void, void> | null = null;

  constructor(plan: AnytimePlan) {
    this.#plan = plan;
    const walks = walksFor(plan.model);
    this.walks = { ...walks, runs: plan.runs ?? walks.runs };
    this.pct = pctPolicy(plan.model.actors.length);
    this.findings = this.#newFindings();
    this.search = new Walks(plan.model, this.findings, this.pct, this.walks, plan.seed, !plan.all);
  }

  get counts(): SearchCounts {
    return this.search.counts;
  }

  get incomplete(): string | null {
    return this.search.incomplete;
  }

  advance(milliseconds: number): boolean {
    if (this.#shrinking !== null) {
      const until = performance.now() + milliseconds;
      while (performance.now() < until)
        if (this.#shrinking.next().done === true) {
          this.#next();
          break;
        }
      return true;
    }
    const more = this.search.advance(milliseconds);
    this.#tell();
    if (more) return true;
    this.close(this.search.incomplete);
    if (this.#strategy === 'bfs') return false;
    this.#shrinking = this.#shrink();
    return true;
  }

  /** Shrinks what the stage that has just ended found, locally: only the last stage can prove that nothing is shorter. */
  *#shrink(): Generator<void, void> {
    const { model, shrink, onBetter } = this.#plan;
    for (const known of shrink ? [...this.best.values()] : []) {
      const { finding } = known;
      if (!this.findings.violations.includes(finding)) continue;
      let best = known;
      for (const { best: moves } of simplify(model, this.findings, finding, finding.moves)) {
        if (moves !== best.finding.moves) {
          // Kept at once, for whoever is interrupted.
          best = { ...known, finding: { ...finding, moves, length: moves.length }, shrunkFrom: sizeOf(finding.moves) };
          this.best.set(finding.signature, best);
        }
        yield;
      }
      if (best === known) continue;
      onBetter(best, this.findings);
    }
  }

  /** Ends the stage that runs: notes what it found and what it proved. `because` says why it saw less than it wanted. */
  close(because: string | null): void {
    // Between two stages the first is told already.
    if (this.#shrinking !== null) return;
    if (this.#strategy !== 'bounded')
      this.#note(null, because, because === null ? this.#proven('every schedule') : null);
    // The last bound is noted already when it was finished.
    else if (because !== null && this.#bound <= this.#plan.preemptions) this.#note(this.#bound, because, null);
    this.#tell();
  }

  /** The second stage has finished a bound. Called in the middle of its work, so nothing is explained yet. */
  #endBound(): void {
    const most = this.#bound++;
    const schedules = most === 0 ? 'without a preemption' : `with at most ${most} preemption${most === 1 ? '' : 's'}`;
    this.#note(most, null, this.#proven(`every schedule ${schedules}`));
  }

  #proven(schedules: string): string {
    const { violations, passedOver } = this.findings;
    if (violations.length > 0) return `${schedules} was searched`;
    const [first] = this.best.keys();
    if (passedOver > 0) return `${schedules} was searched: none shows violation ${first}`;
    return `${schedules} was searched: no step or state breaks a promise`;
  }

  #note(preemptions: number | null, because: string | null, proven: string | null): void {
    const { states, transitions } = this.search.counts;
    const { violations, passedOver } = this.findings;
    const found = violations.map((f) => ({ signature: f.signature, ...sizeOf(f.moves) }));
    const finished = because === null;
    this.#untold.push({
      strategy: this.#strategy,
      preemptions,
      finished,
      because,
      proven,
      states,
      transitions,
      found,
      passedOver,
    });
  }

  #tell(): void {
    this.#keep();
    for (const stage of this.#untold) {
      this.stages.push(stage);
      this.#plan.onStage(stage);
    }
    this.#untold = [];
  }

  /** Keeps the schedules of this stage that are better than those known. */
  #keep(): void {
    for (const finding of [...this.findings.violations].sort((a, b) => a.length - b.length)) {
      // Without `all` the first violation is the one to be made shorter; of those found together the shortest.
      if (!this.#plan.all && this.best.size > 0 && !this.best.has(finding.signature)) continue;
      const known = this.best.get(finding.signature);
      if (known?.finding === finding) continue;
      const better = known === undefined || isSmaller(finding, known.finding);
      // Of equal ones that of the last stage, which is known to be a shortest.
      const equal = finding.moves.length === known?.finding.moves.length && this.#strategy === 'bfs';
      if (!better && !equal) continue;
      // Only the last search is asked again when the schedule is explained; the others may go.
      const best = { finding, by: this.#strategy === 'bfs' ? this.search : this };
      this.best.set(finding.signature, best);
      if (better) this.#plan.onBetter(best, this.findings);
    }
  }

  #next(): void {
    const plan = this.#plan;
    this.#shrinking = null;
    const { reached } = this.findings;
    this.findings = this.#newFindings();
    for (const goal of reached) this.findings.reached.add(goal);
    if (this.#strategy === 'pct') {
      this.#strategy = 'bounded';
      const search = new PreemptionBounded(plan.model, this.findings, plan.limits, !plan.all, plan.preemptions);
      search.onBound = () => this.#endBound();
      this.search = search;
    } else {
      this.#strategy = 'bfs';
      this.search = plan.exhaustive(this.findings, !plan.all);
    }
  }

  #newFindings(): Wanted {
    const [first] = this.#plan.all ? [] : this.best.keys();
    return new Wanted(this.#plan.model, this.#plan.properties, first ?? null);
  }
}

/** Shorter, or as short with fewer switches. */
function isSmaller(a: Finding, b: Finding): boolean {
  if (a.moves.length !== b.moves.length) return a.moves.length < b.moves.length;
  return countSwitches(a.moves) < countSwitches(b.moves);
}
