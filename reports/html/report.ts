/**
 * The HTML report: one file, complete as it is written, that opens from disk, asks for nothing over the network and
 * reads without scripts. One report tells of one violation, or of a verdict without any.
 */
import type { Sensitivity } from '../../checker/sensitivity/sensitivity.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Verdict } from '../../checker/verdict.ts';
import {
  checkCommand,
  contextOf,
  hashedText,
  headline,
  incompleteText,
  replayCommand,
  schedulePath,
} from '../facts.ts';
import { count } from '../numbers.ts';
import { splat } from '../text/splat.ts';
import { participants } from '../trace.ts';
import { analyses } from './analyses.ts';
import { copyButton } from './buttons.ts';
import { packed, pageData } from './data.ts';
import { graphFigure } from './graph.ts';
import { header } from './header.ts';
import { interleaving } from './interleaving.ts';
import { keys } from './keys.ts';
import { details, MOST_WRITTEN } from './pane.ts';
import { provenance } from './provenance.ts';
import { race } from './race.ts';
import { repairedForm } from './repaired.ts';
import { reproduce } from './reproduce.ts';
import { script } from './script/text.ts';
import { pageText, type Section } from './shell.ts';
import { sources } from './sources.ts';
import { stateGraph } from './state-graph.ts';
import { trust } from './trust.ts';
import { type Child, data, fragment, h, type Markup, render } from './write.ts';

/** The page of an ordinary bug is no larger than this where that can be. */
const ORDINARY_BYTES = 150_000;
/** Nor that of a schedule which is too long to be written out. */
const LONG_BYTES = 500_000;
/** Left for what the steps did at least, before anything is drawn of what else could have been done. */
const FOR_DETAILS_BYTES = 20_000;
/** No page is above two megabytes: of a schedule that takes more than this only the steps that matter most are in it. */
const MOST_DATA_BYTES = 1_500_000;

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
  const said = h('p', { id: 'said', class: 'sr', role: 'status', 'aria-live': 'polite' });
  const file = (sections: readonly Section[], extra: Child) =>
    pageText({
      title:
        ce === null ? `${headline(verdict)}: ${verdict.scenario.name} ${verdict.variant}` : `MODEL: ${ce.headline}`,
      version: verdict.tool.version,
      skipTo: 'report',
      header: header(verdict, ce, sections, options.schedule),
      sections,
      footer: 'A report about a model, never a claim about a real machine.',
      extra: [said, extra],
      script: script(),
    });
  if (ce === null) return file(passSections(verdict, options), null);
  const lanes = participants(ce).in.map((p) => p.actor);
  const steps = packed(pageData(ce, lanes, contextOf(verdict), verdict.tool.version));
  const whole = steps.text.length <= MOST_DATA_BYTES;
  const around = violationSections(verdict, ce, options, whole);
  const extra = [keys(), whole && data('trace', steps)];
  // What is left of the size is for what else could have been done, and for what the steps did.
  const most = ce.steps.length > MOST_WRITTEN ? LONG_BYTES : ORDINARY_BYTES;
  const room = most - Buffer.byteLength(file(around(fragment(), null), extra));
  const states = stateGraph(ce);
  const left = room - (states === null ? 0 : Buffer.byteLength(render(states)));
  if (left < FOR_DETAILS_BYTES) return file(around(details(ce, room, whole), null), extra);
  return file(around(details(ce, left, whole), states), extra);
}

/** The sections around what is written out of the steps; `whole` where the page has the data of all steps. */
function violationSections(
  verdict: Verdict,
  ce: Counterexample,
  options: HtmlOptions,
  whole: boolean,
): (written: Markup, states: Markup | null) => readonly Section[] {
  const { schedule } = options;
  const text = splat(ce, contextOf(verdict), schedule === undefined ? {} : { schedule });
  const graphs = [
    graphFigure('wait', 'Who waits for whom', ce.waitFor),
    graphFigure('order', 'In which order locks are taken', ce.lockOrder),
  ].filter((g) => g !== null);
  const raceSection = { id: 'race', title: 'The race', body: race(verdict, ce) };
  const pictures = interleaving(ce, whole);
  const after: readonly Section[] = [
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
    { id: 'reproduce', title: 'Reproduce', body: reproduce(verdict, ce, schedule, whole) },
    { id: 'trust', title: 'How far to trust this', body: trust(verdict) },
    ...analysisSection(verdict),
    { id: 'source', title: 'Sources', body: sources(ce) },
    { id: 'provenance', title: 'Provenance', body: provenance(verdict) },
  ];
  const drawn = (all: readonly Markup[]): readonly Section[] =>
    all.length === 0 ? [] : [{ id: 'graphs', title: 'Graphs', body: h('div', { class: 'graphs' }, all) }];
  return (written, states) => [
    raceSection,
    { id: 'interleaving', title: 'Interleaving', body: pictures(written) },
    ...drawn(states === null ? graphs : [...graphs, states]),
    ...after,
  ];
}

/** Only where somebody asked for it. */
function analysisSection(verdict: Verdict): Section[] {
  const { analysis } = verdict;
  if (analysis === undefined) return [];
  const context = contextOf(verdict);
  const replayOf = (signature: string) => replayCommand(schedulePath(context, { signature }), context.model);
  return [{ id: 'analyses', title: 'Locks, races and orders', body: analyses(analysis, replayOf) }];
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
