/**
 * `npm run bench`: whole processes, in turn with each peer that is at hand, so that a ratio holds when the speed of
 * the machine drifts. Prints a table of medians and ratios; checks that the numbers of states agree.
 *
 *   --smoke       one run of the small cases, to see that the benchmark itself works
 *   --runs N      paired runs of each case (5)
 *   --only TEXT   cases whose name contains the text
 *   --large       the long cases too: 1e8 states
 *   --no-peers    ours alone
 *
 * Environment: QUIESCE_PEERS, the folder with the peers' models; TLA2TOOLS, the jar of TLC.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Verdict } from '../checker/verdict.ts';
import { findPeers, type PeerCase } from './peers.ts';

interface Case {
  readonly scenario: string;
  readonly variant: string;
  readonly bounds?: Readonly<Record<string, number>>;
  readonly peer: PeerCase | null;
  /** Ways to search it besides the usual one: one worker, exact, no reduction. */
  readonly ways: readonly Way[];
  readonly when: 'smoke' | 'usual' | 'large';
}

interface Way {
  readonly name: string;
  /** Flags of `quiesce check`. */
  readonly flags: readonly string[];
  /** The number of states is that of the usual search. */
  readonly same: boolean;
}

const ways = {
  compressed: { name: 'compressed', flags: ['--store', 'compressed'], same: true },
  two: { name: '2 workers', flags: ['--workers', '2'], same: true },
  compressedTwo: { name: 'compressed, 2 workers', flags: ['--store', 'compressed', '--workers', '2'], same: true },
  symmetry: { name: 'symmetry', flags: ['--symmetry'], same: false },
  symmetryTwo: { name: 'symmetry, 2 workers', flags: ['--symmetry', '--workers', '2'], same: false },
  persistent: { name: 'persistent sets', flags: ['--persistent-sets'], same: false },
} satisfies Record<string, Way>;

const sva = (mms: number, threads: number, requests: number, log2Slots: number, fixed: boolean): PeerCase => ({
  fixed,
  mms,
  threads,
  requests,
  log2Slots,
});
const teardown = (variant: string, peer: PeerCase, when: Case['when'], more: readonly Way[] = []): Case => ({
  scenario: 'peers-sva',
  variant,
  peer,
  ways: more,
  when,
});
const ours = (scenario: string, variant: string, when: Case['when'], more: readonly Way[] = []): Case => ({
  scenario,
  variant,
  peer: null,
  ways: more,
  when,
});

const cases: readonly Case[] = [
  // Tiny: what the program takes before and after a search.
  ours('peers-dining', 'posted', 'smoke'),
  ours('sva-unbind-vs-exit', 'posted', 'smoke'),
  teardown('posted', sva(2, 1, 2, 18, false), 'smoke'),
  teardown('fixed', sva(2, 1, 2, 18, true), 'smoke', [ways.compressed, ways.two, ways.symmetry]),
  teardown('posted-m', sva(2, 2, 1, 21, false), 'usual'),
  teardown('fixed-m', sva(2, 2, 1, 21, true), 'usual', [ways.compressed, ways.two, ways.symmetryTwo]),
  teardown('posted-l', sva(3, 1, 3, 24, false), 'usual'),
  teardown('fixed-l', sva(3, 1, 3, 24, true), 'usual', [
    ways.compressed,
    ways.two,
    ways.compressedTwo,
    ways.symmetry,
    ways.symmetryTwo,
  ]),
  ours('peers-peterson', 'fixed-4', 'usual'),
  ours('vfio-detach-vs-mm-exit', 'posted', 'smoke'),
  ours('vfio-detach-vs-mm-exit', 'fixed', 'smoke', [ways.compressed]),
  ours('vfio-init-leak', 'fixed', 'smoke', [ways.persistent]),
  ours('sva-bond-late-waiter', 'fixed', 'smoke', [ways.persistent]),
  ours('iopf-core-unbind', 'clear-first', 'usual', [ways.compressed, ways.two]),
  {
    // A state of more than 200 bytes.
    ...ours('smmu-flush-vs-priq', 'fixed', 'usual', [ways.compressed]),
    bounds: { requests_p: 2, requests_q: 2 },
  },
  {
    ...ours('peers-sva', 'fixed-l', 'large', [ways.compressedTwo]),
    // 96 million states.
    bounds: { mms: 3, threads: 1, requests: 15 },
  },
];

const flags = flagsOf();
const runs = flags.smoke ? 1 : Number(flags.runs ?? 5);
const peers = flags['no-peers'] ? [] : findPeers(process.env['QUIESCE_PEERS']);
console.log(
  `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}; medians of ${runs}, whole processes`,
);
if (peers.length === 0) console.log('no peers at hand: set QUIESCE_PEERS to the folder with their models');

let wrong = 0;
for (const test of cases) {
  const bounds = test.bounds === undefined ? '' : ` ${JSON.stringify(test.bounds).replace(/[{}"]/g, '')}`;
  const name = `${test.scenario} ${test.variant}${bounds}`;
  if (flags.smoke ? test.when !== 'smoke' : test.when === 'large' && !flags.large) continue;
  if (flags.only !== undefined && !name.includes(flags.only)) continue;
  measure(name, test);
}
process.exitCode = wrong === 0 ? 0 : 1;

