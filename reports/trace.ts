/**
 * Questions that several reports ask of a counterexample: who takes part, who held which lock when, which step
 * allocated or freed an object, which steps matter most. All answers are read off the document; nothing is searched.
 */
import { type Source, sourceText } from '../checker/lang/source.ts';
import type { Call, Change, Counterexample, Standing, TraceStep, Wait } from '../checker/trace/counterexample.ts';
import { plural } from './numbers.ts';

/** The object a path belongs to: `bond0` for `bond0.refs`, null for a local such as `user0:vfio_mm`. */
export function objectOf(path: string): string | null {
  const end = path.search(/[.:[]/);
  if (end < 0) return path;
  return path[end] === ':' ? null : path.slice(0, end);
}

/** Is `path` the object `name`, or a field of it? */
export function belongsTo(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`);
}

/**
 * Names of objects that come and go. Each has a value of its own, its type, beside those of its fields, and a name may
 * begin with another object's: `mm0` and `mm0.bond`.
 */
function objectNames(ce: Counterexample): ReadonlySet<string> {
  const known = namesOf.get(ce);
  if (known !== undefined) return known;
  const paths = new Set([...ce.initial.map((v) => v.path), ...ce.steps.flatMap((s) => s.changes.map((c) => c.path))]);
  const names = new Set<string>();
  for (const path of paths)
    for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1))
      if (paths.has(path.slice(0, dot))) names.add(path.slice(0, dot));
  namesOf.set(ce, names);
  return names;
}

/** Worked out once for each document. */
const namesOf = new WeakMap<Counterexample, ReadonlySet<string>>();

/** Is `path` the object `name` or a field of it, and not of an object whose name is longer? */
function isOf(ce: Counterexample, path: string, name: string): boolean {
  if (!belongsTo(path, name)) return false;
  if (path === name) return true;
  const names = objectNames(ce);
  for (let dot = path.lastIndexOf('.'); dot > name.length; dot = path.lastIndexOf('.', dot - 1))
    if (names.has(path.slice(0, dot))) return false;
  return !names.has(path);
}

/** A change, and for an object that came or went those of its fields, which say no more. */
export interface Folded {
  readonly change: Change;
  readonly fields: readonly Change[];
}

/** The changes of a step with the fields of new and of freed objects under them. */
export function foldChanges(changes: readonly Change[]): Folded[] {
  const whole = changes.filter(
    (c) => c.kind !== 'modified' && changes.some((f) => f.kind === c.kind && f.path.startsWith(`${c.path}.`)),
  );
  // The longest name that fits is the object a field belongs to.
  const home = (c: Change) =>
    whole
      .filter((o) => o !== c && o.kind === c.kind && c.path.startsWith(`${o.path}.`))
      .sort((a, b) => b.path.length - a.path.length)[0];
  return changes
    .filter((c) => whole.includes(c) || home(c) === undefined)
    .map((change) => ({ change, fields: changes.filter((c) => !whole.includes(c) && home(c) === change) }));
}

/** What a new object starts with; of a freed one only how much went with it. */
export function fieldsText(object: Change, fields: readonly Change[]): string {
  if (object.kind === 'deleted') return `and its ${plural(fields.length, 'field')}`;
  return fields.map((f) => `${f.path.slice(object.path.length + 1)} = ${f.after}`).join(', ');
}

/** How a view of the author is called among values. */
export const viewPath = (name: string): string => `view ${name}`;

/** What step `index` changed in the views of the author, as changes. */
export function viewChanges(ce: Counterexample, index: number): Change[] {
  return (ce.views ?? []).flatMap(({ name, values }) => {
    const [before, after] = [values[index - 1] ?? null, values[index] ?? null];
    return before === after ? [] : [{ path: viewPath(name), kind: 'modified' as const, before, after }];
  });
}

/** Everybody's standing after step `index`; 0 is the initial state. */
export function standingsAfter(ce: Counterexample, index: number): readonly Standing[] {
  return index === 0 ? ce.initialStandings : (ce.steps[index - 1]?.standings ?? []);
}

export function finalStandings(ce: Counterexample): readonly Standing[] {
  return standingsAfter(ce, ce.steps.length);
}

/** Those who wait for something at the end and may not stay there. */
export function blockedAtEnd(ce: Counterexample): readonly Standing[] {
  return finalStandings(ce).filter((s) => s.status === 'blocked');
}

export function lastStep(ce: Counterexample): TraceStep | null {
  return ce.steps[ce.steps.length - 1] ?? null;
}

/** Does the violation lie in somebody's being stuck rather than in what the last step did? */
export function isAboutWaiting(ce: Counterexample): boolean {
  return ce.evidence.kind === 'deadlock' || ce.evidence.kind === 'stuck';
}

/** How a schedule that goes on for ever ends: back to where its loop begins, or nowhere any more. */
export function loopText(ce: Counterexample): string {
  const loop = ce.loop ?? 0;
  return loop > ce.steps.length ? 'everybody may stay here for ever' : `back to the state before step ${loop}`;
}

/** Who acts, is stuck, or is named by the evidence, in the order of the scenario; everybody else is left out of charts. */
export function participants(ce: Counterexample): {
  readonly in: readonly Standing[];
  readonly out: readonly Standing[];
} {
  const acting = new Set([...ce.steps.map((s) => s.actor), ...ce.evidence.actors]);
  const all = finalStandings(ce);
  const takesPart = (s: Standing) => acting.has(s.actor) || s.status === 'blocked';
  return { in: all.filter(takesPart), out: all.filter((s) => !takesPart(s)) };
}

/** Innermost call first, as kernel stacks are printed; the step's own procedure is always there. */
export function stackOf(at: {
  readonly stack: readonly Call[];
  readonly procedure?: string;
  readonly source?: Source;
}): Call[] {
  const calls = [...at.stack].reverse();
  if (at.procedure !== undefined && at.source !== undefined && calls[0]?.procedure !== at.procedure)
    calls.unshift({ procedure: at.procedure, source: at.source });
  return calls;
}

/** A file of the kernel tree where one is known, else the patch. */
export function placeOf(source: Source): string {
  return source.file ?? source.patch;
}

export { sourceText };

/** `mutex_lock(&iommu->lock)`, with the option taken where there was a choice. */
export function stepText(step: Pick<TraceStep, 'label' | 'choice'>): string {
  return step.choice === null ? step.label : `${step.label} [${step.choice}]`;
}

/** Did the step bring the object into being, or end its life? */
const came = (ce: Counterexample, s: TraceStep, object: string, kind: Change['kind']) =>
  s.changes.some(
    (c) => c.kind === kind && (objectNames(ce).has(object) ? c.path === object : isOf(ce, c.path, object)),
  );

/** The last step that brought the object into being; null when it is there from the start. */
export function allocationOf(ce: Counterexample, object: string): TraceStep | null {
  return ce.steps.filter((s) => came(ce, s, object, 'added')).pop() ?? null;
}

/** The last step that ended the object's life. */
export function freeOf(ce: Counterexample, object: string): TraceStep | null {
  return ce.steps.filter((s) => came(ce, s, object, 'deleted')).pop() ?? null;
}

/** Every change of a field of the object, in time order. Lock owners are left out: the lanes show them. */
export function historyOf(ce: Counterexample, object: string): { readonly step: TraceStep; readonly change: Change }[] {
  return ce.steps.flatMap((step) =>
    foldChanges(step.changes)
      .map((f) => f.change)
      .filter((c) => isOf(ce, c.path, object) && !isLockState(step, c))
      .map((change) => ({ step, change })),
  );
}

/** Is the change no more than the bookkeeping of a lock this step took or released? */
export function isLockState(step: TraceStep, change: Change): boolean {
  return [...step.acquires, ...step.releases].some((lock) => belongsTo(change.path, lock));
}

/** What a standing waits for, unless the name of its next step says so already. */
export function waitsOn(s: Standing): string | null {
  return s.waits === null || s.waits.on === s.next ? null : s.waits.on;
}

/** `owned by notifier0`, or for other waits `which is up to user0`. */
export function ownerText(wait: Wait): string {
  const verb = wait.kind === 'lock' ? 'owned by' : 'which is up to';
  return `${verb} ${wait.owners.join(', ')}`;
}

/** Step since which `actor` holds `lock` in these standings, if it does. */
export function heldSince(standings: readonly Standing[], actor: string, lock: string): number | null {
  return standings.find((s) => s.actor === actor)?.holds.find((h) => h.lock === lock)?.since ?? null;
}

/** Every lock that anybody takes, wants or holds, in order of first appearance. */
export function locksOf(ce: Counterexample): string[] {
  const locks = new Set<string>();
  for (const s of ce.initialStandings) for (const h of s.holds) locks.add(h.lock);
  for (const step of ce.steps) for (const lock of [...step.acquires, ...step.releases]) locks.add(lock);
  for (const s of finalStandings(ce)) if (s.waits?.kind === 'lock') locks.add(s.waits.on);
  return [...locks];
}

/**
 * How much a step matters to the explanation: 4 violating, in a main ordering, or first or last in the life of an object
 * that the evidence names; 3 otherwise essential, or takes a lock that is still held at the end; 2 changes an object the evidence names; 1 takes or
 * releases a lock; 0 everything else.
 */
export function weights(ce: Counterexample): number[] {
  const about = ce.evidence.objects;
  const life = new Set(about.flatMap((o) => [allocationOf(ce, o)?.index, freeOf(ce, o)?.index]));
  const ordered = new Set((ce.needed ?? []).flatMap((o) => [o.before, o.after]));
  const heldAtEnd = new Set(finalStandings(ce).flatMap((s) => s.holds.map((h) => h.since)));
  return ce.steps.map((step, i) => {
    const violating = i === ce.steps.length - 1 && !isAboutWaiting(ce) && ce.loop === undefined;
    if (violating || ordered.has(step.index) || life.has(step.index)) return 4;
    if (step.essential || heldAtEnd.has(step.index)) return 3;
    if (step.changes.some((c) => about.some((o) => isOf(ce, c.path, o)))) return 2;
    return step.acquires.length + step.releases.length > 0 ? 1 : 0;
  });
}

/** For a step that takes a lock, the steps that take and release it; a step alone otherwise. Positions, from 0. */
export function criticalSection(ce: Counterexample, position: number): number[] {
  const step = ce.steps[position];
  const lock = step?.acquires[0];
  if (step === undefined || lock === undefined) return [position];
  for (let end = position + 1; end < ce.steps.length; end++) {
    const s = ce.steps[end];
    if (s?.actor === step.actor && s.releases.includes(lock)) return [position, end];
  }
  return [position];
}
