/**
 * Is a symmetry one? On sampled states, permutations must carry successors over into successors, and leave every
 * property as it is. Programs and constants were compared before; this looks at what closures do, such as a step that
 * treats the first object of a list differently, or a property about one object by name.
 *
 * Limits: it samples. What it does not meet it cannot refuse; the tests compare verdicts and counts with the full
 * search.
 */
import seedrandom from 'seedrandom';
import { LIVE } from '../compile/collections.ts';
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import { type Fault, successors } from '../search/successors.ts';
import type { Permutation } from './permutations.ts';
import type { Symmetry } from './symmetry.ts';

const STATES = 200;

/** Throws a `config` error that names the step or property that tells the blocks, or the slots of a pool, apart. */
export function confirmSymmetry(model: CompiledModel, symmetry: Symmetry): void {
  const random = seedrandom('symmetry');
  const pools = poolsOf(model, symmetry);
  // What is tried here is no part of the search.
  const [taken, refused] = [model.taken.slice(), model.refused.slice()];
  let state: Int32Array = model.initial.slice();
  for (let n = 0; n < STATES; n++) {
    const here = { ...successorsOf(model, state), properties: propertiesIn(model, state) };
    for (const p of symmetry.sampled) compareUnder(model, symmetry, p, state, here, 'blocks');
    const p = exchangeOfSlots(model, pools, state, random);
    if (p !== null) compareUnder(model, symmetry, p, state, here, 'slots');
    const { states } = here;
    state = states.length === 0 ? model.initial.slice() : (states[Math.floor(random() * states.length)] as Int32Array);
  }
  model.taken.set(taken);
  model.refused.set(refused);
}

type What = 'blocks' | 'slots';

interface Successors {
  readonly states: readonly Int32Array[];
  readonly actors: readonly number[];
  readonly faults: readonly Fault[];
  /** What each property says of the state itself. */
  readonly properties: readonly (boolean | null)[];
}

function successorsOf(model: CompiledModel, state: Int32Array): Successors {
  const faults: Fault[] = [];
  model.registers[NEXT] = 0;
  successors(model, state, 0, faults);
  const made = model.registers[NEXT] as number;
  const { words } = model;
  return {
    states: Array.from({ length: made }, (_, i) => model.memory.words.slice(i * words, (i + 1) * words)),
    actors: Array.from(model.moves.subarray(0, made), (move) => move >> 16),
    faults,
    properties: [],
  };
}

/** Identities of the folded slots of each pool that has more than one. */
function poolsOf(model: CompiledModel, symmetry: Symmetry): number[][] {
  const pools = new Map<number, number[]>();
  for (const { id } of model.places) {
    const pool = symmetry.heap.typeOf(id);
    if (pool !== 0) pools.set(pool, [...(pools.get(pool) ?? []), id]);
  }
  return [...pools.values()].filter((ids) => ids.length > 1);
}

/** Mixes the slots of each pool; null when no live object would move. */
function exchangeOfSlots(
  model: CompiledModel,
  pools: readonly (readonly number[])[],
  state: Int32Array,
  random: () => number,
): Permutation | null {
  const bytes = new Uint8Array(state.buffer, state.byteOffset, model.stateBytes);
  const objects = Uint8Array.from({ length: model.memory.views.length }, (_, i) => i);
  let moved = false;
  for (const ids of pools) {
    const mixed = [...ids];
    for (let i = mixed.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [mixed[i], mixed[j]] = [mixed[j] as number, mixed[i] as number];
    }
    ids.forEach((id, i) => {
      objects[id] = mixed[i] as number;
      moved ||= mixed[i] !== id && bytes[model.places[id - 1]?.live as number] === LIVE;
    });
  }
  const actors = Uint8Array.from({ length: model.memory.actors.length }, (_, i) => i);
  return moved ? { objects, actors } : null;
}

function compareUnder(
  model: CompiledModel,
  symmetry: Symmetry,
  p: Permutation,
  state: Int32Array,
  here: Successors,
  what: What,
): void {
  const imageOf = (s: Int32Array) =>
    new Int32Array(symmetry.apply(new Uint8Array(s.buffer, s.byteOffset, model.stateBytes), 0, p).buffer);
  // Which slot is allocated does not matter, so successors are compared with their slots renumbered.
  const textOf = (s: Int32Array) => {
    const form = s.slice();
    symmetry.heap.fold(new Uint8Array(form.buffer), 0);
    return form.join();
  };
  const image = imageOf(state);
  const there = successorsOf(model, image);
  const known = new Set(there.states.map(textOf));
  here.states.forEach((s, i) => {
    if (!known.has(textOf(imageOf(s)))) refuse(model, state, here.actors[i] as number, what);
  });
  if (here.states.length !== there.states.length || kindsOf(here.faults) !== kindsOf(there.faults))
    refuse(model, state, here.faults[0]?.actor ?? here.actors[0] ?? 0, what);
  compareProperties(model, here, image, what);
}

const kindsOf = (faults: readonly Fault[]): string =>
  faults
    .map((fault) => fault.evidence.kind)
    .sort()
    .join();

const WHAT: Readonly<Record<What, { readonly singular: string; readonly hint: string }>> = {
  blocks: {
    singular: 'the blocks that the scenario calls interchangeable',
    hint: 'search without symmetry, or declare fewer blocks',
  },
  slots: {
    singular: 'the slots of a pool, which symmetry takes for interchangeable,',
    hint: 'search without symmetry, or let nothing depend on the order of a pool',
  },
};

function refuse(model: CompiledModel, state: Int32Array, actor: number, what: What): never {
  model.load(state, 0);
  const a = model.actors[actor];
  const point = a?.points[model.pc(actor)];
  throw new QuiesceError('config', `${WHAT[what].singular} are not`, {
    where: point ? `${point.procedure}/${point.label} (actor ${a?.view.name})` : model.scenario.name,
    hint: `this step treats them differently: ${WHAT[what].hint}`,
  });
}

/** What each property says of a state, in their order. */
function propertiesIn(model: CompiledModel, state: Int32Array): (boolean | null)[] {
  return model.properties.map((p) => {
    // Promises about the future are not checked on the quotient.
    if (p.kind === 'eventually' || p.kind === 'leads-to') return null;
    model.load(state, 0);
    if (p.kind === 'sometimes') return p.reached();
    if (p.kind === 'always') return p.check() !== null;
    // What is promised of the end alone need not make sense before it, but must fail alike there.
    try {
      return p.check() !== null;
    } catch {
      return null;
    }
  });
}

function compareProperties(model: CompiledModel, here: Successors, image: Int32Array, what: What): void {
  const there = propertiesIn(model, image);
  model.properties.forEach((p, i) => {
    if (here.properties[i] !== there[i])
      throw new QuiesceError(
        'config',
        `property "${p.name}" tells ${what === 'blocks' ? 'interchangeable blocks' : 'the slots of a pool'} apart`,
        {
          where: model.scenario.name,
          hint:
            what === 'blocks'
              ? 'speak of all of them in the property, or search without symmetry'
              : 'look at all objects of the pool in the property, or search without symmetry',
        },
      );
  });
}
