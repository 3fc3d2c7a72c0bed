/**
 * Lossless compression of state vectors by a tree of pairs: the words of a vector are dealt to leaves of a few words,
 * each leaf is interned, neighbouring numbers are interned as pairs, and so on, until two numbers are left: the root
 * stands for the state. Most steps change one or two leaves, so a successor's root costs a look-up for each of these
 * and for the pairs above them; what it shares with its source is taken over.
 *
 * There are as many leaves, and pairs, as their words have combinations, so it matters which words sit together: see
 * `deal.ts`.
 *
 * (Laarman, van de Pol and Weber, Parallel recursive state compression for free, SPIN 2011. Deviation: leaves of
 * several words, dealt by what they tell, interned apart from the visited set.)
 *
 * Vectors of up to two words are their own roots.
 */
import { deal } from './deal.ts';
import {
  type HashText,
  hasRoom,
  internText,
  MASK,
  makeTuples,
  type TupleArrays,
  tupleBytes,
  tupleCount,
  tupleHash,
  type WhenUnknown,
  withRoom,
} from './tuples.ts';
import { perWord } from './words.ts';

const LEAF_WORDS = 6;

/** How a vector is cut. Nodes are numbered as in a heap: the root's children are 2 and 3, leaf j is `leaves + j`. */
export interface TreeShape {
  readonly words: number;
  /** Words of a root. */
  readonly root: number;
  readonly leafWords: number;
  /** For each leaf the words it holds; a power of two of them, or none when the vector is its own root. */
  readonly leaves: readonly (readonly number[])[];
}

/** Threads get copies, so shapes are compared by what they say. */
export const sameShape = (a: TreeShape, b: TreeShape): boolean => JSON.stringify(a) === JSON.stringify(b);

/** @param sample states whose words tell how to deal them; in order, when there are none yet. */
export function treeShape(words: number, sample: Int32Array | null = null): TreeShape {
  if (words <= 2) return uncompressed(words);
  let count = 2;
  while (Math.ceil(words / count) > LEAF_WORDS) count *= 2;
  const leaves = sample === null ? inOrder(words, count) : deal(sample, words, count);
  return { words, root: 2, leafWords: Math.max(...leaves.map((leaf) => leaf.length)), leaves };
}

/** Every vector is its own root. */
export function uncompressed(words: number): TreeShape {
  return { words, root: words, leafWords: 0, leaves: [] };
}

function inOrder(words: number, count: number): number[][] {
  const start = (j: number) => Math.floor((words * j) / count);
  return Array.from({ length: count }, (_, j) =>
    Array.from({ length: start(j + 1) - start(j) }, (_, k) => start(j) + k),
  );
}

/** The interned leaves and pairs; what is not needed for the shape is null. */
export interface TreeArrays {
  readonly leaves: TupleArrays | null;
  readonly pairs: TupleArrays | null;
}

export function makeTreeArrays(shape: TreeShape, capacity = 1 << 12): TreeArrays {
  return {
    leaves: shape.leaves.length > 0 ? makeTuples(shape.leafWords, capacity) : null,
    pairs: shape.leaves.length > 2 ? makeTuples(2, capacity) : null,
  };
}

/** Tuples of each kind. */
export interface TreeCount {
  readonly leaves: number;
  readonly pairs: number;
}

export function treeCount(arrays: TreeArrays): TreeCount {
  return {
    leaves: arrays.leaves === null ? 0 : tupleCount(arrays.leaves),
    pairs: arrays.pairs === null ? 0 : tupleCount(arrays.pairs),
  };
}

const NOTHING: TreeCount = { leaves: 0, pairs: 0 };

/** Can `states` more states, whatever they are, be folded without growing, and `spare` tuples on top? */
export function treeHasRoom(shape: TreeShape, arrays: TreeArrays, states: number, spare = NOTHING): boolean {
  const count = shape.leaves.length;
  return (
    (arrays.leaves === null || hasRoom(arrays.leaves, states * count + spare.leaves)) &&
    (arrays.pairs === null || hasRoom(arrays.pairs, states * (count - 2) + spare.pairs))
  );
}

