/**
 * The other checkers on the same models, where they are installed and their models are at hand: `QUIESCE_PEERS`
 * names the folder with `promela/` and `micro/`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PeerRun {
  /** Seconds from the start of the first process to the verdict, generation and compilation included. */
  readonly seconds: number;
  readonly states: number | null;
}

export interface Peer {
  readonly name: string;
  readonly about: string;
  /** Null when the peer does not know the case. */
  run(test: PeerCase): PeerRun | null;
}

/** Sizes of the teardown model: address spaces, threads for each, page requests; queue of two. */
export interface PeerCase {
  readonly fixed: boolean;
  readonly mms: number;
  readonly threads: number;
  readonly requests: number;
  /** Log2 of the slots the hand-written search is given. */
  readonly log2Slots: number;
}

/** The peers that can run here. */
export function findPeers(folder: string | undefined): Peer[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const peers: Peer[] = [];
  const micro = join(folder, 'micro', 'sva.mjs');
  if (existsSync(micro)) peers.push(handWritten(micro));
  const promela = join(folder, 'promela', 'sva.pml');
  if (existsSync(promela) && has('spin') && has('gcc')) {
    peers.push(spin('spin dfs', promela, ['-DSAFETY', '-DNOREDUCE']));
    peers.push(spin('spin bfs', promela, ['-DBFS', '-DNOREDUCE']));
  }
  return peers;
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function handWritten(file: string): Peer {
  return {
    name: 'hand-written js',
    about: 'this one model written by hand for typed arrays',
    run: (test) => {
      const started = performance.now();
      const result = spawnSync(
        process.execPath,
        [
          file,
          `M=${test.mms}`,
          `TPP=${test.threads}`,
          `Q=${test.requests}`,
          'QL=2',
          `FIXED=${test.fixed ? 1 : 0}`,
          `LG=${test.log2Slots}`,
        ],
        { encoding: 'utf8' },
      );
      const seconds = (performance.now() - started) / 1000;
      return result.status === 0 ? { seconds, states: Number(/"states":(\d+)/.exec(result.stdout)?.[1]) } : null;
    },
  };
}

function spin(name: string, model: string, flags: readonly string[]): Peer {
  return {
    name,
    about: `generated, compiled with -O3 ${flags.join(' ')}, run`,
    run: (test) => {
      const folder = mkdtempSync(join(tmpdir(), 'quiesce-bench-'));
      try {
        const sizes = [`-DM=${test.mms}`, `-DTPP=${test.threads}`, '-DR=1', `-DQ=${test.requests}`, '-DQL=2'];
        const started = performance.now();
        const run = (command: string, args: string[]) =>
          spawnSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
        run('spin', ['-a', ...sizes, ...(test.fixed ? ['-DFIXED'] : []), model]);
        run('gcc', ['-O3', '-w', '-DNOFAIR', ...flags, '-o', 'pan', 'pan.c']);
        const result = run('./pan', ['-n', '-m100000', '-w24']);
        const seconds = (performance.now() - started) / 1000;
        const states = /([\d.e+]+) states, stored/.exec(result.stdout)?.[1];
        return states === undefined ? null : { seconds, states: Number(states) };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
