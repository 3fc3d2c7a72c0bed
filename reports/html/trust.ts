/**
 * How far to trust a verdict: bounds, assumptions, reductions, what was never exercised, and what no model can say. A
 * verdict without this section would look greener than it is.
 */
import type { CoarseStep } from '../../checker/analyse/coarse.ts';
import type { Sensitivity } from '../../checker/sensitivity/sensitivity.ts';
import type { CoverageEntry, Verdict } from '../../checker/verdict.ts';
import {
  coarseForAReason,
  failuresText,
  fieldsText,
  hashedText,
  incompleteText,
  LIMITS,
  pairs,
  pctText,
  provenText,
  reductionsText,
  stageText,
  storeText,
  tooCoarse,
} from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { resultMark, toneOf } from './marks.ts';
import { restsOn } from './rests-on.ts';
import { facts, table } from './tables.ts';
import { type Child, fragment, h, type Markup } from './write.ts';

/** Entries of a list before the rest is folded away, and before it is only counted. */
const ROWS = 12;
const MOST_ROWS = 40;
/** Where a violation stopped the search: what it had not come to yet is not what a verdict rests on. */
const FEW_ROWS = 4;

/** What the scenario takes for granted, and what is taken for granted of schedules. */
function assumptionsOf(verdict: Verdict): readonly string[] {
  const { fairness } = verdict;
  return [...verdict.scenario.assumptions, ...(fairness === undefined ? [] : [fairness])];
}

export function trust(verdict: Verdict, sensitivity: Sensitivity | null = null): Markup {
  const c = verdict.coverage;
  const most = verdict.outcome !== 'violated' ? MOST_ROWS : verdict.complete ? ROWS : FEW_ROWS;
  return fragment(
    facts([
      ['Extent', incompleteText(verdict) ?? completeText(verdict)],
      ['Bounds', pairs(verdict.bounds)],
      [
        'States',
        `${count(verdict.counts.states)} of ${plural(verdict.counts.stateBytes, 'byte')}, ${plural(verdict.counts.transitions, 'transition')}, depth ${count(verdict.counts.depth)}`,
      ],
      ['Store', storeText(verdict)],
      ['Reductions', reductionsText(verdict)],
      ['Stages', (verdict.stages?.length ?? 0) > 0 ? stages(verdict) : null],
      ['Proven', provenText(verdict)],
      ['PCT', pctText(verdict)],
      ['Failures that may be injected', failuresText(verdict.failures) ?? 'none'],
    ]),
    h(
      'div',
      { class: 'beside' },
      h(
        'div',
        null,
        h('h3', null, 'Taken for granted'),
        assumptionsOf(verdict).length === 0
          ? h('p', null, 'Nothing beyond the model.')
          : h(
              'ul',
              null,
              assumptionsOf(verdict).map((a) => h('li', null, a)),
            ),
      ),
      h(
        'div',
        null,
        h('h3', null, 'True of every report'),
        h(
          'ul',
          null,
          LIMITS.map((l) => h('li', null, l)),
        ),
      ),
    ),
    h('h3', null, 'Properties'),
    table(
      'Table of properties',
      ['property', 'kind', 'result', 'what it says'],
      verdict.properties.map((p) =>
        h(
          'tr',
          { class: toneOf(p.result) === 'bad' ? 'broken' : null },
          h('th', { scope: 'row' }, p.name),
          h('td', null, p.kind),
          h('td', null, resultMark(p.result)),
          h('td', null, p.about),
        ),
      ),
    ),
    verdict.outcome === 'holds' && restsOn(verdict.scenario.name, verdict.variant, sensitivity),
    h('h3', null, 'Coverage'),
    h(
      'p',
      null,
      `${count(c.taken)} of ${plural(c.steps, 'step')} were taken at least once`,
      verdict.complete ? '.' : ' before the search stopped.',
    ),
    entries('Steps never taken', c.neverTaken, most),
    entries('Guards never false: these waits never happened', c.neverBlocked, most),
    entries('Conditions never true', c.neverTrue, most),
    entries('Conditions never false', c.neverFalse, most),
    coarse(verdict, most),
  );
}

function stages(verdict: Verdict): Markup {
  return h(
    'ul',
    null,
    (verdict.stages ?? []).map((stage) => h('li', null, stageText(stage))),
  );
}

function completeText(verdict: Verdict): string {
  const unless = hashedText(verdict);
  return `complete: every state within the bounds was seen${unless === null ? '' : `, ${unless}`}`;
}

function entries(title: string, list: readonly CoverageEntry[], most: number): Child {
  if (list.length === 0) return h('p', null, `${title}: none.`);
  const rows = (some: readonly CoverageEntry[]) => {
    const groups = new Map<string, CoverageEntry[]>();
    for (const e of some) {
      const place = `${e.actor}\0${e.procedure}`;
      groups.set(place, [...(groups.get(place) ?? []), e]);
    }
    return h(
      'ul',
      { class: 'entries' },
      [...groups.values()].map((group) =>
        h(
          'li',
          null,
          h('b', null, group[0]?.actor),
          ' ',
          h('code', null, `${group[0]?.procedure}/`),
          group.map((e, i) => [
            i > 0 && '; ',
            h('code', null, e.label),
            e.choice !== null && h('span', { class: 'choice' }, e.choice),
          ]),
        ),
      ),
    );
  };
  return [
    h('h4', null, `${title} (${count(list.length)})`),
    rows(list.slice(0, Math.min(ROWS, most))),
    most > ROWS &&
      list.length > ROWS &&
      h('details', null, h('summary', null, `${count(list.length - ROWS)} more`), rows(list.slice(ROWS, most))),
    list.length > most && h('p', { class: 'soft' }, `and ${count(list.length - most)} more, in the verdict document.`),
  ];
}

/** Steps that touch several shared fields at once: what others could do in between was not searched. */
function coarse(verdict: Verdict, most: number): Child {
  const open = tooCoarse(verdict);
  const explained = coarseForAReason(verdict);
  const rows = (some: readonly CoarseStep[]) =>
    h(
      'ul',
      { class: 'entries' },
      some.map((step) =>
        h(
          'li',
          null,
          h('code', null, `${step.procedure}/${step.label}`),
          step.choice !== null && h('span', { class: 'choice' }, step.choice),
          ` touches ${fieldsText(step)}`,
          step.because !== null && `: ${step.because}`,
        ),
      ),
    );
  return [
    h('h3', null, 'Steps that touch several shared fields at once'),
    open.length === 0
      ? h('p', null, 'None was seen without a lock in common or a reason.')
      : [
          h('p', null, 'Too coarse: real actors could get in between, and the search did not let them.'),
          rows(open.slice(0, MOST_ROWS)),
        ],
    explained.length > 0 &&
      h(
        'details',
        null,
        h('summary', null, `${plural(explained.length, 'step')} taken as one for a reason`),
        rows(explained.slice(0, most)),
        explained.length > most &&
          h('p', { class: 'soft' }, `and ${count(explained.length - most)} more, in the verdict document.`),
      ),
  ];
}
