/** Reference counts: the last one is found exactly once, and mistakes are found at the step that makes them. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { int, object, procedure, refcount } from '../../../../model/kernel/index.ts';
import { source, tiny } from '../../../support/tiny.ts';
import { messageOf, verdictOf } from './verdict.ts';

const Thing = object('thing', { refs: refcount(1), x: int(0, 3) });

const put = procedure('put', { source, params: { thing: Thing } }, (k) => [
  k.refcountDecAndTest((f) => f.thing.refs, [k.kfree((f) => f.thing)]),
]);

describe('refcount', () => {
  test('two holders that put free the object once', async () => {
    const verdict = await verdictOf((s) => {
      const thing = s.object(Thing, 'thing');
      thing.refs.counter = 2;
      s.actor('a', put, { thing });
      s.actor('b', put, { thing });
    });
    expect(verdict).toBe('holds');
  });

  test('one put too many goes below zero, or touches freed memory when the free came first', async () => {
    const verdict = await check(
      tiny((s) => {
        const thing = s.object(Thing, 'thing');
        s.actor('a', put, { thing });
        s.actor('b', put, { thing });
      }),
      { all: true, explain: false },
    );
    expect(new Set(verdict.violations.map((v) => v.evidence.kind))).toEqual(new Set(['refcount', 'use-after-free']));
  });

  test('a decrement below zero and an increment from zero are mistakes', async () => {
    const drop = procedure('drop', { source, params: { thing: Thing } }, (k) => [
      k.refcountDecAndTest((f) => f.thing.refs, []),
      k.refcountDecAndTest((f) => f.thing.refs, []),
    ]);
    const raise = procedure('raise', { source, params: { thing: Thing } }, (k) => [
      k.refcountDecAndTest((f) => f.thing.refs, []),
      k.refcountInc((f) => f.thing.refs),
    ]);
    expect(await verdictOf((s) => s.actor('a', drop, { thing: s.object(Thing, 'thing') }))).toBe('refcount');
    expect(await messageOf((s) => s.actor('a', raise, { thing: s.object(Thing, 'thing') }))).toBe(
      'thing.refs is incremented from zero',
    );
  });

  test('inc_not_zero never revives what put has given up', async () => {
    const use = procedure('use', { source, params: { thing: Thing } }, (k) => [
      k.refcountIncNotZero(
        (f) => f.thing.refs,
        [
          k.step('use it', (f) => {
            f.thing.x = 1;
          }),
          k.refcountDecAndTest((f) => f.thing.refs, []),
        ],
      ),
    ]);
    // The object itself stays: what is asked is whether the count can rise from zero.
    const drop = procedure('drop', { source, params: { thing: Thing } }, (k) => [
      k.refcountDecAndTest(
        (f) => f.thing.refs,
        [
          k.step('gone', (f) => {
            f.thing.x = 3;
          }),
        ],
      ),
    ]);
    const verdict = await verdictOf((s) => {
      const thing = s.object(Thing, 'thing');
      s.actor('a', drop, { thing });
      s.actor('b', use, { thing });
      s.property({
        kind: 'always',
        name: 'stays gone',
        about: 'gone is final',
        check: () =>
          thing.x === 3 && thing.refs.counter > 0
            ? { kind: 'assertion', message: 'revived', objects: [], actors: [] }
            : null,
      });
      s.property({ kind: 'sometimes', name: 'used', about: 'used', reached: () => thing.x === 1 });
    });
    expect(verdict).toBe('holds');
  });

  test('dec_if_one drops the last reference only', async () => {
    const destroy = procedure('destroy', { source, params: { thing: Thing } }, (k) => [
      k.refcountDecIfOne((f) => f.thing.refs, [k.kfree((f) => f.thing)]),
    ]);
    const run = (refs: number) =>
      verdictOf((s) => {
        const thing = s.object(Thing, 'thing');
        thing.refs.counter = refs;
        s.actor('a', destroy, { thing });
        s.property({
          kind: 'sometimes',
          name: 'kept',
          about: 'two references stay two',
          reached: () => refs === 1 || thing.refs.counter === 2,
        });
      });
    expect(await run(1)).toBe('holds');
    expect(await run(2)).toBe('holds');
  });
});
