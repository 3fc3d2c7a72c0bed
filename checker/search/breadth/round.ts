/**
 * What the threads of a breadth-first search share besides the states themselves: candidates of a round, and words that
 * control the phases.
 *
 * A level is worked off in rounds of `CHUNKS` chunks of some hundred states. In one phase a round expands its chunks
 * and commits those of the round before; a thread takes the next task by an atomic counter:
 *
 *   expand   successors become candidates; each is looked up, and when nobody had it before, its slot of the table
 *            refers to it. Of equal candidates the one that comes first in the order of (source, actor, choice) wins,
 *            whichever thread meets it first.
 *   commit   the candidates of a chunk that won get their indices, in that order, and their slots refer to these
 *
 * After the search, where there are promises to decide, phases of rows expand the states once more (`rows.ts`).
 *
 * When the room for new states, or for parts of them, runs short, chunks are given up, and the round is repeated with
 * more room; how much a round will need is a guess, since the most it could need is far too much.
 *
 * Which thread does a task makes no difference to what comes out: states, indices and parents are the same for every
 * number of threads.
 */
import { sharedBytes, sharedInts } from '../../store/tuples.ts';
import { makeRowPart, type RowPart } from '../rows.ts';

export const CHUNKS = 64;
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
export const SET = 7; // which of the two candidate sets the round uses
export const STORE = 8; // how often the store has grown
export const JOINED = 9; // threads that have compiled the model
export const FAILED = 10; // a thread died or threw
export const COUNT = 11; // states to enter into a table that has grown
export const CLAIMS = 12; // slots taken in this round
export const ROOM = 13; // slots that may be taken in this round
export const FULL = 14; // a chunk was given up for want of room
export const LEVEL_END = 15; // where the level that is being expanded ends
const CONTROL_WORDS = 16;

/** Kinds of phases. */
export const EXPAND = 0;
export const STOP = 1;
export const ENTER = 2;
export const ROWS = 3;

/** Tasks of an `ENTER` phase. */
export const ENTER_TASKS = 32;

/**
 * The ticket word holds the phase (of use in a debugger only), its number of tasks and the next task in one integer, so
 * that a thread which comes late takes either a task of the present phase or none.
 */
export const ticket = (phase: number, tasks: number): number => ((phase & 1023) << 20) | (tasks << 10);

/** Draws the next task of the present phase; -1 when none is left. */
export function draw(control: Int32Array): number {
  // Looked at first, so that whoever asks again and again does not count beyond the bits of a task.
  if (taskOf(Atomics.load(control, TICKET)) < 0) return -1;
  return taskOf(Atomics.add(control, TICKET, 1));
}

/** The task of a ticket that was drawn, or -1 when none was left. */
function taskOf(drawn: number): number {
  const task = drawn & 1023;
  return task < ((drawn >>> 10) & 1023) ? task : -1;
}

/** Candidates of one round; two sets alternate, so that one is committed while the next is filled. */
export interface CandidateSet {
  /**
   * Roots of those that nobody had before, or only a later one of this round, and the states they come from. A chunk's
   * begin at `chunk * chunkRoom`.
   */
  readonly roots: Int32Array;
  readonly sources: Int32Array;
  /** The slot that was made to refer to it; when it is committed, minus its index minus one. */
  readonly places: Int32Array;
  /** Does the slot still refer to it (1), or to an equal one that comes before it (0)? And the hash. */
  readonly won: Uint8Array;
  readonly hashes: Int32Array;
  /** By chunk: candidates kept, transitions, and candidates that have won so far. */
  readonly kept: Int32Array;
  readonly made: Int32Array;
  readonly fresh: Int32Array;
  /** By chunk: index of its first new state. */
  readonly firsts: Int32Array;
  /** Sources of each chunk that broke a promise or came to rest, and how many. */
  readonly flagged: Int32Array;
  readonly flaggedCount: Int32Array;
  /** Candidates of each chunk that violate a property and may be new, and how many. */
  readonly bad: Int32Array;
  readonly badCount: Int32Array;
  /** Under symmetry, how many states each winner stands for: with many blocks far more than 16 or 32 bits hold. */
  readonly orbits: Float64Array;
}

/** Everything that does not grow. */
export interface SharedRound {
  readonly control: Int32Array;
  /** A bit for each goal, in words of 32: has it been reached? */
  readonly goals: Int32Array;
  readonly sets: readonly [CandidateSet, CandidateSet];
  /** New states that violate a property, and what the new ones stand for, by chunk of the round that was committed. */
  readonly badStates: Int32Array;
  readonly badCount: Int32Array;
  readonly orbits: Float64Array;
  readonly chunkStates: number;
  readonly chunkRoom: number;
  /** Positions of a set. */
  readonly room: number;
  /** What a phase of rows writes, after the search: see `rows.ts`; null when it will not be asked for. */
  readonly rows: { readonly part: RowPart; readonly marks: Uint8Array } | null;
}

interface RoundInput {
  /** Words of a root. */
  readonly root: number;
  readonly branching: number;
  readonly symmetric: boolean;
  readonly goals: number;
  /** One lane keeps no candidates: what is new gets its index at once. */
  readonly alone: boolean;
  /** Promises for which the transitions are wanted after the search. */
  readonly promises: number;
  /** States of a chunk; for tests. */
  readonly chunkStates?: number | undefined;
}

export function makeRound({
  root,
  branching,
  symmetric,
  goals,
  alone,
  promises,
  chunkStates: states,
}: RoundInput): SharedRound {
  const bytesPerState = CHUNKS * Math.max(1, branching) * (root + 2) * 8;
  const chunkStates = Math.max(4, Math.min(states ?? CHUNK_STATES, Math.floor(ROUND_BYTES / bytesPerState)));
  const chunkRoom = chunkStates * Math.max(1, branching);
  const room = CHUNKS * chunkRoom;
  const kept = alone ? 0 : room;
  const set = (): CandidateSet => ({
    roots: sharedInts(kept * root),
    sources: sharedInts(kept),
    places: sharedInts(kept),
    won: sharedBytes(kept),
    hashes: sharedInts(kept),
    kept: sharedInts(CHUNKS),
    made: sharedInts(CHUNKS),
    fresh: sharedInts(CHUNKS),
    firsts: sharedInts(CHUNKS),
    flagged: sharedInts(CHUNKS * chunkStates),
    flaggedCount: sharedInts(CHUNKS),
    bad: sharedInts(room),
    badCount: sharedInts(CHUNKS),
    orbits: new Float64Array(new SharedArrayBuffer(symmetric ? 8 * kept : 0)),
  });
  return {
    control: sharedInts(CONTROL_WORDS),
    goals: sharedInts(Math.ceil(goals / 32)),
    sets: [set(), set()],
    badStates: sharedInts(room),
    badCount: sharedInts(CHUNKS),
    orbits: new Float64Array(new SharedArrayBuffer(8 * CHUNKS)),
    chunkStates,
    chunkRoom,
    room,
    rows:
      alone || promises === 0
        ? null
        : {
            part: makeRowPart(CHUNKS * chunkStates, room),
            marks: sharedBytes(CHUNKS * chunkStates * promises),
          },
  };
}
