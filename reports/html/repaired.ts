/** The same schedule on the form that is declared to hold. */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Repaired } from '../../checker/trace/cross-replay.ts';
import { pairs } from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { facts } from './tables.ts';
import { type Child, fragment, h, type Markup } from './write.ts';

/** The same schedule on a variant that holds: the step at which it is refused, and by what. */
export function repairedForm(ce: Counterexample, repaired: Repaired): Markup {
  const r = repaired.replays.find((replay) => replay.signature === ce.signature);
  const step = r?.step ?? null;
  const words: Child =
    r === undefined
      ? 'This schedule was not tried on it.'
      : r.result === 'refused'
        ? [
            'It refuses the schedule at ',
            h('a', { href: `#step-${step}` }, `step ${step}`),
            ', ',
            h('code', null, r.wanted),
            `: ${r.reason}`,
            r.guard !== null && [', ', h('code', null, r.guard)],
            '.',
          ]
        : r.result === 'harmless'
          ? 'It lets every step of the schedule pass, and no promise is broken at the end.'
          : 'It breaks under the same schedule.';
  const tone = r?.result === 'refused' || r?.result === 'harmless' ? 'word good' : 'word bad';
  return fragment(
    h('p', { class: 'words' }, words),
    facts([
      ['Variant', [h('b', null, repaired.variant), `: ${repaired.about}`]],
      ['This schedule', h('span', { class: tone }, r?.result ?? 'not tried')],
      [
        'Declared, and checked with the corpus',
        `holds, complete: ${plural(repaired.states, 'state')}, depth ${count(repaired.depth)}`,
      ],
      ['At bounds', h('code', null, pairs(repaired.bounds))],
    ]),
  );
}
