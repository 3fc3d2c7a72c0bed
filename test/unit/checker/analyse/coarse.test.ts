/** Steps that are too coarse: which two accesses in one step hide what others could do between them, and which do not. */
import { describe, expect, test } from 'vitest';
import { audit } from '../../../../checker/analyse/audit.ts';
import type { CoarseStep } from '../../../../checker/analyse/coarse.ts';
import { check } from '../../../../checker/check.ts';
import { compile } from '../../../../checker/compile/compile.ts';
import {
  type Body,
  int,
  type Kit,
  list,
  machine,
  type None,
  object,
  procedure,
  ref,
  type Scenario,
  type View,
} from '../../../../checker/lang/index.ts';
import { lock, plain, refusalOf, source, take, tiny } from '../../../support/tiny.ts';

const Pair = object('pair', { x: int(0, 9), y: int(0, 9), l: lock(), m: lock() }, { permanent: true });
type Pair = View<typeof Pair.shape>;

const coarseOf = (scenario: Scenario): readonly CoarseStep[] => audit(compile(scenario, { instrumented: true })).coarse;

/** Two actors with the same objects. */
const two = (a: (k: Kit<None>, p: Pair) => Body<None>, b: (k: Kit<None>, p: Pair) => Body<None>) =>
  tiny((s) => {
    const pair = s.object(Pair, 'pair');
    s.actor(
      'a',
      plain('first', (k) => a(k, pair)),
      {},
    );
    s.actor(
      'b',
      plain('second', (k) => b(k, pair)),
      {},
    );
  });

const writesBoth = (k: Kit<None>, p: Pair, notes = {}) =>
  k.step(
    'both',
    () => {
      p.x = 1;
      p.y = 1;
    },
    notes,
  );
const apart = (k: Kit<None>, p: Pair) => [k.step('look at x', () => void p.x), k.step('look at y', () => void p.y)];
const locked = (which: 'l' | 'm', p: Pair, ...inside: Body<None>): Body<None> => [
  take(`take ${which}`, () => p[which]),
  ...inside,
  {
    op: 'step',
    label: `give ${which}`,
    act: () => {
      p[which].owner = null;
    },
  },
];

describe('a step is too coarse', () => {
  test('when it writes two fields that another actor reads, and says whom it shuts out', () => {
    expect(coarseOf(two((k, p) => [writesBoth(k, p)], apart))).toEqual([
      {
        actor: 'a',
        procedure: 'first',
        label: 'both',
        choice: null,
        fields: [
          { field: 'pair.x', access: 'write', other: 'b', step: 'second/look at x' },
          { field: 'pair.y', access: 'write', other: 'b', step: 'second/look at y' },
        ],
        because: null,
      },
    ]);
  });

  test('when it reads two fields that others write', () => {
    const steps = coarseOf(
      two(
        (k, p) => [k.step('snapshot', () => void (p.x + p.y))],
        (k, p) => [
          k.step('set x', () => {
            p.x = 1;
          }),
          k.step('set y', () => {
            p.y = 1;
          }),
        ],
      ),
    );
    expect(steps.map((s) => [s.label, s.fields.map((f) => f.access)])).toEqual([['snapshot', ['read', 'read']]]);
  });

  test('when the two sides hold different locks', () => {
    const steps = coarseOf(
      two(
        (k, p) => locked('l', p, writesBoth(k, p)),
        (k, p) => locked('m', p, ...apart(k, p)),
      ),
    );
    expect(steps.map((s) => s.label)).toEqual(['both']);
  });

  test('when a guard and its effect are about different fields', () => {
    const steps = coarseOf(
      two(
        (k, p) => [
          k.blockUntil('x, then y', () => p.x === 1, {
            do: () => {
              p.y = 1;
            },
          }),
        ],
        (k, p) => [
          k.step('set x', () => {
            p.x = 1;
          }),
          k.step('look at y', () => void p.y),
        ],
      ),
    );
    expect(steps.map((s) => s.label)).toEqual(['x, then y']);
  });
});

