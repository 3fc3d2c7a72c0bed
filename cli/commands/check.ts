/** `quiesce check`: one scenario, one variant, one verdict. */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { CheckOptions, StrategyName } from '../../checker/check.ts';
import { searchOfCheckpoint } from '../../checker/checkpoints.ts';
import { nearest, QuiesceError, type Scenario, type ViolationKind, violationKinds } from '../../checker/lang/index.ts';
import { canSpill } from '../../checker/options.ts';
import { prepareThreads } from '../../checker/search/breadth/threads.ts';
import type { StoreName } from '../../checker/stores.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { type Context, plural, splat, stageText, verdictText, verdictToJson } from '../../reports/index.ts';
import { paint } from '../color.ts';
import type { Console } from '../console.ts';
import { type EventLog, eventLog } from '../events.ts';
import { type ExitStatus, statusOfVerdict } from '../exit.ts';
import { shown, writeWhole } from '../files.ts';
import { findScenario, isFile } from '../models.ts';
import { type RunFiles, runFolder, UNDECIDED } from '../run-folder.ts';
import { search } from '../search.ts';

export interface CheckFlags {
  readonly variant?: string;
  readonly bound?: Readonly<Record<string, number>>;
  readonly property?: readonly string[];
  readonly order?: StrategyName;
  readonly preemptions?: number;
  readonly symmetry?: boolean;
  readonly persistentSets?: boolean;
  readonly store?: StoreName;
  readonly seed?: string;
  readonly runs?: number;
  readonly workers?: number;
  readonly time?: number;
  readonly mem?: number;
  readonly depth?: number;
  readonly states?: number;
  readonly checkpoint?: boolean;
  readonly checkpointEvery?: number;
  readonly resume?: string;
  /** The folder; false when it is refused. */
  readonly spill?: string | false;
  readonly all?: boolean;
  readonly shrink?: boolean;
  readonly analyse?: boolean;
  readonly expect?: string;
  readonly json?: boolean;
  readonly events?: boolean;
  readonly out: string;
}

export async function checkCommand(given: string, asked: CheckFlags, console: Console): Promise<ExitStatus> {
  // They start while the scenario is loaded and compiled.
  prepareThreads((asked.workers ?? 1) - 1);
  const resume = asked.resume === undefined ? null : checkpointOf(asked.resume);
  const { scenario, module } = await findScenario(given);
  const flags = resume === null ? asked : asBefore(resume, scenario.name, asked);
  const expected = flags.expect === undefined ? null : expectation(flags.expect);
  if (flags.json === true && flags.events === true)
    throw new QuiesceError('config', '--json and --events both want stdout', { hint: 'choose one' });
  const out = resolve(flags.out);
  const variant = variantOf(scenario, flags.variant);
  if (expected === 'declared') refuseBesideDeclared(asked);

  const bounds = boundsOf(scenario, variant, flags.bound);
  const events = flags.events === true ? eventLog(console) : null;
  const context = { scenario: scenario.name, variant, bounds, model: isFile(given) ? given : null };
  const folder = runFolder(out, scenario.name, variant);
  const asSearched = searchOptions(flags, variant);
  const options = {
    ...asSearched,
    ...checkpointOptions(flags, resume, join(folder, CHECKPOINT)),
    ...spillOptions(flags, asSearched, folder),
    module,
    ...(flags.order === 'anytime' ? newsOf(context, folder, events, console) : {}),
  };
  const print = (verdict: Verdict, files: RunFiles | null) => {
    if (flags.json === true) console.out(verdictToJson(verdict));
    else if (flags.events !== true) console.out(paint(verdictWithPaths(verdict, files), console));
  };
  const { verdict, files, interrupted } = await search(scenario, options, out, console, {
    heading: heading(scenario, variant, bounds),
    events,
    model: isFile(given) ? given : null,
    unwritten: (lost) => print(lost, null),
  });
  print(verdict, files);

  if (basename(files.verdict, '.json') === UNDECIDED)
    console.note(`${shown(join(folder, 'verdict.json'))} is of an earlier run, which decided it`);
  const { spilledAtLevel } = verdict.timing;
  if (spilledAtLevel !== undefined) console.note(`spilled to disk at level ${spilledAtLevel}`);
  const stopped = options.checkpoint?.path;
  if (stopped !== undefined && verdict.outcome === 'undecided' && existsSync(stopped))
    console.note(`go on with: ${resumeCommand(given, shown(stopped), asked)}`);
  if (interrupted !== null) return interrupted;
  if (expected === null) return statusOfVerdict(verdict);
  return meets(verdict, expected, console);
}

/** The verdict as text, with the files that were written, if any could be. */
export function verdictWithPaths(verdict: Verdict, files: RunFiles | null): string {
  if (files === null) return verdictText(verdict);
  return verdictText(verdict, {
    schedules: files.schedules.map(shown),
    reports: files.reports.map(shown),
    analysed: (signature) => shown(files.scheduleOf(signature)),
    verdict: shown(files.verdict),
  });
}

