/**
 * The mutants of a form: what is left out, turned or moved, one at a time. A lock is left out as a pair, at every place
 * that takes it together with the places where it may be given up again; in a wait that drops it, there too.
 */
import { pointsAfter } from '../compile/emit.ts';
import type { Point } from '../compile/flow.ts';
import type { CompiledModel } from '../compile/model.ts';
import type { Effect, Seen } from './effects.ts';
import type { Site } from './sites.ts';

export type MutantKind =
  | 'lock'
  | 'reference'
  | 'flush'
  | 'wait'
  | 'wake-up'
  | 'notifier'
  | 'callback'
  | 'check'
  | 'step';
export type MutantChange = 'left out' | 'always yes' | 'always no' | 'later' | 'earlier';

export interface Mutant {
  readonly kind: MutantKind;
  readonly change: MutantChange;
  readonly procedure: string;
  /** Steps that are changed; of a move, the one that is moved. */
  readonly labels: readonly string[];
  readonly effects: ReadonlyMap<string, Effect>;
  /** Position of the unit that changes places with the one behind it. */
  readonly swap: string | null;
  /** Why the scenario cannot tell within these bounds whether it is needed; null when it can. */
  readonly blind: string | null;
  /** Being blind, it does the same as the form in every state: nothing need be searched. */
  readonly same: boolean;
}

/** A site, and what was seen there. */
export interface Place {
  readonly site: Site;
  readonly seen: Seen;
}

/**
 * The mutants of a model, in program order.
 * @param model the observed form
 * @param siteOf the site that a statement of the model stands at
 * @param steps leave out also steps that are there for their effect alone
 */
export function mutantsOf(
  places: readonly Place[],
  model: CompiledModel,
  siteOf: (statement: object) => string | undefined,
  steps: boolean,
): readonly Mutant[] {
  const sections = sectionsOf(places, model, siteOf);
  const behind = new Map(places.map(({ site }) => [site.unit, site] as const));
  return places.flatMap((place) => {
    const section = sections.find((s) => s[0] === place);
    return [
      ...(section === undefined ? [] : [withoutLock(section)]),
      ...mutantsAt(place, steps),
      ...moves(place, behind),
    ];
  });
}

const touchesLock = ({ site, seen }: Place) =>
  seen.acquires.size > 0 || seen.releases.size > 0 || (site.waiting === 'lock' && !site.inWait);

function mutantsAt({ site, seen }: Place, steps: boolean): Mutant[] {
  const make = (kind: MutantKind, change: MutantChange, effect: Effect, blind: string | null): Mutant => ({
    kind,
    change,
    procedure: site.procedure,
    labels: [site.label],
    effects: new Map([[site.id, effect]]),
    swap: null,
    blind: seen.reached ? blind : 'never reached',
    // A wait that is not begun also does not do what goes with it, a callback that is left out not what stands for NULL.
    same: !seen.reached || (blind !== null && effect.kind !== 'no wait' && kind !== 'callback'),
  });
  const leftOut = (kind: MutantKind, blind: string | null = null) =>
    make(kind, 'left out', { kind: 'left out' }, blind);
  if (site.inWait) return [];
  const neverWaited = seen.no ? null : 'never had to wait';
  if (site.waits) return [make('wait', 'left out', { kind: 'no wait' }, neverWaited)];
  if (touchesLock({ site, seen })) return [];
  if (site.op === 'block')
    return site.idle || site.waiting === 'queue'
      ? []
      : [leftOut(site.waiting === 'flush' ? 'flush' : 'wait', neverWaited)];
  const found: Mutant[] = [];
  if (site.op !== 'alloc' && site.op !== 'free') {
    if (seen.gets) found.push(make('reference', 'left out', { kind: 'no get' }, null));
    if (seen.puts) found.push(make('reference', 'left out', { kind: 'no put' }, null));
  }
  if (site.op === 'branch' || site.op === 'if') {
    // Whether a reference was the last one is no check that could be left out.
    if (!seen.puts)
      for (const answer of [true, false]) {
        const decides = answer ? seen.no : seen.yes;
        const blind = decides ? null : `never ${answer ? 'no' : 'yes'}`;
        found.push(make('check', answer ? 'always yes' : 'always no', { kind: 'always', answer }, blind));
      }
    return found;
  }
  if (site.op === 'callback') return [leftOut('callback', seen.yes ? null : 'always NULL')];
  if (site.protects !== null) return [leftOut(site.protects)];
  if (site.op === 'step' && steps && found.length === 0) return [leftOut('step')];
  return found;
}

