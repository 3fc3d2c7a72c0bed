/** The strip at the top of a report: the verdict with everything that limits it, and the buttons. */
import { sourceText } from '../../checker/lang/source.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Verdict } from '../../checker/verdict.ts';
import {
  capital,
  contextOf,
  extent,
  failuresText,
  headline,
  incompleteText,
  kindText,
  lengthFacts,
  minimalText,
  pairs,
  propertySummary,
  replayCommand,
  schedulePath,
  shrunkFacts,
} from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { copyButton } from './buttons.ts';
import { marks, verdictTone } from './marks.ts';
import { contents, type Section } from './shell.ts';
import { reference } from './sources.ts';
import { facts } from './tables.ts';
import { h, type Markup } from './write.ts';

/** What was found, where, how far was searched, and how to see it again. */
export function header(
  verdict: Verdict,
  ce: Counterexample | null,
  sections: readonly Section[],
  schedule: string | undefined,
): Markup {
  const tone = ce === null ? verdictTone(verdict) : 'bad';
  const word = ce === null ? headline(verdict) : `VIOLATION ${kindText(ce)}`;
  const { source } = verdict.scenario;
  const length =
    ce === null ? null : `${lengthFacts(ce).join(', ')} (${[minimalText(ce), ...shrunkFacts(ce)].join('; ')})`;
  return h(
    'header',
    { class: tone },
    h(
      'div',
      { class: 'top' },
      h('span', { class: 'brand' }, 'quiesce'),
      h('span', { class: 'verdict' }, `${marks[tone]} ${word}`),
      h(
        'span',
        { class: 'buttons js-only' },
        ce !== null && copyButton('replay-command', 'replay command', 'Copy replay command'),
        ce !== null && copyButton('splat', 'text for mail', 'Copy text for mail'),
        ce !== null && h('button', { type: 'button', 'data-key': 'y', title: 'y' }, 'Copy link to this step'),
        h('button', { type: 'button', id: 'theme' }, 'Light / dark'),
        ce !== null && h('button', { type: 'button', class: 'help', 'aria-label': 'Keys' }, '?'),
      ),
    ),
    h(
      'h1',
      null,
      h('span', { class: 'model' }, 'MODEL'),
      ' ',
      ce === null ? capital(verdict.scenario.title) : ce.headline,
    ),
    h('p', { class: 'lead' }, ce === null ? verdict.scenario.about : ce.evidence.message),
    facts([
      [
        'Scenario',
        [
          h('b', null, verdict.scenario.name),
          verdict.scenario.corpus === null ? null : ` (corpus ${verdict.scenario.corpus})`,
        ],
      ],
      ['Variant', [h('b', null, verdict.variant), `: ${verdict.variantAbout}`]],
      ['Bounds', h('code', null, pairs(verdict.bounds))],
      ['Schedule', length],
      ['Needs', ce === null ? null : failuresText(ce.failures)],
      [
        'Searched',
        `${extent(verdict).toLowerCase()}: ${plural(verdict.counts.states, 'state')}, depth ${count(verdict.counts.depth)}`,
      ],
      ['Not complete', incompleteText(verdict)],
      ['Properties', propertySummary(verdict)],
      [
        'Tool and source',
        [
          `quiesce ${verdict.tool.version}; `,
          sourceText(source),
          source.ref === undefined ? null : [' ', reference(source.ref)],
        ],
      ],
      [
        'As expected',
        verdict.asExpected === null ? null : verdict.asExpected ? 'yes' : ['no: ', verdict.unexpected.join('; ')],
      ],
      [
        ce === null ? 'Model hash' : 'Signature and model hash',
        h('code', null, ce === null ? verdict.modelHash : `${ce.signature}  ${verdict.modelHash}`),
      ],
    ]),
    ce !== null &&
      h(
        'p',
        { class: 'command' },
        h('span', null, 'Replay'),
        h('code', { id: 'replay-command' }, commandOf(verdict, ce, schedule)),
      ),
    contents(sections),
  );
}

/** The command that drives the schedule again. */
export function commandOf(verdict: Verdict, ce: Counterexample, schedule: string | undefined): string {
  const context = contextOf(verdict);
  return replayCommand(schedule ?? schedulePath(context, ce), context.model);
}
