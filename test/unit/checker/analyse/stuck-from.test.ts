/** Who is stuck from one state on: the same actors that the search over the whole model names there. */
import { expect, test } from 'vitest';
import { stuckFrom } from '../../../../checker/analyse/stuck-from.ts';
import { compile } from '../../../../checker/compile/compile.ts';
import { bool, object } from '../../../../checker/lang/index.ts';
import { drive, plain, race, tiny } from '../../../support/tiny.ts';

const forever = plain('loop', (k) => [k.loop([k.step('tick', () => {}), k.step('tock', () => {})])]);
const never = plain('wait', (k) => [k.blockUntil('never', () => false)]);

test('an actor that waits for ever is stuck; one that loops, ended or rests is not', () => {
  const idle = plain('idle', (k) => [k.blockUntil('work', () => false, { idle: true })]);
  const model = compile(
    race(
      forever,
      never,
      plain('empty', () => []),
      idle,
      never,
    ),
  );
  expect(stuckFrom(model, model.initial)).toEqual([1, 4]);
});

test('an actor is stuck only after its chance has passed', () => {
  const World = object('w', { gone: bool() }, { permanent: true });
  const sim = drive(
    tiny((s) => {
      const w = s.object(World, 'w');
      s.actor(
        'a',
        plain('p', (k) => [k.blockUntil('in time', () => !w.gone)]),
        {},
      );
      s.actor(
        'b',
        plain('q', (k) => [
          k.step('go', () => {
            w.gone = true;
          }),
          k.loop([k.step('tick', () => {}), k.step('tock', () => {})]),
        ]),
        {},
      );
    }),
    '',
  );
  expect(stuckFrom(sim.model, sim.state)).toEqual([]);
  drive(sim, 'b');
  expect(stuckFrom(sim.model, sim.state)).toEqual([0]);
});

test('nobody is stuck where a deadlock can be reached', () => {
  const model = compile(
    race(
      never,
      plain('p', (k) => [k.step('x', () => {})]),
    ),
  );
  expect(stuckFrom(model, model.initial)).toEqual([]);
});

test('too much to explore gives no answer', () => {
  const steps = (name: string) => plain(name, (k) => Array.from({ length: 9 }, (_, i) => k.step(`${i}`, () => {})));
  const model = compile(race(steps('p'), steps('q'), forever, never));
  expect(stuckFrom(model, model.initial, 50)).toBeNull();
  expect(stuckFrom(model, model.initial, 1000)).toEqual([3]);
});
