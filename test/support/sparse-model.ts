/**
 * Random models whose actors mostly mind their own business: each works on a box of its own and meets the others in
 * some calls only. In those of `random-model.ts` everybody touches everything, so that there is little to leave out.
 * Properties look at two boxes at once: what is seen of one alone does not depend on the order of independent steps.
 */
import type fc from 'fast-check';
import { always, type Scenario, type Setup, sometimes, violated } from '../../checker/lang/index.ts';
import { build } from './random-build.ts';
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

interface Box {
  readonly a: number;
  readonly b: boolean;
}

/** The scenario of such a model. */
export function buildSparse(model: RandomModel): Scenario {
  const scenario = build(model);
  const setup = (s: Setup<any>): void => {
    let boxes: readonly Box[] = [];
    scenario.setup({
      ...s,
      objects: (type, stem, count, init) => {
        const made = s.objects(type, stem, count, init);
        if (stem === 'box') boxes = made as unknown as readonly Box[];
        return made;
      },
    });
    const [one, two] = boxes as [Box, Box];
    s.property(
      always('apart', 'two boxes are not set at once', () =>
        one.b && two.b ? violated('assertion', 'both boxes are set', { objects: ['box0', 'box1'] }) : null,
      ),
      sometimes('ahead', 'one box is ahead of the other', () => one.a > two.a),
    );
  };
  return { ...scenario, setup };
}
