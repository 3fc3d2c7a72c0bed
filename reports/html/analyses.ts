/**
 * What an analysis found, beside the verdict: the order of locks over all states with the cycles in it, data races, and
 * the orders of events that were explored, as a heat map whose cells say in letters what their colour shows.
 */
import type { Analysis } from '../../checker/analyse/analysis.ts';
import type { EventOrders } from '../../checker/analyse/event-orders.ts';
import type { LockOrder } from '../../checker/analyse/lock-cycles.ts';
import type { ExplanatoryGraph } from '../../checker/trace/counterexample.ts';
import {
  cycleParts,
  cycleResult,
  lockOrderText,
  MOST_EVENTS,
  orderMatrix,
  ordersText,
  raceParts,
  racesText,
  seenText,
} from '../analysis.ts';
import { count, plural } from '../numbers.ts';
import { graphFigure } from './graph.ts';
import { type Child, fragment, h, type Markup } from './write.ts';

/** Entries of a list before the rest is only counted. */
const MOST_ROWS = 20;
/** Findings whose schedules are shown, and steps of each. */
const MOST_SCHEDULES = 4;
const MOST_STEPS = 80;
/** Pairs of locks that are drawn. */
const MOST_PAIRS = 24;

/** @param replayOf the command that drives the schedule stored under a signature */
export function analyses(a: Analysis, replayOf: (signature: string) => string): Markup {
  const { cycles } = a.lockOrder;
  const { found } = a.races;
  return fragment(
    h('p', { class: 'soft' }, `Looked at: ${seenText(a)}. Nothing here is part of the verdict.`),
    h('h3', null, 'Lock order'),
    h('p', null, `${lockOrderText(a.lockOrder)}.`),
    drawn(a.lockOrder),
    parts(
      cycles.map((c) => ({ ...c, title: cycleResult(c), lines: cycleParts(c) })),
      replayOf,
    ),
    h('h3', null, 'Data races'),
    h('p', null, `${racesText(a.races)}.`),
    parts(
      found.map((race) => ({ ...race, title: race.field, lines: raceParts(race) })),
      replayOf,
    ),
    h('h3', null, 'Orders of events'),
    h('p', null, `${ordersText(a)}.`),
    a.orders !== null && a.orders.pairs.length > 0 && heatMap(a.orders),
  );
}

/** The graph, with the first cycle that is not impossible marked in it. */
function drawn(order: LockOrder): Child {
  const pairs = order.pairs.slice(0, MOST_PAIRS);
  const cycle = order.cycles.find((c) => c.result !== 'impossible');
  const locks = [...new Set(pairs.flatMap((p) => [p.held, p.wanted]))];
  const graph: ExplanatoryGraph = {
    nodes: locks.map((id) => ({ id, kind: 'lock' })),
    edges: pairs.map(({ held, wanted, actor }) => ({ from: held, to: wanted, label: actor })),
    cycle: cycle?.parts.map((p) => p.holds) ?? [],
  };
  const hidden = order.pairs.length - pairs.length;
  return [
    graphFigure('all-orders', 'In which order locks are taken, over all states looked at', graph),
    hidden > 0 && h('p', { class: 'soft' }, `and ${count(hidden)} more pairs, in the verdict document.`),
  ];
}

interface Found {
  readonly title: string;
  readonly lines: readonly string[];
  /** The schedule that shows it. */
  readonly steps: readonly string[] | null;
  /** Under which it is stored. */
  readonly signature?: string;
}

/** A list of findings, each with what it is made of; the first ones with their schedules, folded away. */
function parts(list: readonly Found[], replayOf: (signature: string) => string): Child {
  if (list.length === 0) return null;
  return [
    h(
      'ul',
      { class: 'entries' },
      list.slice(0, MOST_ROWS).map(({ title, lines, steps, signature }, i) =>
        h(
          'li',
          null,
          h('b', null, title),
          h(
            'ul',
            null,
            lines.map((line) => h('li', null, line)),
          ),
          signature !== undefined && h('p', { class: 'soft' }, h('code', null, replayOf(signature))),
          i < MOST_SCHEDULES && steps !== null && schedule(steps),
        ),
      ),
    ),
    list.length > MOST_ROWS &&
      h('p', { class: 'soft' }, `and ${count(list.length - MOST_ROWS)} more, in the verdict document.`),
  ];
}

function schedule(steps: readonly string[]): Markup {
  const hidden = steps.length - MOST_STEPS;
  return h(
    'details',
    null,
    h('summary', null, plural(steps.length, 'step')),
    h('pre', { tabindex: 0, 'aria-label': 'Schedule' }, steps.slice(0, MOST_STEPS).join('\n')),
    hidden > 0 && h('p', { class: 'soft' }, `and ${count(hidden)} more, in the verdict document.`),
  );
}

function heatMap(orders: EventOrders): Markup {
  const events = orders.events.slice(0, MOST_EVENTS);
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Orders of events' },
    h(
      'table',
      { class: 'heat' },
      h('caption', null, 'Row to column: b before, a after, o overlapping, - never explored; a dot: of one actor.'),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'event'),
          events.map((_, i) => h('th', { scope: 'col' }, String(i + 1))),
        ),
      ),
      h(
        'tbody',
        null,
        orderMatrix(orders).map((row, i) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, `${i + 1} ${events[i]?.actor}: `, h('code', null, events[i]?.name)),
            row.map((cell) =>
              cell === null ? h('td', null, '\u00b7') : h('td', { class: `h${cell.heat}` }, cell.text),
            ),
          ),
        ),
      ),
    ),
    orders.events.length > MOST_EVENTS &&
      h(
        'p',
        { class: 'soft' },
        `and ${count(orders.events.length - MOST_EVENTS)} more events, in the verdict document.`,
      ),
  );
}
