/**
 * The HTML report: one file, complete as it is written, that opens from disk, asks for nothing over the network and
 * reads without scripts. The content policy in the file forbids everything but its own style sheet and script, each
 * named by its hash. One report tells of one violation, or of a verdict without any.
 */
import { createHash } from 'node:crypto';
import { type Source, sourceText } from '../../checker/lang/source.ts';
import type { Sensitivity } from '../../checker/sensitivity/sensitivity.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Repaired } from '../../checker/trace/cross-replay.ts';
import type { Verdict } from '../../checker/verdict.ts';
import {
  capital,
  checkCommand,
  contextOf,
  extent,
  failuresText,
  hashedText,
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
import { bytes, count, duration, plural, rate } from '../numbers.ts';
import { splat } from '../text/splat.ts';
import { participants, stepText } from '../trace.ts';
import { analyses } from './analyses.ts';
import { chart } from './chart.ts';
import { packed, pageData } from './data.ts';
import { graphFigure } from './graph.ts';
import { page } from './page.ts';
import { details, detailsToTry } from './pane.ts';
import { style } from './style.ts';
import { facts, trust } from './trust.ts';
import { type Child, data, fragment, h, type Markup, render, trusted } from './write.ts';

/** The page of an ordinary bug is no larger than this where that can be. */
const ORDINARY_BYTES = 150_000;

export interface HtmlOptions {
  /** Path of the schedule file for the replay command; where `check` puts it unless told otherwise. */
  readonly schedule?: string;
  /** What `quiesce sensitivity` measured of this form with these bounds. */
  readonly sensitivity?: Sensitivity;
}

/**
 * The report of violation number `index` of the verdict, or of the whole verdict when it has none.
 *
 * One file that needs no network and no script to be read.
 *
 * @example
 * ```ts
 * import { check, html, scenarios } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'peers-sva');
 * const page = html(await check(scenario, { variant: 'posted' }));
 * console.log(page.startsWith('<!doctype html>')); // true
 * ```
 */
export function html(verdict: Verdict, index = 0, options: HtmlOptions = {}): string {
  const ce = verdict.violations[index] ?? null;
  if (ce === null) return pageText(verdict, null, passSections(verdict, options), options);
  let text = '';
  for (const written of detailsToTry(ce)) {
    text = pageText(verdict, ce, violationSections(verdict, ce, options, written), options);
    if (Buffer.byteLength(text) <= ORDINARY_BYTES) break;
  }
  return text;
}

function pageText(
  verdict: Verdict,
  ce: Counterexample | null,
  sections: readonly Section[],
  options: HtmlOptions,
): string {
  const script = `(${compact(page.toString())})(window);`;
  const title =
    ce === null ? `${headline(verdict)}: ${verdict.scenario.name} ${verdict.variant}` : `MODEL: ${ce.headline}`;
  const document = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', {
        'http-equiv': 'Content-Security-Policy',
        content: `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`,
      }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('meta', { name: 'referrer', content: 'no-referrer' }),
      h('meta', { name: 'generator', content: `quiesce ${verdict.tool.version}` }),
      h('title', null, title),
      trusted('style', style),
    ),
    h(
      'body',
      null,
      h('a', { class: 'skip', href: '#main' }, 'Skip to the report'),
      header(verdict, ce, sections, options),
      h(
        'main',
        { id: 'main' },
        sections.map((s) =>
          h('section', { id: s.id, 'aria-labelledby': `h-${s.id}` }, h('h2', { id: `h-${s.id}` }, s.title), s.body),
        ),
      ),
      h('footer', null, `quiesce ${verdict.tool.version}. A report about a model, never a claim about a real machine.`),
      h('p', { id: 'said', class: 'sr', role: 'status', 'aria-live': 'polite' }),
      ce !== null && helpDialog(),
      ce !== null &&
        data(
          'trace',
          packed(
            pageData(
              ce,
              participants(ce).in.map((p) => p.actor),
            ),
          ),
        ),
      trusted('script', script),
    ),
  );
  return `<!doctype html>\n${render(document)}\n`;
}

