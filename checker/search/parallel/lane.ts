/**
 * The work of one thread: the three tasks of a round (see `shared.ts`), on its own compiled model.
 */
import { type CompiledModel, MOVED, NEXT } from '../../compile/model.ts';
import type { Symmetry } from '../../reduce/symmetry.ts';
import { hashText, perWord, sameFunction, sameText } from '../../store/words.ts';
import type { Findings } from '../findings.ts';
import { type Fault, successors } from '../successors.ts';
import {
  BASE,
  type CandidateSet,
  COMMIT_CHUNKS,
  COUNT,
  EXPAND_CHUNKS,
  GOALS,
  GROW,
  KIND,
  PARTS,
  partOf,
  ROUND_FROM,
  ROUND_TO,
  SET,
  SETTLE,
  type SharedRound,
  type SharedStore,
} from './shared.ts';

const PIPE = 64;

type Settle = (part: number, chunks: number, room: number, set: CandidateSet, store: SharedStore) => void;
type Append = (words: Int32Array, count: number, at: number, set: CandidateSet) => void;

export class Lane {
  readonly #model: CompiledModel;
  readonly #findings: Findings;
  readonly #round: SharedRound;
  store: SharedStore;
  /** The store before it grew, until its contents have moved. */
  #outgrown: SharedStore | null = null;
  readonly #symmetry: Symmetry | null;
  readonly #settle: Settle;
  readonly #append: Append;
  readonly #faults: Fault[] = [];
  readonly #batch: number;
  /** Scratch for the counting sort. */
  readonly #count = new Int32Array(PARTS);

  constructor(
    model: CompiledModel,
    findings: Findings,
    round: SharedRound,
    store: SharedStore,
    symmetry: Symmetry | null,
  ) {
    this.#symmetry = symmetry;
    this.#model = model;
    this.#findings = findings;
    this.#round = round;
    this.store = store;
    this.#settle = makeSettle(model.words);
    this.#append = makeAppend(model.words);
    this.#batch = Math.min(PIPE, model.room - model.branching);
  }

  /** From now on this is the store; the next `GROW` tasks move the contents of the old one. */
  grow(store: SharedStore): void {
    this.#outgrown = this.store;
    this.store = store;
  }

