/**
 * A plain breadth-first search with persistent sets, to test them without the engine: states as text in a map, levels
 * one after the other, the cycle condition by hand. Without a reducer it is the full search.
 *
 * Limits: for models of up to some hundred thousand states.
 */
import { type CompiledModel, NEXT } from '../../checker/compile/model.ts';
import type { Evidence } from '../../checker/lang/index.ts';
import type { Reducer } from '../../checker/reduce/persistent.ts';
import type { Symmetry } from '../../checker/reduce/symmetry.ts';
import { checkOf, Findings } from '../../checker/search/findings.ts';
import { type Fault, successors, successorsAlone } from '../../checker/search/successors.ts';
import { aboutText } from './brute-force.ts';

/** What a search has seen, as text, so that two of them can be compared. */
export interface Seen {
  readonly states: number;
  readonly transitions: number;
  /** States in which one actor was explored alone. */
  readonly alone: number;
  /** Those in which it was tried, but the cycle condition did not hold. */
  readonly redone: number;
  /** States without successors. */
  readonly ends: ReadonlySet<string>;
  /** Property, kind, and what each violation is about. */
  readonly broken: ReadonlyMap<string, ReadonlySet<string>>;
  readonly signatures: ReadonlySet<string>;
  readonly goals: ReadonlySet<string>;
  /** Names of actors that can be stuck. */
  readonly stuck: ReadonlySet<string>;
  /** Steps that were taken or broke a promise: actor, program point, choice. */
  readonly taken: ReadonlySet<string>;
}

export class TooMany extends Error {}

export interface SeenOptions {
  /** Expand fully where a step of one actor leads back. */
  readonly cycleCondition?: boolean;
  readonly maxStates?: number;
  /** Fold states by it; then steps taken and stuck actors are not told. */
  readonly symmetry?: Symmetry;
}

/** Explores a model; with a reducer, only what that asks for. */
export function explore(model: CompiledModel, reducer: Reducer | null, options: SeenOptions = {}): Seen {
  const { words, registers, memory, actors } = model;
  const { cycleCondition = true, maxStates = Number.POSITIVE_INFINITY, symmetry = null } = options;
  const findings = new Findings(model, null);
  const numbers = new Map<string, number>();
  const states: Int32Array[] = [];
  const levels: number[] = [];
  const next: number[][] = [];
  /** Who moves, may rest or need not move in each state, as a set of bits. */
  const content: number[] = [];
  const ends = new Set<string>();
  const broken = new Map<string, Set<string>>();
  const signatures = new Set<string>();
  const taken = new Set<string>();
  const everybody = 2 ** actors.length - 1;
  let transitions = 0;
  let alone = 0;
  let redone = 0;

  const report = (property: string, evidence: Evidence, actor: number | null): void => {
    const key = `${property}: ${evidence.kind}`;
    const about = broken.get(key) ?? new Set();
    broken.set(key, about.add(symmetry === null ? aboutText(evidence) : ''));
    signatures.add(findings.signature(property, evidence, actor));
  };
  const arrive = (key: string, state: Int32Array, level: number): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = states.push(state) - 1;
    if (number >= maxStates) throw new TooMany();
    numbers.set(key, number);
    levels.push(level);
    model.load(state, 0);
    for (const [property, evidence] of findings.inState()) {
      report(property, evidence, null);
      model.load(state, 0);
    }
    return number;
  };

  const first = model.initial.slice();
  symmetry?.canonicalise(new Uint8Array(first.buffer), 0);
  arrive(first.join(), first, 0);
  for (let s = 0; s < states.length; s++) {
    const state = states[s] as Int32Array;
    const level = levels[s] as number;
    const faults: Fault[] = [];
    registers[NEXT] = 0;
    let found: { key: string; state: Int32Array; move: number }[] = [];
    const gather = (): void => {
      for (let i = 0; symmetry !== null && i < (registers[NEXT] as number); i++)
        symmetry.canonicalise(memory.bytes, i * model.stateBytes);
      found = Array.from({ length: registers[NEXT] as number }, (_, i) => {
        const made = memory.words.slice(i * words, (i + 1) * words);
        return { key: made.join(), state: made, move: model.moves[i] as number };
      });
    };
    const chosen = reducer === null ? -1 : successorsAlone(model, reducer, state, 0, faults);
    let full = chosen < 0;
    if (!full) {
      gather();
      const deeper = found.every(({ key }) => {
        const known = numbers.get(key);
        return known === undefined || (levels[known] as number) > level;
      });
      if (cycleCondition && !deeper) {
        full = true;
        redone++;
      } else alone++;
    }
    if (full) {
      registers[NEXT] = 0;
      faults.length = 0;
      successors(model, state, 0, faults);
      gather();
    }
    transitions += found.length;
    model.load(state, 0);
    const pcs = actors.map((a) => model.pc(a.index));
    let satisfied = 0;
    for (const a of actors) if (model.rests(a.index)) satisfied |= 1 << a.index;
    const step = (actor: number, choice: number): void => {
      taken.add(`${actors[actor]?.view.name} ${pcs[actor]} ${choice}`);
      satisfied |= 1 << actor;
    };
    for (const fault of faults) {
      model.load(state, 0);
      report(checkOf(fault.evidence.kind), fault.evidence, fault.actor);
      step(fault.actor, fault.choice);
    }
    if (found.length === 0 && faults.length === 0) {
      ends.add(state.join());
      model.load(state, 0);
      for (const [property, evidence] of [...findings.atRest()]) {
        model.load(state, 0);
        report(property, evidence, null);
      }
    }
    const targets: number[] = [];
    for (const { key, state: made, move } of found) {
      step(move >> 16, move & 0xffff);
      targets.push(arrive(key, made, level + 1));
    }
    next.push(targets);
    content.push(found.length === 0 ? everybody : satisfied);
  }
  return {
    states: states.length,
    transitions,
    alone,
    redone,
    ends,
    broken,
    signatures,
    goals: findings.reached,
    stuck:
      symmetry !== null
        ? new Set()
        : stuckIn(
            actors.map((a) => a.view.name),
            next,
            content,
          ),
    taken: symmetry !== null ? new Set() : taken,
  };
}

