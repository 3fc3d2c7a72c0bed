/**
 * All successors of one state, and the steps that broke a promise instead of leading to one.
 */
import { ACTOR, CHOICE, type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import { QuiesceError } from '../lang/errors.ts';
import { type Evidence, nullFollowedBy, Violation } from '../lang/violation.ts';
import type { Reducer } from '../reduce/persistent.ts';

/** A step of the state that ends in a violation. */
export interface Fault {
  readonly actor: number;
  readonly choice: number;
  readonly evidence: Evidence;
}

/**
 * Appends the successors of the state at `words[src...]` to the model's batch and returns the faults among its
 * steps (usually none). `model.registers[MOVED]` tells whether any step could be taken, faults included.
 */
export function successors(model: CompiledModel, words: Int32Array, src: number, faults: Fault[]): void {
  const registers = model.registers;
  registers[MOVED] = 0;
  let actor = 0;
  let choice = 0;
  for (;;) {
    try {
      model.expand(words, src, actor, choice);
      return;
    } catch (thrown) {
      actor = registers[ACTOR] as number;
      choice = registers[CHOICE] as number;
      faults.push({ actor, choice, evidence: evidenceOf(model, thrown, actor, words, src) });
      registers[MOVED] = 1;
      choice++;
    }
  }
}

/**
 * Appends the successors by the steps of one actor that may be explored alone, and adds the faults among these steps.
 * Returns that actor; -1 when there is none, and then nothing is appended or added. The successors must be checked
 * against the cycle condition: when one is not of a deeper level, the state is to be expanded in full.
 *
 * The model must have been compiled with marks.
 */
export function successorsAlone(
  model: CompiledModel,
  reducer: Reducer,
  words: Int32Array,
  src: number,
  faults: Fault[],
): number {
  const registers = model.registers;
  const before = registers[NEXT] as number;
  const known = faults.length;
  for (let actor = reducer.pick(words, src, 0); actor >= 0; actor = reducer.pick(words, src, actor + 1)) {
    registers[MOVED] = 0;
    for (let choice = 0; choice >= 0; ) {
      try {
        model.expandActor(words, src, actor, choice);
        choice = -1;
      } catch (thrown) {
        choice = registers[CHOICE] as number;
        faults.push({ actor, choice, evidence: evidenceOf(model, thrown, actor, words, src) });
        choice++;
      }
    }
    if ((registers[NEXT] as number) > before) return actor;
    // Nothing follows, so the others would be forgotten: a fault is told when they are expanded.
    faults.length = known;
  }
  return -1;
}

/** Turns what a step threw into evidence; what is not a violation is an error of the model. */
export function evidenceOf(
  model: CompiledModel,
  thrown: unknown,
  actor: number,
  words: Int32Array,
  src: number,
): Evidence {
  const who = model.actors[actor];
  const name = who?.view.name ?? '?';
  if (thrown instanceof Violation) {
    const e = thrown.evidence;
    return e.actors.length > 0 ? e : { ...e, actors: [name] };
  }
  const at = model.registers[NEXT] as number;
  model.memory.at = at * model.stateBytes;
  model.memory.phase = 'free';
  model.memory.words.set(words.subarray(src, src + model.words), at * model.words);
  const point = who?.points[model.pc(actor)];
  const where = point ? `${point.procedure}/${point.label} (actor ${name})` : `actor ${name}`;
  const followed = nullFollowedBy(thrown);
  if (followed !== null)
    return {
      kind: 'null-dereference',
      message: `${point?.label ?? 'a step'} in ${point?.procedure ?? '?'} follows a NULL pointer to ${followed}`,
      objects: [],
      actors: [name],
    };
  if (thrown instanceof QuiesceError && thrown.code === 'model')
    throw new QuiesceError('model-threw', thrown.message, {
      where,
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
      cause: thrown,
    });
  throw new QuiesceError('model-threw', `the model threw ${String(thrown)}`, {
    where,
    hint: 'a step may throw a Violation only; look at its code',
    cause: thrown,
  });
}
