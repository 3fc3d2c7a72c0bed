/**
 * The verdict as JSON, and back. Keys have one fixed order, `timing` is the last of them and the only one in which two
 * runs of the same input differ, so that results can be compared with `diff`. Reading checks every field, because a
 * stored verdict may come from anybody's disk.
 *
 * The document's shape is written down once, below; TypeScript refuses it when a field of `Verdict` is missing.
 */
import type { Analysis } from '../checker/analyse/analysis.ts';
import type { CoarseStep, OpenAccess } from '../checker/analyse/coarse.ts';
import type { EventOrders, OrderedPair, VisibleEvent } from '../checker/analyse/event-orders.ts';
import type { CyclePart, LockCycle, LockOrder } from '../checker/analyse/lock-cycles.ts';
import type { DataRace, Races, RacingAccess } from '../checker/analyse/races.ts';
import type { Expectation } from '../checker/lang/scenario.ts';
import type { Source } from '../checker/lang/source.ts';
import type { Evidence } from '../checker/lang/violation.ts';
import type { Stage } from '../checker/search/anytime.ts';
import type { PctBound } from '../checker/search/pct.ts';
import type { Branch } from '../checker/trace/branches.ts';
import type {
  Call,
  Change,
  Counterexample,
  ExplanatoryGraph,
  GraphEdge,
  HeldLock,
  ModelProcedure,
  Ordering,
  SeenView,
  Shrunk,
  Standing,
  TraceStep,
  Value,
  Wait,
} from '../checker/trace/counterexample.ts';
import type { CrossReplay, Repaired } from '../checker/trace/cross-replay.ts';
import type { Divergence } from '../checker/trace/drive.ts';
import type { Size } from '../checker/trace/size.ts';
import type { Coverage, CoverageEntry, Hashing, PropertyResult, Reduction, Verdict } from '../checker/verdict.ts';
import {
  type Fields,
  flag,
  isObject,
  kind,
  list,
  named,
  number,
  oneOf,
  optional,
  orNull,
  parse,
  read,
  record,
  type Shape,
  scalar,
  text,
  word,
} from './shapes.ts';

export const sourceShape: Shape<Source> = record<Source>({ patch: text, file: optional(text), ref: optional(text) });
const call = record<Call>({ procedure: text, source: sourceShape });
const change = record<Change>({
  path: text,
  kind: word('added', 'modified', 'deleted'),
  before: orNull(text),
  after: orNull(text),
});
const heldLock = record<HeldLock>({ lock: text, mode: word('exclusive', 'shared'), since: number });
const wait = record<Wait>({
  kind: word('lock', 'wait', 'flush', 'completion', 'queue', 'device'),
  on: text,
  owners: list(text),
  since: number,
});
export const standingShape: Shape<Standing> = record<Standing>({
  actor: text,
  role: text,
  status: word('running', 'blocked', 'ended', 'idle'),
  next: orNull(text),
  stack: list(call),
  holds: list(heldLock),
  waits: orNull(wait),
});
const step = record<TraceStep>({
  index: number,
  actor: text,
  procedure: text,
  label: text,
  choice: orNull(text),
  stack: list(call),
  source: sourceShape,
  note: orNull(text),
  changes: list(change),
  reads: list(text),
  writes: list(text),
  acquires: list(text),
  releases: list(text),
  standings: list(standingShape),
  essential: flag,
  fingerprint: text,
});
export const divergenceShape: Shape<Divergence> = record<Divergence>({
  step: number,
  line: number,
  wanted: text,
  reason: text,
  guard: orNull(text),
  standings: list(standingShape),
});
const evidence = record<Evidence>({ kind, message: text, objects: list(text), actors: list(text) });
const graph = record<ExplanatoryGraph>({
  nodes: list(record<ExplanatoryGraph['nodes'][number]>({ id: text, kind: word('actor', 'lock', 'condition') })),
  edges: list(record<GraphEdge>({ from: text, to: text, label: text })),
  cycle: list(text),
});
export const counterexampleShape: Shape<Counterexample> = record<Counterexample>({
  evidence,
  property: text,
  subkind: orNull(text),
  headline: text,
  signature: text,
  steps: list(step),
  loop: optional(number),
  initial: list(record<Value>({ path: text, value: text })),
  initialStandings: list(standingShape),
  switches: number,
  minimal: word('proven', 'shortest', 'local'),
  shrunk: optional(record<Shrunk>({ from: record<Size>({ steps: number, switches: number }), because: orNull(text) })),
  needed: orNull(list(record<Ordering>({ before: number, after: number }))),
  failures: named(number),
  story: list(text),
  waitFor: graph,
  lockOrder: graph,
  procedures: optional(list(record<ModelProcedure>({ procedure: text, source: sourceShape, steps: list(text) }))),
  branches: optional(
    list(
      record<Branch>({
        at: number,
        actor: text,
        label: text,
        choice: orNull(text),
        leads: word('along', 'joins', 'apart', 'breaks', 'broken', 'end'),
      }),
    ),
  ),
  views: optional(list(record<SeenView>({ name: text, about: text, values: list(text) }))),
  schedule: text,
});
const crossReplay = record<CrossReplay>({
  from: text,
  signature: text,
  on: text,
  result: word('reproduced', 'another violation', 'refused', 'harmless'),
  step: orNull(number),
  wanted: orNull(text),
  reason: orNull(text),
  guard: orNull(text),
});
const repaired = record<Repaired>({
  variant: text,
  about: text,
  states: number,
  depth: number,
  bounds: named(number),
  replays: list(crossReplay),
});
const coarseStep = record<CoarseStep>({
  actor: text,
  procedure: text,
  label: text,
  choice: orNull(text),
  fields: list(record<OpenAccess>({ field: text, access: word('read', 'write'), other: text, step: text })),
  because: orNull(text),
});
const coverageEntry = record<CoverageEntry>({ actor: text, procedure: text, label: text, choice: orNull(text) });