/** Ends the process with status 2 when a flag is wrong, as the program does. */
function flagsOf() {
  try {
    const { values } = parseArgs({
      options: {
        smoke: { type: 'boolean' },
        large: { type: 'boolean' },
        'no-peers': { type: 'boolean' },
        runs: { type: 'string' },
        only: { type: 'string' },
      },
    });
    if (!/^[1-9]\d*$/.test(values.runs ?? '1')) throw new Error(`--runs takes a number of runs, not "${values.runs}"`);
    return values;
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    console.error('  hint: the flags are --smoke, --runs <number>, --only <text>, --large and --no-peers');
    process.exit(2);
  }
}

interface Line {
  readonly states: number;
  readonly transitions: number;
  readonly complete: boolean;
  readonly searchSeconds: number;
  readonly storeBytes: number;
  readonly peakMemoryBytes: number;
}

/** What is read of the last event; see `cli/events.ts`. */
type EndOfSearch = Pick<Verdict, 'complete' | 'counts' | 'timing'>;

/** Runs the ways of a case and its peers in turn, and prints what they took. */
function measure(name: string, test: Case): void {
  const large = test.when === 'large';
  const usual: Way = large
    ? { ...ways.compressed, name: 'compressed' }
    : { name: 'exact, 1 worker', flags: [], same: true };
  const all = [usual, ...test.ways];
  const seconds = new Map<string, number[]>();
  const lines = new Map<string, Line>();
  const note = (who: string, value: number) => seconds.set(who, [...(seconds.get(who) ?? []), value]);
  for (let i = 0; i < (large ? 1 : runs); i++) {
    for (const way of all) {
      const started = performance.now();
      const line = search(test, way);
      note(way.name, (performance.now() - started) / 1000);
      const before = lines.get(way.same ? usual.name : way.name) ?? line;
      if (line.states !== before.states) complain(`${name}, ${way.name}: ${line.states} states, once ${before.states}`);
      lines.set(way.name, line);
    }
    const line = lines.get(usual.name) as Line;
    for (const peer of test.peer === null ? [] : peers) {
      const run = peer.run(test.peer as PeerCase);
      if (run === null) continue;
      note(peer.name, run.seconds);
      if (peer.symmetric || !line.complete || run.states === null) continue;
      if (Math.abs(run.states - line.states) > line.states * 1e-5)
        complain(`${name}: ${peer.name} has ${run.states} states, we have ${line.states}`);
    }
  }
  const base = lines.get(usual.name) as Line;
  console.log(`\n${name}: ${base.states} states, ${base.transitions} transitions`);
  for (const way of all) {
    const line = lines.get(way.name) as Line;
    const time = median(seconds.get(way.name) as number[]);
    console.log(
      `  ${way.name.padEnd(26)} ${time.toFixed(2).padStart(7)} s  ${perState(line.storeBytes, line)} B a state  ` +
        `${(line.peakMemoryBytes / 2 ** 20).toFixed(0).padStart(5)} MiB  ` +
        `${((line.searchSeconds / line.transitions) * 1e9).toFixed(0).padStart(4)} ns a transition` +
        (way === usual ? '' : `  ${ratio(seconds, way.name, usual.name)} of ${usual.name}`),
    );
  }
  for (const peer of peers)
    if (seconds.has(peer.name)) {
      const ratios = all.map((way) => `${way.name} ${ratio(seconds, way.name, peer.name)}`);
      const time = median(seconds.get(peer.name) as number[]);
      console.log(`  / ${peer.name.padEnd(24)} ${time.toFixed(2).padStart(7)} s  ${ratios.join('   ')}`);
    }
}

/** Runs the program as a user does, with the explanation of a violation and the report. */
function search(test: Case, way: Way): Line {
  const out = mkdtempSync(join(tmpdir(), 'quiesce-bench-'));
  const bounds = Object.entries(test.bounds ?? {}).flatMap(([name, value]) => ['--bound', `${name}=${value}`]);
  const program = join(import.meta.dirname, '..', 'cli', 'main.js');
  const check = ['check', test.scenario, '--variant', test.variant, '--events', '--out', out];
  const result = spawnSync(process.execPath, [program, ...check, ...way.flags, ...bounds], { encoding: 'utf8' });
  rmSync(out, { recursive: true });
  const events = result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { event: string; memoryBytes: number } & EndOfSearch);
  const end = events.at(-1);
  if (end?.event !== 'end') throw new Error(`${test.scenario} ${test.variant}, ${way.name}: ${result.stderr}`);
  return {
    states: end.counts.states,
    transitions: end.counts.transitions,
    complete: end.complete,
    searchSeconds: end.timing.seconds,
    storeBytes: events.findLast((e) => e.event === 'progress')?.memoryBytes ?? 0,
    peakMemoryBytes: end.timing.peakMemoryBytes,
  };
}

function complain(what: string): void {
  console.error(what);
  wrong++;
}

/** Median of the ratios of paired runs. */
function ratio(seconds: ReadonlyMap<string, readonly number[]>, one: string, other: string): string {
  const theirs = seconds.get(other) ?? [];
  const ratios = (seconds.get(one) ?? []).map((s, i) => s / (theirs[i] as number));
  return median(ratios).toFixed(2);
}

function perState(bytes: number, line: Line): string {
  return (bytes / line.states).toFixed(1).padStart(6);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