/** Source without indentation and whole-line comments. The script has no text that spans lines. */
const compact = (source: string): string => source.replace(/^\s+/gm, '').replace(/^\/\/.*\n/gm, '');

const hash = (text: string): string => `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Child;
}

function header(
  verdict: Verdict,
  ce: Counterexample | null,
  sections: readonly Section[],
  options: HtmlOptions,
): Markup {
  const tone =
    ce !== null || verdict.outcome === 'violated'
      ? 'bad'
      : verdict.outcome === 'holds' && verdict.complete
        ? 'good'
        : 'warn';
  const mark = { bad: '\u2716', good: '\u2714', warn: '?' }[tone];
  const word = ce === null ? headline(verdict) : `VIOLATION ${kindText(ce)}`;
  const length =
    ce === null ? null : `${lengthFacts(ce).join(', ')} (${[minimalText(ce), ...shrunkFacts(ce)].join('; ')})`;
  return h(
    'header',
    { class: tone },
    h(
      'div',
      { class: 'top' },
      h('span', { class: 'brand' }, 'quiesce'),
      h('span', { class: 'verdict' }, `${mark} ${word}`),
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
        h('code', { id: 'replay-command' }, commandOf(verdict, ce, options)),
      ),
    h(
      'nav',
      { 'aria-label': 'Sections' },
      sections.map((s) => h('a', { href: `#${s.id}` }, s.title)),
    ),
  );
}

function commandOf(verdict: Verdict, ce: Counterexample, options: HtmlOptions): string {
  const context = contextOf(verdict);
  return replayCommand(options.schedule ?? schedulePath(context, ce), context.model);
}

function copyButton(id: string, what: string, label = 'Copy'): Markup {
  return h('button', { type: 'button', 'data-copy': id, 'data-what': what, class: 'js-only' }, label);
}

function violationSections(verdict: Verdict, ce: Counterexample, options: HtmlOptions, written: number): Section[] {
  const text = splat(ce, contextOf(verdict), options.schedule === undefined ? {} : { schedule: options.schedule });
  const graphs = [
    graphFigure('wait', 'Who waits for whom', ce.waitFor),
    graphFigure('order', 'In which order locks are taken', ce.lockOrder),
  ].filter((g) => g !== null);
  return [
    { id: 'race', title: 'The race', body: race(verdict, ce) },
    { id: 'interleaving', title: 'Interleaving', body: interleaving(ce, written) },
    ...(graphs.length > 0 ? [{ id: 'graphs', title: 'Graphs', body: h('div', { class: 'graphs' }, graphs) }] : []),
    {
      id: 'kernel',
      title: 'Kernel view',
      body: fragment(
        copyButton('splat', 'text for mail'),
        h('pre', { id: 'splat', tabindex: 0, 'aria-label': 'Text for mail' }, text),
      ),
    },
    ...(verdict.repaired === undefined
      ? []
      : [{ id: 'repaired', title: 'The same on the repaired form', body: repairedForm(ce, verdict.repaired) }]),
    { id: 'reproduce', title: 'Reproduce', body: reproduce(verdict, ce, options) },
    { id: 'trust', title: 'How far to trust this', body: trust(verdict) },
    ...analysisSection(verdict),
    { id: 'source', title: 'Sources', body: sources(ce) },
    { id: 'provenance', title: 'Provenance', body: provenance(verdict) },
  ];
}

/** Only where somebody asked for it. */
function analysisSection({ analysis }: Verdict): Section[] {
  if (analysis === undefined) return [];
  return [{ id: 'analyses', title: 'Locks, races and orders', body: analyses(analysis) }];
}

/** With a reduction not every state was visited; those that were tell about the others. */
function visited(verdict: Verdict): string {
  const n = count(verdict.counts.states);
  const reductions = verdict.reductions.map((r) => r.name).filter((name) => !name.startsWith('persistent sets off'));
  const unless = hashedText(verdict) === null ? '' : `, ${hashedText(verdict)}`;
  return reductions.length === 0
    ? `Every state that can be reached within these bounds was visited${unless}: ${n} of them.`
    : `${n} states were visited, which are enough to judge every state that can be reached within these bounds (${reductions.join('; ')})${unless}.`;
}

