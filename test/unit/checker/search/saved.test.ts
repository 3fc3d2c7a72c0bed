/**
 * A search that is saved and taken up again, after every round, goes on as if it had never stopped: the same states in
 * the same order, the same parents, levels, counts, findings and coverage.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import seedrandom from 'seedrandom';
import { afterAll, describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import { QuiesceError } from '../../../../checker/lang/index.ts';
import { Symmetry } from '../../../../checker/reduce/symmetry.ts';
import { BreadthFirst, type BreadthFirstOptions } from '../../../../checker/search/breadth/bfs.ts';
import { type Saved, type SavedHead, SavedReader, toSections } from '../../../../checker/search/breadth/saved.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import {
  aboutCheckpoint,
  readCheckpoint,
  removeHalfWritten,
  writeCheckpoint,
} from '../../../../checker/store/checkpoint.ts';
import { SEED, type Subject, subjectsOf } from '../../../support/subjects.ts';

const limits = { maxStates: 3000, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };
const folder = mkdtempSync(join(tmpdir(), 'quiesce-saved-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'search.checkpoint');

const subjects = subjectsOf(({ verdict, states }) => verdict === 'holds' && states > 300 && states < 3000, 4, 40);

type Options = Omit<BreadthFirstOptions, 'limits' | 'stopAtFirst' | 'symmetry'>;
const ways: readonly { readonly name: string; readonly options: () => Options }[] = [
  { name: 'compressed', options: () => ({ chunkStates: 4 }) },
  { name: 'whole states', options: () => ({ chunkStates: 4, uncompressed: true }) },
  {
    name: 'three lanes in any order',
    options: () => ({ chunkStates: 4, shuffle: { lanes: 3, random: seedrandom(`saved ${SEED}`) } }),
  },
];

/** All that a search tells. Saved and taken up again after every round where `stops`, through a file. */
function explore(
  { scenario, variant, symmetry }: Subject,
  stopAtFirst: boolean,
  options: () => Options,
  stops: boolean,
) {
  let parts = 0;
  const make = (from: Saved | null) => {
    parts++;
    const model = compile(scenario, { variant });
    const findings = new Findings(model, null);
    const folded = symmetry ? new Symmetry(model) : null;
    return {
      model,
      findings,
      search: new BreadthFirst(model, findings, { limits, stopAtFirst, symmetry: folded, from, ...options() }),
    };
  };
  let part = make(null);
  while (part.search.advance(0)) {
    if (!stops || parts >= 40) continue;
    const saved = part.search.save();
    if (saved === null) break;
    const { head, sections } = toSections(saved);
    writeCheckpoint(file, head, sections);
    const reader = new SavedReader();
    const read = readCheckpoint(file, (_, name, bytes) => reader.place(name, bytes));
    part = make(reader.saved(read as SavedHead));
  }
  const { model, findings, search } = part;
  const { states, transitions, depth, levels } = search.counts;
  const words = new Int32Array(model.words);
  return {
    parts,
    told: {
      states,
      transitions,
      depth,
      levels,
      starts: search.levelStarts,
      incomplete: search.incomplete,
      unreduced: search.unreduced,
      violations: findings.violations,
      reached: [...findings.reached].sort(),
      taken: [...model.taken],
      refused: [...model.refused],
      stored: Array.from({ length: states }, (_, i) => {
        search.store.read(i, words, 0);
        return `${words.join(' ')} from ${search.store.parentOf(i)}, ahead ${search.ahead[i]}`;
      }),
    },
  };
}

