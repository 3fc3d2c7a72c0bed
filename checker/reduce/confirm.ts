/**
 * Is a declared symmetry one? On sampled states, every permutation must carry successors over into successors, and
 * leave every property as it is. Programs and constants were compared before; this looks at what closures do, such as
 * a step that treats the first object of a list differently, or a property about one object by name.
 *
 * Limits: it samples. What it does not meet it cannot refuse; the tests compare counts with the full search.
 */
import seedrandom from 'seedrandom';
import { type CompiledModel, NEXT } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import { type Fault, successors } from '../search/successors.ts';
import type { Symmetry } from './symmetry.ts';

const STATES = 200;

/** Throws a `config` error that names the step or property that tells the blocks apart. */
export function confirmSymmetry(model: CompiledModel, symmetry: Symmetry): void {
  const random = seedrandom('symmetry');
  let state: Int32Array = model.initial.slice();
  for (let n = 0; n < STATES; n++) {
    const bytes = new Uint8Array(state.buffer, state.byteOffset, model.stateBytes);
    const here = successorsOf(model, state);
    for (let g = 1; g < symmetry.size; g++) {
      const image = new Int32Array(symmetry.apply(bytes, 0, g).buffer);
      compareSuccessors(model, symmetry, g, state, here, successorsOf(model, image));
      compareProperties(model, state, image);
    }
    const { states } = here;
    state = states.length === 0 ? model.initial.slice() : (states[Math.floor(random() * states.length)] as Int32Array);
  }
}

interface Successors {
  readonly states: readonly Int32Array[];
  readonly actors: readonly number[];
  readonly faults: readonly Fault[];
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
  };
}

function compareSuccessors(
  model: CompiledModel,
  symmetry: Symmetry,
  g: number,
  state: Int32Array,
  here: Successors,
  there: Successors,
): void {
  const known = new Set(there.states.map((s) => s.join()));
  here.states.forEach((s, i) => {
    const image = new Int32Array(symmetry.apply(new Uint8Array(s.buffer), 0, g).buffer);
    if (!known.has(image.join())) refuse(model, state, here.actors[i] as number);
  });
  if (here.states.length !== there.states.length || here.faults.length !== there.faults.length)
    refuse(model, state, here.faults[0]?.actor ?? here.actors[0] ?? 0);
}

function refuse(model: CompiledModel, state: Int32Array, actor: number): never {
  model.load(state, 0);
  const a = model.actors[actor];
  const point = a?.points[model.pc(actor)];
  throw new QuiesceError('config', 'the blocks that the scenario calls interchangeable are not', {
    where: point ? `${point.procedure}/${point.label} (actor ${a?.view.name})` : model.scenario.name,
    hint: 'this step treats them differently: search without symmetry, or declare fewer blocks',
  });
}

function compareProperties(model: CompiledModel, state: Int32Array, image: Int32Array): void {
  for (const p of model.properties) {
    const value = (words: Int32Array) => {
      model.load(words, 0);
      return p.kind === 'sometimes' ? p.reached() : p.check() !== null;
    };
    if (p.kind !== 'at-end' && value(state) !== value(image))
      throw new QuiesceError('config', `property "${p.name}" tells interchangeable blocks apart`, {
        where: model.scenario.name,
        hint: 'speak of all of them in the property, or search without symmetry',
      });
  }
}
