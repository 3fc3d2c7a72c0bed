/**
 * What one state is to a promise about what comes: does it make it, does it keep it?
 */
import type { CompiledModel } from '../compile/model.ts';
import type { Actor } from '../lang/fields.ts';
import type { Liveness, Now } from '../lang/property.ts';

/** Bits of `marksOf`. */
export const MAKES = 1;
export const KEEPS = 2;

/** What a promise may ask of the current state of a model. */
export function nowOf(model: CompiledModel): Now {
  const indices = new Map<Actor, number>(model.actors.map((a) => [a.view, a.index]));
  return {
    ended: (actor) => {
      const index = indices.get(actor);
      if (index === undefined) throw new Error(`${actor?.name} is no actor of the scenario`);
      return model.pc(index) === model.actors[index]?.points.length;
    },
  };
}

/** What the current state is to a promise; `initial` tells whether it is the initial state. */
export function marksOf(property: Liveness, now: Now, initial: boolean): number {
  if (property.kind === 'eventually') return (initial ? MAKES : 0) | (property.holds(now) ? KEEPS : 0);
  return (property.from(now) ? MAKES : 0) | (property.to(now) ? KEEPS : 0);
}
