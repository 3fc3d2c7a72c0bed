/** Lists and rings: order, links that lie inside the nodes, and what corrupts them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  int,
  type List,
  list,
  object,
  oneOf,
  type Ring,
  ref,
  ring,
  type View,
} from '../../../../checker/lang/index.ts';
import { nameOf } from '../../../../checker/lang/names.ts';
import { Simulator } from '../../../../checker/trace/simulator.ts';
import { plain, refusalOf, tiny, values } from '../../../support/tiny.ts';

const Node = object('node', { n: int(0, 9) });
const Head = object(
  'head',
  { nodes: list(Node, 3), ring: ring(int(-2, 200, 5), 3), refs: ring(ref(Node), 2) },
  { permanent: true },
);
type NodeView = View<typeof Node.shape>;

interface World {
  readonly sim: Simulator;
  readonly nodes: List<NodeView>;
  readonly ring: Ring<number>;
  readonly refs: Ring<NodeView>;
  readonly n: readonly NodeView[];
  free(node: NodeView): void;
}

/** A state with four nodes, all alive, in which a test may act directly. */
function world(): World {
  let head: View<typeof Head.shape> | undefined;
  let n: NodeView[] = [];
  const sim = new Simulator(
    tiny((s) => {
      head = s.object(Head, 'head');
      n = s.objects(Node, 'n', 4);
      s.actor(
        'a',
        plain('p', (k) => [k.step('nothing', () => {})]),
        {},
      );
    }),
  );
  sim.focus();
  const { nodes, ring, refs } = head as View<typeof Head.shape>;
  return { sim, nodes, ring, refs, n, free: (node) => sim.model.heap.free(node, 'a') };
}

const names = (nodes: Iterable<NodeView | null>) => [...nodes].map(nameOf);
/** Kind and message of the violation that `act` throws. */
const fault = (act: () => unknown): string => {
  try {
    act();
  } catch (thrown) {
    const { evidence } = thrown as { evidence?: { kind: string; message: string } };
    if (evidence === undefined) throw thrown;
    return `${evidence.kind}: ${evidence.message}`;
  }
  return 'nothing';
};