/** Arrays with that room. */
export function treeWithRoom(
  shape: TreeShape,
  arrays: TreeArrays,
  states: number,
  spare = NOTHING,
  hash = tupleHash,
): TreeArrays {
  const count = shape.leaves.length;
  const grow = (t: TupleArrays | null, more: number) => (t === null || hasRoom(t, more) ? t : withRoom(t, more, hash));
  return {
    leaves: grow(arrays.leaves, states * count + spare.leaves),
    pairs: grow(arrays.pairs, states * (count - 2) + spare.pairs),
  };
}

export function treeBytes(arrays: TreeArrays): number {
  return (
    (arrays.leaves === null ? 0 : tupleBytes(arrays.leaves)) + (arrays.pairs === null ? 0 : tupleBytes(arrays.pairs))
  );
}

/** Writes the vector of the root at `roots[at...]` to `w[to...]` and the numbers of its nodes to `ids[first...]`. */
type Unfold = (roots: Int32Array, at: number, w: Int32Array, to: number, ids: Int32Array, first: number) => void;

/**
 * Folds `n` vectors that lie one after another in `w`; vector i came from the source `from[i]`, whose words and nodes
 * lie at that place of `words` and `ids`. Roots go to `out`, one after another.
 */
type Fold = (w: Int32Array, n: number, from: Int32Array, words: Int32Array, ids: Int32Array, out: Int32Array) => void;

/** Folds the vector at `w[at...]` without a source. False when a part of it is not known (and is not added). */
type FoldAlone = (w: Int32Array, at: number, out: Int32Array, to: number) => boolean;

/** One thread's functions over the shared arrays. `bind` must be called again when the arrays were replaced or grew. */
export interface Tree {
  readonly bind: (arrays: TreeArrays) => void;
  readonly unfold: Unfold;
  readonly fold: Fold;
  readonly foldAlone: FoldAlone;
}

/** Up to so many leaves all of them are looked up, whether they changed or not: that has no branch to guess wrong. */
const FEW_LEAVES = 2;

/** @param batch most vectors of one `fold`. */
export function makeTree(shape: TreeShape, unknown: WhenUnknown, batch: number, hash: HashText = tupleHash): Tree {
  const { words, leafWords } = shape;
  const leaves = shape.leaves.length;
  if (leaves === 0) return wholeVectors(words);
  const inner = Array.from({ length: leaves - 2 }, (_, i) => leaves - 1 - i);
  const alone = [
    ...shape.leaves.map(
      (held, j) =>
        `const n${leaves + j} = leaf(${wordsOf(held, leafWords, 'w', 'at').join(', ')}); if (n${leaves + j} < 0) return false;`,
    ),
    ...inner.map((i) => `const n${i} = pair(n${2 * i}, n${2 * i + 1}); if (n${i} < 0) return false;`),
  ];
  const down = Array.from({ length: leaves - 2 }, (_, k) => k + 2).map(
    (i) => `const n${2 * i} = pairData[2 * n${i}], n${2 * i + 1} = pairData[2 * n${i} + 1];`,
  );
  const write = shape.leaves.map((held, j) =>
    [
      `{ const b = n${leaves + j} * ${leafWords};`,
      ...held.map((word, k) => `w[to + ${word}] = leafData[b + ${k}];`),
      '}',
    ].join(' '),
  );
  const nodes = leaves <= FEW_LEAVES ? [] : Array.from({ length: 2 * leaves - 2 }, (_, k) => k + 2);
  return new Function(`'use strict';
    let leafData, leafSlots, leafControl, leafMask = 0, pairData, pairSlots, pairControl, pairMask = 0;
    ${internText('leaf', 'leaf', leafWords, unknown, hash)}
    ${internText('pair', 'pair', 2, unknown, hash)}
    function bind(arrays) {
      const { leaves, pairs } = arrays;
      leafData = leaves.data; leafSlots = leaves.slots; leafControl = leaves.control; leafMask = leafControl[${MASK}];
      if (pairs !== null) {
        pairData = pairs.data; pairSlots = pairs.slots; pairControl = pairs.control; pairMask = pairControl[${MASK}];
      }
    }
    function unfold(roots, at, w, to, ids, first) {
      const n2 = roots[at], n3 = roots[at + 1];
      ${down.join('\n')}
      ${write.join('\n')}
      ${nodes.map((i) => `ids[first + ${i}] = n${i};`).join(' ')}
    }
    ${leaves <= FEW_LEAVES ? foldAll(shape, batch, hash) : foldChanged(shape)}
    function foldAlone(w, at, out, to) {
      ${alone.join('\n')}
      out[to] = n2; out[to + 1] = n3;
      return true;
    }
    return { bind, unfold, fold, foldAlone };`)() as Tree;
}

