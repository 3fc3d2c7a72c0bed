/**
 * `quiesce explore`: scenarios by chance. Failures that an earlier exploration stored in the folder are driven first and
 * not looked for again; each new one is stored with its schedule, its splat, its report and its verdict.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { QuiesceError } from '../../checker/lang/index.ts';
import type { ExploreProgress, FoundViolation } from '../../explore/explore.ts';
import { choiceOf, explore } from '../../explore/explore.ts';
import { formatProgram } from '../../explore/program.ts';
import type { ExplorableSystem } from '../../explore/system.ts';
import { systemNamed } from '../../explore/systems/index.ts';
import {
  type ExploreDocument,
  type ExploredViolation,
  explorationToJson,
  type StoredFailure,
} from '../../reports/explore-json.ts';
import { contextOf, count, html, splat, verdictToJson } from '../../reports/index.ts';
import { explorationText, foundText } from '../../reports/text/explore.ts';
import type { Console } from '../console.ts';
import { type ExitStatus, statusOfKind } from '../exit.ts';
import { prepareFolder, shown, writeWhole } from '../files.ts';
import { onInterrupt } from '../interrupt.ts';
import { timedLine } from '../live-line.ts';
import { driveAll, finder, namesIn } from '../regress/stored.ts';

export interface ExploreFlags {
  readonly variant?: string;
  readonly ops?: readonly string[];
  readonly objects?: Readonly<Record<string, number>>;
  readonly failures?: readonly string[];
  readonly actors?: number;
  readonly runs?: number;
  readonly seed?: number;
  readonly time?: number;
  readonly states?: number;
  readonly withoutContract?: readonly string[];
  readonly json?: boolean;
  readonly out: string;
}

const DEFAULTS = { actors: 3, runs: 100, seed: 1, maxStates: 20_000 };
const MOST_ACTORS = 6;
const MOST_SEED = 2 ** 31 - 1;

export async function exploreCommand(given: string, flags: ExploreFlags, console: Console): Promise<ExitStatus> {
  const system = await systemNamed(given);
  const seed = flags.seed ?? DEFAULTS.seed;
  const actors = flags.actors ?? DEFAULTS.actors;
  if (seed > MOST_SEED) throw new QuiesceError('usage', `--seed is at most ${MOST_SEED}, not ${seed}`);
  if (actors > MOST_ACTORS) throw new QuiesceError('usage', `--actors is at most ${MOST_ACTORS}, not ${actors}`);
  const variants = flags.variant === undefined ? unrepaired(system) : [flags.variant];
  const withoutContracts = flags.withoutContract ?? [];
  const limits = {
    ...(flags.objects === undefined ? {} : { objects: flags.objects }),
    ...(flags.failures === undefined ? {} : { failures: flags.failures }),
  };
  const choice = { variants, withoutContracts, ...limits, ...(flags.ops === undefined ? {} : { ops: flags.ops }) };
  const asked = {
    variants,
    ops: choiceOf(system, choice).ops,
    withoutContracts,
    ...limits,
    actors,
    maxStates: flags.states ?? DEFAULTS.maxStates,
    seed,
    runs: flags.runs ?? DEFAULTS.runs,
  };
  console.note(`explore ${system.name} ${variants.join(',')}  seed=${seed} runs=${asked.runs}`);
  const folder = join(resolve(flags.out), `explore-${system.name}`);
  const stored = await drivenAgain(folder, variants);
  const removeEmptyFolder = prepareFolder(folder);
  const interrupt = onInterrupt(console);
  const stop = new AbortController();
  interrupt.signal.addEventListener('abort', () => stop.abort());
  const timer = flags.time === undefined ? undefined : setTimeout(() => stop.abort(), flags.time * 1000);
  const line = progress(console);
  for (const s of stored) if (flags.json !== true) console.out(`${s.reproduced ? 'known' : 'gone '}  ${s.text}`);
  const found: ExploredViolation[] = [];
  try {
    const result = await explore(system, {
      ...asked,
      known: stored.flatMap((s) => (s.reproduced && s.signature !== null ? [s.signature] : [])),
      signal: stop.signal,
      onProgress: line.show,
      onFound: (violation) => {
        line.clear();
        const one = told(violation);
        found.push(one);
        const files = store(folder, violation);
        if (flags.json === true) return;
        console.out(foundText(one));
        console.out(`  schedule ${shown(files.schedule)}`);
      },
    });
    const { runs, distinct, exhaustive, partly, states, signatures, stopped } = result;
    const stoppedBecause = stopped ? (interrupt.status === null ? 'time limit' : 'interrupted') : null;
    const document: ExploreDocument = {
      schema: 'quiesce.explore/1',
      system: system.name,
      ...asked,
      wanted: asked.runs,
      runs,
      distinct,
      exhaustive,
      partly,
      states,
      stored,
      found,
      signatures,
      complete: stoppedBecause === null && partly === 0,
      stoppedBecause,
    };
    line.clear();
    const path = join(folder, 'explore.json');
    writeWhole(path, explorationToJson(document));
    if (flags.json === true) console.out(explorationToJson(document));
    else console.out(`${explorationText(document)}\ndocument  ${shown(path)}`);
    return interrupt.status ?? statusOf(document);
  } finally {
    line.clear();
    clearTimeout(timer);
    interrupt.release();
    removeEmptyFolder();
  }
}

const unrepaired = (system: ExplorableSystem): string[] =>
  Object.keys(system.presets).filter((name) => system.presets[name]?.repaired !== true);

/** What earlier explorations found in these variants: does it still show? */
async function drivenAgain(folder: string, variants: readonly string[]): Promise<StoredFailure[]> {
  if (!existsSync(folder)) return [];
  const names = namesIn(folder).filter((name) => variants.some((variant) => name.startsWith(`${variant}.`)));
  const stored = await driveAll(folder, names, await finder(undefined));
  return stored.map(({ file, schedule, result, text }) => ({
    file,
    signature: schedule?.signature ?? null,
    reproduced: result !== 'failed',
    text,
  }));
}

