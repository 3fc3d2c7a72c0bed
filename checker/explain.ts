/**
 * From findings to counterexamples: the fewest context switches, the essential orderings, the trace in names. Tells
 * those who asked of each violation once, and again when a better schedule of it is known.
 */
import type { CheckOptions } from './check.ts';
import type { CompiledModel } from './compile/model.ts';
import type { Scenario } from './lang/scenario.ts';
import type { Explored } from './search/explored.ts';
import type { Finding, Findings } from './search/findings.ts';
import type { Strategy } from './search/strategy.ts';
import { buildCounterexample } from './trace/build.ts';
import type { Counterexample, Shrunk } from './trace/counterexample.ts';
import { essentialOrderings } from './trace/orderings.ts';
import { Simulator } from './trace/simulator.ts';
import type { Size } from './trace/size.ts';
import { fewestSwitches } from './trace/switches.ts';
import { outcomesOf } from './trace/verify.ts';

/** What became of the moves of a finding after its search. */
export interface ShrunkFinding extends Shrunk {
  readonly minimal: Counterexample['minimal'];
}

/** Does the search keep its levels, as the breadth-first ones do? */
export function isExplored(search: Strategy): search is Strategy & Explored {
  return 'levelStarts' in search;
}

/** Has it left out steps, so that what it found first need not be shortest? */
function leavesOut(search: Strategy): boolean {
  return 'reduced' in search && search.reduced === true;
}

export class Explainer {
  readonly #scenario: Scenario;
  readonly #model: CompiledModel;
  readonly #options: CheckOptions;
  readonly #instrumented: CompiledModel | null;
  #made: Simulator | null = null;
  /** Signatures that were told, each with the size of its schedule. */
  readonly #told = new Map<string, string>();

  /** @param instrumented the same model instrumented, if there is one already. */
  constructor(scenario: Scenario, model: CompiledModel, options: CheckOptions, instrumented: CompiledModel | null) {
    this.#scenario = scenario;
    this.#model = model;
    this.#options = options;
    this.#instrumented = instrumented;
  }

  /** The counterexample of a finding; `search` is the one that found it, `shrunk` what became of its moves since. */
  explain(search: Strategy, findings: Findings, finding: Finding, shrunk: ShrunkFinding | null): Counterexample {
    const model = this.#model;
    const ofState = finding.property !== 'stuck' && finding.loop === undefined;
    const shortest = isExplored(search) && !leavesOut(search);
    let minimal = shrunk?.minimal ?? (shortest && finding.loop === undefined ? 'shortest' : 'local');
    let needed: Counterexample['needed'] = null;
    if (this.#options.explain !== false && ofState) {
      if (shortest) {
        const moves = fewestSwitches(model, search, findings, finding);
        if (moves !== null) {
          finding.moves = moves;
          minimal = 'proven';
        }
      }
      needed = essentialOrderings(model, findings, finding.moves, finding.signature);
    }
    const counterexample = this.#build(findings, finding, minimal, needed, shrunk);
    this.#tell(counterexample);
    return counterexample;
  }

  /** Tells a violation while the search goes on, without essential orderings; `from` is what it was shrunk from. */
  tellEarly(findings: Findings, finding: Finding, from: Size | undefined): void {
    if (this.#options.onViolation === undefined) return;
    const shrunk = from === undefined ? null : { from, because: 'the search goes on' };
    this.#tell(this.#build(findings, finding, 'local', null, shrunk));
  }

  /** Calls `onViolation`, unless a schedule of that signature and size was told before. */
  #tell(counterexample: Counterexample): void {
    const { signature, steps, switches } = counterexample;
    const size = `${steps.length} ${switches}`;
    if (this.#told.get(signature) === size) return;
    this.#told.set(signature, size);
    this.#options.onViolation?.(counterexample);
  }

  #build(
    findings: Findings,
    finding: Finding,
    minimal: Counterexample['minimal'],
    needed: Counterexample['needed'],
    shrunk: Shrunk | null,
  ): Counterexample {
    // Another schedule of the same signature, or one found under symmetry, may be about other objects and actors.
    const outcomes = outcomesOf(this.#model, findings, finding.moves);
    const evidence = outcomes?.find((o) => o.signature === finding.signature)?.evidence ?? finding.evidence;
    return buildCounterexample({
      simulator: this.#simulator,
      property: finding.property,
      evidence,
      signature: finding.signature,
      moves: finding.moves,
      fault: finding.fault,
      ...(finding.loop === undefined ? {} : { loop: finding.loop }),
      minimal,
      ...(shrunk === null ? {} : { shrunk: { from: shrunk.from, because: shrunk.because } }),
      needed,
    });
  }

  /** The instrumented model, compiled when it is first needed. */
  get #simulator(): Simulator {
    const { variantName, bounds } = this.#model;
    this.#made ??= new Simulator(this.#scenario, { variant: variantName, bounds }, this.#instrumented);
    return this.#made;
  }
}
