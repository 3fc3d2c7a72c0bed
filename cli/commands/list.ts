/** `quiesce list`: the scenarios that come with quiesce, their variants and the verdicts expected of them. */
import type { Expectation, Scenario } from '../../checker/lang/index.ts';
import { count } from '../../reports/numbers.ts';
import { scenarios } from '../../scenarios/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';

export function listCommand(flags: { readonly json?: boolean }, console: Console): ExitStatus {
  const sorted = [...scenarios].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (flags.json === true) console.out(JSON.stringify(sorted.map(entry), null, 2));
  else console.out(sorted.map(paragraph).join('\n\n'));
  return 0;
}

function entry(scenario: Scenario) {
  return {
    name: scenario.name,
    title: scenario.title,
    corpus: scenario.corpus ?? null,
    systems: scenario.systems,
    bounds: scenario.bounds,
    variants: Object.entries(scenario.variants).map(([name, v]) => ({
      name,
      about: v.about,
      bounds: { ...scenario.bounds, ...v.bounds },
      expect: v.expect,
    })),
  };
}

function paragraph(scenario: Scenario): string {
  const variants = Object.entries(scenario.variants);
  const width = Math.max(...variants.map(([name]) => name.length));
  const corpus = scenario.corpus === undefined ? '' : `  (${scenario.corpus})`;
  return [
    `${scenario.name}${corpus}`,
    `  ${scenario.title}`,
    ...variants.map(([name, v]) => `    ${name.padEnd(width)}  ${expected(v.expect)}`),
  ].join('\n');
}

/** `deadlock, 15 steps` or `holds, 2,310 states`. */
export function expected(e: Expectation): string {
  return e.verdict === 'holds'
    ? `holds, ${count(e.states)} states`
    : `${e.kind}${e.property === undefined ? '' : ` (${e.property})`}, ${count(e.length)} steps`;
}