  /** Does one task of the present phase. */
  task(index: number): void {
    const c = this.#round.control;
    if (c[KIND] === GROW) {
      if (this.#outgrown !== null) movePart(this.#outgrown, this.store, index, c[COUNT] as number, this.#model.words);
      return;
    }
    this.#outgrown = null;
    if (c[KIND] === SETTLE) {
      const set = this.#round.sets[c[SET] as 0 | 1];
      this.#settle(index, c[EXPAND_CHUNKS] as number, this.#round.chunkRoom, set, this.store);
      return;
    }
    const commits = c[COMMIT_CHUNKS] as number;
    if (index < commits) this.#commit(index);
    else this.#expand(index - commits);
  }

  #expand(chunk: number): void {
    const { control, sets, chunkRoom, chunkStates } = this.#round;
    const set = sets[control[SET] as 0 | 1];
    const model = this.#model;
    const { words } = model;
    const from = (control[ROUND_FROM] as number) + chunk * chunkStates;
    const to = Math.min(control[ROUND_TO] as number, from + chunkStates);
    const base = chunk * chunkRoom;
    const registers = model.registers;
    const faults = this.#faults;
    const sources = set.from;
    let made = 0;
    let batched = 0;
    let flagged = 0;
    registers[NEXT] = 0;
    for (let index = from; index < to; index++) {
      successors(model, this.store.arena, index * words, faults);
      const next = registers[NEXT] as number;
      for (let i = batched; i < next; i++) sources[base + made + i] = index;
      batched = next;
      const atRest = registers[MOVED] === 0;
      if (faults.length > 0 || (atRest && this.#restIsBad(index))) {
        set.flagged[chunk * chunkStates + flagged++] = index;
        faults.length = 0;
      }
      if (batched >= this.#batch) {
        this.#canonicalise(batched);
        this.#append(model.memory.words, batched, base + made, set);
        made += batched;
        batched = 0;
        registers[NEXT] = 0;
      }
    }
    this.#canonicalise(batched);
    this.#append(model.memory.words, batched, base + made, set);
    made += batched;
    set.flaggedCount[chunk] = flagged;
    this.#sort(set, chunk, base, made);
  }

  #canonicalise(made: number): void {
    if (this.#symmetry === null) return;
    const { memory, stateBytes } = this.#model;
    for (let i = 0; i < made; i++) this.#symmetry.canonicalise(memory.bytes, i * stateBytes);
  }

  /** Is there evidence against a state in which nobody can move? The coordinator then looks at it again. */
  #restIsBad(index: number): boolean {
    const model = this.#model;
    const slot = model.registers[NEXT] as number;
    model.memory.words.set(
      this.store.arena.subarray(index * model.words, (index + 1) * model.words),
      slot * model.words,
    );
    model.memory.at = slot * model.stateBytes;
    for (const _ of this.#findings.atRest()) return true;
    return false;
  }

  /** Counting sort of a chunk's candidates by part, stable. */
  #sort(set: CandidateSet, chunk: number, base: number, made: number): void {
    const { hashes, order, starts } = set;
    const count = this.#count.fill(0);
    for (let i = 0; i < made; i++) {
      const p = partOf(hashes[base + i] as number);
      count[p] = (count[p] as number) + 1;
    }
    let at = 0;
    const first = chunk * (PARTS + 1);
    for (let p = 0; p < PARTS; p++) {
      starts[first + p] = at;
      const n = count[p] as number;
      count[p] = at;
      at += n;
    }
    starts[first + PARTS] = at;
    for (let i = 0; i < made; i++) {
      const p = partOf(hashes[base + i] as number);
      const at = count[p] as number;
      order[base + at] = i;
      count[p] = at + 1;
    }
  }

  /** Moves the new states of a chunk of the previous round into the arena. */
  #commit(chunk: number): void {
    const { control, sets, chunkRoom, badStates, badCount } = this.#round;
    const set = sets[1 - (control[SET] as number)] as CandidateSet;
    const { arena, parents, forward, table } = this.store;
    const model = this.#model;
    const { words } = model;
    const base = chunk * chunkRoom;
    const made = set.starts[chunk * (PARTS + 1) + PARTS] as number;
    let index = control[BASE] as number;
    for (let c = 0; c < chunk; c++) index += set.fresh[c] as number;
    const watch = this.#findings.watchesStates;
    const bytes = this.#symmetry === null ? null : new Uint8Array(set.words.buffer);
    let bad = 0;
    let orbits = 0;
    for (let i = 0; i < made; i++) {
      const candidate = base + i;
      const source = set.from[candidate] as number;
      const known = set.found[candidate] as number;
      if (known !== -1 - candidate) {
        if (known > (forward[source] as number)) forward[source] = known;
        continue;
      }
      for (let k = 0; k < words; k++) arena[index * words + k] = set.words[candidate * words + k] as number;
      parents[index] = source;
      forward[source] = index + 1;
      table[2 * (set.slots[candidate] as number) + 1] = index + 1;
      orbits += bytes === null ? 1 : (this.#symmetry?.orbit(bytes, candidate * words * 4) ?? 1);
      if (watch && this.#isBad(set.words, candidate)) badStates[base + bad++] = index;
      index++;
    }
    badCount[chunk] = bad;
    this.#round.orbits[chunk] = orbits;
  }

  #isBad(words: Int32Array, candidate: number): boolean {
    const model = this.#model;
    model.load(words, candidate * model.words);
    let bad = false;
    for (const _ of this.#findings.inState()) bad = true;
    const reached = this.#findings.reached;
    if (reached.size > 0) {
      let mask = 0;
      this.#findings.goals.forEach((goal, i) => {
        if (reached.has(goal.name)) mask |= 1 << i;
      });
      Atomics.or(this.#round.control, GOALS, mask);
    }
    return bad;
  }
}

