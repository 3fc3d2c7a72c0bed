/** The kinds of random models there are, to be compared in every way (`soundness.ts`). */
import fc from 'fast-check';
import type { Scenario } from '../../checker/lang/index.ts';
import { build } from './random-build.ts';
import { randomModel } from './random-model.ts';
import { print } from './random-print.ts';
import { buildSparse, sparseModel } from './sparse-model.ts';
import { buildWaiting, waitingModel } from './waiting-model.ts';

/** A model is plain data, so that a thread can make the same scenario of it. */
export interface Family<M> {
  readonly name: string;
  /** Their part of all models. */
  readonly share: number;
  readonly models: fc.Arbitrary<M>;
  readonly build: (model: M) => Scenario;
  readonly print: (model: M) => string;
  /** It declares interchangeable blocks, or has slots of the heap that are interchangeable. */
  readonly isSymmetric: (model: M) => boolean;
}

const family = <M>(f: Family<M>): Family<unknown> => f as unknown as Family<unknown>;

export const families: readonly Family<unknown>[] = [
  family({
    name: 'models in the whole language',
    share: 0.7,
    models: randomModel,
    build,
    print,
    isSymmetric: (model) => model.symmetric || !model.reusesAddress,
  }),
  family({
    name: 'models of locks and waits',
    share: 0.25,
    models: fc.record({ model: waitingModel, symmetric: fc.boolean() }),
    build: ({ model, symmetric }) => buildWaiting(model, { symmetric }),
    print: (model) => JSON.stringify(model, null, 1),
    isSymmetric: ({ symmetric }) => symmetric,
  }),
  family({
    name: 'models whose actors seldom meet',
    share: 0.05,
    models: sparseModel,
    build: buildSparse,
    print,
    isSymmetric: (model) => !model.reusesAddress,
  }),
];
