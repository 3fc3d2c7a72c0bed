/**
 * One scenario, searched in every way: the plain search against brute force, every other way against both, and stored
 * schedules replayed. Nothing here knows a test runner, so that it can run on the compiled tree (`compiled.ts`).
 */
import { type CheckOptions, check } from '../../checker/check.ts';
import { compile } from '../../checker/compile/compile.ts';
import { QuiesceError, type Scenario } from '../../checker/lang/index.ts';
import { replay } from '../../checker/trace/replay.ts';
import { parseSchedule } from '../../checker/trace/schedule.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { type BruteForce, bruteForce, TooLarge } from './brute-force.ts';
import { differences, differencesFromPlain } from './compare.ts';
import type { Way } from './ways.ts';

export { settings, settingsThatDiffer } from './engines.ts';
export { families } from './families.ts';
export { build } from './random-build.ts';
export { randomModel } from './random-model.ts';
export { print } from './random-print.ts';
export { ways } from './ways.ts';

export interface Subject {
  readonly scenario: Scenario;
  readonly variant: string;
  /** It declares interchangeable blocks, or has slots of the heap that are. */
  readonly symmetric: boolean;
  /** Where threads find it, made when it is needed first. */
  readonly module: () => NonNullable<CheckOptions['module']>;
}

export interface Comparison {
  /** Everything that differs and must not. */
  readonly wrong: readonly string[];
  /** The ways in which something differs. */
  readonly failed: readonly Way[];
  /** Why there was nothing to compare. */
  readonly leftOut: 'too large' | 'malformed' | null;
  /** What was met on the way, to know what such comparisons cover. */
  readonly met: readonly string[];
}

/** Can the searches with symmetry be used? */
export function declaresBlocks(scenario: Scenario, variant: string): boolean {
  return compile(scenario, { variant }).symmetries.length > 0;
}

/**
 * Searches a scenario of up to `maxStates` states in every way that applies to it. One that is larger is left out, or
 * with `partly` compared as far as its first violation, if that comes before so many states.
 */
