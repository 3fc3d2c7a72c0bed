/** Which places of the kernel the schedule claims to show, and the model's own steps beside them. */
import { type Source, sourceText } from '../../checker/lang/source.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import { count } from '../numbers.ts';
import { table } from './tables.ts';
import { type Child, fragment, h, type Markup } from './write.ts';

/** Stretches of steps in one procedure that are listed. */
const MOST_RUNS = 40;

/** Every procedure of the schedule, with the page to lay beside it. */
export function sources(ce: Counterexample): Markup {
  const places = new Map<string, { procedure: string; source: Source; steps: number[] }>();
  for (const step of ce.steps) {
    const id = `${step.procedure}\0${sourceText(step.source)}`;
    const place = places.get(id) ?? { procedure: step.procedure, source: step.source, steps: [] };
    place.steps.push(step.index);
    places.set(id, place);
  }
  return fragment(
    h('p', null, 'The model is a claim about these places. Lay them side by side.'),
    table(
      'Table of sources',
      ['procedure', 'file', 'patch', 'steps'],
      [...places.values()].map((p) =>
        h(
          'tr',
          null,
          h('th', { scope: 'row' }, h('code', null, p.procedure)),
          h('td', null, p.source.file === undefined ? null : h('code', null, p.source.file)),
          h('td', null, p.source.patch, p.source.ref === undefined ? null : [' ', reference(p.source.ref)]),
          h('td', null, stretches(p.steps)),
        ),
      ),
    ),
    listing(ce),
  );
}

/** Steps that follow each other are told together, each stretch as a link to its first. */
function stretches(steps: readonly number[]): Child {
  const all = runs(steps);
  return [
    all
      .slice(0, MOST_RUNS)
      .map(([from, to], i) => [
        i > 0 && ', ',
        h('a', { href: `#step-${from}` }, String(from)),
        to > from && ` to ${to}`,
      ]),
    all.length > MOST_RUNS && ` and ${count(all.length - MOST_RUNS)} more stretches`,
  ];
}

/** Stretches of numbers that follow each other. */
function runs(numbers: readonly number[]): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const n of numbers) {
    const run = found[found.length - 1];
    if (run !== undefined && run[1] === n - 1) run[1] = n;
    else found.push([n, n]);
  }
  return found;
}

/**
 * A message id becomes a link to the list archive, a commit one to the kernel tree; anything else that is no plain https
 * address stays text.
 */
export function reference(ref: string): Markup {
  if (/^[0-9a-f]{12,40}$/.test(ref))
    return h('a', { href: `https://git.kernel.org/torvalds/c/${ref}`, rel: 'noreferrer' }, ref.slice(0, 12));
  if (/^[\w.+-]+@[\w-]+(\.[\w-]+)*$/.test(ref))
    return h('a', { href: `https://lore.kernel.org/r/${ref}`, rel: 'noreferrer' }, ref);
  if (/^https:\/\/[\w./?#=&%+~-]+$/.test(ref)) return h('a', { href: ref, rel: 'noreferrer' }, ref);
  return h('code', null, ref);
}

/** Steps of a schedule whose procedures are all listed; of a longer one those with an essential step. */
const MOST_LISTED = 60;

/** The model's own steps, with the numbers of those that were taken. */
function listing(ce: Counterexample): Child {
  const all = ce.procedures ?? [];
  const chief = new Set(ce.steps.filter((s) => s.essential).map((s) => s.procedure));
  const procedures = ce.steps.length <= MOST_LISTED ? all : all.filter((p) => chief.has(p.procedure));
  if (procedures.length === 0) return null;
  return [
    h('h3', null, 'The model, and which of its steps were taken'),
    procedures.length < all.length &&
      h(
        'p',
        { class: 'soft' },
        `${count(procedures.length)} of ${count(all.length)} procedures, those with an essential step.`,
      ),
    h(
      'div',
      { class: 'listing' },
      procedures.map((p) => {
        const taken = (label: string) =>
          ce.steps.filter((s) => s.procedure === p.procedure && s.label === label).map((s) => s.index);
        const lines = p.steps.map((label) => {
          const numbers = taken(label);
          const mark = numbers.length === 0 ? '' : `${numbers[0]}${numbers.length > 1 ? '+' : ''}`;
          return `${mark.padStart(5)}  ${label}`;
        });
        return h(
          'details',
          null,
          h('summary', null, h('code', null, p.procedure)),
          h('pre', { tabindex: 0, 'aria-label': `Steps of ${p.procedure}` }, lines.join('\n')),
        );
      }),
    ),
  ];
}