/** Name of the checkpoint in the folder of a run. */
const CHECKPOINT = 'search.checkpoint';

/** The checkpoint that `--resume` names: a file, or the folder of the run. */
function checkpointOf(run: string): string {
  const path = resolve(run);
  return existsSync(path) && statSync(path).isDirectory() ? join(path, CHECKPOINT) : path;
}

/**
 * The command that takes the search up. What decides the results is in the checkpoint; how it is to be searched and where
 * results go is not, so it is said again. Limits are left out: they have just been met, or were for this run.
 */
function resumeCommand(given: string, checkpoint: string, flags: CheckFlags): string {
  const again = [
    ...(flags.workers === undefined ? [] : ['--workers', String(flags.workers)]),
    ...(flags.checkpointEvery === undefined ? [] : ['--checkpoint-every', `${flags.checkpointEvery}s`]),
    ...(flags.mem === undefined || flags.spill === false ? [] : ['--mem', String(flags.mem)]),
    ...(typeof flags.spill === 'string' ? ['--spill', quoted(flags.spill)] : []),
    ...(flags.expect === undefined ? [] : ['--expect', flags.expect]),
    ...(flags.analyse === true ? ['--analyse'] : []),
    ...(flags.json === true ? ['--json'] : []),
    ...(flags.events === true ? ['--events'] : []),
    ...(flags.out === 'runs' ? [] : ['--out', quoted(flags.out)]),
  ];
  return ['quiesce check', quoted(given), '--resume', quoted(checkpoint), ...again].join(' ');
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./#:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What gives other results is as it was, unless it is given: then the check refuses what differs. */
function asBefore(path: string, scenario: string, flags: CheckFlags): CheckFlags {
  const before = searchOfCheckpoint(path);
  // The check refuses it, and tells why.
  if (before.scenario !== scenario) return flags;
  return {
    variant: before.variant,
    bound: before.bounds,
    ...(before.properties === null ? {} : { property: before.properties }),
    ...(before.symmetry ? { symmetry: true } : {}),
    ...(before.store === 'compressed' ? { store: before.store } : {}),
    ...(before.all ? { all: true } : {}),
    ...flags,
  };
}

/**
 * A search that can be taken up always leaves a checkpoint when it is interrupted; with `--checkpoint`, at limits and
 * every minute, too.
 */
function checkpointOptions(
  flags: CheckFlags,
  resume: string | null,
  path: string,
): Pick<CheckOptions, 'checkpoint' | 'resume'> {
  const wanted = flags.checkpoint === true || flags.checkpointEvery !== undefined || resume !== null;
  const able = (flags.order ?? 'bfs') === 'bfs' && flags.persistentSets === undefined;
  const exact = flags.store === undefined || flags.store === 'exact' || flags.store === 'compressed';
  if (!wanted && !(able && exact)) return {};
  return {
    // First, because the first option that cannot be honoured is the one that is named.
    ...(resume === null ? {} : { resume }),
    checkpoint: {
      path: resume ?? path,
      ...(wanted ? {} : { everySeconds: null }),
      ...(flags.checkpointEvery === undefined ? {} : { everySeconds: flags.checkpointEvery }),
    },
  };
}

/** Where a search that can goes on when its memory is full: in the folder of its run, unless another one is given. */
function spillOptions({ mem, spill }: CheckFlags, search: CheckOptions, folder: string): Pick<CheckOptions, 'spill'> {
  if (typeof spill === 'string') return { spill: { folder: resolve(spill) } };
  return mem !== undefined && spill !== false && canSpill(search) ? { spill: { folder } } : {};
}

/** Only the options that were given, so that the verdict shows defaults as defaults. */
function searchOptions(flags: CheckFlags, variant: string): CheckOptions & { readonly variant: string } {
  return {
    variant,
    ...(flags.bound === undefined ? {} : { bounds: flags.bound }),
    ...(flags.property === undefined ? {} : { properties: flags.property }),
    ...(flags.order === undefined ? {} : { strategy: flags.order }),
    ...(flags.preemptions === undefined ? {} : { preemptions: flags.preemptions }),
    ...(flags.symmetry === undefined ? {} : { symmetry: flags.symmetry }),
    ...(flags.persistentSets === undefined ? {} : { persistentSets: flags.persistentSets }),
    ...(flags.store === undefined ? {} : { store: flags.store }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.runs === undefined ? {} : { runs: flags.runs }),
    ...(flags.workers === undefined ? {} : { workers: flags.workers }),
    ...(flags.depth === undefined ? {} : { depth: flags.depth }),
    ...(flags.states === undefined ? {} : { maxStates: flags.states }),
    ...(flags.time === undefined ? {} : { maxSeconds: flags.time }),
    ...(flags.mem === undefined ? {} : { maxMemoryBytes: flags.mem }),
    ...(flags.all === undefined ? {} : { all: flags.all }),
    // Commander sets it unless it is refused.
    ...(flags.shrink === false ? { shrink: false } : {}),
    ...(flags.analyse === undefined ? {} : { analyse: flags.analyse }),
  };
}

/**
 * An anytime search tells its first violation at once, and again when a shorter schedule of it is found. The schedule is
 * stored at once, too, so that it can be replayed while the search goes on.
 */
function newsOf(
  context: Context,
  folder: string,
  events: EventLog | null,
  console: Console,
): Pick<CheckOptions, 'onViolation' | 'onStage'> {
  const known = new Set<string>();
  return {
    onViolation: (found) => {
      const first = !known.has(found.signature);
      known.add(found.signature);
      const schedule = join(folder, `${found.signature}.sched`);
      writeWhole(schedule, found.schedule);
      events?.found(found, first ? 'violation' : 'shrunk', schedule);
      const size = `${plural(found.steps.length, 'step')}, ${plural(found.switches, 'switch', 'switches')}`;
      if (!first) console.note(`shorter: ${found.signature} in ${size}`);
      else
        console.note(
          `VIOLATION ${found.evidence.kind} in ${size}, not yet the shortest\n${splat(found, context, { schedule: shown(schedule) })}`,
        );
    },
    onStage: (stage) => {
      events?.stage(stage);
      console.note(`stage: ${stageText(stage)}${stage.proven === null ? '' : `; ${stage.proven}`}`);
    },
  };
}

/** The variant asked for, or the first one. */
export function variantOf(scenario: Scenario, given: string | undefined): string {
  const names = Object.keys(scenario.variants);
  if (given === undefined) return names[0] as string;
  if (Object.hasOwn(scenario.variants, given)) return given;
  const near = nearest(given, names);
  throw new QuiesceError('usage', `${scenario.name} has no variant "${given}"`, {
    hint: near === undefined ? `its variants are ${names.join(', ')}` : `did you mean ${near}?`,
  });
}

/** Every bound in effect: the scenario's, the variant's over them, those given over both. */
export function boundsOf(
  scenario: Scenario,
  variant: string,
  given: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const merged: Record<string, number> = { ...scenario.bounds };
  for (const over of [scenario.variants[variant]?.bounds ?? {}, given])
    for (const [name, value] of Object.entries(over)) if (value !== undefined) merged[name] = value;
  return merged;
}

/** What is about to be searched, in one line. */
export function heading(scenario: Scenario, variant: string, bounds: Readonly<Record<string, number>>): string {
  const listed = Object.entries(bounds).map(([name, value]) => `${name}=${value}`);
  return [`${scenario.name} ${variant}`, ...(listed.length === 0 ? [] : [listed.join(' ')])].join('  ');
}

/** The scenario declares its verdict for its own bounds, searched as a whole: anything else could not be compared. */
function refuseBesideDeclared(flags: CheckFlags): void {
  const beside = {
    bound: flags.bound !== undefined,
    property: flags.property !== undefined,
    depth: flags.depth !== undefined,
    all: flags.all === true,
    symmetry: flags.symmetry === true,
    'persistent-sets': flags.persistentSets === true,
    order: flags.order !== undefined && flags.order !== 'bfs',
    store: flags.store === 'bitstate',
  };
  for (const [flag, given] of Object.entries(beside))
    if (given)
      throw new QuiesceError('config', `--expect declared does not go with --${flag}`, {
        hint: 'the scenario declares its verdict for its own bounds, searched breadth-first as a whole',
      });
}

type Expected = 'none' | 'declared' | ViolationKind;

function expectation(given: string): Expected {
  const known = ['none', 'declared', ...Object.keys(violationKinds)];
  if (known.includes(given)) return given as Expected;
  const near = nearest(given, known);
  throw new QuiesceError('usage', `nothing known as "${given}" can be expected`, {
    hint: near === undefined ? `one of ${known.join(', ')}` : `did you mean ${near}?`,
  });
}

function meets(verdict: Verdict, expected: Expected, console: Console): ExitStatus {
  // What was not finished can neither meet nor miss an expectation, unless a violation was already found.
  if (verdict.outcome === 'undecided') return 152;
  const kinds = verdict.violations.map((v) => v.evidence.kind);
  const found =
    verdict.outcome === 'holds' ? 'none' : kinds.length === 0 ? 'unreached' : [...new Set(kinds)].join(', ');
  const met =
    expected === 'declared'
      ? verdict.asExpected === true
      : expected === 'none'
        ? verdict.outcome === 'holds'
        : found.split(', ').includes(expected);
  if (met) return 0;
  console.error(`quiesce: expected ${expected}, found ${found}`);
  for (const reason of expected === 'declared' ? verdict.unexpected : []) console.error(`  ${reason}`);
  return 20;
}
