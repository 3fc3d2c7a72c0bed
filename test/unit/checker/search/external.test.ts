/**
 * A search that goes on with its states on disk finds what the search in memory finds: the same states in the same
 * order, the same parents, levels, counts, findings and coverage, wherever it changes over and however small its
 * buffers are.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import seedrandom from 'seedrandom';
import { afterAll, describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { QuiesceError } from '../../../../checker/lang/index.ts';
import { Symmetry } from '../../../../checker/reduce/symmetry.ts';
import { BreadthFirst, type BreadthFirstOptions } from '../../../../checker/search/breadth/bfs.ts';
import type { Saved } from '../../../../checker/search/breadth/saved.ts';
import { ExternalBreadthFirst } from '../../../../checker/search/external.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import { spillFolder } from '../../../../checker/store/disk-states.ts';
import { Merge, makeOrder, RunLookup, Sorter } from '../../../../checker/store/runs.ts';
import { type HashText, tupleHash } from '../../../../checker/store/tuples.ts';
import { SEED, type Subject, subjectsOf } from '../../../support/subjects.ts';

const limits = { maxStates: 2 ** 28, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };
const folder = mkdtempSync(join(tmpdir(), 'quiesce-external-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PAGE = 4096;
const collide: HashText = () => 'let x = 7;';

const subjects = subjectsOf(({ states }) => states > 300 && states < 1500, 8, 25);

type Options = Partial<Omit<BreadthFirstOptions, 'symmetry'>>;

function inMemory({ scenario, variant, symmetry }: Subject, stopAtFirst: boolean, options: Options) {
  const model = compile(scenario, { variant });
  const findings = new Findings(model, null);
  const folded = symmetry ? new Symmetry(model) : null;
  const search = new BreadthFirst(model, findings, {
    limits,
    stopAtFirst,
    symmetry: folded,
    chunkStates: 4,
    ...options,
  });
  return { model, findings, search, symmetry: folded };
}

type Part = ReturnType<typeof inMemory>;

/** Goes on where `part` is, on disk. */
function onDisk({ model, findings, search, symmetry }: Part, saved: Saved, stopAtFirst: boolean, hash: HashText) {
  const external = new ExternalBreadthFirst(model, findings, saved, search.store, {
    limits,
    stopAtFirst,
    symmetry,
    folder,
    bufferBytes: PAGE,
    roundStates: search.roundStates,
    hash,
  });
  while (external.advance(0));
  return external;
}

/** All that a search tells. */
function told({ model, findings }: Part, search: BreadthFirst | ExternalBreadthFirst) {
  const { states, transitions, depth, levels, left } = search.counts;
  const words = new Int32Array(model.words);
  const missing: number[] = [];
  const stored = Array.from({ length: states }, (_, i) => {
    search.store.read(i, words, 0);
    search.store.lookup(words, 1);
    if (search.store.found[0] !== i + 1) missing.push(i);
    return `${words.join(' ')} from ${search.store.parentOf(i)}, ahead ${search.ahead[i]}`;
  });
  return {
    states,
    transitions,
    depth,
    levels,
    left,
    starts: search.levelStarts,
    incomplete: search.incomplete,
    unreduced: search.unreduced,
    violations: findings.violations,
    reached: [...findings.reached].sort(),
    taken: [...model.taken],
    refused: [...model.refused],
    stored,
    missing,
  };
}

