/** kmalloc and kfree, and walks over lists whose nodes are freed on the way. */
import { describe, expect, test } from 'vitest';
import {
  type Bounds,
  type Cursor,
  int,
  list,
  object,
  procedure,
  ref,
  type Setup,
  type ViewOf,
} from '../../../../model/kernel/index.ts';
import { source } from '../../../support/tiny.ts';
import { verdictOf } from './verdict.ts';

const Node = object('node', { seen: int(0, 3) });
const Head = object('head', { nodes: list(Node, 4), sum: int(0, 9), failed: int(0, 3) }, { permanent: true });

describe('kmalloc', () => {
  const make = procedure('make', { source, params: { head: Head }, locals: { node: ref(Node) } }, (k) => [
    k.kmalloc(
      Node,
      (f, node) => {
        f.node = node;
      },
      {
        orElse: [
          k.step('failed', (f) => {
            f.head.failed++;
          }),
          k.return(-12),
        ],
      },
    ),
    k.kfree((f) => f.node),
  ]);

  const run = (budget: number, most: number) =>
    verdictOf((s) => {
      const head = s.object(Head, 'head');
      s.pool(Node, 2);
      s.actor('a', make, { head });
      s.actor('b', make, { head });
      s.failures({ kmalloc: budget });
      s.property({ kind: 'sometimes', name: 'failures', about: 'as allowed', reached: () => head.failed === most });
      s.property({
        kind: 'always',
        name: 'no more',
        about: 'than allowed',
        check: () => (head.failed > most ? { kind: 'assertion', message: 'too many', objects: [], actors: [] } : null),
      });
    });

  test('fails as often as the budget allows, and no more', async () => {
    expect(await run(0, 0)).toBe('holds');
    expect(await run(1, 1)).toBe('holds');
    expect(await run(2, 2)).toBe('holds');
  });

  test('what is never freed is a leak', async () => {
    const lose = procedure('lose', { source }, (k) => [k.kmalloc(Node, () => {})]);
    expect(
      await verdictOf((s) => {
        s.pool(Node, 1);
        s.actor('a', lose, {});
      }),
    ).toBe('leak');
  });

  test('kfree ignores NULL and refuses a second time', async () => {
    const twice = procedure('twice', { source, params: { node: Node } }, (k) => [
      k.kfree(() => null),
      k.kfree((f) => f.node),
      k.kfree((f) => f.node),
    ]);
    expect(await verdictOf((s) => s.actor('a', twice, { node: s.object(Node, 'node') }))).toBe('double-free');
  });
});

describe('list walks', () => {
  interface Walk {
    at: ViewOf<typeof Node> | null;
    next: ViewOf<typeof Node> | null;
  }
  const cursor: Cursor<Walk, ViewOf<typeof Node>> = {
    get: (f) => f.at,
    set: (f, node) => {
      f.at = node;
    },
  };
  const saved: Cursor<Walk, ViewOf<typeof Node>> = {
    get: (f) => f.next,
    set: (f, node) => {
      f.next = node;
    },
  };
  const locals = { at: ref(Node), next: ref(Node) };

  const three = (s: Setup<Bounds>) => {
    const head = s.object(Head, 'head');
    const nodes = s.objects(Node, 'node', 3, (i) => ({ seen: i + 1 }));
    for (const node of nodes) head.nodes.add(node);
    return head;
  };

  test('visit every node once, and continue goes on with the next', async () => {
    const add = procedure('add', { source, params: { head: Head }, locals }, (k) => [
      k.listForEachEntry((f) => f.head.nodes, cursor, [
        k.test('is it the second?', (f) => f.at?.seen === 2, [k.continue()]),
        k.step('add', (f) => {
          f.head.sum += f.at?.seen ?? 0;
        }),
      ]),
    ]);
    const verdict = await verdictOf((s) => {
      const head = three(s);
      s.actor('a', add, { head });
      s.property({
        kind: 'at-end',
        name: 'sum',
        about: '1 + 3',
        check: () => (head.sum === 4 ? null : { kind: 'assertion', message: `${head.sum}`, objects: [], actors: [] }),
      });
    });
    expect(verdict).toBe('holds');
  });

  test('break ends the walk', async () => {
    const first = procedure('first', { source, params: { head: Head }, locals }, (k) => [
      k.listForEachEntry((f) => f.head.nodes, cursor, [
        k.step('add', (f) => {
          f.head.sum += f.at?.seen ?? 0;
        }),
        k.break(),
      ]),
    ]);
    const verdict = await verdictOf((s) => {
      const head = three(s);
      s.actor('a', first, { head });
      s.property({
        kind: 'at-end',
        name: 'sum',
        about: '1',
        check: () => (head.sum === 1 ? null : { kind: 'assertion', message: `${head.sum}`, objects: [], actors: [] }),
      });
    });
    expect(verdict).toBe('holds');
  });

  const freeAll = (safe: boolean) =>
    procedure('free_all', { source, params: { head: Head }, locals }, (k) => {
      const body = [
        k.step('list_del', (f) => {
          if (f.at !== null) f.head.nodes.remove(f.at);
        }),
        k.kfree((f) => f.at),
      ];
      return [
        safe
          ? k.listForEachEntrySafe((f) => f.head.nodes, cursor, saved, body)
          : k.listForEachEntry((f) => f.head.nodes, cursor, body),
      ];
    });

  test('a body may free its node in the safe walk and not in the plain one', async () => {
    const run = (safe: boolean) => verdictOf((s) => s.actor('a', freeAll(safe), { head: three(s) }));
    expect(await run(true)).toBe('holds');
    expect(await run(false)).toBe('use-after-free');
  });

  test('the safe walk follows its saved pointer when somebody else unlinks and frees that node', async () => {
    const freeLast = procedure('free_last', { source, params: { head: Head, last: Node } }, (k) => [
      // One step, as under a lock that the walker drops in its body.
      k.free((f) => f.last, { label: 'list_del and kfree', do: (f) => f.head.nodes.remove(f.last) }),
    ]);
    const look = procedure('look', { source, params: { head: Head }, locals }, (k) => [
      k.listForEachEntrySafe((f) => f.head.nodes, cursor, saved, [k.step('look', () => {})]),
    ]);
    const verdict = await verdictOf((s) => {
      const head = s.object(Head, 'head');
      const first = s.object(Node, 'first');
      const last = s.object(Node, 'last');
      head.nodes.add(first);
      head.nodes.add(last);
      s.actor('walker', look, { head });
      s.actor('other', freeLast, { head, last });
    });
    expect(verdict).toBe('use-after-free');
  });
});
