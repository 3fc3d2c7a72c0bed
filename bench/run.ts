/**
 * `npm run bench`: whole processes, in turn with each peer that is at hand, so that a ratio holds when the speed of
 * the machine drifts. Prints a table of medians and ratios; checks that the numbers of states agree.
 *
 *   --smoke       one run of the small cases, to see that the benchmark itself works
 *   --runs N      paired runs of each case (5)
 *   --only TEXT   cases whose name contains the text
 *
 * Environment: QUIESCE_PEERS, the folder with the peers' models.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPeers, type PeerCase } from './peers.ts';

interface Case {
  readonly scenario: string;
  readonly variant: string;
  readonly peer: PeerCase | null;
  readonly smoke: boolean;
}

const sva = (mms: number, threads: number, requests: number, log2Slots: number, fixed: boolean): PeerCase => ({
  fixed,
  mms,
  threads,
  requests,
  log2Slots,
});

const cases: readonly Case[] = [
  { scenario: 'peers-sva', variant: 'posted', peer: sva(2, 1, 2, 18, false), smoke: true },
  { scenario: 'peers-sva', variant: 'fixed', peer: sva(2, 1, 2, 18, true), smoke: true },
  { scenario: 'peers-sva', variant: 'posted-m', peer: sva(2, 2, 1, 21, false), smoke: false },
  { scenario: 'peers-sva', variant: 'fixed-m', peer: sva(2, 2, 1, 21, true), smoke: false },
  { scenario: 'peers-sva', variant: 'posted-l', peer: sva(3, 1, 3, 24, false), smoke: false },
  { scenario: 'peers-sva', variant: 'fixed-l', peer: sva(3, 1, 3, 24, true), smoke: false },
  { scenario: 'peers-peterson', variant: 'fixed-4', peer: null, smoke: false },
  { scenario: 'vfio-detach-vs-mm-exit', variant: 'posted', peer: null, smoke: true },
  { scenario: 'vfio-detach-vs-mm-exit', variant: 'fixed', peer: null, smoke: true },
];

const { values: flags } = parseArgs({
  options: { smoke: { type: 'boolean' }, runs: { type: 'string' }, only: { type: 'string' } },
});
const runs = flags.smoke ? 1 : Number(flags.runs ?? 5);
const peers = findPeers(process.env['QUIESCE_PEERS']);
console.log(
  `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}; medians of ${runs}, whole processes`,
);
if (peers.length === 0) console.log('no peers at hand: set QUIESCE_PEERS to the folder with their models');

let wrong = 0;
for (const test of cases) {
  const name = `${test.scenario} ${test.variant}`;
  if ((flags.smoke && !test.smoke) || (flags.only !== undefined && !name.includes(flags.only))) continue;
  const ours: number[] = [];
  const theirs = new Map<string, number[]>();
  let states = 0;
  let memory = 0;
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    const result = spawnSync(process.execPath, [join(import.meta.dirname, 'one.js'), test.scenario, test.variant], {
      encoding: 'utf8',
    });
    ours.push((performance.now() - started) / 1000);
    if (result.status !== 0) throw new Error(`${name}: ${result.stderr}`);
    const line = JSON.parse(result.stdout) as { states: number; peakMemoryBytes: number; complete: boolean };
    if (i > 0 && line.states !== states) {
      console.error(`${name}: ${line.states} states in one run, ${states} in another`);
      wrong++;
    }
    states = line.states;
    memory = Math.max(memory, line.peakMemoryBytes);
    for (const peer of test.peer === null ? [] : peers) {
      const run = peer.run(test.peer as PeerCase);
      if (run === null) continue;
      theirs.set(peer.name, [...(theirs.get(peer.name) ?? []), run.seconds]);
      if (line.complete && run.states !== null && Math.abs(run.states - states) > states * 1e-5) {
        console.error(`${name}: ${peer.name} has ${run.states} states, we have ${states}`);
        wrong++;
      }
    }
  }
  const rate = Math.round(states / median(ours));
  console.log(
    `${name.padEnd(34)} ${median(ours).toFixed(2).padStart(7)} s ${String(states).padStart(10)} states ` +
      `${String(rate).padStart(9)}/s ${(memory / 2 ** 20).toFixed(0).padStart(5)} MiB`,
  );
  for (const [peer, seconds] of theirs) {
    const ratios = seconds.map((s, i) => (ours[i] as number) / s);
    console.log(
      `  / ${peer.padEnd(30)} ${median(seconds).toFixed(2).padStart(7)} s   ratio ${median(ratios).toFixed(2)}`,
    );
  }
}
process.exitCode = wrong === 0 ? 0 : 1;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
