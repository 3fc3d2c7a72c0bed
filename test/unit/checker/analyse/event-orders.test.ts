/** Orders of events: what counts as begun and ended, and every pair against a list of all executions. */
import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { type EventOrders, eventOrders } from '../../../../checker/analyse/event-orders.ts';
import {
  type Body,
  callbackType,
  does,
  int,
  type Kit,
  type None,
  object,
  op,
  procedure,
  type Scenario,
  type View,
} from '../../../../checker/lang/index.ts';
import { breadthFirst } from '../../../support/search.ts';
import { plain, source, tiny } from '../../../support/tiny.ts';

const SEED = process.env['QUIESCE_SEED'] ?? 'event-orders';

const Cell = object('cell', { n: int(0, 15) }, { permanent: true });
type Cell = View<typeof Cell.shape>;

/** `+` raises the cell, a digit waits until it is at least that, anything else is a step of its own. */
const words = (k: Kit<None>, cell: Cell, text: string): Body<None> =>
  text.split(' ').map((word, i) => {
    const label = `${i} ${word}`;
    if (/^\d$/.test(word)) return k.blockUntil(label, () => cell.n >= Number(word));
    return k.step(label, () => {
      if (word === '+') cell.n++;
    });
  });

/** One actor a list, one operation a text: `[['s s', '+'], ['1 s']]`. */
const calls = (...programs: readonly (readonly string[])[]): Scenario =>
  tiny((s) => {
    const cell = s.object(Cell, 'cell');
    programs.forEach((texts, a) => {
      s.task(
        'abc'[a] as string,
        texts.map((text, i) =>
          does(
            plain(`${'abc'[a]}${i}`, (k) => words(k, cell, text)),
            {},
          ),
        ),
      );
    });
  });

async function ordersOf(scenario: Scenario): Promise<EventOrders> {
  const { model, search } = breadthFirst(scenario, { only: [] });
  const orders = await eventOrders(model, search, 2 ** 30, async () => null);
  if (typeof orders === 'string') throw new Error(orders);
  return orders;
}

/** `a0 b0: bao`. */
const told = ({ events, pairs }: EventOrders): string[] =>
  pairs.map((p) => {
    const name = (i: number) => events[i]?.name;
    return `${name(p.first)} ${name(p.second)}: ${p.before ? 'b' : '-'}${p.after ? 'a' : '-'}${p.overlap ? 'o' : '-'}`;
  });

describe('two operations', () => {
  test('of several steps come in every order', async () => {
    expect(told(await ordersOf(calls(['s s'], ['s s'])))).toEqual(['a0 b0: bao']);
  });

  test('of one step never overlap', async () => {
    expect(told(await ordersOf(calls(['s'], ['s'])))).toEqual(['a0 b0: ba-']);
  });

  test('of which one waits for the end of the other come in one order', async () => {
    expect(told(await ordersOf(calls(['s', '+'], ['1 s'])))).toEqual(['a0 b0: b--', 'a1 b0: b--']);
  });

  test('have begun with their first step, not when the one before has ended', async () => {
    expect(told(await ordersOf(calls(['s', 's'], ['s s'])))).toEqual(['a0 b0: bao', 'a1 b0: bao']);
    expect(told(await ordersOf(calls(['+ 2'], ['1 +'])))).toEqual(['a0 b0: --o']);
  });

  test('never come in any order when one is never reached', async () => {
    expect(told(await ordersOf(calls(['5', 's'], ['s'])))).toEqual(['a0 b0: ---', 'a1 b0: ---']);
  });
});

test('a callback lasts from its call to its return; a worker itself is no event', async () => {
  const Fn = callbackType('fn', {});
  const Ops = object('ops', { fn: op(Fn), n: int(0, 9) }, { permanent: true });
  const handler = procedure('handler', { source }, (k) => [k.step('one', () => {}), k.step('two', () => {})]);
  const scenario = tiny((s) => {
    s.implementations(Fn, [handler as never]);
    const ops = s.object(Ops, 'ops', { fn: handler } as never);
    const caller = plain('work', (k) => [
      k.callback(
        Fn,
        () => ops.fn as never,
        () => ({}),
      ),
    ]);
    s.actor('w', caller, {}, { role: 'worker' });
    s.task('t', [
      does(
        plain('call', (k) => [k.step('only', () => {})]),
        {},
      ),
    ]);
  });
  const orders = await ordersOf(scenario);
  expect(orders.events).toEqual([
    { actor: 'w', name: 'handler', kind: 'callback' },
    { actor: 't', name: 'call', kind: 'operation' },
  ]);
  expect(told(orders)).toEqual(['handler call: bao']);
});