describe('a step is fine', () => {
  test.each<[string, Scenario]>([
    [
      'when one lock covers both fields on both sides',
      two(
        (k, p) => locked('l', p, writesBoth(k, p)),
        (k, p) => locked('l', p, ...apart(k, p)),
      ),
    ],
    [
      'when it takes that lock itself',
      two(
        (_k, p) => [
          {
            op: 'block',
            label: 'take and write',
            guard: () => p.l.owner === null,
            act: (_f, self) => {
              p.l.owner = self;
              p.x = 1;
              p.y = 1;
            },
            waiting: { kind: 'lock', lock: () => p.l },
          },
          {
            op: 'step',
            label: 'give',
            act: () => {
              p.l.owner = null;
            },
          },
        ],
        (k, p) => locked('l', p, ...apart(k, p)),
      ),
    ],
    [
      'when only one of the fields is open',
      two(
        (k, p) => [writesBoth(k, p)],
        (k, p) => [k.step('look at x', () => void p.x)],
      ),
    ],
    [
      'when it reads what others only read',
      two(
        (k, p) => [k.step('snapshot', () => void (p.x + p.y))],
        (k, p) => apart(k, p),
      ),
    ],
    [
      'when it reads and writes one field',
      two(
        (k, p) => [
          k.step('add', () => {
            p.x++;
          }),
        ],
        (k, p) => [
          k.step('add too', () => {
            p.x++;
          }),
        ],
      ),
    ],
    [
      'when nobody else is there',
      tiny((s) => {
        const p = s.object(Pair, 'pair');
        s.actor(
          'a',
          plain('first', (k) => [writesBoth(k, p), ...apart(k, p)]),
          {},
        );
      }),
    ],
  ])('%s', (_what, scenario) => expect(coarseOf(scenario)).toEqual([]));

  test('while nobody else has touched the object it has allocated, and not after that', () => {
    const Node = object('node', { x: int(0, 9), y: int(0, 9) });
    const Head = object('head', { nodes: list(Node, 1) }, { permanent: true });
    const scenario = (publishFirst: boolean) =>
      tiny((s) => {
        const head = s.object(Head, 'head');
        s.pool(Node, 1);
        const make = procedure('make', { source, locals: { node: ref(Node) } }, (k) => {
          const fill = k.step('fill', (f) => {
            const node = f.node as View<typeof Node.shape>;
            node.x = 1;
            node.y = 1;
          });
          const publish = k.step('publish', (f) => head.nodes.add(f.node as View<typeof Node.shape>));
          return [
            k.alloc(Node, (f, fresh) => {
              f.node = fresh;
              fresh.x = 2;
              fresh.y = 2;
            }),
            ...(publishFirst ? [publish, fill] : [fill, publish]),
          ];
        });
        const look = procedure('look', { source, locals: { node: ref(Node) } }, (k) => [
          k.blockUntil('find', () => head.nodes.length > 0, {
            do: (f) => {
              f.node = head.nodes.first;
            },
            idle: true,
          }),
          k.step('look at x', (f) => void f.node?.x),
          k.step('look at y', (f) => void f.node?.y),
        ]);
        s.actor('maker', make, {});
        s.actor('looker', look, {});
      });
    expect(coarseOf(scenario(false))).toEqual([]);
    expect(coarseOf(scenario(true)).map((s) => s.label)).toEqual(['fill']);
  });
});

describe('a reason', () => {
  test('is given by a step and told with it', () => {
    const steps = coarseOf(two((k, p) => [writesBoth(k, p, { indivisible: 'one 64-bit store' })], apart));
    expect(steps.map((s) => s.because)).toEqual(['one 64-bit store']);
  });

  test('is given by a machine for all its transitions, each of which is a step', () => {
    const scenario = tiny((s) => {
      const p = s.object(Pair, 'pair');
      const hardware = machine('hardware', { source, states: ['on', 'off'], indivisible: 'one clock tick' }, [
        {
          label: 'go off',
          from: 'on',
          to: 'off',
          do: () => {
            p.x = 1;
            p.y = 1;
          },
        },
        {
          label: 'fall over',
          from: 'on',
          to: 'off',
          do: () => {
            p.x = 2;
          },
        },
      ]);
      s.actor('hw', hardware, {});
      s.actor(
        'b',
        plain('second', (k) => apart(k, p)),
        {},
      );
    });
    expect(coarseOf(scenario).map((s) => [s.label, s.choice, s.because])).toEqual([['on', 'go off', 'one clock tick']]);
  });

  test('must say something', () => {
    const scenario = two((k, p) => [writesBoth(k, p, { indivisible: ' ' })], apart);
    expect(refusalOf(() => compile(scenario))).toMatchObject({
      code: 'model',
      what: '"both" is indivisible without a reason',
      hint: 'say why nobody can get in between',
    });
  });
});

test('a verdict tells the steps that are too coarse, the same each time', async () => {
  const scenario = two((k, p) => [writesBoth(k, p)], apart);
  const first = (await check(scenario)).coarse;
  expect(first.map((s) => s.label)).toEqual(['both']);
  expect((await check(scenario)).coarse).toEqual(first);
  expect((await check(scenario, { strategy: 'random', runs: 3 })).coarse).toEqual(first);
});
