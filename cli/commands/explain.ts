/** `quiesce explain`: what a word, kind, outcome, exit status, error or scenario means. */
import { propertiesOf } from '../../checker/compile/setup.ts';
import { nearest, QuiesceError, sourceText } from '../../checker/lang/index.ts';
import { wrap } from '../../reports/index.ts';
import { scenarios } from '../../scenarios/index.ts';
import type { Console } from '../console.ts';
import { type ExitStatus, exitStatuses } from '../exit.ts';
import { errorCodes, outcomes, propertyKinds, stores, strategies, violations, words } from '../words.ts';
import { expected } from './list.ts';

interface Explanation {
  readonly id: string;
  readonly what: string;
  readonly text: string;
}

export function explainCommand(id: string | undefined, console: Console): ExitStatus {
  const all = explanations();
  if (id === undefined) {
    for (const what of new Set(all.map((e) => e.what))) {
      const ids = all.filter((e) => e.what === what).map((e) => e.id);
      console.out(wrap(ids.join(', '), { first: `${what}: `, rest: '  ' }).join('\n'));
    }
    return 0;
  }
  const named = all.filter((e) => e.id === id);
  const properties = named.length > 0 ? [] : scenarioProperties();
  const found = named.length > 0 ? named : properties.filter((e) => e.id === id);
  if (found.length === 0) {
    const near = nearest(
      id,
      [...all, ...properties].map((e) => e.id),
    );
    throw new QuiesceError('usage', `nothing is known as "${id}"`, {
      hint: near === undefined ? 'quiesce explain lists everything that can be explained' : `did you mean ${near}?`,
    });
  }
  const paragraphs = found.map((e) => [`${e.id} (${e.what})`, ...e.text.split('\n').flatMap(indented)].join('\n'));
  console.out(paragraphs.join('\n\n'));
  return 0;
}

/** Properties that scenarios declare, once each with the scenarios that have it. They are known when it is set up. */
function scenarioProperties(): Explanation[] {
  const found = new Map<string, { readonly text: string; readonly in: string[] }>();
  for (const scenario of scenarios)
    for (const { name, kind, about } of propertiesOf(scenario)) {
      const entry = found.get(name) ?? { text: `${about} (${kind})`, in: [] };
      entry.in.push(scenario.name);
      found.set(name, entry);
    }
  return [...found].map(([id, e]) => ({ id, what: 'property', text: `${e.text}\nin ${e.in.join(', ')}` }));
}

function indented(line: string): string[] {
  return wrap(line, { first: '  ', rest: '  ' });
}

function explanations(): Explanation[] {
  const entries = (what: string, record: Readonly<Record<string, string>>): Explanation[] =>
    Object.entries(record).map(([key, text]) => ({ id: key, what, text }));
  return [
    ...entries('violation', violations),
    ...entries('property', propertyKinds),
    ...entries('outcome', outcomes),
    ...entries('word', words),
    ...entries('order', strategies),
    ...entries('store', stores),
    ...entries('exit status', exitStatuses),
    ...entries('error', errorCodes),
    ...scenarios.map((s) => ({
      id: s.name,
      what: 'scenario',
      text: [
        s.title,
        ...s.about.split('\n'),
        `source: ${sourceText(s.source)}${s.corpus === undefined ? '' : `, corpus ${s.corpus}`}`,
        ...s.assumptions.map((a) => `assumes: ${a}`),
        ...Object.entries(s.variants).map(([name, v]) => `${name}: ${v.about} (expected: ${expected(v.expect)})`),
      ].join('\n'),
    })),
  ];
}
