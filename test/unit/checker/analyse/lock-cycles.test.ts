/** Predicted lock cycles: what is a cycle, what is none, and which can close; against brute force on random programs. */
import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { cyclesOf, type LockOrder, lockOrder, lockWants, type Want } from '../../../../checker/analyse/lock-cycles.ts';
import {
  actor,
  actors,
  type Body,
  bool,
  type Kit,
  type None,
  object,
  type Scenario,
  type Statement,
  struct,
  type View,
} from '../../../../checker/lang/index.ts';
import { breadthFirst } from '../../../support/search.ts';
import { plain, tiny } from '../../../support/tiny.ts';

const SEED = process.env['QUIESCE_SEED'] ?? 'lock-cycles';

const rw = () => struct('rw', { owner: actor(), readers: actors() }, { spins: false });
const Locks = object('locks', { l0: rw(), l1: rw(), l2: rw(), go: bool() }, { permanent: true });
type Locks = View<typeof Locks.shape>;
type Name = 'l0' | 'l1' | 'l2';

/** `x0` takes lock 0 for writing, `s0` for reading, `d0` drops it, `go` opens the gate, `wait` waits for it. */
type Word = `${'x' | 's' | 'd'}${0 | 1 | 2}` | 'go' | 'wait';

function statement(k: Kit<None>, locks: Locks, word: Word, i: number): Statement<None> {
  const label = `${i} ${word}`;
  if (word === 'go')
    return k.step(label, () => {
      locks.go = true;
    });
  if (word === 'wait') return k.blockUntil(label, () => locks.go);
  const name = `l${word[1]}` as Name;
  if (word[0] === 'd')
    return k.step(label, (_f, self) => {
      if (locks[name].owner === self) locks[name].owner = null;
      else locks[name].readers.delete(self);
    });
  const exclusive = word[0] === 'x';
  return {
    op: 'block',
    label,
    guard: () => locks[name].owner === null && (!exclusive || locks[name].readers.size === 0),
    act: (_f, self) => {
      if (exclusive) locks[name].owner = self;
      else locks[name].readers.add(self);
    },
    waiting: { kind: 'lock', lock: () => locks[name] },
  };
}

const programs = (...texts: readonly string[]): Scenario =>
  tiny((s) => {
    const locks = s.object(Locks, 'locks');
    texts.forEach((text, a) => {
      const body = (k: Kit<None>): Body<None> =>
        (text.split(' ') as Word[]).map((word, i) => statement(k, locks, word, i));
      s.actor('abc'[a] as string, plain(`p${a}`, body), {});
    });
  });

async function orderOf(scenario: Scenario, maxStates?: number): Promise<LockOrder> {
  const { model, search } = breadthFirst(scenario, { only: [], ...(maxStates ? { limits: { maxStates } } : {}) });
  const { wants } = await lockWants(model, search, async () => null);
  return lockOrder(model, wants, search.incomplete === null, (state) => [`${search.movesTo(state).length} steps`]);
}

/** `confirmed: a l0 l1, b l1 l0`. */
const told = (order: LockOrder): string[] =>
  order.cycles
    .map((c) => `${c.result}: ${c.parts.map((p) => `${p.actor} ${p.holds.slice(6)} ${p.wants.slice(6)}`).join(', ')}`)
    .sort();

