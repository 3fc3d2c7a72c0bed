/** xarray: what a slot is, what lookups find, and which index is given out. */
import { expect, test } from 'vitest';
import {
  ENOMEM,
  ENOSPC,
  errno,
  int,
  object,
  procedure,
  ptr,
  XA_MARK_0,
  XA_MARK_1,
  xaClearMark,
  xaEmpty,
  xaFind,
  xaGetMark,
  xaLoad,
  xaReserveLowest,
  xarray,
  xaSetMark,
  xaState,
  xaStore,
} from '../../../../model/kernel/index.ts';
import { source } from '../../../support/tiny.ts';
import { verdictOf } from './verdict.ts';

const Thing = object('thing', { n: int(0, 3) }, { permanent: true });
const Holder = object('holder', { xa: xarray<object>(3), ids: int(0, 9), ret: errno() }, { permanent: true });

/** Runs `look` in one step and returns what it found wrong, or `holds`. */
const inOneStep = (look: (xa: { holder: never; thing: never }) => unknown) => {
  const seen: unknown[] = [];
  const one = procedure('one', { source, params: { holder: Holder, thing: ptr(Thing) } }, (k) => [
    k.step('look', (f) => {
      seen[0] = look(f as never);
    }),
  ]);
  return verdictOf((s) => {
    s.actor('a', one, { holder: s.object(Holder, 'holder'), thing: s.object(Thing, 'thing') });
  }).then((outcome) => ({ outcome, seen: seen[0] }));
};

test('a slot is empty, reserved, live or a tombstone; only live ones are found', async () => {
  const { seen } = await inOneStep(({ holder, thing }) => {
    const { xa } = holder as { xa: Parameters<typeof xaLoad>[0] };
    const found: unknown[] = [xaEmpty(xa)];
    const id = xaReserveLowest(xa);
    found.push(id, xaState(xa, id), xaLoad(xa, id), xaFind(xa, 1), xaEmpty(xa));
    xaStore(xa, id, thing);
    found.push(xaState(xa, id), xaLoad(xa, id) === thing, xaFind(xa, 1), xaFind(xa, 2));
    xaStore(xa, id, 'tombstone');
    found.push(xaState(xa, id), xaLoad(xa, id), xaReserveLowest(xa), xaReserveLowest(xa), xaReserveLowest(xa));
    xaStore(xa, id, null);
    found.push(xaState(xa, id), xaReserveLowest(xa));
    return found;
  });
  expect(seen).toEqual([
    true,
    ...[1, 'reserved', null, 0, false],
    ...['live', true, 1, 0],
    ...['tombstone', null, 2, 3, -ENOSPC],
    ...['empty', 1],
  ]);
});

test('marks belong to live entries, and go when the slot is emptied', async () => {
  const { seen } = await inOneStep(({ holder, thing }) => {
    const { xa } = holder as { xa: Parameters<typeof xaLoad>[0] };
    xaSetMark(xa, 2, XA_MARK_0);
    const found: unknown[] = [xaGetMark(xa, 2, XA_MARK_0)];
    xaStore(xa, 1, thing);
    xaStore(xa, 2, thing);
    xaSetMark(xa, 2, XA_MARK_0);
    xaSetMark(xa, 2, XA_MARK_1);
    found.push(xaFind(xa, 1, XA_MARK_0), xaFind(xa, 1), xaGetMark(xa, 1, XA_MARK_0));
    xaClearMark(xa, 2, XA_MARK_0);
    found.push(xaGetMark(xa, 2, XA_MARK_0), xaGetMark(xa, 2, XA_MARK_1));
    xaStore(xa, 2, null);
    xaStore(xa, 2, thing);
    found.push(xaGetMark(xa, 2, XA_MARK_1));
    return found;
  });
  expect(seen).toEqual([false, 2, 1, false, false, true, false]);
});

test('xa_alloc takes the lock, sleeps, and may fail', async () => {
  const alloc = procedure('alloc', { source, params: { holder: Holder }, locals: { id: errno() } }, (k) => [
    k.xaAlloc(
      (f) => f.holder.xa,
      (f, id) => {
        f.id = id;
      },
    ),
    k.step('ret = id', (f) => {
      f.holder.ret = f.id;
    }),
  ]);
  const locked = procedure('locked', { source, params: { holder: Holder }, locals: { id: errno() } }, (k) => [
    k.xaLock((f) => f.holder.xa),
    k.xaAlloc(
      (f) => f.holder.xa,
      (f, id) => {
        f.id = id;
      },
    ),
    k.step('ret = id', (f) => {
      f.holder.ret = f.id;
    }),
    k.xaUnlock((f) => f.holder.xa),
  ]);
  expect(
    await verdictOf((s) => {
      const holder = s.object(Holder, 'holder');
      s.actor('a', alloc, { holder });
      s.actor('b', alloc, { holder });
      s.failures({ xa_alloc: 1 });
      for (const ret of [-ENOMEM, 1, 2])
        s.property({ kind: 'sometimes', name: `ret ${ret}`, about: 'reached', reached: () => holder.ret === ret });
      s.property({
        kind: 'sometimes',
        name: 'two',
        about: 'both',
        reached: () => xaState(holder.xa, 2) === 'reserved',
      });
    }),
  ).toBe('holds');
  expect(
    await verdictOf((s) => {
      s.actor('a', locked, { holder: s.object(Holder, 'holder') });
    }),
  ).toBe('sleep-in-atomic');
});

test('an index outside is a mistake of the model', async () => {
  await expect(inOneStep(({ holder }) => xaLoad((holder as { xa: never }).xa, 4))).rejects.toThrow(
    'index 4 is outside of an xarray of 4',
  );
});
