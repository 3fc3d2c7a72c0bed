import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../../../checker/compile/compile.ts';
import type { CompiledModel } from '../../../../checker/compile/model.ts';
import {
  actor,
  actors,
  bool,
  int,
  object,
  patch,
  procedure,
  type Scenario,
  scenario,
} from '../../../../checker/lang/index.ts';
import { Symmetry } from '../../../../checker/reduce/symmetry.ts';
import dining from '../../../../scenarios/peers/dining.ts';
import sva from '../../../../scenarios/peers/sva.ts';
import bindVsBind from '../../../../scenarios/sva-bind-vs-bind.ts';
import { type Form, type Space, spaceOf, wrongs } from '../../../support/quotient.ts';
import { build } from '../../../support/random-build.ts';
import { randomModel } from '../../../support/random-model.ts';

const formOf =
  (symmetry: Symmetry): Form =>
  (bytes, base) =>
    symmetry.canonicalise(bytes, base);

const bytesOf = (key: string): Uint8Array => new Uint8Array(Int32Array.from(key.split(',').map(Number)).buffer);

/** All images under the declared permutations, each with its heap slots in order, by brute force. */
function orbitOf(symmetry: Symmetry, state: Uint8Array): Set<string> {
  const folded = (image: Uint8Array) => {
    symmetry.heap.fold(image, 0);
    return image;
  };
  const first = folded(state.slice());
  const known = new Map([[first.join(), first]]);
  for (const [, image] of known)
    for (const p of symmetry.generators) {
      const next = folded(symmetry.apply(image, 0, p));
      known.set(next.join(), next);
    }
  return new Set(known.keys());
}

function sample(space: Space, count: number): Uint8Array[] {
  const keys = [...space.depths.keys()];
  const stride = Math.max(1, Math.floor(keys.length / count));
  return keys.filter((_, i) => i % stride === 0).map(bytesOf);
}

describe('a state has one form, which is one of its images', () => {
  test.each([
    ['two processes', sva, 'fixed', {}, 2],
    ['two processes of two threads', sva, 'posted-m', {}, 8],
    ['three processes', sva, 'posted-l', { requests: 1 }, 6],
    ['a ring of eight', dining, 'posted', {}, 8],
    ['a ring of two', dining, 'posted', { philosophers: 2 }, 2],
    ['blocks and a heap', bindVsBind, 'posted', {}, 2],
  ] as const)('%s', (_, scene, variant, bounds, size) => {
    const model = compile(scene, { variant, bounds });
    const symmetry = new Symmetry(model);
    expect(symmetry.size).toBe(size);
    const space = spaceOf(model, undefined, 4000) ?? partOf(model, 4000);
    for (const state of sample(space, 400)) {
      const images = orbitOf(symmetry, state);
      expect(symmetry.orbit(state, 0)).toBe(images.size);
      const forms = new Set<string>();
      for (const image of images) {
        const form = Uint8Array.from(image.split(',').map(Number));
        symmetry.canonicalise(form, 0);
        forms.add(form.join());
      }
      expect(forms.size).toBe(1);
      expect(images.has([...forms][0] as string)).toBe(true);
    }
  });

  test('which heap slots are used makes no difference', () => {
    const model = compile(bindVsBind);
    const symmetry = new Symmetry(model);
    for (const state of sample(partOf(model, 4000), 400)) {
      const form = state.slice();
      symmetry.heap.fold(form, 0);
      for (const p of exchangesOfSlots(model, symmetry)) {
        const image = symmetry.apply(state, 0, p);
        symmetry.heap.fold(image, 0);
        expect(image.join()).toBe(form.join());
      }
    }
  });
});

