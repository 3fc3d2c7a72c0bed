/**
 * JUnit XML, which every CI reads: one case a property of a scenario's variant within its bounds. A violation is a failure
 * whose text is the splat, with the replay command first; what was left undecided is an error, never a pass.
 *
 * Source: the format as Jenkins and GitLab read it; there is no normative one.
 */
import type { Verdict } from '../../checker/verdict.ts';
import { contextOf, incompleteText, pairs, replayCommand, schedulePath } from '../facts.ts';
import { splat } from '../text/splat.ts';

/** One case: passed unless it failed or could not be decided. */
export interface JunitCase {
  readonly name: string;
  readonly failure?: { readonly message: string; readonly kind: string; readonly text: string };
  readonly error?: { readonly message: string; readonly text: string };
}

export interface JunitSuite {
  readonly name: string;
  readonly seconds: number;
  readonly cases: readonly JunitCase[];
}

export function junit(suites: readonly JunitSuite[]): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${totals(suites)}>`];
  for (const suite of suites) {
    lines.push(`  <testsuite name="${escaped(suite.name)}"${totals([suite])}>`);
    for (const test of suite.cases) {
      const open = `    <testcase classname="${escaped(suite.name)}" name="${escaped(test.name)}"`;
      const { failure, error } = test;
      if (failure === undefined && error === undefined) {
        lines.push(`${open}/>`);
        continue;
      }
      lines.push(`${open}>`);
      if (failure !== undefined)
        lines.push(
          `      <failure message="${escaped(failure.message)}" type="${escaped(failure.kind)}">${escaped(failure.text)}</failure>`,
        );
      if (error !== undefined)
        lines.push(`      <error message="${escaped(error.message)}" type="undecided">${escaped(error.text)}</error>`);
      lines.push('    </testcase>');
    }
    lines.push('  </testsuite>');
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function totals(suites: readonly JunitSuite[]): string {
  const cases = suites.flatMap((s) => s.cases);
  const seconds = suites.reduce((sum, s) => sum + s.seconds, 0);
  const failures = cases.filter((c) => c.failure !== undefined).length;
  const errors = cases.filter((c) => c.error !== undefined).length;
  return ` tests="${cases.length}" failures="${failures}" errors="${errors}" time="${seconds.toFixed(3)}"`;
}

/** Characters that XML 1.0 does not know are shown as their code point. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? '&quot;')
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
}

/** The suite of one verdict. */
export function suiteOf(verdict: Verdict): JunitSuite {
  const context = contextOf(verdict);
  const bounds = pairs(verdict.bounds);
  return {
    name: `${verdict.scenario.name}.${verdict.variant}`,
    seconds: verdict.timing.seconds,
    cases: verdict.properties.map((property): JunitCase => {
      const name = `${property.name} (${bounds})`;
      const broken = verdict.violations.filter((v) => v.property === property.name);
      const first = broken[0];
      if (first !== undefined)
        return {
          name,
          failure: {
            message: first.headline,
            kind: first.evidence.kind,
            text: broken
              .map((ce) => `${replayCommand(schedulePath(context, ce), context.model)}\n\n${splat(ce, context)}`)
              .join('\n\n'),
          },
        };
      if (property.result === 'never reached' || property.result === 'violated')
        return { name, failure: { message: property.result, kind: 'unreached', text: property.about } };
      if (property.result === 'undecided')
        return { name, error: { message: 'undecided', text: incompleteText(verdict) ?? 'the search was stopped' } };
      return { name };
    }),
  };
}