/** What protects is done too late or too early by one step. */
function moves({ site, seen }: Place, sites: ReadonlyMap<string, Site>): Mutant[] {
  if (site.inWait || site.op === 'branch' || site.op === 'if' || site.op === 'free' || site.op === 'alloc') return [];
  if (site.idle || !seen.reached) return [];
  const kind = kindOf(site, seen);
  if (kind === null) return [];
  // What opens a protection comes too late, what closes it too early.
  const later = seen.acquires.size > 0 || seen.gets || kind === 'flush' || kind === 'wait' || kind === 'notifier';
  if (later ? !site.mayGoBehind : !site.mayGoBefore) return [];
  const [stem, index] = split(site.unit);
  const swap = later ? site.unit : `${stem}.${index - 1}`;
  const other = sites.get(later ? `${stem}.${index + 1}` : swap);
  return [
    {
      kind,
      change: later ? 'later' : 'earlier',
      procedure: site.procedure,
      labels: [site.label, ...(other === undefined ? [] : [other.label])],
      effects: new Map(),
      swap,
      blind: null,
      same: false,
    },
  ];
}

function kindOf(site: Site, seen: Seen): MutantKind | null {
  if (seen.acquires.size > 0 || seen.releases.size > 0) return 'lock';
  if (seen.gets || seen.puts) return 'reference';
  if (site.op === 'block') return site.waiting === 'flush' ? 'flush' : site.waiting === 'queue' ? null : 'wait';
  return site.op === 'step' || site.op === 'attempt' ? site.protects : null;
}

function split(unit: string): readonly [string, number] {
  const dot = unit.lastIndexOf('.');
  return [unit.slice(0, dot), Number(unit.slice(dot + 1))];
}

function withoutLock(section: readonly Place[]): Mutant {
  const first = section[0] as Place;
  const reached = section.some((p) => p.seen.reached);
  const contended = section.some((p) => p.seen.acquires.size > 0 && p.seen.no);
  return {
    kind: 'lock',
    change: 'left out',
    procedure: first.site.procedure,
    labels: section
      .filter((p) => !p.site.inWait)
      .map(({ site }) => (site.procedure === first.site.procedure ? site.label : `${site.procedure}/${site.label}`)),
    effects: new Map(
      section.map((p) => [p.site.id, { kind: 'unlocked', locks: [...p.seen.acquires, ...p.seen.releases] }] as const),
    ),
    swap: null,
    blind: !reached ? 'never reached' : contended ? null : 'never contended',
    // Others may ask who holds it.
    same: !reached,
  };
}

/** Places that take a lock, each with those that may give it up next; what shares one of these is one section. */
function sectionsOf(
  places: readonly Place[],
  model: CompiledModel,
  siteOf: (statement: object) => string | undefined,
): readonly (readonly Place[])[] {
  const byId = new Map(places.map((p) => [p.site.id, p] as const));
  const group = new Map<Place, Set<Place>>();
  for (const place of places) if (touchesLock(place)) group.set(place, new Set([place]));
  const join = (a: Place, b: Place) => {
    const [one, other] = [group.get(a), group.get(b)];
    if (one === undefined || other === undefined || one === other) return;
    for (const place of other) {
      one.add(place);
      group.set(place, one);
    }
  };
  const placeOf = (point: Point) => byId.get(siteOf(point.statement) ?? '');
  for (const actor of model.actors)
    for (const start of actor.points) {
      const taker = placeOf(start);
      if (taker === undefined || taker.seen.acquires.size === 0) continue;
      const seen = new Set<Point>();
      const open = pointsAfter(start);
      for (let point = open.pop(); point !== undefined; point = open.pop()) {
        if (seen.has(point)) continue;
        seen.add(point);
        const place = placeOf(point);
        const releases = place !== undefined && [...place.seen.releases].some((l) => taker.seen.acquires.has(l));
        if (releases) join(taker, place);
        // A test that gives the lock up on one of its ways may keep it on the other.
        if (!releases || point.statement.op === 'branch') open.push(...pointsAfter(point));
      }
    }
  const order = new Map(places.map((p, i) => [p, i] as const));
  return [...new Set(group.values())].map((set) =>
    [...set].sort((a, b) => (order.get(a) as number) - (order.get(b) as number)),
  );
}
