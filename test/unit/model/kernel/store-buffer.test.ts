/** Store buffers: the litmus tests of total store order, with and without barriers. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { int, object, type Setup, sometimes, type ViewOf } from '../../../../checker/lang/index.ts';
import { type Cpu, constant, procedure, StoreBuffer, storeBuffer } from '../../../../model/kernel/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

const Memory = object('memory', { x: int(0, 2), y: int(0, 2) }, { permanent: true });
const Seen = object('seen', { first: int(0, 3, 3), second: int(0, 3, 3) }, { permanent: true });
type Seen = ViewOf<typeof Seen>;
const X = 0;
const Y = 1;

interface Frame {
  cpu: Cpu;
  seen: Seen;
}

type Program = readonly ((k: any) => any)[];
const store = (location: number, value: number) => (k: any) =>
  k.storeOnce(
    (f: Frame) => f.cpu,
    location,
    () => value,
    { label: `store ${location} ${value}` },
  );
const load = (location: number, into: 'first' | 'second') => (k: any) =>
  k.loadOnce(
    (f: Frame) => f.cpu,
    location,
    (f: Frame, value: number) => {
      f.seen[into] = value;
    },
    { label: `load ${location}` },
  );
const mb = (k: any) => k.smpMb((f: Frame) => f.cpu);

/** Runs the programs, one a CPU; can they end so? */
async function canEnd(programs: readonly Program[], end: (seen: readonly Seen[]) => boolean): Promise<boolean> {
  const verdict = await check(
    tiny((s: Setup<any>) => {
      const memory = s.object(Memory, 'memory');
      const locations = [
        {
          load: () => memory.x,
          store: (value: number) => {
            memory.x = value;
          },
        },
        {
          load: () => memory.y,
          store: (value: number) => {
            memory.y = value;
          },
        },
      ];
      const seen = s.objects(Seen, 'seen', programs.length);
      for (const [i, program] of programs.entries()) {
        const buffer = s.object(StoreBuffer, `buffer${i}`);
        const run = procedure(`cpu${i}`, { source, params: { cpu: constant<Cpu>(), seen: Seen } }, (k) =>
          program.map((statement) => statement(k)),
        );
        s.actor(`cpu${i}`, run, { cpu: { buffer, memory: locations }, seen: seen[i] as Seen });
        s.actor(`drain${i}`, storeBuffer, { buffer, memory: locations }, { role: 'hardware' });
      }
      s.property(sometimes('end', 'the end asked for', () => end(seen)));
    }),
    { explain: false },
  );
  expect(verdict.complete).toBe(true);
  const [goal] = verdict.properties.filter((p) => p.name === 'end');
  return goal?.result === 'reached';
}

/** Store buffering: each stores to one location and loads the other. */
const sb = (left: Program, right: Program) => [
  [store(X, 1), ...left, load(Y, 'first')],
  [store(Y, 1), ...right, load(X, 'first')],
];
const bothOld = (seen: readonly Seen[]) => seen.every((s) => s.first === 0);

describe('store buffering (SB)', () => {
  test.each([
    ['without a barrier both may load the old value', [], [], true],
    ['with a barrier on one side as well', [mb], [], true],
    ['and on the other', [], [mb], true],
    ['with a barrier on both sides one of them loads the new value', [mb], [mb], false],
  ] as const)('%s', async (_name, left, right, possible) => {
    expect(await canEnd(sb(left, right), bothOld)).toBe(possible);
  });

  test('the ordinary ends are possible in any case', async () => {
    for (const barrier of [[], [mb]])
      expect(await canEnd(sb(barrier, barrier), (seen) => seen.every((s) => s.first === 1))).toBe(true);
  });
});

test('message passing (MP): stores become visible in order, so no barrier is needed', async () => {
  const programs = [
    [store(X, 1), store(Y, 1)],
    [load(Y, 'first'), load(X, 'second')],
  ];
  expect(await canEnd(programs, ([, reader]) => reader?.first === 1 && reader.second === 0)).toBe(false);
  expect(await canEnd(programs, ([, reader]) => reader?.first === 0 && reader.second === 1)).toBe(true);
});

test('a CPU sees its own stores at once, the newest first, while others still see the old value', async () => {
  const programs = [[store(X, 1), store(X, 2), load(X, 'first')], [load(X, 'first')]];
  expect(await canEnd(programs, ([own]) => own?.first === 0 || own?.first === 1)).toBe(false);
  for (const value of [0, 1, 2]) expect(await canEnd(programs, ([, other]) => other?.first === value)).toBe(true);
});

test('two readers may disagree with nobody: independent stores are seen in one order (IRIW)', async () => {
  const programs = [
    [store(X, 1)],
    [store(Y, 1)],
    [load(X, 'first'), load(Y, 'second')],
    [load(Y, 'first'), load(X, 'second')],
  ];
  const disagree = (seen: readonly Seen[]) => [seen[2], seen[3]].every((s) => s?.first === 1 && s.second === 0);
  expect(await canEnd(programs, disagree)).toBe(false);
});

test('a CPU may forward its own store to a load before others see it (n5 against n4)', async () => {
  // Each stores to X and loads it: each may see its own value, and never both the value of the other.
  const programs = [
    [store(X, 1), load(X, 'first')],
    [store(X, 2), load(X, 'first')],
  ];
  expect(await canEnd(programs, ([a, b]) => a?.first === 2 && b?.first === 1)).toBe(false);
  expect(await canEnd(programs, ([a, b]) => a?.first === 1 && b?.first === 2)).toBe(true);
});
