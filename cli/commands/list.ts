/** `quiesce list`: the scenarios that come with quiesce, their variants and the verdicts expected of them. */
import type { Expectation, Scenario } from '../../checker/lang/index.ts';
import { catalogueText, count } from '../../reports/index.ts';
import { catalogueToJson, type ListedScenario } from '../../reports/list-json.ts';
import { corpusIds, corpusIdsOfScenario } from '../../scenarios/corpus.ts';
import { scenarios } from '../../scenarios/index.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { boundsOf } from './check.ts';

export function listCommand(flags: { readonly json?: boolean }, console: Console): ExitStatus {
  const sorted = [...scenarios].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (flags.json === true) console.out(catalogueToJson(sorted.map(entry)).trimEnd());
  else
    console.out(
      catalogueText(
        sorted.map((scenario) => ({
          scenario,
          corpus: corpusIds(scenario),
          ofVariant: Object.fromEntries(
            Object.entries(scenario.variants)
              .filter(([, v]) => v.corpus !== undefined)
              .map(([name]) => [name, corpusIds(scenario, name)]),
          ),
        })),
      ),
    );
  return 0;
}

function entry(scenario: Scenario): ListedScenario {
  return {
    name: scenario.name,
    title: scenario.title,
    corpus: corpusIdsOfScenario(scenario),
    systems: scenario.systems,
    source: scenario.source,
    bounds: scenario.bounds,
    variants: Object.entries(scenario.variants).map(([name, v]) => ({
      name,
      about: v.about,
      corpus: corpusIds(scenario, name),
      bounds: boundsOf(scenario, name),
      expect: v.expect,
    })),
  };
}

/** `deadlock, 15 steps` or `holds, 2,310 states`. */
export function expected(e: Expectation): string {
  return e.verdict === 'holds'
    ? `holds, ${count(e.states)} states`
    : `${e.kind}${e.property === undefined ? '' : ` (${e.property})`}, ${count(e.length)} steps`;
}
