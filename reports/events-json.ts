/**
 * The lines of `--events`, one JSON object each, as their schema tells them: `reports/schema/events-1.json` is that of one
 * line.
 */
import type { Progress } from '../checker/check.ts';
import type { Stage } from '../checker/search/anytime.ts';
import type { Verdict } from '../checker/verdict.ts';
import { stageFields, verdictCountsShape, verdictTimingShape } from './json.ts';
import {
  type Fields,
  flag,
  isObject,
  kind,
  list,
  named,
  number,
  oneOf,
  orNull,
  read,
  record,
  type Shape,
  scalar,
  text,
  word,
} from './shapes.ts';

type Scalar = string | number | boolean | null;
/** What was given for an option: a value, a list of names, or a few values by name. */
export type OptionValue = Scalar | readonly string[] | Readonly<Record<string, Scalar>>;

/** The first line. */
export interface StartEvent {
  readonly event: 'start';
  readonly schema: 'quiesce.events/1';
  readonly scenario: string;
  readonly variant: string | null;
  readonly bounds: Readonly<Record<string, number>>;
  readonly options: Readonly<Record<string, OptionValue>>;
}

export interface ProgressEvent extends Progress {
  readonly event: 'progress';
}

/** A violation, or with `shrunk` a shorter schedule of one that was told. */
export interface ViolationEvent {
  readonly event: 'violation' | 'shrunk';
  readonly kind: Verdict['violations'][number]['evidence']['kind'];
  readonly property: string;
  readonly headline: string;
  readonly signature: string;
  readonly steps: number;
  readonly switches: number;
  readonly schedule: string | null;
  readonly report: string | null;
}

export interface StageEvent extends Stage {
  readonly event: 'stage';
}

/** The last line. */
export interface EndEvent extends Pick<Verdict, 'outcome' | 'complete' | 'counts' | 'asExpected' | 'timing'> {
  readonly event: 'end';
  /** Path of the verdict document. */
  readonly verdict: string;
}

/** Any line. */
export type SearchEvent = StartEvent | ProgressEvent | ViolationEvent | StageEvent | EndEvent;

const [names, values] = [list(text), named(scalar)];
const optionValue: Shape<OptionValue> = oneOf<OptionValue>(
  [scalar, names, values] as readonly Shape<OptionValue>[],
  (input) => (Array.isArray(input) ? names : isObject(input) ? values : scalar) as Shape<OptionValue>,
);

const violation: Fields<ViolationEvent> = {
  event: word('violation', 'shrunk'),
  kind,
  property: text,
  headline: text,
  signature: text,
  steps: number,
  switches: number,
  schedule: orNull(text),
  report: orNull(text),
};

const shapes = {
  start: record<StartEvent>({
    event: word('start'),
    schema: word('quiesce.events/1'),
    scenario: text,
    variant: orNull(text),
    bounds: named(number),
    options: named(optionValue),
  }),
  progress: record<ProgressEvent>({
    event: word('progress'),
    phase: word('compile', 'search', 'stuck actors', 'promises', 'shrink', 'explain', 'analyse'),
    seconds: number,
    depth: number,
    states: number,
    transitions: number,
    queue: number,
    statesPerSecond: number,
    duplicates: number,
    front: orNull(number),
    memoryBytes: number,
    memoryLimitBytes: orNull(number),
  }),
  violation: record<ViolationEvent>(violation),
  shrunk: record<ViolationEvent>(violation),
  stage: record<StageEvent>({ event: word('stage'), ...stageFields }),
  end: record<EndEvent>({
    event: word('end'),
    outcome: word('violated', 'holds', 'undecided'),
    complete: flag,
    counts: verdictCountsShape,
    asExpected: orNull(flag),
    verdict: text,
    timing: verdictTimingShape,
  }),
} as const;

export const eventShape: Shape<SearchEvent> = oneOf<SearchEvent>(
  Object.values(shapes) as readonly Shape<SearchEvent>[],
  (input) => {
    const event = isObject(input) ? input['event'] : undefined;
    const known = typeof event === 'string' && Object.hasOwn(shapes, event) ? (event as keyof typeof shapes) : null;
    return shapes[known ?? 'start'] as Shape<SearchEvent>;
  },
);

/** One line, without its end. */
export function eventToJson(event: SearchEvent): string {
  return JSON.stringify(read(eventShape, event, { what: 'an event', hint: 'this is a defect in quiesce' }));
}