/** The first states of a space too large to be seen whole. */
function partOf(model: CompiledModel, most: number): Space {
  const depths = new Map<string, number>();
  try {
    spaceOf(model, (bytes) => {
      depths.set(new Int32Array(bytes.buffer, bytes.byteOffset, model.words).join(), 0);
      if (depths.size > most) throw new RangeError('enough');
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return { depths, found: new Map() };
}

/** Every exchange of two slots of one pool. */
function exchangesOfSlots(model: CompiledModel, symmetry: Symmetry) {
  const ids = model.places.map(({ id }) => id).filter((id) => symmetry.heap.typeOf(id) !== 0);
  const pairs = ids.flatMap((a) =>
    ids.filter((b) => a < b && symmetry.heap.typeOf(a) === symmetry.heap.typeOf(b)).map((b) => [a, b] as const),
  );
  expect(pairs.length).toBeGreaterThan(0);
  return pairs.map(([a, b]) => ({
    objects: Uint8Array.from({ length: 256 }, (_, i) => (i === a ? b : i === b ? a : i)),
    actors: Uint8Array.from({ length: 256 }, (_, i) => i),
  }));
}

const MODELS = Number(process.env['QUIESCE_QUOTIENTS'] ?? 150);
const SEED = Number(process.env['QUIESCE_SEED'] ?? 19_960_801);

/** Random models of at most 300 states whose actors are interchangeable, compiled. */
function* randomModels(count: number, seed: number): Generator<{ scene: Scenario; model: CompiledModel; full: Space }> {
  let made = 0;
  for (let round = 0; made < count; round++)
    for (const drawn of fc.sample(randomModel, { seed: seed + round, numRuns: 50 })) {
      const scene = build({ ...drawn, symmetric: true });
      const model = compile(scene);
      const full = whole(model);
      if (full === null || full.depths.size < 3) continue;
      yield { scene, model, full };
      if (++made === count) return;
    }
}

/** Null where it is too large, or a pool is too small. */
function whole(model: CompiledModel): Space | null {
  try {
    return spaceOf(model, undefined, 300);
  } catch {
    return null;
  }
}

describe(`quotients of random models, seed ${SEED}`, () => {
  test(`${MODELS} stand for the whole space, state by state and depth by depth`, { timeout: 600_000 }, () => {
    let smaller = 0;
    for (const { model, full } of randomModels(MODELS, SEED)) {
      const symmetry = new Symmetry(model);
      expect(wrongs(model, full, formOf(symmetry))).toEqual([]);
      if ((spaceOf(model, formOf(symmetry)) as Space).depths.size < full.depths.size) smaller++;
    }
    expect(smaller).toBeGreaterThan(MODELS / 4);
  });
});

/** Reductions with one mistake each: what `Symmetry` is told of the model is wrong in one place. */
const mutants: Readonly<Record<string, (model: CompiledModel) => CompiledModel>> = {
  'the first field of an object is not moved': (model) => ({
    ...model,
    places: model.places.map((place) => ({ ...place, base: place.base + 1, size: place.size - 1 })),
  }),
  'the first local of a frame is not moved': (model) => ({
    ...model,
    actors: model.actors.map((a) => ({ ...a, frameBase: Math.min(a.frameBase + 1, a.frameEnd) })),
  }),
  'a name in a frame is forgotten': (model) => ({
    ...model,
    actors: model.actors.map((a) => ({
      ...a,
      points: a.points.map((point) => ({
        ...point,
        frame: { ...point.frame, slots: point.frame.slots.filter((slot) => slot.spec.kind !== 'ref'), caller: null },
      })),
    })),
  }),
  'the owner of a lock is forgotten': (model) => withoutNames(model, 'actor'),
  'a pointer in an object is forgotten': (model) => withoutNames(model, 'object'),
  'a set of actors is forgotten': (model) => withoutNames(model, 'mask'),
};

function withoutNames(model: CompiledModel, identity: string): CompiledModel {
  const identities = new Map([...model.layout.identities].filter(([, kind]) => kind !== identity));
  return { ...model, layout: Object.create(model.layout, { identities: { value: identities } }) };
}

describe(`mistakes in the reduction are caught, seed ${SEED}`, () => {
  test.each(Object.entries(mutants))('%s', { timeout: 600_000 }, (_, mutate) => {
    const caught = [...randomModels(60, SEED)].filter(({ model, full }) => {
      try {
        return wrongs(model, full, formOf(new Symmetry(mutate(model)))).length > 0;
      } catch {
        // The search meets a state that no step can make sense of.
        return true;
      }
    });
    expect(caught.length).toBeGreaterThan(0);
  });
});

const source = patch('test')();
const Counter = object('counter', { value: int(0, 2), other: bool() }, { permanent: true });
const Gate = object('gate', { owner: actor(), seen: actors() }, { permanent: true });

const count = procedure('count', { source, params: { counter: Counter } }, (k) => [
  k.step('once', (f) => {
    f.counter.value++;
  }),
  k.step('twice', (f) => {
    f.counter.value++;
  }),
]);

const meet = procedure('meet', { source, params: { gate: Gate } }, (k) => [
  k.step('be seen', (f, self) => {
    f.gate.seen.add(self);
  }),
]);

const swap = procedure('swap', { source, params: { gate: Gate }, locals: { who: actor() } }, (k) => [
  k.step('see who was here', (f, self) => {
    f.who = f.gate.owner;
    f.gate.owner = self;
  }),
  k.blockUntil('wait', (f) => f.who === null || f.gate.owner !== f.who),
]);

function crowd(n: number, what: 'count' | 'meet' | 'swap', before = 0): Scenario {
  return scenario('crowd', {
    title: 'Crowd',
    about: 'Many do the same.',
    systems: ['test'],
    source,
    bounds: {},
    variants: { fixed: { about: 'as it is', expect: { verdict: 'holds', states: 0, depth: 0 } } },
    setup: (s) => {
      const counters = s.objects(Counter, 'counter', n);
      const gate = s.object(Gate, 'gate');
      for (let i = 0; i < before; i++) s.actor(`first${i}`, meet, { gate });
      s.interchangeable(
        counters.map((counter, i) => {
          const name = `one${i}`;
          return what === 'count'
            ? [counter, s.actor(name, count, { counter })]
            : [s.actor(name, what === 'meet' ? meet : swap, { gate })];
        }),
      );
    },
  });
}

describe('many blocks', () => {
  test('ten blocks whose bytes name nothing are sorted, however many permutations they have', () => {
    const model = compile(crowd(10, 'count'));
    const symmetry = new Symmetry(model);
    expect(symmetry.size).toBe(3_628_800);
    const folded = spaceOf(model, formOf(symmetry)) as Space;
    // Ten indistinguishable counters at one of three values: 12 over 2.
    expect(folded.depths.size).toBe(66);
    const orbits = [...folded.depths.keys()].reduce((sum, key) => sum + symmetry.orbit(bytesOf(key), 0), 0);
    expect(orbits).toBe(3 ** 10);
  });

  test('blocks that name each other are tried in every order', () => {
    const model = compile(crowd(4, 'swap'));
    const full = spaceOf(model) as Space;
    const symmetry = new Symmetry(model);
    expect(wrongs(model, full, formOf(symmetry))).toEqual([]);
    const folded = spaceOf(model, formOf(symmetry)) as Space;
    const orbits = [...folded.depths.keys()].reduce((sum, key) => sum + symmetry.orbit(bytesOf(key), 0), 0);
    expect(orbits).toBe(full.depths.size);
  });

  test('more than 720 permutations of blocks that may name each other are refused', () => {
    expect(() => new Symmetry(compile(crowd(7, 'swap')))).toThrow(
      'more than 720 permutations, and a frame may name a part of another block',
    );
  });

  test('actors that no set can hold are not interchangeable with those that one can', () => {
    expect(() => new Symmetry(compile(crowd(3, 'meet', 14)))).toThrow(
      'one1 is interchangeable with an actor that no set of actors can hold',
    );
  });

  test('a set of actors outside the blocks', () => {
    const model = compile(crowd(9, 'meet'));
    const symmetry = new Symmetry(model);
    const folded = spaceOf(model, formOf(symmetry)) as Space;
    expect(folded.depths.size).toBe(10);
    const orbits = [...folded.depths.keys()].reduce((sum, key) => sum + symmetry.orbit(bytesOf(key), 0), 0);
    expect(orbits).toBe(2 ** 9);
  });
});
