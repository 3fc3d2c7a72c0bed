/** How to see it again: commands, a test to paste, the schedule, and where a delay opens the window in a real kernel. */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { checkCommand } from '../facts.ts';
import { plural } from '../numbers.ts';
import { stepText } from '../trace.ts';
import { copyButton, saveButton } from './buttons.ts';
import { commandOf } from './header.ts';
import { MOST_WRITTEN } from './pane.ts';
import { type Child, fragment, h, type Markup } from './write.ts';

/** Lines of a long schedule that are shown. */
const MOST_LINES = 120;

/** @param whole the page has the data of all steps, of which files can be made */
export function reproduce(verdict: Verdict, ce: Counterexample, schedule: string | undefined, whole: boolean): Markup {
  const file = `${ce.signature}.sched`;
  const places = delays(ce);
  const lines = ce.schedule.split('\n');
  const shown = ce.steps.length > MOST_WRITTEN ? MOST_LINES : lines.length;
  return fragment(
    h('p', null, 'Save the schedule under the name in the command, then:'),
    h(
      'pre',
      { tabindex: 0, 'aria-label': 'Commands' },
      `${commandOf(verdict, ce, schedule)}\n${checkCommand(verdict)}`,
    ),
    places.length > 0 && [
      h('h3', null, 'Where a delay opens the window in a real kernel'),
      h('ul', { class: 'delays' }, places),
      h(
        'p',
        { class: 'soft' },
        'A suggestion from the essential orderings. The model cannot promise that it suffices.',
      ),
    ],
    // Nobody types these from paper.
    h(
      'div',
      { class: 'screen' },
      verdict.options['model'] == null && [
        h('h3', null, 'A test to paste'),
        copyButton('test', 'test'),
        h('pre', { id: 'test', tabindex: 0, 'aria-label': 'A test' }, testText(verdict, ce)),
      ],
      h(
        'p',
        { class: 'soft' },
        'Other formats: ',
        h('code', null, 'quiesce export <run> --as itf,sarif,chrome,shiviz,dot,gexf,mermaid'),
        '.',
      ),
      h('h3', null, 'Schedule'),
      lines.length <= shown && copyButton('schedule', 'schedule'),
      saveButton('splat', `${ce.signature}.txt`, 'Save text for mail'),
      whole && [
        saveButton('schedule', file, 'Save schedule'),
        saveButton('trace', `${ce.signature}.trace.json`, 'Save trace (JSON)'),
        saveButton('itf', `${ce.signature}.itf.json`, 'Save ITF'),
        saveButton('sarif', `${ce.signature}.sarif`, 'Save SARIF'),
      ],
      h('pre', { id: 'schedule', tabindex: 0, 'aria-label': 'Text of the schedule' }, lines.slice(0, shown).join('\n')),
      lines.length > shown &&
        h(
          'p',
          { class: 'soft' },
          `and ${plural(lines.length - shown, 'line')} more: ${whole ? 'with scripts it is saved whole' : 'it lies in a file of its own'}.`,
        ),
    ),
  );
}

/** A test to paste: the variant is searched, and must show this very violation. */
function testText(verdict: Verdict, ce: Counterexample): string {
  const name = JSON.stringify(verdict.scenario.name);
  const variant = JSON.stringify(verdict.variant);
  return [
    "import { check, scenarios } from 'quiesce';",
    "import { expect, it } from 'vitest';",
    '',
    `it(${JSON.stringify(`${verdict.scenario.name}, ${verdict.variant}: ${ce.headline}`)}, async () => {`,
    `  const scenario = scenarios.find((s) => s.name === ${name});`,
    "  if (scenario === undefined) throw new Error('no such scenario');",
    `  const bounds = ${JSON.stringify(verdict.bounds)};`,
    `  const verdict = await check(scenario, { variant: ${variant}, bounds });`,
    `  expect(verdict.violations.map((v) => v.signature)).toContain(${JSON.stringify(ce.signature)});`,
    '});',
  ].join('\n');
}

/**
 * Where a delay opens the window of the race in a real kernel: who must come second is held up just before its step, for
 * as long as the first needs. One place for each essential ordering; places that several share are named once.
 */
function delays(ce: Counterexample): Child[] {
  const seen = new Set<string>();
  return (ce.needed ?? []).flatMap(({ before, after }) => {
    const [first, second] = [ce.steps[before - 1], ce.steps[after - 1]];
    if (first === undefined || second === undefined) return [];
    const place = `${second.actor}\0${second.procedure}\0${second.label}`;
    if (seen.has(place)) return [];
    seen.add(place);
    return [
      h(
        'li',
        null,
        `delay ${second.actor} in `,
        h('code', null, second.procedure),
        second.source.file === undefined ? null : [' (', h('code', null, second.source.file), ')'],
        ', just before ',
        h('code', null, stepText(second)),
        `, until ${first.actor} has done `,
        h('code', null, stepText(first)),
      ),
    ];
  });
}