describe(`saved and taken up again, seed ${SEED}`, () => {
  let stopped = 0;

  test.each(subjects)('$name', (subject) => {
    for (const { options } of ways)
      for (const stopAtFirst of [false, true]) {
        const again = explore(subject, stopAtFirst, options, true);
        stopped += again.parts - 1;
        expect(again.told).toEqual(explore(subject, stopAtFirst, options, false).told);
      }
  });

  test('they were stopped many times', () => {
    expect(stopped).toBeGreaterThan(subjects.length);
  });

  test('a search that a limit ended goes on with more of it, and stops at once with the same', () => {
    const subject = subjects[0] as Subject;
    const model = compile(subject.scenario, { variant: subject.variant });
    const run = (from: Saved | null, maxDepth: number) => {
      const own = compile(subject.scenario, { variant: subject.variant });
      const search = new BreadthFirst(own, new Findings(own, null), {
        limits: { ...limits, maxDepth },
        stopAtFirst: false,
        from,
      });
      while (search.advance(1000));
      return search;
    };
    expect(model.words).toBeGreaterThan(0);
    const whole = run(null, limits.maxDepth);
    const cut = run(null, 5);
    expect(cut.incomplete).toBe('depth limit');
    const same = run(cut.save(), 5);
    expect(same.incomplete).toBe('depth limit');
    expect(same.counts).toEqual(cut.counts);
    expect(run(cut.save(), limits.maxDepth).counts).toEqual(whole.counts);
  });

  test('a search that is over has nothing to save', () => {
    const subject = subjects[0] as Subject;
    const model = compile(subject.scenario, { variant: subject.variant });
    const search = new BreadthFirst(model, new Findings(model, null), { limits, stopAtFirst: false });
    while (search.advance(1000));
    expect(search.save()).toBeNull();
  });
});

describe('a checkpoint file', () => {
  const about = { what: 'a test', numbers: [1, 2, 3] };
  const sections = [
    { name: 'one', bytes: Uint8Array.from({ length: 1001 }, (_, i) => i) },
    { name: 'none', bytes: new Uint8Array(0) },
    { name: 'large', bytes: new Uint8Array(3 * 2 ** 20 + 5).fill(7) },
  ];
  const read = (path: string) => {
    const places = new Map<string, Uint8Array>();
    const told = readCheckpoint(path, (_, name, bytes) => {
      places.set(name, new Uint8Array(bytes));
      return places.get(name) as Uint8Array;
    });
    return { told, places };
  };
  const codeOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      return error instanceof QuiesceError ? error.code : String(error);
    }
    return 'nothing thrown';
  };

  test('is read as it was written, and leaves nothing beside it', () => {
    const path = join(folder, 'whole');
    writeCheckpoint(path, about, sections);
    const { told, places } = read(path);
    expect(told).toEqual(about);
    expect(aboutCheckpoint(path)).toEqual(about);
    expect([...places.keys()]).toEqual(sections.map((s) => s.name));
    for (const { name, bytes } of sections) expect(Buffer.compare(places.get(name) as Uint8Array, bytes), name).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('.whole'))).toEqual([]);
  });

  test('that was cut, lengthened or changed anywhere is refused', () => {
    const path = join(folder, 'damaged');
    writeCheckpoint(path, about, sections);
    const good = readFileSync(path);
    const random = seedrandom(`damage ${SEED}`);
    for (let i = 0; i < 60; i++) {
      const at = i < 24 ? i : Math.floor(random() * good.length);
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ (1 << Math.floor(random() * 8));
      writeFileSync(path, bad);
      expect([at, codeOf(() => read(path))]).toEqual([at, 'load']);
    }
    for (const length of [0, 7, 16, 24, 100, good.length - 33, good.length - 1]) {
      writeFileSync(path, good.subarray(0, length));
      expect([length, codeOf(() => read(path))]).toEqual([length, 'load']);
    }
    writeFileSync(path, Buffer.concat([good, Buffer.alloc(1)]));
    expect(codeOf(() => read(path))).toBe('load');
    writeFileSync(path, good);
    expect(codeOf(() => read(path))).toBe('nothing thrown');
  });

  test('that is not there, or cannot be written, is told as such', () => {
    expect(codeOf(() => read(join(folder, 'nowhere')))).toBe('usage');
    expect(codeOf(() => writeCheckpoint(join(folder, 'no', 'folder'), about, sections))).toBe('io');
  });

  test('half-written files of processes that are gone are removed, and no others', () => {
    const path = join(folder, 'half');
    // No process has a number that large.
    for (const name of ['.half.99999999.tmp', '.half.1.tmp', '.other.99999999.tmp'])
      writeFileSync(join(folder, name), '');
    removeHalfWritten(path);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual(['.half.1.tmp', '.other.99999999.tmp']);
  });
});
