/** The chart and, beside it, the pane of the chosen step. */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import { keyButton } from './buttons.ts';
import { chart } from './chart.ts';
import { h, type Markup } from './write.ts';

/** Takes what each step did, as far as it is written out. Only where the page has the data of all steps can they be stepped through. */
export function interleaving(ce: Counterexample, whole: boolean): (written: Markup) => Markup {
  const drawn = chart(ce, whole);
  return (written) =>
    h(
      'div',
      { class: 'split' },
      h('div', { class: 'chart' }, drawn),
      h(
        'aside',
        { class: 'pane', 'aria-label': 'The chosen step' },
        h(
          'div',
          { class: 'stepper js-only' },
          keyButton('g', 'Initial state', '\u21e4'),
          keyButton('p', 'Previous essential step', '\u21d1'),
          keyButton('k', 'Previous step', '\u2191'),
          keyButton('K', 'Previous step of this actor', '\u21a5'),
          h('output', { id: 'where', 'aria-label': 'Step' }, ''),
          keyButton('J', 'Next step of this actor', '\u21a7'),
          keyButton('j', 'Next step', '\u2193'),
          keyButton('n', 'Next essential step', '\u21d3'),
          keyButton('G', 'Last step', '\u21e5'),
        ),
        h('h3', { class: 'sr' }, 'Steps'),
        h('ul', { class: 'changes', id: 'pins', 'aria-label': 'Pinned values' }),
        h('div', { id: 'nodetail' }),
        written,
        h(
          'div',
          { id: 'watch', hidden: true },
          h('h3', null, 'History of ', h('code', { id: 'watched' })),
          h('ol', { id: 'history' }),
          keyButton('w', 'Next change', 'next change'),
          ' ',
          keyButton('pin', 'Keep this value in sight, or no longer', 'pin'),
        ),
        h(
          'details',
          { id: 'values', class: 'js-only' },
          h('summary', null, 'All values after this step'),
          h(
            'label',
            null,
            'Filter ',
            h('input', { id: 'filter', type: 'text', autocomplete: 'off', spellcheck: 'false' }),
          ),
          h('ul', { class: 'changes', id: 'all', 'aria-label': 'All values' }),
        ),
      ),
    );
}
