/**
 * From candidates to new states: the innermost part of the breadth-first search, generated for the width of a root.
 *
 * A batch of candidates goes through loops that each wait for one thing only. All are hashed. Those that repeat one met
 * shortly before are dropped (a third to two thirds). For the rest the slots are touched; then each finds its place and
 * touches the state it may be equal to; then each is resolved. So what a batch misses in the cache it misses together,
 * and a branch that was guessed wrong costs little, since what it waits for is there.
 *
 * A slot that refers to a candidate of this round always refers to the least of its equals met so far; a thread that
 * comes with a lesser one replaces it. So at the end of a round the winners do not depend on the order of the threads.
 *
 * Slots are read without atomic operations, which cost a call each: a slot that is read too early looks empty, and the
 * compare-and-swap then fails; what it refers to was written before, and is read at an address that depends on it.
 */
import { type Probing, probingOf, REFERENCE_MASK, type StateArrays } from '../../store/state-table.ts';
import type { TreeShape } from '../../store/tree.ts';
import { type HashText, wordsAt } from '../../store/tuples.ts';
import { perWord, sameFunction, sameText } from '../../store/words.ts';
import type { SharedRound } from './round.ts';

export interface Settle {
  readonly bind: (arrays: StateArrays) => void;
  /**
   * @param count states there are, if this thread is the only one.
   * @param phase number of the phase: candidates of an earlier one are not remembered.
   */
  readonly begin: (set: number, chunk: number, count: number, phase: number) => void;
  /** The search is large: a larger memory of the latest candidates pays. */
  readonly enlarge: () => void;
  /**
   * Looks up the first `n` of some roots, which lie one after another; candidate i comes from state `first + from[i]`.
   * Returns how many of them nobody had before: `winners` has their places in the batch, `positions` those in the set;
   * for the only thread their indices.
   */
  readonly settle: (roots: Int32Array, n: number, from: Int32Array, first: number) => number;
  readonly winners: Int32Array;
  readonly positions: Int32Array;
  /** Candidates of the chunk that were kept so far; for the only thread, new states. */
  readonly kept: () => number;
  /** Of several threads: gives the winners of a chunk their indices; returns how many states they stand for. */
  readonly commit: (set: number, chunk: number) => number;
  /** Of several threads: index that the candidate got, or -1 when an equal one came before it. */
  readonly committed: (set: number, position: number) => number;
}

interface SettleInput {
  readonly shape: TreeShape;
  readonly round: SharedRound;
  /** Most candidates of a batch. */
  readonly batch: number;
  /** This thread is the only one. */
  readonly alone: boolean;
  readonly hash: HashText;
}

/**
 * Entries of the memory of the latest candidates, at first and in a large search: a hash, and the index plus one of the
 * state that has it, or, below zero, a candidate of this thread.
 */
const FEW_RECENT = 1 << 9;
const RECENT = 1 << 14;

export function makeSettle(input: SettleInput): Settle {
  const text = input.alone ? aloneText(input) : besideText(input);
  return new Function('round', `'use strict'; ${sameFunction(input.shape.root)} ${text}`)(input.round) as Settle;
}

/** What both forms begin with. */
const commonText = (root: number, batch: number, hash: HashText, { first, next }: Probing): string => `
    const hashes = new Int32Array(${batch}), origins = new Int32Array(${batch}), places = new Int32Array(${batch}),
      winners = new Int32Array(${batch}), positions = new Int32Array(${batch});
    let allRecent = new Int32Array(${FEW_RECENT}), allRecentHashes = new Int32Array(${FEW_RECENT});
    function enlarge() { allRecent = new Int32Array(${RECENT}); allRecentHashes = new Int32Array(${RECENT}); }
    // Functions take these as constants of their own: the optimiser then checks them once.
    let allKnown, allSlots, allSuccessors, last = 0, scale = 0, references = 0, tags = 0, sink = 0;
    // Hashes take long but wait for nothing: by themselves those of several candidates are under way at once.
    function hashAll(roots, n) {
      for (let i = 0, at = 0; i < n; i++, at += ${root}) {
        ${hash(wordsAt(root, 'roots', 'at'))}
        hashes[i] = x;
      }
    }
    // The slot before the first one that is empty or may refer to the candidate, for each. That is found once, since slots
    // in use keep their tags; and from the slot before it, so that all go on to the next one at the same place of the
    // text, which the optimiser then knows from the start.
    function touch(slots, known, m, end) {
      const referenceMask = references, tagMask = tags;
      let z = 0;
      for (let j = 0; j < m; j++) z ^= slots[${first('hashes[origins[j]]')}];
      for (let j = 0; j < m; j++) {
        const x = hashes[origins[j]];
        let p = ${first('x')}, e = slots[p];
        while (e !== 0 && ((e ^ x) & tagMask) !== 0) { p = ${next('p')}; e = slots[p]; }
        places[j] = p - 1;
        if (e !== 0) {
          const r = (e & referenceMask) >>> 0;
          if (r < end) z ^= known[(r - 1) * ${root}];
        }
      }
      sink ^= z;
    }`;

