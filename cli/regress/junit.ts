/**
 * `quiesce regress --junit`: one suite for each variant, one case for each property within its bounds. Stored schedules
 * that share one case, because they break one property in several ways, carry their signatures.
 */
import type { Verdict } from '../../checker/verdict.ts';
import { type JunitCase, type JunitSuite, suiteOf } from '../../reports/export/junit.ts';
import { pairs, replayCommand } from '../../reports/facts.ts';
import type { Stored } from './stored.ts';

/** The suites of stored schedules. `model` is the model file they belong to, if one was given. */
export function suitesOfStored(stored: readonly Stored[], model: string | undefined): JunitSuite[] {
  const suites = new Map<string, JunitCase[]>();
  for (const one of stored) {
    const { schedule } = one;
    const suite = schedule === null ? 'unreadable' : `${schedule.scenario}.${schedule.variant}`;
    const cases = suites.get(suite) ?? [];
    suites.set(suite, cases);
    const name = schedule === null ? one.file : nameOf(one, stored);
    if (one.result !== 'failed') cases.push({ name });
    else
      cases.push({
        name,
        failure: {
          message: one.text,
          kind: 'schedule',
          text: `${replayCommand(one.file, model)}\n\n${one.text}`,
        },
      });
  }
  // Driving takes milliseconds each, which nobody measures.
  return [...suites].map(([name, cases]) => ({ name, seconds: 0, cases }));
}

function nameOf({ schedule }: Stored, stored: readonly Stored[]): string {
  if (schedule === null) return '';
  const place = (s: Stored['schedule']) => `${s?.scenario}.${s?.variant} ${s?.property} ${pairs(s?.bounds ?? {})}`;
  const shared = stored.filter((other) => place(other.schedule) === place(schedule)).length > 1;
  return `${schedule.property}${shared ? ` ${schedule.signature}` : ''} (${pairs(schedule.bounds)})`;
}

/** The suite of a search whose verdict was declared: one that is as expected passes, also where it is a violation. */
export function suiteOfExpected(verdict: Verdict): JunitSuite {
  const suite = suiteOf(verdict);
  if (verdict.asExpected === true) return { ...suite, cases: suite.cases.map(({ name }) => ({ name })) };
  if (verdict.outcome !== 'holds' && verdict.expected?.verdict === 'holds') return suite;
  return {
    ...suite,
    cases: [
      ...suite.cases.filter((c) => c.failure === undefined),
      {
        name: `expected verdict (${pairs(verdict.bounds)})`,
        failure: {
          message: 'the verdict is not the expected one',
          kind: 'expectation',
          text: verdict.unexpected.join('\n'),
        },
      },
    ],
  };
}
