/**
 * Random models of few words: variables, locks, waits, branches, loops. Much smaller than those of `random-model.ts`, so that thousands
 * can be compared, and dense in what persistent sets depend on: who waits for whom, and who holds what meanwhile.
 */
import fc from 'fast-check';
import {
  type Actor,
  always,
  array,
  int,
  type Kit,
  object,
  procedure,
  type Scenario,
  type Statement,
  sometimes,
  Violation,
  violated,
} from '../../checker/lang/index.ts';
import { drop, lock, source, take, tiny } from './tiny.ts';

const VARIABLES = 4;
const LOCKS = 2;
/** The first so many variables are everybody's. */
const SHARED = 2;

type Word =
  | { readonly op: 'set' | 'wait' | 'assert'; readonly v: number; readonly c: number }
  | { readonly op: 'inc'; readonly v: number }
  /** Where one variable tells which other is written. */
  | { readonly op: 'through'; readonly v: number; readonly c: number }
  | { readonly op: 'section'; readonly m: number; readonly body: readonly Word[] }
  | { readonly op: 'branch'; readonly v: number; readonly c: number; readonly body: readonly Word[] }
  | { readonly op: 'choose'; readonly v: number; readonly c: number; readonly body: readonly Word[] }
  | { readonly op: 'loop'; readonly v: number; readonly c: number; readonly body: readonly Word[] };

export interface WaitingModel {
  readonly programs: readonly (readonly Word[])[];
  /** An `always` property over two variables, and a goal over two. */
  readonly property: readonly [number, number] | null;
  readonly goal: readonly [number, number] | null;
}

/** All actors do what the first one does, and are interchangeable; the upper variables are then their own. */
export interface WaitingOptions {
  readonly symmetric?: boolean;
}

const v = fc.integer({ min: 0, max: VARIABLES - 1 });
const c = fc.integer({ min: 0, max: 2 });
const pair = fc.option(fc.tuple(v, v), { nil: null });

function words(depth: number): fc.Arbitrary<Word[]> {
  const simple: { weight: number; arbitrary: fc.Arbitrary<Word> }[] = [
    { weight: 4, arbitrary: fc.record({ op: fc.constant<'set'>('set'), v, c }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constant<'wait'>('wait'), v, c }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant<'inc'>('inc'), v }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant<'assert'>('assert'), v, c }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant<'through'>('through'), v, c }) },
  ];
  if (depth === 0) return fc.array(fc.oneof(...simple), { minLength: 1, maxLength: 3 });
  const body = words(depth - 1);
  return fc.array(
    fc.oneof(
      ...simple,
      {
        weight: 3,
        arbitrary: fc.record({
          op: fc.constant<'section'>('section'),
          m: fc.integer({ min: 0, max: LOCKS - 1 }),
          body,
        }),
      },
      { weight: 1, arbitrary: fc.record({ op: fc.constant<'branch'>('branch'), v, c, body }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant<'choose'>('choose'), v, c, body }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant<'loop'>('loop'), v, c, body }) },
    ),
    { minLength: 1, maxLength: 4 },
  );
}

export const waitingModel: fc.Arbitrary<WaitingModel> = fc.record({
  programs: fc.array(words(2), { minLength: 2, maxLength: 3 }),
  property: pair,
  goal: pair,
});

const State = object('state', { x: array(int(0, 3), VARIABLES), m: array(lock(), LOCKS) }, { permanent: true });

export function buildWaiting(model: WaitingModel, { symmetric = false }: WaitingOptions = {}): Scenario {
  return tiny((s) => {
    const state = s.object(State, 'state');
    const made: [Actor, object][] = [];
    const procedures = model.programs.map((program, i) =>
      procedure(`p${i}`, { source, params: { state: State, own: State } }, (k) => {
        let n = 0;
        const label = (text: string) => `${text} ${n++}`;
        type F = Parameters<Parameters<typeof k.step>[1]>[0];
        const x = (f: F, i: number) => (i < SHARED ? f.state.x : f.own.x);
        const build = (kk: Kit<F>, body: readonly Word[]): Statement<F>[] => body.flatMap((w) => one(kk, w));
        const one = (kk: Kit<F>, w: Word): Statement<F>[] => {
          switch (w.op) {
            case 'set':
              return [kk.step(label(`x${w.v} = ${w.c}`), (f) => x(f, w.v).set(w.v, w.c))];
            case 'inc':
              return [kk.step(label(`x${w.v}++`), (f) => x(f, w.v).set(w.v, (x(f, w.v).at(w.v) + 1) % 3))];
            case 'wait':
              return [kk.blockUntil(label(`wait x${w.v} = ${w.c}`), (f) => x(f, w.v).at(w.v) === w.c)];
            case 'assert':
              return [
                kk.step(label(`assert x${w.v} != ${w.c}`), (f) => {
                  if (x(f, w.v).at(w.v) === w.c) throw new Violation('assertion', `x${w.v} is ${w.c}`);
                }),
              ];
            case 'through':
              return [kk.step(label(`x[x${w.v}] = ${w.c}`), (f) => f.state.x.set(x(f, w.v).at(w.v) % VARIABLES, w.c))];
            case 'section':
              return [
                take(label(`lock ${w.m}`), (f: F) => f.state.m.at(w.m)),
                ...build(kk, w.body),
                drop(label(`unlock ${w.m}`), (f: F) => f.state.m.at(w.m)),
              ];
            case 'branch':
              return [kk.test(label(`if x${w.v} = ${w.c}`), (f) => x(f, w.v).at(w.v) === w.c, build(kk, w.body))];
            case 'choose':
              return [
                kk.choose(label('choose'), [
                  { name: 'on' },
                  { name: 'in', when: (f) => x(f, w.v).at(w.v) === w.c, body: build(kk, w.body) },
                ]),
              ];
            case 'loop':
              return [
                kk.loop([
                  kk.test(label(`until x${w.v} = ${w.c}`), (f) => x(f, w.v).at(w.v) === w.c, [kk.break()]),
                  ...build(kk, w.body),
                ]),
              ];
          }
        };
        return build(k as Kit<F>, program);
      }),
    );
    model.programs.forEach((_, i) => {
      const own = symmetric ? s.object(State, `own${i}`) : state;
      const does = procedures[symmetric ? 0 : i] as (typeof procedures)[number];
      made.push([s.actor('abc'[i] as string, does, { state, own }), own]);
    });
    if (symmetric) s.interchangeable(made);
    const { property, goal } = model;
    if (property !== null)
      s.property(
        always('apart', 'two variables are not one at once', () =>
          state.x.at(property[0]) === 1 && state.x.at(property[1]) === 1 ? violated('assertion', 'both are one') : null,
        ),
      );
    if (goal !== null)
      s.property(sometimes('order', 'one is behind', () => state.x.at(goal[0]) === 1 && state.x.at(goal[1]) === 0));
  });
}
