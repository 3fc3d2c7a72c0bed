/**
 * What the threads of a parallel search share: typed arrays over shared memory, and words that control the phases.
 *
 * A level is worked off in rounds of `CHUNKS` chunks of some hundred states. A round has two phases, and a thread
 * takes the next task of a phase by an atomic counter:
 *
 *   expand   one task a chunk: successors go to the chunk's candidates, hashed and sorted by part of the table
 *   settle   one task a part of the table: its candidates, in the order of their sources, are known or new
 *   commit   one task a chunk: its new states get their indices and move into the arena (with the next expand)
 *
 * Which thread does a task makes no difference to what it writes, and indices are given in the order of (source,
 * actor, choice): the arena is word for word that of the sequential search.
 */

export const CHUNKS = 32;
export const PARTS = 64;
/** States of a chunk, where their candidates do not take too much memory. */
const CHUNK_STATES = 256;
/** Bytes that the candidates of a round may take. */
const ROUND_BYTES = 64 * 2 ** 20;

/** Control words. */
export const PHASE = 0; // number of the phase; a change wakes the threads
export const TICKET = 1; // the next task: see `ticket`
export const DONE = 2; // tasks done
export const KIND = 3; // what the phase does
export const ROUND_FROM = 4; // first state of the round
export const ROUND_TO = 5;
export const COMMIT_CHUNKS = 6; // chunks of the previous round to commit in this phase
export const EXPAND_CHUNKS = 7;
export const BASE = 8; // number of states before the round that is committed
export const SET = 9; // which of the two candidate sets the round uses
export const STORE = 10; // how often the store has grown
export const JOINED = 11; // threads that have compiled the model
export const FAILED = 12; // a thread died or threw
export const GOALS = 13; // goals reached, as a mask
export const COUNT = 14; // states that a growing store holds
const CONTROL_WORDS = 16;

/** Kinds of phases. */
export const EXPAND = 0;
export const SETTLE = 1;
export const STOP = 2;
export const GROW = 3;

/**
 * The ticket word holds the phase, its number of tasks and the next task in one integer, so that a thread which comes
 * late takes either a task of the present phase or none.
 */
export const ticket = (phase: number, tasks: number): number => ((phase & 1023) << 20) | (tasks << 10);

/** The task of a ticket that was drawn, or -1 when none was left. */
export function taskOf(drawn: number): number {
  const task = drawn & 1023;
  return task < ((drawn >>> 10) & 1023) ? task : -1;
}

/** Candidates of one round; two sets alternate, so that one is committed while the next is filled. */
export interface CandidateSet {
  readonly words: Int32Array;
  readonly hashes: Int32Array;
  /** Index of the source state. */
  readonly from: Int32Array;
  /** Index of the state plus one when known; minus one minus the candidate it repeats when new in this round. */
  readonly found: Int32Array;
  /** Slot of the table of each new candidate. */
  readonly slots: Int32Array;
  /** Candidates of each chunk, sorted by part: positions within the chunk. */
  readonly order: Int32Array;
  /** `[chunk * (PARTS + 1) + part]`: where the part begins in `order`; the last one is the number of candidates. */
  readonly starts: Int32Array;
  /** New states of each chunk. */
  readonly fresh: Int32Array;
  /** Sources of each chunk that broke a promise or came to rest, and how many. */
  readonly flagged: Int32Array;
  readonly flaggedCount: Int32Array;
}

/** Everything that does not grow. */
export interface SharedRound {
  readonly control: Int32Array;
  readonly sets: readonly [CandidateSet, CandidateSet];
  /** New states that violate a property, by chunk of the round that was committed. */
  readonly badStates: Int32Array;
  readonly badCount: Int32Array;
  /** States that the new ones of each committed chunk stand for. */
  readonly orbits: Int32Array;
  readonly chunkStates: number;
  /** Room for candidates of one chunk. */
  readonly chunkRoom: number;
}

/** What grows with the number of states. */
export interface SharedStore {
  readonly arena: Int32Array;
  readonly parents: Int32Array;
  readonly forward: Int32Array;
  /** Pairs (hash, index plus one); a negative index is minus one minus a candidate of the round. */
  readonly table: Int32Array;
  /** States that fit. */
  readonly capacity: number;
  /** Slots of one part of the table. */
  readonly partSlots: number;
}

const ints = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(count * 4));

export function makeRound(words: number, branching: number): SharedRound {
  const bytesPerState = CHUNKS * Math.max(1, branching) * (words + 6) * 8;
  const chunkStates = Math.max(8, Math.min(CHUNK_STATES, Math.floor(ROUND_BYTES / bytesPerState)));
  const chunkRoom = chunkStates * Math.max(1, branching);
  const room = CHUNKS * chunkRoom;
  const set = (): CandidateSet => ({
    words: ints(room * words),
    hashes: ints(room),
    from: ints(room),
    found: ints(room),
    slots: ints(room),
    order: ints(room),
    starts: ints(CHUNKS * (PARTS + 1)),
    fresh: ints(CHUNKS),
    flagged: ints(CHUNKS * chunkStates),
    flaggedCount: ints(CHUNKS),
  });
  return {
    control: ints(CONTROL_WORDS),
    sets: [set(), set()],
    badStates: ints(room),
    badCount: ints(CHUNKS),
    orbits: ints(CHUNKS),
    chunkStates,
    chunkRoom,
  };
}

/**
 * A store for `capacity` states. Its pages cost memory only once they are touched, so the arena is reserved with room
 * to spare and seldom moves. `old` keeps its arena when that is large enough.
 */
export function makeStore(words: number, capacity: number, partSlots: number, old?: SharedStore): SharedStore {
  const kept = old !== undefined && old.capacity >= capacity ? old : null;
  return {
    arena: kept?.arena ?? ints(capacity * words),
    parents: kept?.parents ?? ints(capacity),
    forward: kept?.forward ?? ints(capacity),
    table: ints(PARTS * partSlots * 2),
    capacity: kept?.capacity ?? capacity,
    partSlots,
  };
}

/** The part of the table that a hash belongs to. */
export const partOf = (hash: number): number => hash >>> 26;
