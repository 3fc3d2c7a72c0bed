/**
 * A disk that is full ends a search on disk as undecided, never as a pass: what was found before stays, and states,
 * parents and levels that it tells are those of the search in memory.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import type { Scenario } from '../../../../checker/lang/index.ts';
import { BreadthFirst } from '../../../../checker/search/breadth/bfs.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import { Spilling } from '../../../../checker/search/spilling.ts';
import { scenarios } from '../../../../scenarios/index.ts';

const disk = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY }));

vi.mock('../../../../checker/store/checkpoint.ts', async (original) => {
  const real = await original<typeof import('../../../../checker/store/checkpoint.ts')>();
  return {
    ...real,
    writeAll: (file: number, bytes: Uint8Array) => {
      if (bytes.length > disk.left) throw Object.assign(new Error('write'), { code: 'ENOSPC' });
      disk.left -= bytes.length;
      real.writeAll(file, bytes);
    },
  };
});

const folder = mkdtempSync(join(tmpdir(), 'quiesce-full-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  disk.left = Number.POSITIVE_INFINITY;
});

const limits = { maxStates: 2 ** 28, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };
const scenario = scenarios.find((s) => s.name === 'peers-sva') as Scenario;

function begin(variant: string, stopAtFirst: boolean, maxMemoryBytes: number) {
  const model = compile(scenario, { variant });
  const findings = new Findings(model, null);
  const memory = { limits: { ...limits, maxMemoryBytes }, stopAtFirst, symmetry: null, uncompressed: true };
  const search = new BreadthFirst(model, findings, memory);
  return { model, findings, spilling: new Spilling(model, findings, search, limits, stopAtFirst, { folder }) };
}

test.each([0, 0.02, 0.3, 0.7, 0.99])('at %f of what it writes', (part) => {
  const whole = begin('fixed', false, 1_000_000);
  while (whole.spilling.advance(1000));
  expect(whole.spilling.incomplete).toBeNull();
  expect(whole.spilling.spilledAtLevel).not.toBeNull();
  disk.left = 1e12;
  const counted = begin('fixed', false, 1_000_000);
  while (counted.spilling.advance(1000));
  const written = 1e12 - disk.left;
  counted.spilling.release();

  disk.left = Math.floor(part * written);
  const { spilling } = begin('fixed', false, 1_000_000);
  while (spilling.advance(1000));
  expect(spilling.incomplete).toMatch(/disk full: no room in /);
  const { states, levels, left } = spilling.counts;
  expect(left).toBeGreaterThan(0);
  expect(states).toBeLessThan(whole.spilling.counts.states);
  if (spilling.spilledAtLevel === null) expect(spilling.incomplete).toMatch(/^memory limit; /);
  else {
    expect(levels).toEqual(whole.spilling.counts.levels.slice(0, levels.length));
    expect(levels.reduce((sum, n) => sum + n, 0)).toBe(states);
    for (let i = 0; i < states; i += 97) {
      expect(spilling.search.store.parentOf(i)).toBe(whole.spilling.search.store.parentOf(i));
      expect(spilling.search.movesTo(i)).toEqual(whole.spilling.search.movesTo(i));
    }
  }
  spilling.release();
  whole.spilling.release();
  expect(readdirSync(folder)).toEqual([]);
});
