/**
 * Random models whose actors mostly mind their own business: each works on a box of its own and meets the others in
 * some calls only. In those of `random-model.ts` everybody touches everything, so that there is little to leave out.
 */
import type fc from 'fast-check';
import { type ActorModel, type RandomModel, randomModel } from './random-model.ts';

const BOXES = 3;

export const sparseModel: fc.Arbitrary<RandomModel> = randomModel.map((model) => ({
  ...model,
  boxes: BOXES,
  symmetric: false,
  blocks: false,
  actors: model.actors.map((a, i): ActorModel => {
    const own = i % BOXES;
    if (a.kind === 'machine') return { ...a, box: own };
    // What was box 1 is met by several.
    return {
      ...a,
      calls: a.calls.map((call) => ({ ...call, box: call.box === 1 ? 0 : own, old: call.old && i === 0 })),
    };
  }),
}));
