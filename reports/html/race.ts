/** The race in a few sentences, and the orderings without which it does not happen. */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { capital } from '../facts.ts';
import { count } from '../numbers.ts';
import { stepText } from '../trace.ts';
import { type Child, fragment, h, type Markup } from './write.ts';

/** Orderings that are listed before the rest is folded away. */
const SHOWN_ORDERINGS = 6;

export function race(verdict: Verdict, ce: Counterexample): Markup {
  const step = (n: number) => {
    const s = ce.steps[n - 1];
    return h(
      'a',
      { href: `#step-${n}` },
      `step ${n}`,
      s === undefined ? null : [' (', s.actor, ': ', h('code', null, stepText(s)), ')'],
    );
  };
  const items = (ce.needed ?? []).map((o) => h('li', null, step(o.before), ' before ', step(o.after)));
  const others = verdict.violations.filter((o) => o !== ce);
  const story = ce.story.length > 0 ? ce.story : [`${ce.evidence.message}.`];
  return fragment(
    story.map((sentence) => h('p', { class: 'words' }, withSteps(sentence, ce.steps.length))),
    ce.needed !== null &&
      (items.length === 0
        ? h('p', null, 'No ordering between actors is essential: every possible swap of two steps breaks it too.')
        : fragment(
            h(
              'p',
              null,
              items.length === 1
                ? 'It needs one ordering. Turn it round and the violation is gone:'
                : 'It needs these orderings. Turn any one of them round and the violation is gone:',
            ),
            h('ol', { class: 'needed' }, items.slice(0, SHOWN_ORDERINGS)),
            items.length > SHOWN_ORDERINGS &&
              h(
                'details',
                null,
                h('summary', null, `${count(items.length - SHOWN_ORDERINGS)} more`),
                h('ol', { class: 'needed', start: SHOWN_ORDERINGS + 1 }, items.slice(SHOWN_ORDERINGS)),
              ),
          )),
    h('p', { class: 'soft' }, capital(verdict.scenario.title), '. ', verdict.scenario.about),
    others.length > 0 &&
      h(
        'p',
        null,
        'The same check found ',
        others.map((o, i) => [i > 0 ? '; ' : '', o.headline, ' (', h('code', null, o.signature), ')']),
        '.',
      ),
  );
}

/** `step 12` and `(step 12)` in a sentence become links. */
function withSteps(sentence: string, last: number): Child {
  return sentence.split(/\b(steps? \d+)\b/).map((part) => {
    const n = Number(/^steps? (\d+)$/.exec(part)?.[1] ?? Number.NaN);
    return n >= 1 && n <= last ? h('a', { href: `#step-${n}` }, part) : part;
  });
}
