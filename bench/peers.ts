/**
 * The other checkers on the same models, where they are installed and their models are at hand: `QUIESCE_PEERS`
 * names the folder with `promela/`, `murphi/`, `tla/` and `micro/`, and `TLA2TOOLS` the jar of TLC.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  /** It keeps one state for each set of symmetric ones, so its number of states is another. */
  readonly symmetric: boolean;
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
    peers.push(spin('spin dfs, 2 cores', promela, ['-DSAFETY', '-DNOREDUCE', '-DNCORE=2', '-DMEMLIM=8000']));
  }
  const murphi = join(folder, 'murphi', 'sva.m');
  if (existsSync(murphi) && has('rumur') && has('gcc')) peers.push(rumur(murphi));
  const tla = join(folder, 'tla', 'Sva.tla');
  const jar = process.env['TLA2TOOLS'];
  if (existsSync(tla) && jar !== undefined && existsSync(jar) && has('java')) peers.push(tlc(tla, jar));
  return peers;
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function handWritten(file: string): Peer {
  return {
    name: 'hand-written js',
    about: 'this one model written by hand for typed arrays',
    symmetric: false,
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
    symmetric: false,
    run: (test) =>
      inFolder((run) => {
        const sizes = [`-DM=${test.mms}`, `-DTPP=${test.threads}`, '-DR=1', `-DQ=${test.requests}`, '-DQL=2'];
        run('spin', ['-a', ...sizes, ...(test.fixed ? ['-DFIXED'] : []), model]);
        run('gcc', ['-O3', '-w', '-DNOFAIR', ...flags, '-o', 'pan', 'pan.c', '-lpthread']);
        return /([\d.e+]+) states, stored/.exec(run('./pan', ['-n', '-m100000', '-w24']))?.[1];
      }),
  };
}

function rumur(model: string): Peer {
  return {
    name: 'rumur, symmetry, 2 cores',
    about: 'generated with heuristic symmetry reduction, compiled with -O3 -march=native, run',
    symmetric: true,
    run: (test) =>
      inFolder((run, folder) => {
        let text = readFileSync(model, 'utf8');
        for (const [name, value] of Object.entries(sizesOf(test)))
          text = text.replace(new RegExp(`^( *${name}: *)\\d+;`, 'm'), `$1${value};`);
        writeFileSync(join(folder, 'm.m'), text);
        const flags = ['--deadlock-detection', 'stuck', '--symmetry-reduction', 'heuristic', '--threads', '2'];
        run('rumur', ['--output', 'm.c', ...flags, 'm.m']);
        const libraries = ['-lpthread', '-latomic'];
        run('gcc', ['-std=c11', '-O3', '-w', '-march=native', '-mcx16', '-o', 'm', 'm.c', ...libraries]);
        return /(\d+) states, \d+ rules fired/.exec(run('./m', []))?.[1];
      }),
  };
}

function tlc(model: string, jar: string): Peer {
  return {
    name: 'tlc, 2 workers',
    about: 'java -Xmx6g, parallel collector',
    symmetric: false,
    run: (test) =>
      inFolder((run, folder) => {
        copyFileSync(model, join(folder, 'Sva.tla'));
        const constants = Object.entries(sizesOf(test)).map(([name, value]) => `  ${name} = ${value}`);
        const invariants = ['INVARIANT NoCallbackAfterShutdown', 'INVARIANT BondHasRefs'];
        writeFileSync(
          join(folder, 'Sva.cfg'),
          ['INIT Init', 'NEXT Next', 'CONSTANTS', ...constants, ...invariants].join('\n'),
        );
        const flags = ['-XX:+UseParallelGC', '-Xmx6g', '-cp', jar, 'tlc2.TLC', '-workers', '2', '-noGenerateSpecTE'];
        const counts = [...run('java', [...flags, 'Sva']).matchAll(/generated, ([\d,]+) distinct/g)];
        return counts[counts.length - 1]?.[1]?.replaceAll(',', '');
      }),
  };
}

const sizesOf = (test: PeerCase) => ({
  M: test.mms,
  TPP: test.threads,
  Q: test.requests,
  QL: 2,
  FIXED: test.fixed ? 1 : 0,
});

type Run = (command: string, args: string[]) => string;

/** Times what happens in a folder of its own; `work` returns the number of states as text. */
function inFolder(work: (run: Run, folder: string) => string | undefined): PeerRun | null {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-bench-'));
  try {
    const started = performance.now();
    const states = work(
      (command, args) => spawnSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 }).stdout,
      folder,
    );
    return states === undefined ? null : { seconds: (performance.now() - started) / 1000, states: Number(states) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