describe('a cycle', () => {
  test('of two locks is confirmed, with the shortest way', async () => {
    const order = await orderOf(programs('x0 x1 d1 d0', 'x1 x0 d0 d1'));
    expect(told(order)).toEqual(['confirmed: a l0 l1, b l1 l0']);
    expect(order.cycles[0]?.steps).toEqual(['2 steps']);
    expect(order.pairs.map((p) => `${p.held} ${p.wanted}`).sort()).toEqual(['locks.l0 locks.l1', 'locks.l1 locks.l0']);
  });

  test('of three locks and three actors', async () => {
    expect(told(await orderOf(programs('x0 x1 d1 d0', 'x1 x2 d2 d1', 'x2 x0 d0 d2')))).toEqual([
      'confirmed: a l0 l1, b l1 l2, c l2 l0',
    ]);
  });

  test('of one actor, which wants what it holds', async () => {
    expect(told(await orderOf(programs('x0 x0')))).toEqual(['confirmed: a l0 l0']);
    expect(told(await orderOf(programs('s0 x0')))).toEqual(['confirmed: a l0 l0']);
    expect(told(await orderOf(programs('s0 s0 d0')))).toEqual([]);
  });

  test('is impossible when one actor waits until the other is through', async () => {
    expect(told(await orderOf(programs('x0 x1 d1 d0 go', 'wait x1 x0 d0 d1')))).toEqual([
      'impossible: a l0 l1, b l1 l0',
    ]);
  });

  test('is undecided when not all states were seen', async () => {
    const order = await orderOf(programs('x0 x1 d1 d0 go', 'wait x1 x0 d0 d1'), 8);
    expect(told(order).every((c) => c.startsWith('undecided'))).toBe(true);
    const [a, b] = [
      { actor: 0, lock: 1, mode: 'exclusive', holds: [{ lock: 0, mode: 'exclusive' }], place: 'p' },
      { actor: 1, lock: 0, mode: 'exclusive', holds: [{ lock: 1, mode: 'exclusive' }], place: 'q' },
    ] as const satisfies Want[];
    expect(cyclesOf([a, b], 1).cut).toBe(true);
  });
});

describe('no cycle', () => {
  test('behind a gate that both hold, unless both only read it', async () => {
    const gated = await orderOf(programs('x2 x0 x1 d1 d0 d2', 'x2 x1 x0 d0 d1 d2'));
    expect(told(gated)).toEqual([]);
    expect(gated.gated).toBe(true);
    expect(told(await orderOf(programs('s2 x0 x1 d1 d0 d2', 's2 x1 x0 d0 d1 d2')))).toEqual([
      'confirmed: a l0 l1, b l1 l0',
    ]);
  });

  test('of readers', async () => {
    expect(told(await orderOf(programs('s0 s1 d1 d0', 's1 s0 d0 d1')))).toEqual([]);
    expect(told(await orderOf(programs('s0 x1 d1 d0', 's1 x0 d0 d1')))).toEqual(['confirmed: a l0 l1, b l1 l0']);
    expect(told(await orderOf(programs('x0 s1 d1 d0', 'x1 s0 d0 d1')))).toEqual(['confirmed: a l0 l1, b l1 l0']);
  });

  test('of one order', async () => {
    expect(told(await orderOf(programs('x0 x1 d1 d0', 'x0 x1 d1 d0')))).toEqual([]);
  });
});

