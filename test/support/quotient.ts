/** Plain searches, with and without a canonical form, to compare a reduction with: states by level and what breaks. */
import type { CompiledModel } from '../../checker/compile/model.ts';
import { NEXT } from '../../checker/compile/model.ts';
import { Findings } from '../../checker/search/findings.ts';
import { type Fault, successors } from '../../checker/search/successors.ts';

export interface Space {
  /** Least number of steps to each state that is kept, by the text of its bytes. */
  readonly depths: ReadonlyMap<string, number>;
  /** Least number of steps to a violation of each kind, or to a goal by its name. */
  readonly found: ReadonlyMap<string, number>;
}

/** The first byte of a state vector and what follows, changed in place. */
export type Form = (bytes: Uint8Array, base: number) => void;

/** All states that `form` keeps, breadth first; null when they are more than `most`. */
export function spaceOf(model: CompiledModel, form: Form = () => {}, most = Number.POSITIVE_INFINITY): Space | null {
  const { words } = model;
  const findings = new Findings(model, null);
  const depths = new Map<string, number>();
  const found = new Map<string, number>();
  const note = (what: string, depth: number) => {
    if (!found.has(what)) found.set(what, depth);
  };
  const queue: Int32Array[] = [];
  const meet = (state: Int32Array, depth: number): void => {
    form(new Uint8Array(state.buffer), 0);
    const key = state.join();
    if (depths.has(key)) return;
    depths.set(key, depth);
    queue.push(state);
    model.load(state, 0);
    for (const [property, evidence] of findings.inState()) note(`${property} ${evidence.kind}`, depth);
  };
  meet(model.initial.slice(), 0);
  for (const state of queue) {
    if (depths.size > most) return null;
    const depth = depths.get(state.join()) as number;
    const faults: Fault[] = [];
    model.registers[NEXT] = 0;
    successors(model, state, 0, faults);
    const made = model.registers[NEXT] as number;
    const next = Array.from({ length: made }, (_, i) => model.memory.words.slice(i * words, (i + 1) * words));
    for (const { evidence } of faults) note(evidence.kind, depth + 1);
    if (made === 0 && faults.length === 0) {
      model.load(state, 0);
      for (const [property, evidence] of findings.atRest()) note(`${property} ${evidence.kind}`, depth);
    }
    for (const s of next) meet(s, depth + 1);
  }
  for (const goal of findings.reached) note(`goal ${goal}`, 0);
  return { depths, found };
}

/** Everything in which a quotient differs from the space that it stands for, in words. */
export function wrongs(model: CompiledModel, full: Space, form: Form): string[] {
  const folded = spaceOf(model, form, 2 * full.depths.size) ?? { depths: new Map(), found: new Map() };
  const wrong: string[] = [];
  // Every state is represented, at its depth, and nothing else is.
  const images = new Map<string, number>();
  for (const [key, depth] of full.depths) {
    const state = Int32Array.from(key.split(',').map(Number));
    form(new Uint8Array(state.buffer), 0);
    const image = state.join();
    images.set(image, Math.min(depth, images.get(image) ?? depth));
  }
  for (const [image, depth] of images)
    if (folded.depths.get(image) !== depth) {
      wrong.push(`a state at depth ${depth} is represented at depth ${folded.depths.get(image)}`);
      break;
    }
  const found = (space: Space) => JSON.stringify([...space.found].sort());
  if (found(folded) !== found(full)) wrong.push(`finds ${found(folded)} instead of ${found(full)}`);
  return wrong;
}