describe(`on disk as in memory, seed ${SEED}`, () => {
  const draw = seedrandom(`spill ${SEED}`);
  let early = 0;

  test.each(subjects)('$name', (subject) => {
    for (const stopAtFirst of [false, true])
      for (const { hash, options } of [
        { hash: tupleHash, options: {} },
        { hash: tupleHash, options: { uncompressed: true } },
        ...(stopAtFirst ? [] : [{ hash: collide, options: {} }]),
      ]) {
        const whole = inMemory(subject, stopAtFirst, options);
        while (whole.search.advance(1000));
        const expected = told(whole, whole.search);
        // All collide: every look-up reads everything.
        if (hash === collide && expected.states > 500) continue;
        const part = inMemory(subject, stopAtFirst, options);
        let more = true;
        for (let rounds = Math.floor(draw() * 4); rounds > 0 && more; rounds--) more = part.search.advance(0);
        const saved = more ? part.search.save() : null;
        if (saved === null) continue;
        early++;
        const external = onDisk(part, saved, stopAtFirst, hash);
        try {
          expect(told(part, external)).toEqual(expected);
        } finally {
          external.release();
        }
        expect(readdirSync(folder)).toEqual([]);
      }
  });

  test('most of them changed over before they ended', () => {
    expect(early).toBeGreaterThan(subjects.length);
  });

  test('a limit of depth ends it as it ends the search in memory', () => {
    const subject = subjects[0] as Subject;
    const shallow = { limits: { ...limits, maxDepth: 6 } };
    const whole = inMemory(subject, false, shallow);
    while (whole.search.advance(1000));
    const part = inMemory(subject, false, {});
    const { model, findings, search, symmetry } = part;
    const external = new ExternalBreadthFirst(model, findings, search.save() as Saved, search.store, {
      ...shallow,
      stopAtFirst: false,
      symmetry,
      folder,
      bufferBytes: PAGE,
      roundStates: search.roundStates,
      hash: tupleHash,
    });
    while (external.advance(1000));
    expect(whole.search.incomplete).toBe('depth limit');
    expect(told(part, external)).toEqual(told(whole, whole.search));
    external.release();
  });
});

describe('runs', () => {
  test.each([tupleHash, collide])('merge and find as a sorted list does (%#)', (hash) => {
    const random = seedrandom(`runs ${SEED}`);
    const order = makeOrder(2, hash);
    const own = join(folder, 'runs');
    mkdirSync(own, { recursive: true });
    const sorter = new Sorter(4, 50, order);
    const all: string[] = [];
    const runs = Array.from({ length: 7 }, (_, r) => {
      for (let i = 0; i < 50 - r; i++) {
        const key = Int32Array.of(Math.floor(random() * 9) - 4, Math.floor(random() * 9) * 2 ** 28);
        sorter.add(key, 0, all.length, 1000 + all.length);
        all.push(key.join());
      }
      return sorter.write(join(own, `${r}`));
    });
    const merged: { key: string; number: number }[] = [];
    const merge = new Merge(runs, order);
    for (let cursor = merge.least; cursor !== null; cursor = merge.least) {
      const { buffer, at } = cursor.reader;
      merged.push({ key: [...buffer.subarray(at, at + 2)].join(), number: buffer[at + 2] as number });
      expect(buffer[at + 3]).toBe(1000 + (buffer[at + 2] as number));
      merge.next();
    }
    expect(merged.map((m) => m.number).sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
    for (const { key, number } of merged) expect(all[number]).toBe(key);
    // Equal keys are neighbours, the first that came first.
    const firsts = merged.filter((m, i) => i === 0 || merged[i - 1]?.key !== m.key);
    expect(new Set(firsts.map((m) => m.key)).size).toBe(firsts.length);
    for (const { key, number } of firsts) expect(all.indexOf(key)).toBe(number);
    for (const run of runs) {
      const find = new RunLookup(run, order);
      const key = Int32Array.of(99, 99);
      expect(find.find(order.hash(key, 0), key, 0)).toBe(-1);
      find.close();
    }
    rmSync(own, { recursive: true });
  });
});

test('folders of processes that are gone are removed, and a folder that cannot be written is told', () => {
  const own = join(folder, 'spill');
  mkdirSync(join(own, 'quiesce-spill-99999999-0'), { recursive: true });
  const made = spillFolder(own);
  expect(existsSync(join(own, 'quiesce-spill-99999999-0'))).toBe(false);
  expect(existsSync(made)).toBe(true);
  rmSync(own, { recursive: true });
  expect(() => spillFolder('/proc/nowhere')).toThrow(QuiesceError);
});
