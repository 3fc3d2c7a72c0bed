/**
 * Which bytes of a state vector name an object or an actor, and what they name after a permutation. In a frame a byte
 * may hold a name at some program points and a plain value at others; then the actor's program counter decides.
 */
import type { CompiledActor, CompiledModel } from '../compile/model.ts';
import type { Permutation } from './permutations.ts';

export const PLAIN = 0;
export const OBJECT = 1;
export const ACTOR = 2;
/** The two bytes of a set of actors. */
export const MASK = 3;
export const MASK_HIGH = 4;
/** Depends on where the actor stands. */
const BY_POINT = 5;

/** A layout with more names than this is renamed in a loop. */
const UNROLL = 48;

export class Names {
  /** Offsets of the bytes that may hold a name, in ascending order; of a set of actors its first byte. */
  readonly offsets: Int32Array;
  readonly #model: CompiledModel;
  readonly #kinds: Uint8Array;
  /** Of a byte whose kind depends on the program point: the actor. */
  readonly #owner: (CompiledActor | null)[];
  /** For each such actor and program point: the kinds of its frame bytes. */
  readonly #byPoint = new Map<CompiledActor, readonly Uint8Array[]>();
  readonly #sources = new WeakMap<Permutation, Int32Array>();

  constructor(model: CompiledModel) {
    this.#model = model;
    this.#kinds = new Uint8Array(model.stateBytes);
    this.#owner = Array.from({ length: model.stateBytes }, () => null);
    for (const [offset, identity] of model.layout.identities) {
      this.#kinds[offset] = identity === 'object' ? OBJECT : identity === 'actor' ? ACTOR : MASK;
      if (identity === 'mask') this.#kinds[offset + 1] = MASK_HIGH;
    }
    for (const a of model.actors) this.#frames(a);
    const held = [...this.#kinds.keys()].filter((i) => this.#kinds[i] !== PLAIN && this.#kinds[i] !== MASK_HIGH);
    this.offsets = Int32Array.from(held);
  }

  #frames(a: CompiledActor): void {
    const size = a.frameEnd - a.frameBase;
    // One more than there are points: the actor has ended.
    const byPoint = Array.from({ length: a.points.length + 1 }, () => new Uint8Array(size));
    const plain = new Uint8Array(size);
    a.points.forEach((point, pc) => {
      for (let frame: typeof point.frame | null = point.frame; frame !== null; frame = frame.caller)
        for (const slot of frame.slots) {
          const i = slot.offset - a.frameBase;
          const kind = slot.spec.kind === 'ref' ? OBJECT : slot.spec.kind === 'actor' ? ACTOR : PLAIN;
          (byPoint[pc] as Uint8Array)[i] = kind;
          if (kind === PLAIN) plain[i] = 1;
        }
    });
    for (let i = 0; i < size; i++) {
      const kinds = new Set(byPoint.map((k) => k[i] as number));
      // Where no frame uses the byte it is zero, which names nothing.
      kinds.delete(PLAIN);
      const offset = a.frameBase + i;
      if (kinds.size === 0) continue;
      if (kinds.size === 1 && plain[i] === 0) this.#kinds[offset] = [...kinds][0] as number;
      else {
        this.#kinds[offset] = BY_POINT;
        this.#owner[offset] = a;
        this.#byPoint.set(a, byPoint);
      }
    }
  }

  /** What the byte at `offset` may hold without looking at a state; -1 when that depends on the program point. */
  kind(offset: number): number {
    const kind = this.#kinds[offset] as number;
    return kind === BY_POINT ? -1 : kind;
  }

  /** What the byte at `offset` holds in the state at `base`. */
  kindIn(bytes: Uint8Array, base: number, offset: number): number {
    const kind = this.#kinds[offset] as number;
    if (kind !== BY_POINT) return kind;
    const a = this.#owner[offset] as CompiledActor;
    let pc = bytes[base + a.pcOffset] as number;
    if (a.pcBytes === 2) pc |= (bytes[base + a.pcOffset + 1] as number) << 8;
    return this.#byPoint.get(a)?.[pc]?.[offset - a.frameBase] ?? PLAIN;
  }

