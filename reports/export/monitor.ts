/**
 * The state machine of an object as an automaton for the runtime verification of the kernel: DOT in the one form that its
 * tools read line by line (`rvgen`, before it `dot2k` and `dot2c`), so that a protocol which holds in the model can watch
 * the real one. A state is a set of values, an event is a change by a function.
 *
 * The automaton is deterministic: a function that leads from one state to several is an event for each, named after where
 * it leads. What the scenario does not do within its bounds is no transition.
 *
 * Limits: an event stands for the change, not for the call: the trace point belongs where the change is made. The model has
 * no final states, so the initial one is marked.
 *
 * Source: Documentation/trace/rv/deterministic_automata.rst, tools/verification/rvgen/rvgen/automata.py.
 */
import type { Projection } from '../../checker/analyse/projection.ts';

/** @param fields what the values are of, in their order. */
export function monitorDot({ initial, steps }: Projection, fields: readonly string[]): string {
  const names = new Map<string, string>();
  const state = (values: readonly string[] | null): string => {
    const key = JSON.stringify(values);
    const name =
      names.get(key) ?? unlike([...names.values()], values === null ? 'gone' : letterFirst(described(values, fields)));
    names.set(key, name);
    return name;
  };
  const start = state(initial);
  const moves = steps.flatMap(({ from, to, procedures }) =>
    procedures.map((p) => ({ from: state(from), to: state(to), by: letterFirst(word(p)) })),
  );
  const several = new Set(
    moves.filter((m) => moves.some((o) => o.by === m.by && o.from === m.from && o.to !== m.to)).map((m) => m.by),
  );
  const edges = new Map<string, Set<string>>();
  for (const { from, to, by } of moves) {
    const edge = `"${from}" -> "${to}"`;
    edges.set(edge, (edges.get(edge) ?? new Set()).add(several.has(by) ? `${by}_to_${to}` : by));
  }
  const others = [...names.values()].filter((name) => name !== start).sort();
  return [
    'digraph state_automaton {',
    ...others.map((name) => `\t{node [shape = circle] "${name}"};`),
    `\t{node [shape = plaintext, style=invis, label=""] "__init_${start}"};`,
    `\t{node [shape = doublecircle] "${start}"};`,
    `\t"__init_${start}" -> "${start}";`,
    ...[start, ...others].map((name) => `\t"${name}" [label = "${name}"];`),
    ...[...edges].map(([edge, events]) => `\t${edge} [ label = "${[...events].sort().join('\\n')}" ];`),
    '\t{ rank = min ;',
    `\t\t"__init_${start}";`,
    `\t\t"${start}";`,
    '\t}',
    '}',
    '',
  ].join('\n');
}

/** `live`, `refs_2_mm_exit_active`: a field that is false is left out, a word on its own stands for itself. */
function described(values: readonly string[], fields: readonly string[]): string {
  const parts = values.flatMap((value, i) => {
    const field = word((fields[i] as string).replace(/\.counter$/, ''));
    if (value === 'false') return [];
    if (value === 'true') return [field];
    return fields.length === 1 && /^[A-Za-z]/.test(value) && value !== 'NULL' ? [word(value)] : [field, word(value)];
  });
  return parts.length === 0 ? 'none' : parts.join('_');
}

/** What a name in C may be. */
const word = (text: string): string => text.replace(/[^A-Za-z0-9_]+/g, '_');
const letterFirst = (name: string): string => name.replace(/^(?=\d)/, 'n');

/** The name, with a number where it is taken. */
function unlike(taken: readonly string[], name: string): string {
  let free = name;
  for (let n = 2; taken.includes(free); n++) free = `${name}_${n}`;
  return free;
}