/**
 * One thread meets the candidates in their order: whoever is not known is new, and gets its index at once. What was new
 * shortly before is remembered by its index.
 */
function aloneText({ shape, batch, hash }: SettleInput): string {
  const { root } = shape;
  const probing = probingOf(shape);
  return `
    ${commonText(root, batch, hash, probing)}
    let index = 0, first = 0;
    function bind(arrays) {
      allKnown = arrays.roots; allSlots = arrays.slots; allSuccessors = arrays.successors;
      ${probing.bind('arrays.control')}
      references = arrays.control[${REFERENCE_MASK}]; tags = ~references;
    }
    function begin(set, chunk, count) { first = index = count; }
    function settle(roots, n, origin, from) {
      const known = allKnown, slots = allSlots, successors = allSuccessors;
      const recent = allRecent, recentHashes = allRecentHashes, mask = recent.length - 1;
      let m = 0, won = 0;
      hashAll(roots, n);
      for (let i = 0; i < n; i++) {
        const x = hashes[i], before = recent[x & mask];
        if (recentHashes[x & mask] === x && before !== 0) {
          const b = (before - 1) * ${root}, at = i * ${root};
          if (${sameText(root, 'known', 'b', 'roots', 'at')}) {
            const source = from + origin[i];
            if (before - 1 > source && successors[source] === 0) successors[source] = 1;
            continue;
          }
        }
        origins[m++] = i;
      }
      touch(slots, known, m, 2 ** 32);
      for (let j = 0; j < m; j++) {
        const i = origins[j], at = i * ${root}, x = hashes[i], source = from + origin[i];
        for (let before = places[j]; ; ) {
          const p = ${probing.next('before')}, e = slots[p];
          before = p;
          if (e === 0) {
            const to = index * ${root};
            ${perWord(root, (k) => `known[to + ${k}] = roots[at + ${k}];`)}
            index++;
            slots[p] = (x & tags) | index;
            recent[x & mask] = index;
            recentHashes[x & mask] = x;
            if (successors[source] === 0) successors[source] = 1;
            successors[source]++;
            winners[won] = i; positions[won++] = index - 1;
            break;
          }
          if (((e ^ x) & tags) !== 0) continue;
          const r = e & references, b = (r - 1) * ${root};
          if (${sameText(root, 'known', 'b', 'roots', 'at')}) {
            recent[x & mask] = r;
            recentHashes[x & mask] = x;
            if (r - 1 > source && successors[source] === 0) successors[source] = 1;
            break;
          }
        }
      }
      return won;
    }
    function kept() { return index - first; }
    return { bind, begin, enlarge, settle, winners, positions, kept };`;
}

