/**
 * From candidates to new states: the innermost part of the breadth-first search, generated for the width of a root.
 *
 * Candidates of a chunk that repeat one shortly before are dropped first (a third to two thirds of all). For the rest
 * the slots of a batch are touched, then the states they refer to, then each is resolved: what a batch misses in the
 * cache it misses together.
 *
 * A slot that refers to a candidate of this round always refers to the least of its equals met so far; a thread that
 * comes with a lesser one replaces it. So at the end of a round the winners do not depend on the order of the threads.
 */
import { REFERENCE_MASK, SLOT_MASK, type StateArrays } from '../../store/states.ts';
import { type HashText, wordsAt } from '../../store/tuples.ts';
import { perWord, sameFunction, sameText } from '../../store/words.ts';
import type { SharedRound } from './round.ts';

export interface Settle {
  /** Roots of the batch, one after another: filled by the caller. */
  readonly roots: Int32Array;
  readonly bind: (arrays: StateArrays) => void;
  readonly begin: (set: number, chunk: number) => void;
  /**
   * Looks up the first `n` roots; candidate i comes from state `first + from[i]`. Returns how many of them nobody had
   * before: `winners` has their places in the batch, `positions` those in the set.
   */
  readonly settle: (n: number, from: Int32Array, first: number) => number;
  readonly winners: Int32Array;
  readonly positions: Int32Array;
  /** Candidates of the chunk that were kept so far. */
  readonly kept: () => number;
  /** Gives the winners of a chunk their indices; returns how many states they stand for. */
  readonly commit: (set: number, chunk: number) => number;
  /** Index that the candidate got, or -1 when an equal one came before it. */
  readonly committed: (set: number, position: number) => number;
}

export interface SettleInput {
  readonly root: number;
  readonly round: SharedRound;
  /** Most candidates of a batch. */
  readonly batch: number;
  readonly alone: boolean;
  readonly hash: HashText;
}

/** Entries of the memory of a chunk's latest candidates. */
const RECENT = 1 << 12;

