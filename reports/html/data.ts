/**
 * The trace as the script of the page reads it: every text once, steps as numbers, standings only where they change.
 * Deflated it is a tenth of the verdict document; the page inflates it itself, so that it needs no reader of streams.
 */
import { deflateRawSync } from 'node:zlib';
import type { Log } from 'sarif';
import { sourceText } from '../../checker/lang/source.ts';
import type { Change, Counterexample, Standing } from '../../checker/trace/counterexample.ts';
import { causality } from '../export/causality.ts';
import { itfMeta } from '../export/itf.ts';
import { modelFile, sarifLog } from '../export/sarif.ts';
import type { Context } from '../facts.ts';
import {
  fieldsText,
  foldChanges,
  locksOf,
  ownerText,
  stackOf,
  standingsAfter,
  viewPath,
  waitsOn,
  weights,
} from '../trace.ts';

/** An index into the texts; -1 is none. */
type Text = number;
/** Path, value before, value after, and what is said of its fields where the object came or went. */
export type PackedChange = readonly [path: Text, before: Text, after: Text, folded: 0 | 1, fields: Text];
/** Actor, status (0 running, 1 blocked, 2 ended, 3 idle), next step, locks it holds (their numbers), what it waits for. */
export type PackedStanding = readonly [actor: number, status: number, next: Text, holds: readonly number[], wait: Text];

export interface PackedStep {
  /** Number of the actor. */
  readonly a: number;
  readonly label: Text;
  readonly choice: Text;
  readonly note: Text;
  /** Innermost procedure, its source, its callers as one text, the file of its source or of the model, and how deep it lies. */
  readonly at: readonly [Text, Text, Text, Text, number];
  readonly essential: 0 | 1;
  readonly weight: number;
  readonly fingerprint: string;
  readonly changes: readonly PackedChange[];
  readonly standings: readonly PackedStanding[];
  /** Steps of others that had to come before, and the field that says so. */
  readonly after: readonly (readonly [number, Text])[];
}

/** Steps are tuples in the order of `PackedStep`, which keeps the page small. */
export type PackedTuple = readonly [
  PackedStep['a'],
  PackedStep['label'],
  PackedStep['choice'],
  PackedStep['note'],
  PackedStep['at'],
  PackedStep['essential'],
  PackedStep['weight'],
  PackedStep['fingerprint'],
  PackedStep['changes'],
  PackedStep['standings'],
  PackedStep['after'],
];

export interface PageData {
  readonly texts: readonly string[];
  readonly actors: readonly string[];
  readonly locks: readonly string[];
  /** Numbers of the actors with a lane, from left to right. */
  readonly lanes: readonly number[];
  readonly initial: readonly (readonly [Text, Text])[];
  /** Views of the author: how each is called among values, what it is about, and its value in every state. */
  readonly views: readonly (readonly [path: Text, about: Text, values: readonly Text[]])[];
  readonly standings: readonly PackedStanding[];
  readonly steps: readonly PackedTuple[];
  /** Number of the step with which a cycle begins that is taken for ever, or none. */
  readonly loop: number | null;
  readonly files: FileHeads;
}

/** What the files that the page saves say before the steps; the steps it has itself. */
export interface FileHeads {
  /** Lines of the schedule down to the empty one. */
  readonly schedule: string;
  /** What stands under `#meta`. */
  readonly itf: object;
  /** The whole log, without code flows. */
  readonly sarif: Log;
}

const STATUS = { running: 0, blocked: 1, ended: 2, idle: 3 } as const;

/** `lanes` names the actors that are drawn; `context` and `version` are for the files that can be saved. */
export function pageData(ce: Counterexample, lanes: readonly string[], context: Context, version: string): PageData {
  const texts: string[] = [];
  const known = new Map<string, number>();
  const t = (text: string | null): Text => {
    if (text === null) return -1;
    let i = known.get(text);
    if (i === undefined) {
      i = texts.push(text) - 1;
      known.set(text, i);
    }
    return i;
  };
  const actors = ce.initialStandings.map((s) => s.actor);
  const locks = locksOf(ce);
  const weight = weights(ce);
  const causes = new Map<number, [number, Text][]>();
  for (const c of causality(ce).causes) causes.set(c.after, [...(causes.get(c.after) ?? []), [c.before, t(c.field)]]);
  const pack = (s: Standing): PackedStanding => [
    actors.indexOf(s.actor),
    STATUS[s.status],
    t(s.next),
    s.holds.map((held) => locks.indexOf(held.lock)),
    t(waitText(s)),
  ];
  const same = (a: Standing | undefined, b: Standing) =>
    a !== undefined && JSON.stringify(pack(a)) === JSON.stringify(pack(b));
  const steps = ce.steps.map((s, i): PackedTuple => {
    const [inner, ...callers] = stackOf(s);
    const before = new Map(standingsAfter(ce, i).map((standing) => [standing.actor, standing]));
    return [
      actors.indexOf(s.actor),
      t(s.label),
      t(s.choice),
      t(s.note),
      [
        t(inner?.procedure ?? null),
        t(inner === undefined ? null : sourceText(inner.source)),
        t(callers.length === 0 ? null : callers.map((c) => c.procedure).join(', ')),
        t(s.source.file ?? modelFile(context)),
        Math.max(0, s.stack.length - 1),
      ],
      s.essential ? 1 : 0,
      weight[i] ?? 0,
      s.fingerprint,
      packChanges(s.changes, t),
      s.standings.filter((standing) => !same(before.get(standing.actor), standing)).map(pack),
      causes.get(s.index) ?? [],
    ];
  });
  return {
    texts,
    actors,
    locks,
    lanes: lanes.map((name) => actors.indexOf(name)),
    initial: ce.initial.map((v) => [t(v.path), t(v.value)] as const),
    views: (ce.views ?? []).map((v) => [t(viewPath(v.name)), t(v.about), v.values.map(t)] as const),
    standings: ce.initialStandings.map(pack),
    steps,
    loop: ce.loop ?? null,
    files: {
      schedule: ce.schedule.slice(0, ce.schedule.indexOf('\n\n') + 2),
      itf: itfMeta(ce, context),
      sarif: sarifLog({ context, violations: [ce], version }, () => []),
    },
  };
}

function packChanges(changes: readonly Change[], t: (text: string | null) => Text): PackedChange[] {
  const folds = foldChanges(changes);
  return changes.map((c) => {
    const fold = folds.find((f) => f.change === c);
    const fields = fold === undefined || fold.fields.length === 0 ? null : fieldsText(c, fold.fields);
    return [t(c.path), t(c.before), t(c.after), fold === undefined ? 1 : 0, t(fields)];
  });
}

/** `waits for iommu.lock, owned by shutdown, since step 11`; null for who does not wait. */
export function waitText(s: Standing): string | null {
  if (s.waits === null) return null;
  const on = waitsOn(s);
  const parts = [
    on === null ? '' : `waits for ${on}`,
    s.waits.owners.length > 0 ? ownerText(s.waits) : '',
    s.waits.since > 0 ? `since step ${s.waits.since}` : '',
  ];
  return parts.filter((p) => p !== '').join(', ');
}

/** Deflated JSON in base64, and how many bytes it is inflated. Only ASCII is inside. */
export function packed(value: unknown): { readonly text: string; readonly size: number } {
  const json = JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { text: deflateRawSync(json, { level: 9 }).toString('base64'), size: json.length };
}