/** Moves one part of the table, and the same share of the states, to a larger store. */
function movePart(old: SharedStore, next: SharedStore, part: number, count: number, words: number): void {
  if (next.arena !== old.arena) {
    const from = Math.floor((count * part) / PARTS);
    const to = Math.floor((count * (part + 1)) / PARTS);
    next.arena.set(old.arena.subarray(from * words, to * words), from * words);
    next.parents.set(old.parents.subarray(from, to), from);
    next.forward.set(old.forward.subarray(from, to), from);
  }
  const mask = next.partSlots - 1;
  const base = part * next.partSlots;
  const first = 2 * part * old.partSlots;
  for (let i = first; i < first + 2 * old.partSlots; i += 2) {
    const e = old.table[i + 1] as number;
    if (e === 0) continue;
    const hash = old.table[i] as number;
    let p = hash & mask;
    while (next.table[2 * (base + p) + 1] !== 0) p = (p + 1) & mask;
    next.table[2 * (base + p)] = hash;
    next.table[2 * (base + p) + 1] = e;
  }
}

/** Copies a batch of candidates to their place and hashes them. */
function makeAppend(words: number): Append {
  return new Function(`'use strict';
    return function append(w, n, at, set) {
      const out = set.words, hashes = set.hashes;
      for (let i = 0, d = 0, o = at * ${words}; i < n; i++, d += ${words}, o += ${words}) {
        ${hashText(words)}
        hashes[at + i] = x;
        ${perWord(words, (k) => `out[o + ${k}] = w[d + ${k}];`)}
      }
    };`)() as Append;
}

/** Looks the candidates of one part up, in the order of chunks and of candidates within them. */
function makeSettle(words: number): Settle {
  return new Function(`'use strict';
    const pipe = new Int32Array(${PIPE}), first = new Int32Array(${PIPE});
    let sink = 0;
    ${sameFunction(words)}
    function flush(n, base, mask, set, store) {
      const { words: w, hashes, found, slots } = set, { arena, table } = store;
      for (let i = 0; i < n; i++) {
        const h = hashes[pipe[i]], p = 2 * (base + (h & mask));
        first[i] = table[p] === h ? table[p + 1] : 0;
      }
      let z = 0;
      for (let i = 0; i < n; i++) { const e = first[i]; if (e > 0) z ^= arena[(e - 1) * ${words}]; }
      sink ^= z;
      for (let i = 0; i < n; i++) {
        const candidate = pipe[i], h = hashes[candidate], d = candidate * ${words};
        let p = h & mask;
        for (;;) {
          const slot = base + p, e = table[2 * slot + 1];
          if (e === 0) {
            table[2 * slot] = h;
            table[2 * slot + 1] = -1 - candidate;
            found[candidate] = -1 - candidate;
            slots[candidate] = slot;
            break;
          }
          if (table[2 * slot] === h) {
            const from = e > 0 ? arena : w, at = (e > 0 ? e - 1 : -1 - e) * ${words};
            if (${sameText(words, 'from', 'at', 'w', 'd')}) {
              found[candidate] = e;
              break;
            }
          }
          p = (p + 1) & mask;
        }
      }
    }
    return function settle(part, chunks, room, set, store) {
      const { order, starts } = set, mask = store.partSlots - 1, base = part * store.partSlots;
      let n = 0;
      for (let c = 0; c < chunks; c++) {
        const from = starts[c * ${PARTS + 1} + part], to = starts[c * ${PARTS + 1} + part + 1];
        for (let k = from; k < to; k++) {
          pipe[n++] = c * room + order[c * room + k];
          if (n === ${PIPE}) { flush(n, base, mask, set, store); n = 0; }
        }
      }
      flush(n, base, mask, set, store);
    };`)() as Settle;
}