/** The words of a leaf of the vector at `array[at...]` as expressions; a short leaf is filled with zeros. */
function wordsOf(held: readonly number[], leafWords: number, array: string, at: string): string[] {
  return Array.from({ length: leafWords }, (_, k) => (k < held.length ? `${array}[${at} + ${held[k]}]` : '0'));
}

/**
 * Two leaves. All hashes of a batch come first, then all slots, then all tuples: what one vector misses in the cache
 * another one misses at the same time.
 */
function foldAll(shape: TreeShape, batch: number, hash: HashText): string {
  const { words, leafWords } = shape;
  const args = shape.leaves.map((held) => wordsOf(held, leafWords, 'w', 'd'));
  const each = (text: (j: number) => string) => shape.leaves.map((_, j) => text(j)).join('\n');
  return `
    let sink = 0;
    ${each((j) => `const h${j} = new Int32Array(${batch}), e${j} = new Int32Array(${batch});`)}
    function fold(w, n, from, words, ids, out) {
      const data = leafData, slots = leafSlots, mask = leafMask;
      for (let i = 0, d = 0; i < n; i++, d += ${words}) { ${each((j) => `{ ${hash(args[j] as string[])} h${j}[i] = x; }`)} }
      for (let i = 0; i < n; i++) { ${each((j) => `e${j}[i] = slots[h${j}[i] & mask];`)} }
      let z = 0;
      for (let i = 0; i < n; i++) { ${each((j) => `z ^= data[e${j}[i] * ${leafWords}];`)} }
      sink ^= z;
      for (let i = 0, d = 0, o = 0; i < n; i++, d += ${words}, o += 2) {
        ${each((j) => {
          const same = (args[j] as string[]).map((word, k) => `data[b + ${k}] === ${word}`).join(' && ');
          return `{ const e = e${j}[i], b = (e - 1) * ${leafWords};
            out[o + ${j}] = e !== 0 && ${same} ? e - 1 : leaf(${(args[j] as string[]).join(', ')}); }`;
        })}
      }
    }`;
}

/** Many leaves: only those that differ from the source's are looked up, and the pairs above them. */
function foldChanged(shape: TreeShape): string {
  const { words, leafWords } = shape;
  const leaves = shape.leaves.length;
  const leaf = shape.leaves.map((held, j) => {
    const differs = held.map((k) => `w[d + ${k}] !== words[s + ${k}]`);
    return `let n${leaves + j} = ids[t + ${leaves + j}];
      if (${differs.join(' || ')}) n${leaves + j} = leaf(${wordsOf(held, leafWords, 'w', 'd').join(', ')});`;
  });
  // From the lowest pairs up: one whose children are those of the source is the source's own.
  const pair = Array.from({ length: leaves - 2 }, (_, i) => leaves - 1 - i).map(
    (i) => `let n${i} = ids[t + ${i}];
      if (n${2 * i} !== ids[t + ${2 * i}] || n${2 * i + 1} !== ids[t + ${2 * i + 1}])
        n${i} = pair(n${2 * i}, n${2 * i + 1});`,
  );
  return `
    function fold(w, n, from, words, ids, out) {
      for (let i = 0, d = 0, o = 0; i < n; i++, d += ${words}, o += 2) {
        const q = from[i], s = q * ${words}, t = q * ${2 * leaves};
        ${leaf.join('\n')}
        ${pair.join('\n')}
        out[o] = n2; out[o + 1] = n3;
      }
    }`;
}

/** Vectors that are their own roots. */
function wholeVectors(words: number): Tree {
  return new Function(`'use strict';
    function unfold(roots, at, w, to) { ${perWord(words, (k) => `w[to + ${k}] = roots[at + ${k}];`)} }
    function fold(w, n, from, words, ids, out) { for (let i = 0; i < n * ${words}; i++) out[i] = w[i]; }
    function foldAlone(w, at, out, to) { ${perWord(words, (k) => `out[to + ${k}] = w[at + ${k}];`)} return true; }
    return { bind() {}, unfold, fold, foldAlone };`)() as Tree;
}
