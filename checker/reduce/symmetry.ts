/**
 * Symmetry reduction: of all states that differ only in the names of interchangeable blocks, one is kept, the least
 * when the bytes are compared in a fixed order. Candidates are replaced by that form before they are looked up, so
 * the search runs on the quotient; counterexamples are led back to concrete names by re-execution (`explored.ts`).
 *
 * Sound because a declared permutation g maps steps to steps: successors(g s) = g successors(s), and every property
 * has the same value in s and g s. Programs and constants are compared when the model is compiled; what closures
 * do is checked on sampled states (`audit`), and a scenario or property that fails is refused by name.
 *
 * (Ip and Dill, Better verification through symmetry, 1996. Deviation: no scalarsets; the permutations are listed,
 * all of them, and the least image is found by comparing them byte by byte.)
 *
 * Cost: a few bytes for each permutation and candidate. Limits: at most 720 permutations; slots of the heap are not
 * permuted.
 */
import type { CompiledModel } from '../compile/model.ts';
import { type Permutation, permutationsOf } from './permutations.ts';

const PLAIN = 0;
const OBJECT = 1;
const ACTOR = 2;
const MASK = 3;
const MASK_HIGH = 4;
/** A byte of a frame that holds a name at some program points and a plain value at others. */
const BY_POINT = 5;

export class Symmetry {
  readonly permutations: readonly Permutation[];
  readonly #model: CompiledModel;
  /** `[g * stateBytes + i]`: where byte i of the image under g comes from. */
  readonly #sources: Int32Array;
  readonly #kinds: Uint8Array;
  readonly #objects: readonly Uint8Array[];
  readonly #actors: readonly Uint8Array[];
  /** Bytes that some permutation may change, the most telling first. */
  readonly #order: Int32Array;
  readonly #owner: Int32Array;
  readonly #pointKinds: (readonly Uint8Array[] | null)[];
  readonly #best: Uint8Array;

  constructor(model: CompiledModel) {
    this.#model = model;
    this.permutations = permutationsOf(model);
    this.#objects = this.permutations.map((p) => p.objects);
    this.#actors = this.permutations.map((p) => p.actors);
    this.#kinds = new Uint8Array(model.stateBytes);
    this.#owner = new Int32Array(model.stateBytes).fill(-1);
    this.#pointKinds = model.actors.map(() => null);
    this.#classify();
    this.#sources = new Int32Array(this.permutations.length * model.stateBytes);
    this.permutations.forEach((p, g) => {
      this.#route(p, g * model.stateBytes);
    });
    this.#order = this.#changing();
    this.#best = new Uint8Array(model.stateBytes);
  }

  get size(): number {
    return this.permutations.length;
  }