test('a step that calls itself an event begins and ends at once, as often as it is taken', async () => {
  const scenario = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const answers = plain('answers', (k) => [
      k.loop([
        k.blockUntil('wait', () => cell.n > 0, {
          do: () => {
            cell.n--;
          },
        }),
        k.step('answer', () => {}, { event: 'answer' }),
      ]),
    ]);
    s.actor('w', answers, {}, { role: 'worker' });
    s.task('t', [
      does(
        plain('ask', (k) => words(k, cell, '+ s')),
        {},
      ),
      does(
        plain('ask again', (k) => words(k, cell, '+ s')),
        {},
      ),
    ]);
  });
  const orders = await ordersOf(scenario);
  expect(orders.events[0]).toEqual({ actor: 'w', name: 'answer', kind: 'step' });
  // An answer needs a request, so none comes before the first, and one may come after all or in between.
  expect(told(orders)).toEqual(['answer ask: -ao', 'answer ask again: bao']);
});

test('what comes again and again comes before and after what comes once', async () => {
  const scenario = tiny((s) => {
    const cell = s.object(Cell, 'cell');
    const turns = plain('turns', (k) => [
      k.loop([
        k.step('on', () => {
          cell.n = 1;
        }),
        k.step(
          'off',
          () => {
            cell.n = 0;
          },
          { event: 'off' },
        ),
      ]),
    ]);
    s.actor('w', turns, {}, { role: 'worker' });
    s.task('t', [
      does(
        plain('once', (k) => words(k, cell, 's s')),
        {},
      ),
    ]);
  });
  expect(told(await ordersOf(scenario))).toEqual(['off once: bao']);
});

test('a second call of a procedure has a name of its own, and events beyond 32 are counted', async () => {
  const twice = plain('p', (k) => [k.step('s', () => {})]);
  const many = tiny((s) => {
    s.task(
      'a',
      Array.from({ length: 40 }, () => does(twice, {})),
    );
  });
  const orders = await ordersOf(many);
  expect(orders.events.slice(0, 2).map((e) => e.name)).toEqual(['p', 'p (2)']);
  expect(orders.leftOut).toBe(8);
});

test('without all transitions nothing is told', async () => {
  const { model, search } = breadthFirst(calls(['s s'], ['s s']), { only: [], limits: { maxStates: 3 } });
  expect(await eventOrders(model, search, 2 ** 30, async () => null)).toBe('the search has not stored every successor');
});

/** Every execution one by one; each event as its first and last step in it. */
function bruteForce(programs: readonly (readonly string[])[]): string[] {
  const steps = programs.map((texts) => texts.flatMap((text, o) => text.split(' ').map((word) => ({ word, o }))));
  const events = programs.flatMap((texts, a) => texts.map((_, o) => ({ a, o })));
  const found = new Map<string, Set<string>>();
  const look = (run: readonly { a: number; o: number }[]): void => {
    const spans = events.map(({ a, o }) => {
      const at = run.flatMap((s, i) => (s.a === a && s.o === o ? [i] : []));
      const length = programs[a]?.[o]?.split(' ').length;
      return at.length === 0 ? null : { from: at[0] as number, to: at.length === length ? (at.at(-1) as number) : 1e9 };
    });
    events.forEach((e, i) => {
      events.forEach((f, j) => {
        const [x, y] = [spans[i], spans[j]];
        if (j <= i || e.a === f.a || !x || !y) return;
        const set = found.get(`${i} ${j}`) ?? new Set();
        found.set(`${i} ${j}`, set.add(x.to < y.from ? 'b' : y.to < x.from ? 'a' : 'o'));
      });
    });
  };
  const go = (pcs: readonly number[], n: number, run: readonly { a: number; o: number }[]): void => {
    look(run);
    pcs.forEach((pc, a) => {
      const s = steps[a]?.[pc];
      if (s === undefined || (/^\d$/.test(s.word) && n < Number(s.word))) return;
      go(
        pcs.map((p, b) => (a === b ? p + 1 : p)),
        s.word === '+' ? n + 1 : n,
        [...run, { a, o: s.o }],
      );
    });
  };
  go(
    programs.map(() => 0),
    0,
    [],
  );
  return events.flatMap((e, i) =>
    events.flatMap((f, j) => {
      if (j <= i || e.a === f.a) return [];
      const set = found.get(`${i} ${j}`);
      const letters = ['b', 'a', 'o'].map((l) => (set?.has(l) ? l : '-')).join('');
      return [`${'abc'[e.a]}${e.o} ${'abc'[f.a]}${f.o}: ${letters}`];
    }),
  );
}

test(`250 random scenarios agree with a list of all executions (seed ${SEED})`, async () => {
  const random = seedrandom(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const seen = new Set<string>();
  for (let run = 0; run < 250; run++) {
    const actors = 2 + below(2);
    const programs = Array.from({ length: actors }, () =>
      Array.from({ length: 1 + below(2) }, () =>
        Array.from({ length: 1 + below(actors === 2 ? 3 : 2) }, () => ['s', '+', String(1 + below(2))][below(3)]).join(
          ' ',
        ),
      ),
    );
    const wanted = bruteForce(programs);
    expect(told(await ordersOf(calls(...programs))), JSON.stringify(programs)).toEqual(wanted);
    for (const pair of wanted) seen.add(pair.slice(-3));
  }
  // Every kind of answer but those that a common start makes impossible must come.
  for (const kind of ['bao', 'ba-', 'b--', '--o', '---']) expect([...seen]).toContain(kind);
});
