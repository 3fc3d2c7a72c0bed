/**
 * The permutations that a scenario declares harmless: exchanges and rotations of interchangeable blocks, and their
 * combinations, as maps of objects and of actors.
 */
import type { Identified } from '../compile/collections.ts';
import type { FrameInfo } from '../compile/flow.ts';
import type { CompiledActor, CompiledModel } from '../compile/model.ts';
import { modelError } from '../lang/errors.ts';
import { nameOf } from '../lang/names.ts';

/** `objects[id]` and `actors[id]` are the identities they go to. */
export interface Permutation {
  readonly objects: Uint8Array;
  readonly actors: Uint8Array;
}

/** Groups with more permutations are never listed. */
export const MOST_LISTED = 720;

/**
 * The permutations that generate all others: exchanges of neighbouring blocks, and rotations by one. Throws a model
 * error when blocks do not match: another length, other types, other programs, one part in two blocks, or constants
 * that do not go over into each other.
 */
export function generatorsOf(model: CompiledModel): Permutation[] {
  const generators = model.symmetries.flatMap((interchange) => {
    refuseOverlap(model, interchange.blocks);
    return interchange.by === 'rotation' ? rotation(model, interchange.blocks) : exchanges(model, interchange.blocks);
  });
  for (const g of generators) checkPrograms(model, g);
  return generators;
}

/** Everything that the generators combine to, the identity first; null when it is more than `MOST_LISTED`. */
export function closureOf(model: CompiledModel, generators: readonly Permutation[]): Permutation[] | null {
  const all: Permutation[] = [identity(model)];
  const known = new Set(all.map(keyOf));
  for (let i = 0; i < all.length; i++)
    for (const g of generators) {
      const next = compose(all[i] as Permutation, g);
      const key = keyOf(next);
      if (known.has(key)) continue;
      known.add(key);
      all.push(next);
      if (all.length > MOST_LISTED) return null;
    }
  return all;
}

function identity(model: CompiledModel): Permutation {
  return {
    objects: Uint8Array.from({ length: model.memory.views.length }, (_, i) => i),
    actors: Uint8Array.from({ length: model.memory.actors.length }, (_, i) => i),
  };
}

/** First `a`, then `b`. */
function compose(a: Permutation, b: Permutation): Permutation {
  return {
    objects: a.objects.map((x) => b.objects[x] as number),
    actors: a.actors.map((x) => b.actors[x] as number),
  };
}

const keyOf = (p: Permutation): string => `${p.objects.join(',')};${p.actors.join(',')}`;

/** The exchanges of neighbouring blocks, which generate all others. */
function exchanges(model: CompiledModel, blocks: Blocks): Permutation[] {
  const result: Permutation[] = [];
  for (let i = 0; i + 1 < blocks.length; i++) {
    const p = identity(model);
    carry(model, p, blocks[i] as readonly object[], blocks[i + 1] as readonly object[]);
    carry(model, p, blocks[i + 1] as readonly object[], blocks[i] as readonly object[]);
    result.push(p);
  }
  return result;
}

/** Each block takes the place of the next, the last that of the first. */
function rotation(model: CompiledModel, blocks: Blocks): Permutation[] {
  if (blocks.length < 2) return [];
  const p = identity(model);
  blocks.forEach((block, i) => {
    carry(model, p, block, blocks[(i + 1) % blocks.length] as readonly object[]);
  });
  return [p];
}

type Blocks = readonly (readonly object[])[];

/** Lets the permutation take each part of one block to its counterpart in another. */
function carry(model: CompiledModel, p: Permutation, from: readonly object[], to: readonly object[]): void {
  if (from.length !== to.length)
    throw modelError(`interchangeable blocks of ${from.length} and ${to.length} parts`, model.scenario.name);
  const isActor = (x: object) => model.memory.actors.includes(x as never);
  from.forEach((part, k) => {
    const other = to[k] as object;
    if (isActor(part) !== isActor(other)) throw mismatch(model, part, other, 'one is an actor, one an object');
    if (!isActor(part) && part.constructor !== other.constructor) throw mismatch(model, part, other, 'of other types');
    (isActor(part) ? p.actors : p.objects)[(part as Identified).$id] = (other as Identified).$id;
  });
}

function refuseOverlap(model: CompiledModel, blocks: Blocks): void {
  const seen = new Set<object>();
  for (const part of blocks.flat()) {
    if (seen.has(part))
      throw modelError(`${partName(part)} stands in the interchangeable blocks twice`, model.scenario.name);
    seen.add(part);
  }
}

const partName = (x: object): string => ('role' in x ? (x as unknown as { name: string }).name : nameOf(x));

function mismatch(model: CompiledModel, a: object, b: object, why: string) {
  return modelError(`${partName(a)} and ${partName(b)} are not interchangeable: ${why}`, model.scenario.name);
}

/** Actors that are exchanged must run the same steps on exchanged constants; all others must keep theirs. */
function checkPrograms(model: CompiledModel, p: Permutation): void {
  for (const a of model.actors) {
    const b = model.actors[(p.actors[a.index + 1] as number) - 1] as CompiledActor;
    if (a.points.length !== b.points.length || a.frameEnd - a.frameBase !== b.frameEnd - b.frameBase)
      throw mismatch(model, a.view, b.view, 'they run other programs');
    a.points.forEach((point, i) => {
      const image = b.points[i];
      if (image?.statement !== point.statement) throw mismatch(model, a.view, b.view, `step ${point.label} differs`);
      sameConstants(model, p, a, b, point.frame, image.frame);
    });
  }
}

function sameConstants(
  model: CompiledModel,
  p: Permutation,
  a: CompiledActor,
  b: CompiledActor,
  frame: FrameInfo,
  image: FrameInfo,
): void {
  const imageOf = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('$id' in value)) return value;
    const id = (value as Identified).$id;
    return model.memory.actors.includes(value as never)
      ? model.memory.actors[p.actors[id] as number]
      : id === 0
        ? value
        : model.memory.views[p.objects[id] as number];
  };
  for (const [name, value] of Object.entries(frame.constants)) {
    const other = image.constants[name];
    // A list may come in another order: what depends on the order is found by the sampled check.
    const matches =
      Array.isArray(value) && Array.isArray(other)
        ? value.length === other.length && value.every((x) => other.includes(imageOf(x)))
        : imageOf(value) === other;
    if (!matches) throw mismatch(model, a.view, b.view, `parameter ${name} of ${frame.procedure} does not go over`);
  }
}
