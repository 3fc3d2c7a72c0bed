/**
 * The verdict as JSON, and back. Keys have one fixed order, `timing` is the last of them and the only one in which two
 * runs of the same input differ, so that results can be compared with `diff`. Reading checks every field, because a
 * stored verdict may come from anybody's disk.
 *
 * The document's shape is written down once, below; TypeScript refuses it when a field of `Verdict` is missing.
 */
import type { CoarseStep, OpenAccess } from '../checker/analyse/coarse.ts';
import { QuiesceError } from '../checker/lang/errors.ts';
import type { Expectation } from '../checker/lang/scenario.ts';
import type { Source } from '../checker/lang/source.ts';
import { type Evidence, type ViolationKind, violationKinds } from '../checker/lang/violation.ts';
import type { Stage } from '../checker/search/anytime.ts';
import type { PctBound } from '../checker/search/pct.ts';
import type {
  Call,
  Change,
  Counterexample,
  ExplanatoryGraph,
  GraphEdge,
  HeldLock,
  Ordering,
  Standing,
  TraceStep,
  Value,
  Wait,
} from '../checker/trace/counterexample.ts';
import type { Coverage, CoverageEntry, Hashing, PropertyResult, Reduction, Verdict } from '../checker/verdict.ts';

/** Checks a value and puts its keys in order; `path` is where it stands in the document. */
type Shape<T> = (value: unknown, path: string) => T;

function refuse(path: string, wanted: string, value: unknown): never {
  const got =
    value === undefined ? 'nothing' : value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  throw new QuiesceError('usage', `not a stored verdict: ${path || 'the document'} should be ${wanted}, not ${got}`, {
    hint: 'verdicts are written by `quiesce check`, one verdict.json a run',
  });
}

const text: Shape<string> = (v, path) => (typeof v === 'string' ? v : refuse(path, 'a string', v));
const number: Shape<number> = (v, path) =>
  typeof v === 'number' && Number.isFinite(v) ? v : refuse(path, 'a number', v);
const flag: Shape<boolean> = (v, path) => (typeof v === 'boolean' ? v : refuse(path, 'true or false', v));
const scalar: Shape<string | number | boolean | null> = (v, path) =>
  v === null || typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean'
    ? v
    : refuse(path, 'a single value', v);

function word<const W extends string>(...words: readonly W[]): Shape<W> {
  return (v, path) =>
    (words as readonly unknown[]).includes(v) ? (v as W) : refuse(path, `one of ${words.join(', ')}`, v);
}

function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return (v, path) => (v === null ? null : shape(v, path));
}

function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (v, path) => (Array.isArray(v) ? v.map((e, i) => shape(e, `${path}[${i}]`)) : refuse(path, 'a list', v));
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/** Names chosen by a scenario, in the order it gave them. */
function named<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (v, path) => {
    if (!isObject(v)) return refuse(path, 'an object', v);
    return Object.fromEntries(Object.keys(v).map((key) => [key, shape(v[key], `${path}.${key}`)]));
  };
}

type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/** Exactly these keys, in this order; a key whose value is undefined is left out. */
function record<T extends object>(fields: Fields<T>): Shape<T> {
  const keys = Object.keys(fields) as (keyof T & string)[];
  return (v, path) => {
    if (!isObject(v)) return refuse(path, 'an object', v);
    const out: Partial<T> = {};
    for (const key of keys) {
      const value = fields[key](v[key], path === '' ? key : `${path}.${key}`);
      if (value !== undefined) out[key] = value;
    }
    return out as T;
  };
}

function optional<T>(shape: Shape<T>): Shape<T> {
  return (v, path) => (v === undefined ? (undefined as T) : shape(v, path));
}

const source = record<Source>({ patch: text, file: optional(text), ref: optional(text) });
const call = record<Call>({ procedure: text, source });
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
const standing = record<Standing>({
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
  source,
  note: orNull(text),
  changes: list(change),
  reads: list(text),
  writes: list(text),
  acquires: list(text),
  releases: list(text),
  standings: list(standing),
  essential: flag,
  fingerprint: text,
});
const kind = word(...(Object.keys(violationKinds) as ViolationKind[]));
const evidence = record<Evidence>({ kind, message: text, objects: list(text), actors: list(text) });
const graph = record<ExplanatoryGraph>({
  nodes: list(record<ExplanatoryGraph['nodes'][number]>({ id: text, kind: word('actor', 'lock', 'condition') })),
  edges: list(record<GraphEdge>({ from: text, to: text, label: text })),
  cycle: list(text),
});
const counterexample = record<Counterexample>({
  evidence,
  property: text,
  subkind: orNull(text),
  headline: text,
  signature: text,
  steps: list(step),
  loop: optional(number),
  initial: list(record<Value>({ path: text, value: text })),
  initialStandings: list(standing),
  switches: number,
  minimal: word('proven', 'shortest', 'local'),
  needed: orNull(list(record<Ordering>({ before: number, after: number }))),
  failures: named(number),
  story: list(text),
  waitFor: graph,
  lockOrder: graph,
  schedule: text,
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
const expectation: Shape<Expectation> = (v, path) =>
  isObject(v) && v['verdict'] === 'holds' ? expectHolds(v, path) : expectViolated(v, path);

const stage = record<Stage>({
  strategy: word('pct', 'bounded', 'bfs'),
  preemptions: orNull(number),
  finished: flag,
  because: orNull(text),
  proven: orNull(text),
  states: number,
  transitions: number,
  found: list(record<Stage['found'][number]>({ signature: text, steps: number, switches: number })),
  passedOver: number,
});
const pct = record<PctBound>({
  actors: number,
  steps: number,
  depth: number,
  walks: number,
  perWalk: number,
  together: number,
  choices: flag,
});

const verdictShape = record<Verdict>({
  schema: word('quiesce.verdict/1'),
  tool: record<Verdict['tool']>({ name: word('quiesce'), version: text }),
  scenario: record<Verdict['scenario']>({
    name: text,
    title: text,
    about: text,
    systems: list(text),
    source,
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
  counts: record<Verdict['counts']>({
    states: number,
    transitions: number,
    depth: number,
    left: number,
    stateBytes: number,
    levels: list(number),
  }),
  store: word('exact', 'compact', 'bitstate', 'none'),
  hashing: optional(
    record<Hashing>({ bits: number, omissionProbability: orNull(number), expectedCoverage: orNull(number) }),
  ),
  reductions: list(record<Reduction>({ name: text, factor: orNull(number) })),
  stages: optional(list(stage)),
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
  violations: list(counterexample),
  expected: orNull(expectation),
  asExpected: orNull(flag),
  unexpected: list(text),
  timing: record<Verdict['timing']>({
    seconds: number,
    statesPerSecond: number,
    workers: number,
    peakMemoryBytes: number,
    date: text,
    machine: text,
  }),
});

/** The document as JSON text, ending in a line break. */
export function verdictToJson(verdict: Verdict): string {
  return `${JSON.stringify(verdictShape(verdict, ''), null, 2)}\n`;
}

/** Reads what `verdictToJson` wrote; throws `QuiesceError` (code `usage`) that names the first wrong field. */
export function verdictFromJson(json: string): Verdict {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new QuiesceError('usage', 'not a stored verdict: the file is not JSON', { cause });
  }
  return verdictShape(parsed, '');
}
