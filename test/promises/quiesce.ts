/** Runs the compiled program in a folder of its own, as a user would. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const root: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const program: string = join(root, 'dist', 'cli', 'main.js');

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with what stderr and stdout hold so far; may send a signal. */
  readonly watch?: (soFar: { stdout: string; stderr: string }, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `quiesce` with the arguments and waits for its end. */
export function quiesce(args: readonly string[], options: RunOptions): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: options.cwd, ...options.env },
    });
    const soFar = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        soFar[name] += text;
        options.watch?.(soFar, (signal) => child.kill(signal));
      });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...soFar }));
  });
}

/** A fresh folder, removed when the test file is done. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiesce-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