/** Several threads: what is not known is claimed, and gets its index when all candidates of the round are there. */
function besideText({ shape, round, batch, hash }: SettleInput): string {
  const { root } = shape;
  const probing = probingOf(shape);
  const { room } = round;
  return `
    ${commonText(root, batch, hash, probing)}
    const committing = new Int32Array(${round.chunkRoom});
    const sets = round.sets, chunkRoom = round.chunkRoom, roots0 = sets[0].roots, roots1 = sets[1].roots;
    let set = sets[0], setIndex = 0, chunk = 0, base = 0, count = 0, provisional = 0, present = -1, era = 0;
    function bind(arrays) {
      allKnown = arrays.roots; allSlots = arrays.slots; allSuccessors = arrays.successors;
      ${probing.bind('arrays.control')}
      references = arrays.control[${REFERENCE_MASK}]; tags = ~references;
      // The highest references are those of the two sets.
      provisional = (references >>> 0) - ${2 * room} + 1;
    }
    function begin(s, c, states, phase) {
      set = sets[s]; setIndex = s; chunk = c; base = c * chunkRoom; count = 0;
      set.fresh[c] = 0;
      if (phase === present) return;
      // What is remembered of earlier phases now lies below the positions of this one.
      present = phase;
      era += ${room};
      if (era > ${2 ** 31 - 1 - 2 * room}) { era = 0; allRecent.fill(0); }
    }
    function settle(roots, n, origin, from) {
      const known = allKnown, slots = allSlots, successors = allSuccessors;
      const { roots: kept, sources, places: keptPlaces, fresh, won: wins, hashes: keptHashes } = set;
      const recent = allRecent, recentHashes = allRecentHashes, mask = recent.length - 1;
      const ours = provisional + setIndex * ${room};
      let m = 0, won = 0;
      hashAll(roots, n);
      for (let i = 0; i < n; i++) {
        const x = hashes[i], before = recent[x & mask];
        if (recentHashes[x & mask] === x) {
          // A state, or a candidate of this phase that comes first.
          const q = ~before - era, isState = before > 0;
          if (isState || (q >= 0 && q < base + count)) {
            const held = isState ? known : kept, b = (isState ? before - 1 : q) * ${root}, at = i * ${root};
            if (${sameText(root, 'held', 'b', 'roots', 'at')}) {
              const source = from + origin[i];
              if ((!isState || before - 1 > source) && successors[source] === 0) successors[source] = 1;
              continue;
            }
          }
        }
        origins[m++] = i;
      }
      touch(slots, known, m, provisional);
      for (let j = 0; j < m; j++) {
        const i = origins[j], at = i * ${root}, x = hashes[i], source = from + origin[i];
        // Where it is kept if it wins; if it does not, the next one takes the place.
        const position = base + count, mine = (x & tags) | (ours + position);
        for (let before = places[j]; ; ) {
          const p = ${probing.next('before')}, e = slots[p];
          let q = -1;
          if (e !== 0) {
            if (((e ^ x) & tags) !== 0) { before = p; continue; }
            const r = (e & references) >>> 0, isState = r < provisional;
            const other = r - provisional < ${room} ? 0 : 1;
            if (!isState) q = r - provisional - other * ${room};
            const held = isState ? known : other === 0 ? roots0 : roots1, b = (isState ? r - 1 : q) * ${root};
            if (!(${sameText(root, 'held', 'b', 'roots', 'at')})) { before = p; continue; }
            // The least of equal candidates wins.
            if (isState || other !== setIndex || q < position) {
              if (isState || other === setIndex) {
                recent[x & mask] = isState ? r : ~(q + era);
                recentHashes[x & mask] = x;
              }
              if ((!isState || r - 1 > source) && successors[source] === 0) successors[source] = 1;
              break;
            }
          }
          // Written before anybody can see the slot.
          const to = position * ${root};
          ${perWord(root, (k) => `kept[to + ${k}] = roots[at + ${k}];`)}
          sources[position] = source; keptHashes[position] = x; wins[position] = 1; keptPlaces[position] = p;
          // Somebody came between: what is there now is looked at again.
          if (Atomics.compareExchange(slots, p, e, mine) !== e) continue;
          if (q >= 0) {
            wins[q] = 0;
            Atomics.sub(fresh, (q / chunkRoom) | 0, 1);
          }
          count++;
          recent[x & mask] = ~(position + era);
          recentHashes[x & mask] = x;
          if (successors[source] === 0) successors[source] = 1;
          winners[won] = i; positions[won++] = position;
          break;
        }
      }
      return won;
    }
    function kept() { return count; }
    function commit(s, c) {
      const { roots: theirs, sources, places, won: wins, hashes: theirHashes, orbits } = sets[s];
      const known = allKnown, slots = allSlots, successors = allSuccessors;
      const symmetric = orbits.length > 0;
      const first = sets[s].firsts[c];
      let index = first, stand = 0;
      for (let position = c * chunkRoom, end = position + sets[s].kept[c]; position < end; position++) {
        if (wins[position] === 0) continue;
        const to = index * ${root}, at = position * ${root};
        ${perWord(root, (k) => `known[to + ${k}] = theirs[at + ${k}];`)}
        successors[sources[position]]++;
        stand += symmetric ? orbits[position] : 1;
        committing[index++ - first] = position;
      }
      // The states are written before anybody can see their indices: an atomic operation keeps the two apart.
      Atomics.add(sets[s].kept, c, 0);
      for (let i = first; i < index; i++) {
        const position = committing[i - first], p = places[position];
        slots[p] = (theirHashes[position] & tags) | (i + 1);
        places[position] = -i - 1;
      }
      return stand;
    }
    function committed(s, position) {
      const p = sets[s].places[position];
      return p < 0 ? -p - 1 : -1;
    }
    return { bind, begin, enlarge, settle, winners, positions, kept, commit, committed };`;
}