function told({
  signature,
  variant,
  headline,
  run,
  first,
  program,
  tried,
  verdict,
}: FoundViolation): ExploredViolation {
  const [violation] = verdict.violations;
  return {
    signature,
    variant,
    property: violation?.property ?? '',
    kind: violation?.evidence.kind ?? 'assertion',
    headline,
    steps: violation?.steps.length ?? 0,
    switches: violation?.switches ?? 0,
    run,
    first: formatProgram(first),
    program: formatProgram(program),
    tried,
  };
}

/** `<variant>.<signature>.sched`, so that `quiesce regress` takes the folder, and beside it `.txt`, `.html`, `.json`. */
function store(folder: string, { variant, signature, verdict }: FoundViolation): { readonly schedule: string } {
  const path = (ending: string) => join(folder, `${variant}.${signature}.${ending}`);
  const [violation] = verdict.violations;
  const schedule = path('sched');
  if (violation === undefined) return { schedule };
  writeWhole(schedule, violation.schedule);
  writeWhole(path('txt'), `${splat(violation, contextOf(verdict), { schedule: shown(schedule) })}\n`);
  writeWhole(path('html'), html(verdict, 0, { schedule: shown(schedule) }));
  writeWhole(path('json'), verdictToJson(verdict));
  return { schedule };
}

/** The first kind that was found or is still there; without one, whether everything drawn was seen as a whole. */
function statusOf({ found, stored, complete }: ExploreDocument): ExitStatus {
  const [first] = found;
  if (first !== undefined) return statusOfKind[first.kind];
  if (stored.some((s) => s.reproduced)) return 20;
  return complete ? 0 : 152;
}

function progress(console: Console): { show(p: ExploreProgress): void; clear(): void } {
  const line = timedLine(console);
  return {
    show({ phase, run, runs, states, signatures }) {
      line.show(` ${phase}  run ${count(run)} of ${count(runs)}  states ${count(states)}  signatures ${signatures}`);
    },
    clear: line.clear,
  };
}
