/**
 * Expectations about scenarios in tests of vitest: `import { expectNoRace, expectRace } from 'quiesce/vitest'`. Where one
 * is not met the message is what `quiesce check` would print, and the report and the schedule of each violation are
 * attached to the test.
 *
 * Limits: for vitest 3.2 or newer. The schedule that is attached names the model as vitest has transformed it; `quiesce
 * replay` drives it all the same and notes the other hash.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vitest from 'vitest';
import { type CheckOptions, check } from './checker/check.ts';
import type { Scenario } from './checker/lang/scenario.ts';
import type { ViolationKind } from './checker/lang/violation.ts';
import type { Counterexample } from './checker/trace/counterexample.ts';
import type { Verdict } from './checker/verdict.ts';
import { type Context, html, plural, splat, verdictText } from './reports/index.ts';

/** Since 4.1 vitest tells the test by `TestRunner`, and warns of the older import, which is therefore not made there. */
const { getCurrentTest } = 'TestRunner' in vitest ? vitest.TestRunner : await import('vitest/suite');

/** The test that runs. It is asked for before anything is waited for, because tests may run side by side. */
type Test = ReturnType<typeof getCurrentTest>;

/** What is searched, and how; see `CheckOptions` for what each costs. */
export interface RaceOptions
  extends Pick<
    CheckOptions,
    'variant' | 'bounds' | 'properties' | 'symmetry' | 'persistentSets' | 'maxStates' | 'maxSeconds' | 'maxMemoryBytes'
  > {
  /** The file the scenario comes from, relative to where tests are run: the command that replays a violation names it. */
  readonly model?: string;
  /** Folder for reports and schedules of violations; `runs` unless given. */
  readonly out?: string;
}

/** Which violation is expected; whatever is not given may be any. */
export interface ExpectedRace extends RaceOptions {
  readonly kind?: ViolationKind;
  /** Name of the broken property: a built-in one such as `memory`, or one of the scenario's. */
  readonly property?: string;
  /** Eight hex digits, as the report prints them. */
  readonly signature?: string;
  /** Most steps that the counterexample may have. It is a shortest one, so that this says how simple the race is. */
  readonly atMost?: number;
}

/**
 * Searches a variant of the scenario within its bounds, and fails unless the search is complete and every property holds.
 * One that a limit ended fails, too: it has proven nothing.
 *
 * ```ts
 * test('the repaired lookup', async () => {
 *   await expectNoRace(lookup, { variant: 'fixed', bounds: { tasks: 3 } });
 * });
 * ```
 */
export async function expectNoRace(scenario: Scenario, options: RaceOptions = {}): Promise<Verdict> {
  const test: Test = getCurrentTest();
  const verdict = await check(scenario, searchOf(options));
  if (verdict.outcome !== 'holds') await fail(test, [], verdict, options, expectNoRace);
  return verdict;
}

/**
 * Searches a variant of the scenario, and fails unless it shows the race that is expected; returns it.
 *
 * ```ts
 * test('the lookup as it was posted', async () => {
 *   await expectRace(lookup, { variant: 'posted', kind: 'refcount', atMost: 4 });
 * });
 * ```
 */
export async function expectRace(scenario: Scenario, expected: ExpectedRace = {}): Promise<Counterexample> {
  const test: Test = getCurrentTest();
  const options = searchOf(expected);
  let verdict = await check(scenario, options);
  let found = verdict.violations.find((v) => isWanted(v, expected));
  // The first violation is another one: the race may still be among the rest.
  if (found === undefined && verdict.violations.length > 0) {
    verdict = await check(scenario, { ...options, all: true });
    found = verdict.violations.find((v) => isWanted(v, expected));
  }
  if (found === undefined)
    return await fail(
      test,
      [`expected ${wantedText(expected)}, found ${foundText(verdict)}`],
      verdict,
      expected,
      expectRace,
    );
  const { length } = found.steps;
  if (expected.atMost !== undefined && length > expected.atMost)
    await fail(
      test,
      [`expected at most ${plural(expected.atMost, 'step')}, found ${length}`],
      verdict,
      expected,
      expectRace,
    );
  return found;
}

/** An expectation about a scenario was not met. */
export class RaceError extends Error {
  override readonly name = 'RaceError';
  readonly verdict: Verdict;

  constructor(message: string, verdict: Verdict) {
    super(message);
    this.verdict = verdict;
  }
}

/** What is about results and expectations, not about the search. */
const ours: readonly string[] = [
  'model',
  'out',
  'kind',
  'property',
  'signature',
  'atMost',
] satisfies (keyof ExpectedRace)[];

function searchOf(options: RaceOptions): CheckOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ours.includes(name)));
}

function isWanted(found: Counterexample, { kind, property, signature }: ExpectedRace): boolean {
  return (
    (kind === undefined || found.evidence.kind === kind) &&
    (property === undefined || found.property === property) &&
    (signature === undefined || found.signature === signature)
  );
}

function wantedText({ kind, property, signature }: ExpectedRace): string {
  const of = property === undefined ? '' : ` of ${property}`;
  return `${kind ?? 'a violation'}${of}${signature === undefined ? '' : ` (${signature})`}`;
}

function foundText({ violations, outcome }: Verdict): string {
  if (violations.length === 0) return outcome === 'holds' ? 'none' : `none, ${outcome}`;
  return violations.map((v) => `${v.evidence.kind} of ${v.property} (${v.signature})`).join(', ');
}

/** Writes and attaches what was found, then throws. `from` is where the stack begins. */
async function fail(
  test: Test,
  first: readonly string[],
  verdict: Verdict,
  options: RaceOptions,
  from: (...args: never[]) => unknown,
): Promise<never> {
  const { variant, bounds, scenario } = verdict;
  const context: Context = { scenario: scenario.name, variant, bounds, model: options.model ?? null };
  const folder = join(options.out ?? 'runs', `${scenario.name}-${variant}`);
  const texts: string[] = [];
  for (const [index, found] of verdict.violations.entries()) {
    const schedule = join(folder, `${found.signature}.sched`);
    const report = join(folder, `${found.signature}.html`);
    texts.push(splat(found, context, { schedule }));
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(schedule, found.schedule);
      writeFileSync(report, html(verdict, index, { schedule }));
    } catch (error) {
      // What was found must not be lost with its files.
      texts.push(`not written: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    await attach(test, `schedule ${schedule}`, schedule, 'text/plain');
    await attach(test, `report ${report}`, report, 'text/html');
  }
  const error = new RaceError([...first, ...(texts.length > 0 ? texts : [verdictText(verdict)])].join('\n'), verdict);
  Error.captureStackTrace(error, from);
  throw error;
}

/** Attaches a file to the test that runs; outside of one there is nothing to attach it to. */
async function attach(test: Test, message: string, path: string, contentType: string): Promise<void> {
  await test?.context.annotate(message, 'quiesce', { path, contentType });
}