  /** What each byte holds. */
  #classify(): void {
    const { layout, actors } = this.#model;
    for (const [offset, identity] of layout.identities) {
      this.#kinds[offset] = identity === 'object' ? OBJECT : identity === 'actor' ? ACTOR : MASK;
      if (identity === 'mask') this.#kinds[offset + 1] = MASK_HIGH;
    }
    for (const a of actors) {
      const size = a.frameEnd - a.frameBase;
      const byPoint = a.points.map((point) => {
        const kinds = new Uint8Array(size);
        for (let frame: typeof point.frame | null = point.frame; frame !== null; frame = frame.caller)
          for (const slot of frame.slots)
            kinds[slot.offset - a.frameBase] =
              slot.spec.kind === 'ref' ? OBJECT : slot.spec.kind === 'actor' ? ACTOR : PLAIN;
        return kinds;
      });
      byPoint.push(new Uint8Array(size));
      let ambiguous = false;
      for (let i = 0; i < size; i++) {
        const kinds = new Set(byPoint.map((k) => k[i] as number));
        // A byte that no frame uses is zero, which every kind maps to itself.
        kinds.delete(PLAIN);
        const used = a.points.some((point) => {
          for (let f: typeof point.frame | null = point.frame; f !== null; f = f.caller)
            for (const slot of f.slots)
              if (slot.offset === a.frameBase + i && slot.spec.kind !== 'ref' && slot.spec.kind !== 'actor')
                return true;
          return false;
        });
        const only = [...kinds][0];
        if (kinds.size === 0) this.#kinds[a.frameBase + i] = PLAIN;
        else if (kinds.size === 1 && !used) this.#kinds[a.frameBase + i] = only as number;
        else {
          this.#kinds[a.frameBase + i] = BY_POINT;
          this.#owner[a.frameBase + i] = a.index;
          ambiguous = true;
        }
      }
      if (ambiguous) this.#pointKinds[a.index] = byPoint;
    }
  }

  /** Where the bytes of the image under one permutation come from. */
  #route(p: Permutation, at: number): void {
    const model = this.#model;
    const sources = this.#sources;
    for (let i = 0; i < model.stateBytes; i++) sources[at + i] = i;
    const move = (from: number, to: number, bytes: number) => {
      for (let i = 0; i < bytes; i++) sources[at + to + i] = from + i;
    };
    for (const place of model.places) {
      const to = model.places[(p.objects[place.id] as number) - 1];
      if (to === undefined || to === place) continue;
      move(place.base, to.base, place.size);
      if (place.live >= 0) move(place.live, to.live, 1);
    }
    for (const a of model.actors) {
      const b = model.actors[(p.actors[a.index + 1] as number) - 1];
      if (b === undefined || b === a) continue;
      move(a.pcOffset, b.pcOffset, a.pcBytes);
      move(a.frameBase, b.frameBase, a.frameEnd - a.frameBase);
      if (a.view.$flags >= 0) move(a.view.$flags, b.view.$flags, 1);
    }
  }

  /** Bytes that are moved, then bytes that only hold names. */
  #changing(): Int32Array {
    const { stateBytes, actors } = this.#model;
    const moved: number[] = [];
    const named: number[] = [];
    const counters = new Set(actors.map((a) => a.pcOffset));
    for (let i = 0; i < stateBytes; i++) {
      let source = false;
      for (let g = 1; g < this.size; g++) source ||= this.#sources[g * stateBytes + i] !== i;
      if (source) moved.push(i);
      else if (this.#kinds[i] !== PLAIN) named.push(i);
    }
    moved.sort((a, b) => Number(counters.has(b)) - Number(counters.has(a)) || a - b);
    return Int32Array.from([...moved, ...named]);
  }

  /** Byte i of the image under g of the state at `base`. */
  #image(bytes: Uint8Array, base: number, g: number, i: number): number {
    const source = this.#sources[g * this.#model.stateBytes + i] as number;
    const value = bytes[base + source] as number;
    let kind = this.#kinds[source] as number;
    if (kind === PLAIN) return value;
    if (kind === BY_POINT) {
      const a = this.#model.actors[this.#owner[source] as number];
      if (a === undefined) return value;
      const pc =
        a.pcBytes === 1
          ? (bytes[base + a.pcOffset] as number)
          : (bytes[base + a.pcOffset] as number) | ((bytes[base + a.pcOffset + 1] as number) << 8);
      kind = this.#pointKinds[a.index]?.[pc]?.[source - a.frameBase] ?? PLAIN;
    }
    switch (kind) {
      case OBJECT:
        return this.#objects[g]?.[value] ?? value;
      case ACTOR:
        return this.#actors[g]?.[value] ?? value;
      case MASK:
      case MASK_HIGH: {
        const low = kind === MASK ? source : source - 1;
        const mask = (bytes[base + low] as number) | ((bytes[base + low + 1] as number) << 8);
        let image = 0;
        for (let bit = 0; bit < 16; bit++)
          if (mask & (1 << bit)) image |= 1 << (((this.#actors[g]?.[bit + 1] ?? bit + 1) as number) - 1);
        return kind === MASK ? image & 255 : image >> 8;
      }
      default:
        return value;
    }
  }

  /**
   * Replaces the state at byte `base` by its least image. Returns the number of the permutation that leads from the
   * state to it.
   */
  canonicalise(bytes: Uint8Array, base: number): number {
    const order = this.#order;
    const best = this.#best;
    const n = order.length;
    let chosen = 0;
    for (let k = 0; k < n; k++) {
      const i = order[k] as number;
      best[i] = bytes[base + i] as number;
    }
    for (let g = 1; g < this.size; g++)
      for (let k = 0; k < n; k++) {
        const i = order[k] as number;
        const value = this.#image(bytes, base, g, i);
        const least = best[i] as number;
        if (value > least) break;
        if (value === least) continue;
        for (let j = k; j < n; j++) {
          const at = order[j] as number;
          best[at] = this.#image(bytes, base, g, at);
        }
        chosen = g;
        break;
      }
    if (chosen !== 0)
      for (let k = 0; k < n; k++) {
        const i = order[k] as number;
        bytes[base + i] = best[i] as number;
      }
    return chosen;
  }

  /** Number of different states that the permutations make of the state at `base`. */
  orbit(bytes: Uint8Array, base: number): number {
    let stabiliser = 1;
    for (let g = 1; g < this.size; g++) if (this.#fixes(bytes, base, g)) stabiliser++;
    return this.size / stabiliser;
  }

  #fixes(bytes: Uint8Array, base: number, g: number): boolean {
    for (const i of this.#order) if (this.#image(bytes, base, g, i) !== bytes[base + i]) return false;
    return true;
  }

  /** The image of the state at `base` under one permutation, as a new vector. */
  apply(bytes: Uint8Array, base: number, g: number): Uint8Array {
    const image = bytes.slice(base, base + this.#model.stateBytes);
    for (const i of this.#order) image[i] = this.#image(bytes, base, g, i);
    return image;
  }
}