  /** The actors of the set at `offset`, bit i for identity i + 1. */
  mask(bytes: Uint8Array, base: number, offset: number): number {
    return (bytes[base + offset] as number) | ((bytes[base + offset + 1] as number) << 8);
  }

  /**
   * Names in the state at `base` become what the maps say. The bytes have been moved to where they belong before, the
   * program counters too.
   */
  rename(bytes: Uint8Array, base: number, objects: Uint8Array, actors: Uint8Array): void {
    const { offsets } = this;
    for (let k = 0; k < offsets.length; k++) {
      const offset = offsets[k] as number;
      const value = bytes[base + offset] as number;
      const kind = this.#kinds[offset] as number;
      if (kind === MASK) {
        const mask = this.mask(bytes, base, offset);
        if (mask === 0) continue;
        const image = imageOfMask(mask, actors);
        bytes[base + offset] = image & 255;
        bytes[base + offset + 1] = image >> 8;
      } else if (value !== 0) {
        const held = kind === BY_POINT ? this.kindIn(bytes, base, offset) : kind;
        if (held === OBJECT) bytes[base + offset] = objects[value] as number;
        else if (held === ACTOR) bytes[base + offset] = actors[value] as number;
      }
    }
  }

  /**
   * The text of `rename` for this layout, of a state at `base` of `bytes` with the maps `objects` and `actors`; `names`
   * is this object.
   */
  renameText(objects: string, actors: string, names: string): string {
    const held = [...this.offsets].map((offset) => ({ offset, kind: this.kind(offset) }));
    if (held.length > UNROLL || held.some(({ kind }) => kind !== OBJECT && kind !== ACTOR))
      return `${names}.rename(bytes, base, ${objects}, ${actors});`;
    return held
      .map(
        ({ offset, kind }) =>
          `bytes[base + ${offset}] = ${kind === OBJECT ? objects : actors}[bytes[base + ${offset}]];`,
      )
      .join('\n');
  }

  /** For each byte of the image under a permutation, the byte that it comes from. */
  sources(p: Permutation): Int32Array {
    const known = this.#sources.get(p);
    if (known !== undefined) return known;
    const { places, actors, stateBytes } = this.#model;
    const sources = Int32Array.from({ length: stateBytes }, (_, i) => i);
    const move = (from: number, to: number, bytes: number) => {
      for (let i = 0; i < bytes; i++) sources[to + i] = from + i;
    };
    for (const place of places) {
      const to = places[(p.objects[place.id] as number) - 1];
      if (to === undefined || to === place) continue;
      move(place.base, to.base, place.size);
      if (place.live >= 0) move(place.live, to.live, 1);
    }
    for (const a of actors) {
      const b = actors[(p.actors[a.index + 1] as number) - 1];
      if (b === undefined || b === a) continue;
      move(a.pcOffset, b.pcOffset, a.pcBytes);
      move(a.frameBase, b.frameBase, a.frameEnd - a.frameBase);
      if (a.view.$flags >= 0) move(a.view.$flags, b.view.$flags, 1);
    }
    this.#sources.set(p, sources);
    return sources;
  }

  /** The image of the state at `base` under a permutation, as a new vector. */
  image(bytes: Uint8Array, base: number, p: Permutation): Uint8Array {
    const sources = this.sources(p);
    const image = new Uint8Array(this.#model.stateBytes);
    for (let i = 0; i < image.length; i++) image[i] = bytes[base + (sources[i] as number)] as number;
    this.rename(image, 0, p.objects, p.actors);
    return image;
  }
}

/** A set of actors under a map of identities. */
export function imageOfMask(mask: number, actors: Uint8Array): number {
  let image = 0;
  for (let bit = 0; bit < 16; bit++) if (mask & (1 << bit)) image |= 1 << ((actors[bit + 1] as number) - 1);
  return image;
}