const mode = word('exclusive', 'shared');
const racingAccess = record<RacingAccess>({ actor: text, access: word('read', 'write'), step: number, place: text });
const analysis = record<Analysis>({
  states: number,
  complete: flag,
  incompleteBecause: orNull(text),
  lockOrder: record<LockOrder>({
    pairs: list(record<LockOrder['pairs'][number]>({ held: text, wanted: text, actor: text, step: text })),
    cycles: list(
      record<LockCycle>({
        result: word('confirmed', 'impossible', 'undecided'),
        parts: list(record<CyclePart>({ actor: text, holds: text, held: mode, wants: text, wanted: mode, step: text })),
        steps: orNull(list(text)),
        signature: optional(text),
      }),
    ),
    gated: flag,
    cut: flag,
  }),
  races: record<Races>({
    walks: number,
    steps: number,
    found: list(
      record<DataRace>({
        field: text,
        first: racingAccess,
        second: racingAccess,
        steps: list(text),
        signature: optional(text),
      }),
    ),
  }),
  orders: orNull(
    record<EventOrders>({
      events: list(record<VisibleEvent>({ actor: text, name: text, kind: word('operation', 'callback', 'step') })),
      pairs: list(record<OrderedPair>({ first: number, second: number, before: flag, after: flag, overlap: flag })),
      leftOut: number,
    }),
  ),
  ordersBecause: orNull(text),
});

type Holds = Extract<Expectation, { verdict: 'holds' }>;
type Violated = Extract<Expectation, { verdict: 'violated' }>;
const expectHolds = record<Holds>({ verdict: word('holds'), states: number, depth: number });
const expectViolated = record<Violated>({
  verdict: word('violated'),
  kind,
  property: optional(text),
  length: number,
  states: number,
} as Fields<Violated>);
export const expectationShape: Shape<Expectation> = oneOf<Expectation>(
  [expectHolds, expectViolated] as readonly Shape<Expectation>[],
  (input) => (isObject(input) && input['verdict'] === 'holds' ? expectHolds : expectViolated) as Shape<Expectation>,
);

