/**
 * `quiesce explore`: scenarios by chance. Failures that an earlier exploration stored in the folder are driven first and
 * not looked for again; each new one is stored with its schedule, its splat, its report and its verdict.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { QuiesceError } from '../../checker/lang/index.ts';
import { choiceOf } from '../../explore/choice.ts';
import type { Exploration, ExploreProgress, FoundViolation } from '../../explore/explore.ts';
import { explore } from '../../explore/explore.ts';
import type { ExplorableSystem } from '../../explore/system.ts';
import { systemNamed } from '../../explore/systems/index.ts';
import {
  type ExploreDocument,
  explorationDocument,
  exploreDocumentToJson,
  type StoredFailure,
} from '../../reports/explore-json.ts';
import { contextOf, count, html, splat, verdictToJson } from '../../reports/index.ts';
import { explorationText, foundText } from '../../reports/text/explore.ts';
import type { Console } from '../console.ts';
import { type ExitStatus, statusOfError, statusOfKind } from '../exit.ts';
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
  const asked = {
    variants,
    withoutContracts: flags.withoutContract ?? [],
    actors,
    maxStates: flags.states ?? DEFAULTS.maxStates,
    seed,
    runs: flags.runs ?? DEFAULTS.runs,
    ...(flags.ops === undefined ? {} : { ops: flags.ops }),
    ...(flags.objects === undefined ? {} : { objects: flags.objects }),
    ...(flags.failures === undefined ? {} : { failures: flags.failures }),
  };
  // An option that is wrong is told first, and alone.
  choiceOf(system, asked);
  const folder = join(resolve(flags.out), `explore-${system.name}`);
  const removeEmptyFolder = prepareFolder(folder);
  console.note(`explore ${system.name} ${variants.join(',')}  seed=${seed} runs=${asked.runs}`);
  const stored = await drivenAgain(folder, variants);
  const interrupt = onInterrupt(console);
  const stop = new AbortController();
  interrupt.signal.addEventListener('abort', () => stop.abort());
  const timer = flags.time === undefined ? undefined : setTimeout(() => stop.abort(), flags.time * 1000);
  const line = progress(console);
  for (const s of stored) if (flags.json !== true) console.out(`${s.reproduced ? 'known' : 'gone '}  ${s.text}`);
  try {
    const result = await explore(system, {
      ...asked,
      known: stored.flatMap((s) => (s.reproduced && s.signature !== null ? [s.signature] : [])),
      signal: stop.signal,
      onProgress: line.show,
      onFound: (violation) => {
        line.clear();
        const files = store(folder, violation);
        if (flags.json === true) return;
        console.out(foundText(violation));
        console.out(`  schedule ${shown(files.schedule)}`);
      },
    });
    const stoppedBecause = result.stopped ? (interrupt.status === null ? 'time limit' : 'interrupted') : null;
    const document = explorationDocument(result, { stored, stoppedBecause });
    const json = exploreDocumentToJson(document);
    line.clear();
    const path = join(folder, 'explore.json');
    writeWhole(path, json);
    if (flags.json === true) console.out(json);
    else console.out(`${explorationText(document)}\ndocument  ${shown(path)}`);
    return interrupt.status ?? statusOf(document, result);
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

/**
 * The first kind that was found or is still there; without one, the first mistake in the model; then, whether everything
 * drawn was seen as a whole.
 */
function statusOf({ found, stored, complete }: ExploreDocument, { unsearched }: Exploration): ExitStatus {
  const [first] = found;
  if (first !== undefined) return statusOfKind[first.kind];
  if (stored.some((s) => s.reproduced)) return 20;
  const [mistaken] = unsearched;
  if (mistaken !== undefined) return statusOfError[mistaken.code];
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