describe('a list', () => {
  test('behaves as an array of distinct nodes does', () => {
    const command = fc.tuple(fc.constantFrom('add', 'addFirst', 'remove', 'next', 'prev', 'clear'), fc.nat({ max: 2 }));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
        const { nodes, n } = world();
        let twin: NodeView[] = [];
        for (const [what, i] of commands) {
          const node = n[i] as NodeView;
          const at = twin.indexOf(node);
          switch (what) {
            case 'add':
            case 'addFirst':
              if (at >= 0) expect(fault(() => nodes[what](node))).toMatch(/^list-corruption: .* is added to .* twice$/);
              else {
                nodes[what](node);
                twin = what === 'add' ? [...twin, node] : [node, ...twin];
              }
              break;
            case 'remove':
              if (at < 0) expect(fault(() => nodes.remove(node))).toMatch(/^list-corruption: .* is removed from/);
              else {
                nodes.remove(node);
                twin = twin.filter((x) => x !== node);
              }
              break;
            case 'next':
            case 'prev':
              if (at < 0) expect(fault(() => nodes[what](node))).toMatch(/^list-corruption: .* is followed on/);
              else expect(nodes[what](node)).toBe(twin[what === 'next' ? at + 1 : at - 1] ?? null);
              break;
            default:
              nodes.clear();
              twin = [];
          }
          expect([...nodes]).toEqual(twin);
          expect([nodes.length, nodes.first]).toEqual([twin.length, twin[0] ?? null]);
          for (const node of n) expect(nodes.has(node)).toBe(twin.includes(node));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('leaves no trace of the nodes that were removed: equal lists are equal states', () => {
    const { sim, nodes, n } = world();
    const words = () => [...sim.model.memory.words.subarray(0, sim.model.words)];
    const empty = words();
    for (const node of n.slice(0, 3)) nodes.add(node);
    for (const node of n.slice(0, 3)) nodes.remove(node);
    expect(words()).toEqual(empty);
    for (const node of n.slice(0, 3)) nodes.addFirst(node);
    nodes.clear();
    expect(words()).toEqual(empty);
  });

  test('that is longer than its capacity breaks the model', () => {
    const { nodes, n } = world();
    for (const node of n.slice(0, 3)) nodes.add(node);
    expect(refusalOf(() => nodes.add(n[3] as NodeView))).toEqual({
      code: 'model',
      what: 'list head.nodes is longer than its capacity of 3',
      where: undefined,
      hint: 'raise the capacity',
    });
  });

  test('finds the first node that satisfies a predicate', () => {
    const { nodes, n } = world();
    for (const node of n.slice(0, 3)) nodes.add(node);
    (n[1] as NodeView).n = 4;
    (n[2] as NodeView).n = 4;
    expect(names([nodes.find((x) => x.n === 4)])).toEqual(['n1']);
    expect(nodes.find((x) => x.n === 5)).toBeNull();
  });

  describe('with a freed node in it', () => {
    const dangling = () => {
      const w = world();
      for (const node of w.n.slice(0, 3)) w.nodes.add(node);
      w.free(w.n[1] as NodeView);
      return w;
    };
    const expected = 'use-after-free: list link of n1 is accessed after n1 was freed';

    test('is a use after free when it is walked over', () => {
      const { nodes } = dangling();
      expect(fault(() => [...nodes])).toBe(expected);
      expect(fault(() => nodes.find((x) => x.n === 9))).toBe(expected);
    });

    test('is a use after free when a neighbour is unlinked', () => {
      const { nodes, n } = dangling();
      expect(fault(() => nodes.remove(n[0] as NodeView))).toBe(expected);
      expect(fault(() => nodes.remove(n[2] as NodeView))).toBe(expected);
    });

    test('is a use after free when the node itself is followed or unlinked', () => {
      const { nodes, n } = dangling();
      expect(fault(() => nodes.next(n[1] as NodeView))).toBe(expected);
      expect(fault(() => nodes.prev(n[1] as NodeView))).toBe(expected);
      expect(fault(() => nodes.remove(n[1] as NodeView))).toBe(expected);
    });

    test('does not touch it when the head alone is read', () => {
      const { nodes, n } = dangling();
      expect([nodes.length, nodes.has(n[1] as NodeView), nameOf(nodes.first)]).toEqual([3, true, 'n0']);
    });

    test('is a use after free when a node is added beside it', () => {
      const w = world();
      w.nodes.add(w.n[0] as NodeView);
      w.free(w.n[0] as NodeView);
      const expected = 'use-after-free: list link of n0 is accessed after n0 was freed';
      expect(fault(() => w.nodes.add(w.n[1] as NodeView))).toBe(expected);
      const v = world();
      v.nodes.add(v.n[0] as NodeView);
      v.free(v.n[0] as NodeView);
      expect(fault(() => v.nodes.addFirst(v.n[1] as NodeView))).toBe(expected);
    });
  });

  test('is shown with the names of its nodes', () => {
    const { sim, nodes, n } = world();
    nodes.add(n[2] as NodeView);
    nodes.add(n[0] as NodeView);
    sim.state = sim.model.memory.words.slice(0, sim.model.words);
    expect(values(sim)['head.nodes']).toBe('[n2, n0]');
  });
});

describe('a ring', () => {
  test('behaves as a bounded queue does, whatever the initial value of its elements', () => {
    const command = fc.tuple(fc.constantFrom('push', 'shift', 'removeAt', 'clear'), fc.integer({ min: -2, max: 200 }));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
        const { ring } = world();
        let twin: number[] = [];
        for (const [what, value] of commands) {
          const at = Math.abs(value) % 4;
          if (what === 'push') {
            if (twin.length === 3) expect(() => ring.push(value)).toThrow('ring head.ring overflows its 3 entries');
            else {
              ring.push(value);
              twin.push(value);
            }
          } else if (what === 'shift') {
            if (twin.length === 0) expect(() => ring.shift()).toThrow('ring head.ring has no entry 0');
            else expect(ring.shift()).toBe(twin.shift());
          } else if (what === 'removeAt') {
            if (at >= twin.length) expect(() => ring.removeAt(at)).toThrow(`ring head.ring has no entry ${at}`);
            else expect([ring.removeAt(at)]).toEqual(twin.splice(at, 1));
          } else {
            ring.clear();
            twin = [];
          }
          expect([...ring]).toEqual(twin);
          expect([ring.length, ring.full, ring.first, ring.capacity]).toEqual([
            twin.length,
            twin.length === 3,
            twin[0] ?? null,
            3,
          ]);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('that was emptied leaves no trace', () => {
    const { sim, ring, refs, n } = world();
    const words = () => [...sim.model.memory.words.subarray(0, sim.model.words)];
    const empty = words();
    ring.push(200);
    ring.push(-2);
    refs.push(n[0] as NodeView);
    ring.shift();
    ring.removeAt(0);
    refs.clear();
    expect(words()).toEqual(empty);
  });

  test('holds references without touching what they lead to', () => {
    const { refs, n, free } = world();
    refs.push(n[1] as NodeView);
    free(n[1] as NodeView);
    expect(names(refs)).toEqual(['n1']);
    expect(fault(() => refs.at(0).n)).toBe('use-after-free: n of n1 is accessed after n1 was freed');
  });

  test('that overflows says what the hardware would have done', () => {
    const { refs, n } = world();
    refs.push(n[0] as NodeView);
    refs.push(n[1] as NodeView);
    expect(refusalOf(() => refs.push(n[2] as NodeView))).toMatchObject({
      hint: 'test `full` first, as the hardware does',
    });
  });

  test('of names holds names', () => {
    const Box = object('box', { log: ring(oneOf('bind', 'unbind'), 2) }, { permanent: true });
    let box: View<typeof Box.shape> | undefined;
    const sim = new Simulator(
      tiny((s) => {
        box = s.object(Box, 'box');
        box.log.push('unbind');
        box.log.push('bind');
        s.actor(
          'a',
          plain('p', (k) => [k.step('nothing', () => {})]),
          {},
        );
      }),
    );
    expect(values(sim)['box.log']).toBe('[unbind, bind]');
  });
});
