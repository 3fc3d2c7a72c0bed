/** What an analysis says, in the words that text and HTML share. */
import type { Analysis } from '../checker/analyse/analysis.ts';
import type { EventOrders, OrderedPair } from '../checker/analyse/event-orders.ts';
import type { LockCycle, LockOrder } from '../checker/analyse/lock-cycles.ts';
import type { DataRace, Races } from '../checker/analyse/races.ts';
import { count, plural } from './numbers.ts';

/** Events that a matrix shows; what is beyond them stands in the verdict document. */
export const MOST_EVENTS = 16;

/** `all 1,234 states`, or how many and why not all. */
export function seenText(a: Analysis): string {
  return a.complete
    ? `all ${plural(a.states, 'state')}`
    : `${plural(a.states, 'state')}, not all: ${a.incompleteBecause}`;
}

/** `3 pairs of locks, no cycle`. */
export function lockOrderText(order: LockOrder): string {
  if (order.pairs.length === 0) return 'nobody waits for a lock with another one held';
  const { cycles } = order;
  const found =
    cycles.length === 0
      ? 'no cycle'
      : (['confirmed', 'undecided', 'impossible'] as const)
          .map((result) => ({ result, n: cycles.filter((c) => c.result === result).length }))
          .filter(({ n }) => n > 0)
          .map(({ result, n }) => `${plural(n, 'cycle')} ${result}${result === 'impossible' ? ' within bounds' : ''}`)
          .join(', ');
  return [
    `${plural(order.pairs.length, 'pair')} of locks`,
    found,
    ...(order.gated ? ['others are kept apart by a lock that both hold'] : []),
    ...(order.cut ? ['there may be more cycles'] : []),
  ].join('; ');
}

/** `confirmed in 12 steps`: what became of a cycle. */
export function cycleResult({ result, steps }: LockCycle): string {
  if (steps !== null) return `confirmed in ${plural(steps.length, 'step')}`;
  return result === 'impossible' ? 'impossible within bounds' : 'undecided';
}

/** `owner holds group0.mutex, wants iommu0.lock in f/mutex_lock(&iommu->lock)`: one sentence for each actor. */
export function cycleParts({ parts }: LockCycle): readonly string[] {
  const shared = (mode: string) => (mode === 'shared' ? ' for reading' : '');
  return parts.map(
    (p) => `${p.actor} holds ${p.holds}${shared(p.held)}, wants ${p.wants}${shared(p.wanted)} in ${p.step}`,
  );
}

/** `none in 400 walks of 12,345 steps together`. */
export function racesText(races: Races): string {
  const found = races.found.length === 0 ? 'none' : `${count(races.found.length)} seen`;
  return `${found} in ${plural(races.walks, 'walk')} of ${plural(races.steps, 'step')} together`;
}

/** The two accesses of a race, in the order in which they came. */
export function raceParts({ first, second }: DataRace): readonly string[] {
  return [first, second].map((a) => `step ${count(a.step)}: ${a.access} by ${a.actor} in ${a.place}`);
}

/** `21 of 30 pairs of events in every order, 2 in none`. */
export function ordersText(a: Analysis): string {
  if (a.orders === null) return `not told: ${a.ordersBecause}`;
  const { events, pairs, leftOut } = a.orders;
  if (pairs.length === 0) return `${plural(events.length, 'event')}, none of two actors`;
  const all = pairs.filter((p) => heatOf(p) === 3).length;
  const none = pairs.filter((p) => heatOf(p) === 0).length;
  const rest = leftOut === 0 ? '' : `; ${plural(leftOut, 'event')} left out`;
  return `${count(all)} of ${plural(pairs.length, 'pair')} of events in every order, ${count(none)} in none${rest}`;
}

/** How many of the three orders of a pair were explored. */
export function heatOf(pair: OrderedPair): number {
  return Number(pair.before) + Number(pair.after) + Number(pair.overlap);
}

/** One cell of the matrix: orders of the row's event with the column's, null for two events of one actor. */
export type OrderCell = { readonly text: string; readonly heat: number } | null;

/** `b`: before, `a`: after, `o`: overlapping; a dash for each that was never explored. */
export function orderMatrix({ events, pairs }: EventOrders): readonly (readonly OrderCell[])[] {
  const n = Math.min(events.length, MOST_EVENTS);
  const rows: OrderCell[][] = Array.from({ length: n }, () => Array.from({ length: n }, () => null));
  for (const pair of pairs) {
    const { first, second, before, after, overlap } = pair;
    if (first >= n || second >= n) continue;
    const cell = (b: boolean, a: boolean) => ({
      text: `${b ? 'b' : '-'}${a ? 'a' : '-'}${overlap ? 'o' : '-'}`,
      heat: heatOf(pair),
    });
    (rows[first] as OrderCell[])[second] = cell(before, after);
    (rows[second] as OrderCell[])[first] = cell(after, before);
  }
  return rows;
}