/** All that the definition says of the programs, by a walk over every state that knows nothing of the checker. */
function bruteForce(texts: readonly string[]): { predicted: Set<string>; confirmed: Set<string> } {
  interface Standing {
    readonly actor: number;
    readonly wants: number;
    readonly mode: string;
    readonly holds: ReadonlyMap<number, string>;
  }
  const words = texts.map((t) => t.split(' ') as Word[]);
  const heldAt = (actor: number, pc: number): Map<number, string> => {
    const held = new Map<number, string>();
    for (const w of (words[actor] as Word[]).slice(0, pc))
      if (w[0] === 'd') held.delete(Number(w[1]));
      else if (w !== 'go' && w !== 'wait') held.set(Number(w[1]), w[0] as string);
    return held;
  };
  const excludes = (a: string, b: string) => a === 'x' || b === 'x';
  const seen = new Set<string>();
  const all = new Map<string, Standing>();
  const together: Standing[][] = [];
  const visit = (pcs: readonly number[]): void => {
    if (seen.has(pcs.join())) return;
    seen.add(pcs.join());
    const held = pcs.map((pc, a) => heldAt(a, pc));
    const opened = pcs.some((pc, a) => words[a]?.slice(0, pc).includes('go'));
    const standings: Standing[] = [];
    pcs.forEach((pc, a) => {
      const w = words[a]?.[pc];
      if (w === undefined) return;
      let free = true;
      if (w === 'wait') free = opened;
      else if (w[0] === 'x' || w[0] === 's') {
        const lock = Number(w[1]);
        const mode = w[0];
        if ((held[a] as Map<number, string>).size > 0) {
          const standing = { actor: a, wants: lock, mode, holds: held[a] as Map<number, string> };
          standings.push(standing);
          all.set(`${a} ${pc}`, standing);
        }
        free = held.every((h) => !h.has(lock) || !excludes(mode, h.get(lock) as string));
      }
      if (free) visit(pcs.map((p, b) => (b === a ? p + 1 : p)));
    });
    together.push(standings);
  };
  visit(texts.map(() => 0));
  /** Every sequence of different actors that closes. */
  const cycles = (list: readonly Standing[]): Set<string> => {
    const found = new Set<string>();
    const grow = (chain: readonly Standing[]): void => {
      const next = (a: Standing, b: Standing) =>
        b.holds.has(a.wants) && excludes(a.mode, b.holds.get(a.wants) as string);
      const pairs = chain.flatMap((a, i) => chain.slice(i + 1).map((b) => [a, b] as const));
      const meet = pairs.every(([a, b]) =>
        [...a.holds].every(([lock, mode]) => !b.holds.has(lock) || !excludes(mode, b.holds.get(lock) as string)),
      );
      const closed = chain.every((s, i) => next(s, chain[(i + 1) % chain.length] as Standing));
      if (meet && closed && chain[0]?.actor === Math.min(...chain.map((s) => s.actor)))
        found.add(
          chain
            .map((s, i) => `${'abc'[s.actor]} l${chain[(i + chain.length - 1) % chain.length]?.wants} l${s.wants}`)
            .join(', '),
        );
      for (const s of list) if (!chain.some((c) => c.actor === s.actor)) grow([...chain, s]);
    };
    for (const s of list) grow([s]);
    return found;
  };
  return { predicted: cycles([...all.values()]), confirmed: new Set(together.flatMap((list) => [...cycles(list)])) };
}

test(`300 random programs agree with brute force (seed ${SEED})`, async () => {
  const random = seedrandom(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const program = (): string => {
    const held: number[] = [];
    const words: string[] = [];
    for (let i = 0; i < 4 + below(4); i++) {
      const free = [0, 1, 2].filter((l) => !held.includes(l));
      const what = below(10);
      if (what === 0) words.push(below(2) === 0 ? 'go' : 'wait');
      else if (held.length > 0 && (what < 4 || free.length === 0))
        words.push(`d${held.splice(below(held.length), 1)[0]}`);
      else {
        const lock = free[below(free.length)] as number;
        words.push(`${below(3) === 0 ? 's' : 'x'}${lock}`);
        held.push(lock);
      }
    }
    return [...words, ...held.reverse().map((l) => `d${l}`)].join(' ');
  };
  const results = { confirmed: 0, impossible: 0 };
  for (let run = 0; run < 300; run++) {
    const texts = Array.from({ length: 2 + below(2) }, program);
    const { predicted, confirmed } = bruteForce(texts);
    const wanted = [...predicted].map((c) => `${confirmed.has(c) ? 'confirmed' : 'impossible'}: ${c}`).sort();
    expect(told(await orderOf(programs(...texts))), texts.join(' | ')).toEqual(wanted);
    for (const c of predicted) results[confirmed.has(c) ? 'confirmed' : 'impossible']++;
  }
  expect(results.confirmed).toBeGreaterThan(20);
  expect(results.impossible).toBeGreaterThan(5);
});
