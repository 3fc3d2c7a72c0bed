/**
 * Which actors can never move again from one given state on: the definition of `stuck.ts`, for replay, where there is
 * no finished search to ask. Everything that can be reached from the state is explored.
 *
 * Limits: gives no answer above `maxStates`.
 */
import { type CompiledModel, MOVED, NEXT } from '../compile/model.ts';
import { type Fault, successors } from '../search/successors.ts';
import { ExactStore } from '../store/exact.ts';

/**
 * Indices of the stuck actors; none when a deadlock can be reached, which is told as such. Null when there is too much
 * to explore.
 */
export function stuckFrom(model: CompiledModel, state: Int32Array, maxStates = 2_000_000): readonly number[] | null {
  const { words } = model;
  const store = new ExactStore(words, model.room + 1);
  const waiting = new Set(model.actors.map((a) => a.index));
  model.memory.words.set(state, 0);
  store.insert(model.memory.words, 1);
  const faults: Fault[] = [];
  for (let index = 0; index < store.count && waiting.size > 0; index++) {
    if (store.count > maxStates) return null;
    faults.length = 0;
    model.registers[NEXT] = 0;
    successors(model, store.arena, index * words, faults);
    const made = model.registers[NEXT] as number;
    for (let i = 0; i < made; i++) waiting.delete((model.moves[i] as number) >> 16);
    for (const fault of faults) waiting.delete(fault.actor);
    store.insert(model.memory.words, made);
    model.load(store.arena, index * words);
    for (const { index: actor } of model.actors) if (model.rests(actor)) waiting.delete(actor);
    if (model.registers[MOVED] === 0 && !model.resting()) return [];
  }
  return [...waiting];
}
