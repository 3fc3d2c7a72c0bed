/**
 * What a verdict says, in words and numbers that every report shares. Text, HTML and mail take them from here, so
 * they cannot contradict each other.
 */

import type { CoarseStep } from '../checker/analyse/coarse.ts';
import type { Stage } from '../checker/search/anytime.ts';
import { coverageText } from '../checker/store/bitstate.ts';
import type { Counterexample } from '../checker/trace/counterexample.ts';
import type { CoverageEntry, Verdict } from '../checker/verdict.ts';
import { count, factor, plural, probability, share } from './numbers.ts';

/** What a counterexample belongs to; a verdict gives it, and so does a stored schedule. */
export interface Context {
  readonly scenario: string;
  readonly variant: string;
  readonly bounds: Readonly<Record<string, number>>;
  /** The user's own model file, as it was given; null for the scenarios that come with quiesce. */
  readonly model?: string | null;
}

export function contextOf(verdict: Verdict): Context {
  const { variant, bounds } = verdict;
  return { scenario: verdict.scenario.name, variant, bounds, model: modelOf(verdict) };
}

function modelOf(verdict: Verdict): string | null {
  const model = verdict.options['model'];
  return typeof model === 'string' ? model : null;
}

/** With a capital, for titles that scenarios write without one; a C function or another name keeps its own. */
export function capital(text: string): string {
  if (/^\S*[_()#]/.test(text)) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `mm=2 tasks=4`; `none` when the scenario has no bounds. */
export function pairs(record: Readonly<Record<string, string | number | boolean | null>>, none = 'none'): string {
  const entries = Object.entries(record);
  return entries.length === 0 ? none : entries.map(([k, v]) => `${k}=${v}`).join(' ');
}

/** Where the schedule of a violation is stored, relative to where quiesce was run. */
export function schedulePath(context: Context, ce: Pick<Counterexample, 'signature'>, runs = 'runs'): string {
  return `${runs}/${context.scenario}-${context.variant}/${ce.signature}.sched`;
}

export function replayCommand(path: string, model?: string | null): string {
  return `quiesce replay ${shellWord(path)}${typeof model === 'string' ? ` --model ${shellWord(model)}` : ''}`;
}

/** The command that computes this verdict again. */
export function checkCommand(verdict: Verdict): string {
  const bounds = Object.entries(verdict.bounds).map(([k, v]) => ` --bound ${k}=${v}`);
  const what = shellWord(modelOf(verdict) ?? verdict.scenario.name);
  return `quiesce check ${what} --variant ${verdict.variant}${bounds.join('')}${searchFlags(verdict)}`;
}

/** Flags of everything that was asked for beside variant and bounds: without them the search is another one. */
function searchFlags({ options }: Verdict): string {
  const given = (flag: string, name: string, unit = '') => {
    const value = options[name];
    return value == null || value === false ? [] : [value === true ? flag : `${flag} ${shellWord(`${value}${unit}`)}`];
  };
  const properties = typeof options.properties === 'string' ? options.properties.split(',') : [];
  const flags = [
    ...properties.map((name) => `--property ${shellWord(name)}`),
    ...(options.strategy === 'bfs' ? [] : given('--order', 'strategy')),
    ...given('--preemptions', 'preemptions'),
    ...given('--symmetry', 'symmetry'),
    // `always` can be asked for in the library only.
    ...(options.persistentSets === 'always' ? ['--persistent-sets'] : given('--persistent-sets', 'persistentSets')),
    ...given('--store', 'store'),
    ...given('--seed', 'seed'),
    ...given('--runs', 'runs'),
    ...given('--depth', 'depth'),
    ...given('--states', 'states'),
    ...given('--time', 'seconds', 's'),
    ...given('--mem', 'memoryBytes'),
    ...given('--all', 'all'),
    ...(options['shrink'] === false ? ['--no-shrink'] : []),
    ...given('--analyse', 'analyse'),
  ];
  return flags.map((flag) => ` ${flag}`).join('');
}

/** One word for a shell, quoted where it must be. */
function shellWord(text: string): string {
  return /^[\w./+@%:,=#-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Headline of a verdict without its counterexample. An incomplete search never looks like a proof. */
export function headline(verdict: Verdict): string {
  if (verdict.outcome === 'violated')
    return verdict.violations.length > 0 ? 'VIOLATION' : 'VIOLATION: goal never reached';
  if (verdict.outcome !== 'holds' || !verdict.complete) return 'NO VIOLATION SO FAR';
  return verdict.hashing === undefined ? 'NO VIOLATION within bounds' : 'NO VIOLATION within bounds, by hashes';
}

/** One greppable word: is there a schedule that breaks a property? */
export function frequency(verdict: Verdict): 'sometimes' | 'never' | 'unknown' {
  if (verdict.outcome === 'violated') return 'sometimes';
  return verdict.outcome === 'holds' && verdict.complete ? 'never' : 'unknown';
}

/** `1 of 3 properties violated`, `3 properties hold`. */
export function propertySummary(verdict: Verdict): string {
  const all = verdict.properties.length;
  const broken = verdict.properties.filter((p) => p.result === 'violated' || p.result === 'never reached').length;
  const open = verdict.properties.filter((p) => p.result === 'undecided').length;
  if (broken > 0) return `${count(broken)} of ${plural(all, 'property', 'properties')} violated`;
  if (open > 0) return `${count(open)} of ${plural(all, 'property', 'properties')} undecided`;
  return `${plural(all, 'property holds', 'properties hold')}`;
}

/** How much of the space was seen, in one word, or in two where hashes were compared. */
export function extent(verdict: Verdict): 'COMPLETE' | 'COMPLETE (HASHED)' | 'STOPPED' | 'INCOMPLETE' {
  if (verdict.complete) return verdict.hashing === undefined ? 'COMPLETE' : 'COMPLETE (HASHED)';
  return verdict.outcome === 'violated' ? 'STOPPED' : 'INCOMPLETE';
}

/** Why not all was seen; null when all was. */
export function incompleteText(verdict: Verdict): string | null {
  if (verdict.complete) return null;
  const left = verdict.counts.left > 0 ? `, ${plural(verdict.counts.left, 'state')} left to expand` : '';
  return `${verdict.incompleteBecause ?? 'the search was stopped'}${left}`;
}

/** What a complete search of hashes may still have missed; null where states were compared whole. */
export function hashedText(verdict: Verdict): string | null {
  const p = verdict.hashing?.omissionProbability ?? null;
  return p === null ? null : `unless two states had one hash, with probability at most ${probability(p)}`;
}

export function storeText(verdict: Verdict): string {
  const { store, hashing } = verdict;
  if (hashing === undefined)
    return store === 'exact' ? 'exact, no state was taken for another' : 'no store, states were not compared';
  if (hashing.expectedCoverage !== null)
    return `${store}: ${plural(hashing.bits, 'bit')} a state, ${coverageText(hashing.expectedCoverage)} expected to be covered`;
  const odds = hashing.omissionProbability === null ? 'unknown' : `at most ${probability(hashing.omissionProbability)}`;
  return `${store}: ${hashing.bits}-bit hashes, omission probability ${odds}`;
}

export function reductionsText(verdict: Verdict): string {
  if (verdict.reductions.length === 0) return 'none';
  return verdict.reductions
    .map((r) => `${r.name}${r.factor === null ? '' : ` (${factor(r.factor)} times fewer states)`}`)
    .join('; ');
}

/** `at most 1 preemption: 106 states, nothing found`: one stage of an anytime search. */
export function stageText(stage: Stage): string {
  const what =
    stage.preemptions === null
      ? stage.strategy
      : stage.preemptions === 0
        ? 'no preemption'
        : `at most ${plural(stage.preemptions, 'preemption')}`;
  const seen = stage.strategy === 'pct' ? plural(stage.transitions, 'transition') : plural(stage.states, 'state');
  const found = stage.found.map(
    (f) => `${f.signature} in ${plural(f.steps, 'step')}, ${plural(f.switches, 'switch', 'switches')}`,
  );
  const others = stage.passedOver === 0 ? [] : [`${plural(stage.passedOver, 'other signature')} passed over`];
  const results = [...found, ...others];
  // That walks do not finish, and that a search stops where it finds what it looks for, needs no words.
  const cut = stage.finished || stage.strategy === 'pct' || stage.found.length > 0 ? '' : `, ${stage.because}`;
  return `${what}: ${seen}, ${results.length === 0 ? 'nothing found' : results.join(', ')}${cut}`;
}

/** What an anytime search has proven so far; null for other searches. */
export function provenText(verdict: Verdict): string | null {
  if (verdict.stages === undefined) return null;
  return verdict.stages.findLast((stage) => stage.proven !== null)?.proven ?? 'nothing yet';
}

/** What the theorem of PCT promises for the walks of this run; null where there were none. */
export function pctText(verdict: Verdict): string | null {
  const p = verdict.pct;
  if (p === undefined) return null;
  const bug = `a bug of depth ${p.depth} (${plural(p.actors, 'actor')}, at most ${plural(p.steps, 'step')})`;
  const formula = `1 / (${p.actors} x ${p.steps}^${p.depth - 1}) = ${share(p.perWalk)}`;
  const all = `, by ${plural(p.walks, 'walk')} with at least ${share(p.together)}`;
  const less = p.choices ? '; less where it needs certain choices' : '';
  return `${bug} is found by one walk with probability at least ${formula}${all}${less}`;
}

/** How short the schedule is known to be. */
export function minimalText(ce: Counterexample): string {
  return {
    proven: 'shortest, fewest switches',
    shortest: 'shortest',
    local: ce.shrunk === undefined ? 'not proven shortest' : 'locally minimal',
  }[ce.minimal];
}

/** What it was shrunk from: `shrunk from 45 steps, 4 switches`; nothing where it is as it was found. */
export function shrunkFacts({ shrunk, steps, switches }: Counterexample): readonly string[] {
  if (shrunk === undefined || (shrunk.from.steps === steps.length && shrunk.from.switches === switches)) return [];
  return [`shrunk from ${plural(shrunk.from.steps, 'step')}, ${plural(shrunk.from.switches, 'switch', 'switches')}`];
}

/** `15 steps`, `5 context switches`. */
export function lengthFacts(ce: Counterexample): readonly [string, string] {
  return [plural(ce.steps.length, 'step'), plural(ce.switches, 'context switch', 'context switches')];
}

/** `deadlock: lock + wait`. */
export function kindText(ce: Counterexample): string {
  return ce.subkind === null ? ce.evidence.kind : `${ce.evidence.kind}: ${ce.subkind}`;
}

/** Orderings a line of text names before the rest is only counted. */
const MOST_ORDERINGS = 8;

/** `step 6 before 11, and 9 before 14`; null when it was not computed. */
export function neededText(ce: Counterexample): string | null {
  const { needed } = ce;
  if (needed === null) return null;
  if (needed.length === 0) return 'no ordering between actors: every possible swap violates it too';
  const shown = needed.slice(0, MOST_ORDERINGS).map((o, i) => `${i === 0 ? 'step ' : ''}${o.before} before ${o.after}`);
  const rest = needed.length - shown.length;
  return `${shown.join(', and ')}${rest > 0 ? `, and ${count(rest)} more` : ''}`;
}

/** `1 failure of kmalloc`; null when nothing has to fail. */
export function failuresText(failures: Readonly<Record<string, number>>): string | null {
  const needed = Object.entries(failures).filter(([, n]) => n > 0);
  return needed.length === 0 ? null : needed.map(([name, n]) => `${plural(n, 'failure')} of ${name}`).join(', ');
}

/** `user0: vfio_unbind/kfree(vfio_mm) [fail]`. */
export function entryText(entry: CoverageEntry): string {
  return `${entry.actor}: ${entry.procedure}/${entry.label}${entry.choice === null ? '' : ` [${entry.choice}]`}`;
}

/** Steps that touch several shared fields without a lock, and give no reason for it. */
export function tooCoarse(verdict: Verdict): readonly CoarseStep[] {
  return verdict.coarse.filter((step) => step.because === null);
}

/** Steps that touch several shared fields without a lock, with their reasons. */
export function coarseForAReason(verdict: Verdict): readonly CoarseStep[] {
  return verdict.coarse.filter((step) => step.because !== null);
}

/** `smmu.cd[1].valid and smmu.cd[1].ttb`: the fields of a coarse step, in short. */
export function fieldsText(step: CoarseStep): string {
  const paths = step.fields.map((f) => f.field);
  const shown = paths.slice(0, 3);
  const rest = paths.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${count(rest)} more`;
  return `${shown.slice(0, -1).join(', ')} and ${shown[shown.length - 1]}`;
}

/** What no report about a model may leave out. */
export const LIMITS = [
  'The search is bounded: it says nothing about larger bounds.',
  'Memory is sequentially consistent: barriers and torn accesses are not modelled.',
  'The model was written by hand after the sources named beside each step. A wrong step is a wrong verdict: compare.',
  'Nothing here is a claim about a real machine.',
] as const;
