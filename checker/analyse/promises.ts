/**
 * Promises about what comes as part of a check: which options they exclude, and the pass after the search.
 */
import type { CheckOptions, StrategyName } from '../check.ts';
import { actorName, type CompiledModel } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import type { Complete } from '../search/explored.ts';
import type { Findings } from '../search/findings.ts';
import { LivenessPass, neverComes } from './liveness.ts';

export type PromiseResult = 'holds' | 'violated' | 'undecided';

/** What became of each promise, and why some could not be decided; `because` is null when all were. */
export interface Promises {
  readonly results: ReadonlyMap<string, PromiseResult>;
  readonly because: string | null;
}

/** States looked at between two breaks of the pass. */
const SLICE = 20_000;

/**
 * Refuses options under which a promise could not be decided, by both names. A search that never claims to be complete
 * is refused only where the promise was asked for by name; otherwise the verdict leaves it undecided.
 */
export function refuseForPromises(findings: Findings, options: CheckOptions, strategy: StrategyName): void {
  const refuse = (name: string, kind: string, option: string) => {
    throw new QuiesceError('config', `property "${name}" (${kind}) cannot be decided with ${option}`, {
      hint: 'it needs an exhaustive search without reductions: leave the option out, or name the properties to check',
    });
  };
  for (const { name, kind } of findings.live) {
    if (options.symmetry === true) refuse(name, kind, 'symmetry');
    if (options.persistentSets) refuse(name, kind, 'persistent sets');
    if (!(options.properties ?? []).includes(name)) continue;
    if (strategy === 'random' || strategy === 'pct') refuse(name, kind, `the ${strategy} strategy`);
    if (strategy === 'bounded' && (options.preemptions ?? Number.POSITIVE_INFINITY) !== Number.POSITIVE_INFINITY)
      refuse(name, kind, 'a bound on preemptions');
    if (options.depth !== undefined) refuse(name, kind, 'a depth limit');
  }
}

/**
 * Decides every promise after a search that saw the whole space; each that is broken is recorded. `search` is null when
 * the strategy keeps no states. `pause` is called between slices of the pass and returns why to stop, or null.
 */
export async function decidePromises(
  model: CompiledModel,
  search: Complete | null,
  findings: Findings,
  maxBytes: number,
  pause: () => Promise<string | null>,
): Promise<Promises> {
  const { live } = findings;
  const undecided = (because: string): Promises => ({
    results: new Map(live.map((p) => [p.name, 'undecided' as const])),
    because: `promises about what comes: ${because}`,
  });
  if (live.length === 0) return { results: new Map(), because: null };
  if (search === null) return undecided('this search keeps no states to follow');
  const pass = new LivenessPass(model, search, live, maxBytes);
  while (pass.advance(SLICE)) {
    const stop = await pause();
    if (stop !== null) return undecided(stop);
  }
  const results = new Map<string, PromiseResult>();
  let because: string | null = null;
  for (const [i, result] of pass.results().entries()) {
    const property = live[i] as (typeof live)[number];
    results.set(property.name, result.result);
    if (result.result === 'undecided') because = undecided(result.because).because;
    if (result.result !== 'violated') continue;
    const { moves, loop } = result;
    const movers = new Set(moves.slice(loop).map((move) => actorName(model, move >> 16)));
    model.load(model.initial, 0);
    const evidence = neverComes(property, [...movers].sort());
    const finding = findings.record(property.name, evidence, null, moves.length, false, () => moves);
    if (finding !== null) finding.loop = loop;
  }
  return { results, because };
}