function passSections(verdict: Verdict, options: HtmlOptions): Section[] {
  const broken = verdict.properties.filter((p) => p.result === 'never reached');
  const words =
    verdict.outcome === 'violated'
      ? `A goal that must be reachable was never reached: ${broken.map((p) => p.name).join(', ')}.`
      : verdict.complete && verdict.outcome === 'holds'
        ? `${visited(verdict)} In none of them is a property broken.`
        : `No violation was found in the part that was searched. This is not a proof: ${incompleteText(verdict) ?? 'the search did not finish'}.`;
  return [
    {
      id: 'result',
      title: 'What was found',
      body: h('p', { class: 'words' }, words),
    },
    { id: 'trust', title: 'How far to trust this', body: trust(verdict, options.sensitivity) },
    ...analysisSection(verdict),
    {
      id: 'reproduce',
      title: 'Reproduce',
      body: fragment(
        copyButton('check-command', 'command'),
        h('pre', { id: 'check-command', tabindex: 0, 'aria-label': 'Command' }, checkCommand(verdict)),
      ),
    },
    { id: 'provenance', title: 'Provenance', body: provenance(verdict) },
  ];
}

/** Orderings that are listed before the rest is folded away. */
const SHOWN_ORDERINGS = 6;

function race(verdict: Verdict, ce: Counterexample): Markup {
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
        ? h('p', null, 'No ordering between actors is essential: every swap of two steps breaks it too.')
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

function interleaving(ce: Counterexample, written: number): Markup {
  const key = (k: string, label: string, text: string) =>
    h('button', { type: 'button', 'data-key': k, 'aria-label': label, title: `${label} (${k})` }, text);
  return h(
    'div',
    { class: 'split' },
    h('div', { class: 'chart' }, chart(ce)),
    h(
      'aside',
      { class: 'pane', 'aria-label': 'The chosen step' },
      h(
        'div',
        { class: 'stepper js-only' },
        key('g', 'Initial state', '\u21e4'),
        key('p', 'Previous essential step', '\u21d1'),
        key('k', 'Previous step', '\u2191'),
        h('output', { id: 'where', 'aria-label': 'Step' }, ''),
        key('j', 'Next step', '\u2193'),
        key('n', 'Next essential step', '\u21d3'),
        key('G', 'Last step', '\u21e5'),
      ),
      h('h3', { class: 'sr' }, 'Steps'),
      h('ul', { class: 'changes', id: 'pins', 'aria-label': 'Pinned values' }),
      h('div', { id: 'nodetail' }),
      details(ce, written),
      h(
        'div',
        { id: 'watch', hidden: true },
        h('h3', null, 'History of ', h('code', { id: 'watched' })),
        h('ol', { id: 'history' }),
        key('w', 'Next change', 'next change'),
        ' ',
        key('pin', 'Keep this value in sight, or no longer', 'pin'),
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

function reproduce(verdict: Verdict, ce: Counterexample, options: HtmlOptions): Markup {
  const file = `${ce.signature}.sched`;
  const places = delays(ce);
  return fragment(
    h('p', null, 'Save the schedule under the name in the command, then:'),
    h('pre', { tabindex: 0, 'aria-label': 'Commands' }, `${commandOf(verdict, ce, options)}\n${checkCommand(verdict)}`),
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
        h('code', null, 'quiesce export <run> --as itf,sarif,chrome,shiviz,dot,mermaid'),
        '.',
      ),
      h('h3', null, 'Schedule'),
      copyButton('schedule', 'schedule'),
      saveButton('schedule', file, 'Save schedule'),
      saveButton('splat', `${ce.signature}.txt`, 'Save text for mail'),
      saveButton('trace', `${ce.signature}.trace.json`, 'Save data of this page'),
      h('pre', { id: 'schedule', tabindex: 0, 'aria-label': 'Text of the schedule' }, ce.schedule),
    ),
  );
}

function saveButton(id: string, name: string, label: string): Child {
  return [' ', h('button', { type: 'button', 'data-save': id, 'data-name': name, class: 'js-only' }, label)];
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

/** The same schedule on a variant that holds: the step at which it is refused, and by what. */
function repairedForm(ce: Counterexample, repaired: Repaired): Markup {
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

/** Every procedure of the schedule, with the page to lay beside it. */
function sources(ce: Counterexample): Markup {
  const places = new Map<string, { procedure: string; source: Source; steps: number[] }>();
  for (const step of ce.steps) {
    const id = `${step.procedure}\0${sourceText(step.source)}`;
    const place = places.get(id) ?? { procedure: step.procedure, source: step.source, steps: [] };
    place.steps.push(step.index);
    places.set(id, place);
  }
  return fragment(
    h('p', null, 'The model is a claim about these places. Lay them side by side.'),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of sources' },
      h(
        'table',
        { class: 'grid' },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['procedure', 'file', 'patch', 'steps'].map((t) => h('th', { scope: 'col' }, t)),
          ),
        ),
        h(
          'tbody',
          null,
          [...places.values()].map((p) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, h('code', null, p.procedure)),
              h('td', null, p.source.file === undefined ? null : h('code', null, p.source.file)),
              h('td', null, p.source.patch, p.source.ref === undefined ? null : [' ', reference(p.source.ref)]),
              h(
                'td',
                null,
                runs(p.steps).map(([from, to], i) => [
                  i > 0 ? ', ' : '',
                  h('a', { href: `#step-${from}` }, String(from)),
                  to > from && ` to ${to}`,
                ]),
              ),
            ),
          ),
        ),
      ),
    ),
    listing(ce),
  );
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

/** A message id becomes a link to the list archive; anything else that is no plain https address stays text. */
function reference(ref: string): Markup {
  if (/^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(ref))
    return h('a', { href: `https://lore.kernel.org/r/${ref}`, rel: 'noreferrer' }, ref);
  if (/^https:\/\/[\w./?#=&%+~-]+$/.test(ref)) return h('a', { href: ref, rel: 'noreferrer' }, ref);
  return h('code', null, ref);
}

function provenance(verdict: Verdict): Markup {
  const t = verdict.timing;
  return facts([
    ['Command', h('code', null, checkCommand(verdict))],
    [
      'Options',
      h('code', null, pairs(Object.fromEntries(Object.entries(verdict.options).filter(([, v]) => v !== null)))),
    ],
    ['Switches', h('code', null, pairs(verdict.settings))],
    ['Systems', verdict.scenario.systems.join(', ')],
    ['Scenario after', sourceText(verdict.scenario.source)],
    ['Tool', `${verdict.tool.name} ${verdict.tool.version}`],
    ['Licence', 'quiesce: MIT. Nothing of others is in this page.'],
    ['Model hash', h('code', null, verdict.modelHash)],
    ['Time', `${duration(t.seconds)}, ${rate(t.statesPerSecond)}, peak memory ${bytes(t.peakMemoryBytes)}`],
    ['Where and when', `${t.machine}, ${t.date}`],
  ]);
}

function helpDialog(): Markup {
  const keys: readonly (readonly [string, string])[] = [
    ['j k or arrows', 'next and previous step'],
    ['J K', 'next and previous step of the same actor'],
    ['n p', 'next and previous essential step'],
    ['g G', 'initial state, last step'],
    ['w', 'next change of the value whose history is shown'],
    ['/', 'all values, filtered'],
    ['.', 'only the steps that matter most'],
    ['t', 'light or dark'],
    ['y', 'copy a link to this step'],
    ['?', 'this list'],
  ];
  return h(
    'dialog',
    { id: 'help', 'aria-labelledby': 'h-help' },
    h('h2', { id: 'h-help' }, 'Keys'),
    h(
      'dl',
      { class: 'facts' },
      keys.map(([k, what]) => h('div', null, h('dt', null, h('kbd', null, k)), h('dd', null, what))),
    ),
    h('button', { type: 'button', class: 'help' }, 'Close'),
  );
}