/** Actors that in some state have nothing before them where they move or need not. */
function stuckIn(
  names: readonly string[],
  next: readonly (readonly number[])[],
  content: readonly number[],
): Set<string> {
  const may = [...content];
  for (let changed = true; changed; ) {
    changed = false;
    for (let s = next.length - 1; s >= 0; s--) {
      let mask = may[s] as number;
      for (const t of next[s] as readonly number[]) mask |= may[t] as number;
      if (mask !== may[s]) {
        may[s] = mask;
        changed = true;
      }
    }
  }
  return new Set(names.filter((_, i) => may.some((mask) => (mask & (1 << i)) === 0)));
}

/** In what two searches differ that must not, a sentence each. */
export function seenDifferently(full: Seen, reduced: Seen): string[] {
  const wrong: string[] = [];
  const compare = (what: string, a: Iterable<string>, b: Iterable<string>): void => {
    const left = new Set(a);
    const right = new Set(b);
    const lost = [...left].filter((x) => !right.has(x));
    const made = [...right].filter((x) => !left.has(x));
    if (lost.length + made.length > 0)
      wrong.push(`${what}: ${lost.length} lost${show(lost)}, ${made.length} too many${show(made)}`);
  };
  const lines = (broken: Seen['broken']) =>
    [...broken].flatMap(([key, about]) => [...about].map((text) => `${key}: ${text}`));
  compare('ends', full.ends, reduced.ends);
  compare('violations', lines(full.broken), lines(reduced.broken));
  compare('signatures', full.signatures, reduced.signatures);
  compare('goals', full.goals, reduced.goals);
  compare('stuck actors', full.stuck, reduced.stuck);
  compare('steps taken', full.taken, reduced.taken);
  if (reduced.states > full.states) wrong.push(`${reduced.states} states instead of ${full.states}`);
  return wrong;
}

function show(texts: readonly string[]): string {
  return texts.length === 0 ? '' : ` (${texts[0]})`;
}