export function makeSettle(input: SettleInput): Settle {
  const { root, round, batch, alone, hash } = input;
  const room = round.sets[0].sources.length;
  const load = alone ? 'slots[p]' : 'Atomics.load(slots, p)';
  const claim = alone ? 'slots[p] = mine; e = 0;' : 'e = Atomics.compareExchange(slots, p, 0, mine);';
  // Alone, candidates come in order, so an equal one of this round always came before.
  const replace = alone
    ? ''
    : `if (q > position && other === setIndex) {
         if (Atomics.compareExchange(slots, p, e, mine) !== e) continue;
         Atomics.sub(fresh, (q / chunkRoom) | 0, 1);
         Atomics.add(fresh, chunk, 1);
         winners[won] = origins[j]; positions[won++] = position;
       }`;
  return new Function(
    'round',
    `'use strict';
    ${sameFunction(root)}
    const roots = new Int32Array(${batch * root}), hashes = new Int32Array(${batch}), origins = new Int32Array(${batch}),
      touched = new Int32Array(${batch}), winners = new Int32Array(${batch}), positions = new Int32Array(${batch}),
      repeats = new Int32Array(${batch}), repeaters = new Int32Array(${batch}), recent = new Int32Array(${RECENT});
    const sets = round.sets, chunkRoom = round.chunkRoom;
    let known, slots, successors, mask = 0, references = 0, tags = 0, provisional = 0;
    let set = sets[0], setIndex = 0, chunk = 0, base = 0, count = 0, sink = 0;
    function bind(arrays) {
      known = arrays.roots; slots = arrays.slots; successors = arrays.successors;
      mask = arrays.control[${SLOT_MASK}]; references = arrays.control[${REFERENCE_MASK}]; tags = ~references;
      // The highest references are those of the two sets.
      provisional = (references >>> 0) - ${2 * room} + 1;
    }
    function begin(s, c) {
      set = sets[s]; setIndex = s; chunk = c; base = c * chunkRoom; count = 0;
      set.fresh[c] = 0;
      recent.fill(0);
    }
    function settle(n, from, first) {
      const kept = set.roots, sources = set.sources, places = set.places, fresh = set.fresh;
      const ours = provisional + setIndex * ${room};
      let m = 0, repeated = 0, won = 0;
      for (let i = 0, at = 0; i < n; i++, at += ${root}) {
        ${hash(wordsAt(root, 'roots', 'at'))}
        const r = x & ${RECENT - 1}, before = recent[r];
        if (before !== 0) {
          const b = (before - 1) * ${root};
          if (${sameText(root, 'kept', 'b', 'roots', 'at')}) {
            repeats[repeated] = before - 1; repeaters[repeated++] = first + from[i];
            continue;
          }
        }
        const position = base + count + m, to = position * ${root};
        recent[r] = position + 1;
        ${perWord(root, (k) => `kept[to + ${k}] = roots[at + ${k}];`)}
        sources[position] = first + from[i];
        hashes[m] = x; origins[m++] = i;
      }
      for (let j = 0; j < m; j++) touched[j] = slots[hashes[j] & mask];
      let z = 0;
      for (let j = 0; j < m; j++) {
        const e = touched[j];
        if (e !== 0 && ((e ^ hashes[j]) & tags) === 0) {
          const r = (e & references) >>> 0;
          if (r < provisional) z ^= known[(r - 1) * ${root}];
        }
      }
      sink ^= z;
      for (let j = 0; j < m; j++) {
        const position = base + count + j, at = position * ${root}, x = hashes[j], mine = (x & tags) | (ours + position);
        for (let p = x & mask; ; ) {
          let e = ${load};
          if (e === 0) {
            ${claim}
            if (e === 0) {
              places[position] = p;
              if (successors[sources[position]] === 0) successors[sources[position]] = 1;
              ${alone ? 'fresh[chunk]++;' : 'Atomics.add(fresh, chunk, 1);'}
              winners[won] = origins[j]; positions[won++] = position;
              break;
            }
          }
          if (((e ^ x) & tags) === 0) {
            const r = (e & references) >>> 0;
            if (r < provisional) {
              const b = (r - 1) * ${root};
              if (${sameText(root, 'known', 'b', 'kept', 'at')}) {
                places[position] = -r;
                if (r - 1 > sources[position] && successors[sources[position]] === 0) successors[sources[position]] = 1;
                break;
              }
            } else {
              const other = r - provisional < ${room} ? 0 : 1, q = r - provisional - other * ${room};
              const theirs = sets[other].roots, b = q * ${root};
              if (${sameText(root, 'theirs', 'b', 'kept', 'at')}) {
                ${replace}
                places[position] = p;
                if (successors[sources[position]] === 0) successors[sources[position]] = 1;
                break;
              }
            }
          }
          p = (p + 1) & mask;
        }
      }
      for (let j = 0; j < repeated; j++) {
        const p = places[repeats[j]], source = repeaters[j];
        if ((p >= 0 || -p - 1 > source) && successors[source] === 0) successors[source] = 1;
      }
      count += m;
      return won;
    }
    function kept() { return count; }
    function commit(s, c) {
      const { roots: theirs, sources, places, orbits } = sets[s];
      const ours = provisional + s * ${room}, symmetric = orbits.length > 0;
      let index = sets[s].firsts[c], stand = 0;
      for (let position = c * chunkRoom, end = position + sets[s].kept[c]; position < end; position++) {
        const p = places[position];
        if (p < 0) continue;
        const e = slots[p];
        if (((e & references) >>> 0) !== ours + position) continue;
        const to = index * ${root}, at = position * ${root};
        ${perWord(root, (k) => `known[to + ${k}] = theirs[at + ${k}];`)}
        successors[sources[position]]++;
        index++;
        places[position] = -index;
        ${alone ? 'slots[p] = (e & tags) | index;' : 'Atomics.store(slots, p, (e & tags) | index);'}
        stand += symmetric ? orbits[position] : 1;
      }
      return stand;
    }
    function committed(s, position) {
      const p = sets[s].places[position];
      return p < 0 ? -p - 1 : -1;
    }
    return { roots, bind, begin, settle, winners, positions, kept, commit, committed };`,
  )(round) as Settle;
}