export const stageFields: Fields<Stage> = {
  strategy: word('pct', 'bounded', 'bfs'),
  preemptions: orNull(number),
  finished: flag,
  because: orNull(text),
  proven: orNull(text),
  states: number,
  transitions: number,
  found: list(record<Stage['found'][number]>({ signature: text, steps: number, switches: number })),
  passedOver: number,
};
const stageShape = record<Stage>(stageFields);
const pct = record<PctBound>({
  actors: number,
  steps: number,
  depth: number,
  walks: number,
  perWalk: number,
  together: number,
  choices: flag,
});

export const verdictCountsShape: Shape<Verdict['counts']> = record<Verdict['counts']>({
  states: number,
  transitions: number,
  depth: number,
  left: number,
  stateBytes: number,
  levels: list(number),
});
export const verdictTimingShape: Shape<Verdict['timing']> = record<Verdict['timing']>({
  seconds: number,
  statesPerSecond: number,
  workers: number,
  peakMemoryBytes: number,
  spilledAtLevel: optional(number),
  date: text,
  machine: text,
});

export const verdictShape: Shape<Verdict> = record<Verdict>({
  schema: word('quiesce.verdict/1'),
  tool: record<Verdict['tool']>({ name: word('quiesce'), version: text }),
  scenario: record<Verdict['scenario']>({
    name: text,
    title: text,
    about: text,
    systems: list(text),
    source: sourceShape,
    corpus: orNull(text),
    assumptions: list(text),
  }),
  variant: text,
  variantAbout: text,
  settings: named(text),
  bounds: named(number),
  failures: named(number),
  modelHash: text,
  options: named(scalar),
  outcome: word('violated', 'holds', 'undecided'),
  complete: flag,
  incompleteBecause: orNull(text),
  counts: verdictCountsShape,
  store: word('exact', 'compact', 'bitstate', 'none'),
  hashing: optional(
    record<Hashing>({ bits: number, omissionProbability: orNull(number), expectedCoverage: orNull(number) }),
  ),
  reductions: list(record<Reduction>({ name: text, factor: orNull(number) })),
  stages: optional(list(stageShape)),
  pct: optional(pct),
  properties: list(
    record<PropertyResult>({
      name: text,
      kind: word('built-in', 'always', 'sometimes', 'at-end', 'eventually', 'leads-to'),
      about: text,
      result: word('holds', 'violated', 'reached', 'never reached', 'undecided'),
    }),
  ),
  fairness: optional(text),
  coverage: record<Coverage>({
    steps: number,
    taken: number,
    neverTaken: list(coverageEntry),
    neverBlocked: list(coverageEntry),
    neverTrue: list(coverageEntry),
    neverFalse: list(coverageEntry),
  }),
  coarse: list(coarseStep),
  violations: list(counterexampleShape),
  repaired: optional(repaired),
  analysis: optional(analysis),
  expected: orNull(expectationShape),
  asExpected: orNull(flag),
  unexpected: list(text),
  timing: verdictTimingShape,
});

const stored = {
  what: 'a stored verdict',
  hint: 'verdicts are written by `quiesce check`, one verdict.json a run',
};

/** The document in its own order; throws at the first field that is wrong. */
function checked(document: unknown): Verdict {
  return read(verdictShape, document, stored);
}

/**
 * The document as JSON text, ending in a line break.
 *
 * What `quiesce check --json` prints. Keys are in a fixed order, and `timing` is the only part that differs between two runs.
 *
 * @example
 * ```ts
 * import { check, scenarios, verdictFromJson, verdictToJson } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'peers-dining');
 * const json = verdictToJson(await check(scenario, { variant: 'fixed', bounds: { philosophers: 3 } }));
 * console.log(verdictFromJson(json).outcome); // holds
 * ```
 */
export function verdictToJson(verdict: Verdict): string {
  return `${JSON.stringify(checked(verdict), null, 2)}\n`;
}

/**
 * Reads what `verdictToJson` wrote; throws `QuiesceError` (code `usage`) that names the first wrong field.
 *
 * @example
 * ```ts
 * import { verdictFromJson } from 'quiesce';
 *
 * try {
 *   verdictFromJson('{}');
 * } catch (error) {
 *   console.log(error.code); // usage
 * }
 * ```
 */
export function verdictFromJson(json: string): Verdict {
  return checked(parse(json, stored));
}