export async function compareWays(
  subject: Subject,
  ways: readonly Way[],
  maxStates: number,
  partly = false,
): Promise<Comparison> {
  const { stackTraceLimit } = Error;
  // Every broken promise is thrown, and nobody looks where.
  Error.stackTraceLimit = 0;
  try {
    return await compare(subject, ways, maxStates, partly);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function compare(
  subject: Subject,
  ways: readonly Way[],
  maxStates: number,
  partly: boolean,
): Promise<Comparison> {
  const { scenario, variant } = subject;
  const common: CheckOptions = { variant, explain: false };
  const plain = await attempt(() => check(scenario, { ...common, all: true, maxStates }));
  if (plain instanceof Error) return compareErrors(subject, plain, maxStates);
  if (!plain.complete) return partly ? compareFirst(subject, ways, maxStates) : tooLarge;
  const twin = bruteForce(scenario, variant);
  const wrong = differences(plain, twin, 'nothing');
  const met = whatIsIn(twin);
  const failed = new Set<Way>();

  const first = twin.broken.length > 0 ? await check(scenario, common) : null;
  if (first !== null) wrong.push(...differences(first, twin, 'nothing').map((d) => `first violation: ${d}`));
  for (const way of ways) {
    if (way.needsSymmetry && !subject.symmetric) continue;
    const options = optionsOf(subject, way, plain);
    const all = await check(scenario, { ...options, all: true });
    met.push(way.name, ...all.reductions.filter((r) => (r.factor ?? 1) > 1).map(() => `${way.name} reduces`));
    const say = (d: string): void => {
      wrong.push(`${way.name}: ${d}`);
      failed.add(way);
    };
    differences(all, twin, way.mayDiffer).forEach(say);
    differencesFromPlain(all, plain, way.mayDiffer).forEach(say);
    if (way.mayDiffer === 'order') continue;
    if (first !== null) {
      const some = await check(scenario, options);
      differences(some, twin, way.mayDiffer).forEach(say);
      if (way.mayDiffer === 'nothing') differencesFromPlain(some, first, 'nothing').forEach(say);
    }
    if (way.mayDiffer !== 'nothing') replayed(scenario, all).forEach(say);
  }
  wrong.push(...replayed(scenario, plain));
  return { wrong, failed: [...failed], leftOut: null, met };
}

const tooLarge: Comparison = { wrong: [], failed: [], leftOut: 'too large', met: [] };

/** How to search in this way, given a verdict that lists all properties. */
function optionsOf(subject: Subject, way: Way, plain: Verdict): CheckOptions {
  const promises = plain.properties.filter((p) => p.kind === 'eventually' || p.kind === 'leads-to');
  const without = [...(way.without ?? []), ...(way.withoutPromises ? promises.map((p) => p.name) : [])];
  const checked = plain.properties.map((p) => p.name).filter((name) => !without.includes(name));
  return {
    variant: subject.variant,
    explain: false,
    ...way.options,
    ...(without.length === 0 ? {} : { properties: checked }),
    ...(way.needsModule ? { module: subject.module() } : {}),
  };
}

/** Compares the searches that end with the level of the first violation. */
async function compareFirst(subject: Subject, ways: readonly Way[], maxStates: number): Promise<Comparison> {
  const { scenario, variant } = subject;
  const plain = await check(scenario, { variant, explain: false, maxStates });
  if (plain.outcome === 'undecided') return tooLarge;
  const twin = bruteForce(scenario, variant, { stopAtFirst: true });
  const wrong = differences(plain, twin, 'nothing');
  const failed = new Set<Way>();
  const met = whatIsIn(twin);
  for (const way of ways) {
    if ((way.needsSymmetry && !subject.symmetric) || !['nothing', 'states'].includes(way.mayDiffer)) continue;
    const found = await check(scenario, optionsOf(subject, way, plain));
    met.push(way.name);
    const say = (d: string): void => {
      wrong.push(`${way.name}: ${d}`);
      failed.add(way);
    };
    differences(found, twin, way.mayDiffer).forEach(say);
    if (way.mayDiffer === 'nothing') differencesFromPlain(found, plain, 'nothing').forEach(say);
  }
  return { wrong, failed: [...failed], leftOut: null, met };
}

/** The pool is too small for what is allocated. Brute force must come to the same conclusion. */
async function compareErrors(subject: Subject, error: Error, maxStates: number): Promise<Comparison> {
  const twin = await attempt(() => bruteForce(subject.scenario, subject.variant, { maxStates: 20 * maxStates }));
  if (twin instanceof TooLarge) return tooLarge;
  const agreed = [error, twin].every((e) => e instanceof QuiesceError && e.message.includes('no slot is left'));
  const wrong = agreed
    ? []
    : [`engine: ${error.message}; brute force: ${twin instanceof Error ? twin.message : 'no error'}`];
  return { wrong, failed: [], leftOut: 'malformed', met: ['model error'] };
}

/** The result, or the error when the model is malformed or too large. */
async function attempt<T>(run: () => T | Promise<T>): Promise<T | QuiesceError | TooLarge> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TooLarge || (error instanceof QuiesceError && error.code.startsWith('model'))) return error;
    throw error;
  }
}

/** Stored schedules of some of the counterexamples that do not lead to the same violation again. */
function replayed(scenario: Scenario, verdict: Verdict): string[] {
  const wrong: string[] = [];
  const stuck = verdict.violations.filter((v) => v.property === 'stuck');
  const others = verdict.violations.filter((v) => v.property !== 'stuck').slice(0, 2);
  for (const v of [...others, ...stuck]) {
    const result = replay(scenario, parseSchedule(v.schedule));
    if (result.result === 'diverged')
      wrong.push(`${v.property} does not replay: step ${result.divergence.step}, ${result.divergence.reason}`);
    else if (result.counterexample.signature !== v.signature || result.counterexample.steps.length !== v.steps.length)
      wrong.push(`${v.property} (${v.signature}) replays as ${result.counterexample.property}`);
  }
  return wrong;
}

function whatIsIn(twin: BruteForce): string[] {
  const met: string[] = [...new Set(twin.broken.map((b) => b.kind))];
  if (twin.stuck !== null) met.push('stuck');
  if (twin.goalsMissed.length > 0) met.push('goal missed');
  if (met.length === 0) met.push('holds');
  if (twin.states > 100) met.push('more than 100 states');
  if (twin.cyclic) met.push('cycle');
  for (const label of twin.constructs) met.push(...partsOf(label));
  return met;
}

/** What a label of a random model is made of: `loop: a++, b = !b 3` is a loop and two effects. */
function partsOf(label: string): string[] {
  const failure = / \(choice 1\)$/.test(label) && /^(attempt|allocate)/.test(label);
  const [, before = '', rest = ''] = /^(?:(loop|\d+): )?(.*?)(?: \d+)?(?: \(choice \d+\))?$/.exec(label) ?? [];
  return [
    ...(failure ? ['failure'] : []),
    ...(before === '' ? [] : [before === 'loop' ? 'loop' : 'machine']),
    ...rest.split(', '),
  ];
}
