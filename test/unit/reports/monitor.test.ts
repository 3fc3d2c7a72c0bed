/** The automaton of an object, read by the rules of the kernel's tools, which take the file line by line. */
import { expect, test } from 'vitest';
import { type Projection, projection } from '../../../checker/analyse/projection.ts';
import { monitorDot } from '../../../reports/export/monitor.ts';
import { scenarios } from '../../../scenarios/index.ts';

interface Automaton {
  readonly initial: string;
  readonly states: readonly string[];
  /** Where an event leads from a state. */
  readonly next: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * What those tools take: the first line names a `state_automaton`; then a line a node, which begins with `{node` and whose
 * last word is the name; the first state is that of `__init_`. After the line of its arrow every line begins with a
 * quote until the transitions end: names of states without spaces, and the events between `label =` and the last word.
 */
function read(text: string): Automaton {
  const lines = text.split('\n');
  expect(lines[0]?.split(/\s+/).slice(0, 2)).toEqual(['digraph', 'state_automaton']);
  let at = 1;
  const states: string[] = [];
  let initial = '';
  for (; lines[at]?.trim().startsWith('{node '); at++) {
    const name = (lines[at]?.trim().split(/\s+/).at(-1) ?? '').replaceAll('"', '').replace('};', '');
    if (name.startsWith('__init_')) initial = name.slice('__init_'.length);
    else states.push(name);
  }
  expect(lines[at++]?.trim()).toBe(`"__init_${initial}" -> "${initial}";`);
  const next = new Map(states.map((s) => [s, new Map<string, string>()]));
  for (; lines[at]?.trim().startsWith('"'); at++) {
    const words = (lines[at] as string).trim().split(/\s+/);
    if (words[1] !== '->') continue;
    const [from, to] = [words[0], words[2]].map((w) => (w ?? '').replaceAll('"', '')) as [string, string];
    const label = words.slice(words.indexOf('label') + 2, -1).join('');
    for (const event of label.replaceAll('"', '').split('\\n')) {
      expect(event).toMatch(/^[A-Za-z_]\w*$/);
      expect(next.get(from)?.has(event), `${event} leads from ${from} to one state`).toBe(false);
      next.get(from)?.set(event, to);
      expect(states).toContain(to);
    }
  }
  expect(lines[at]?.trim()).toBe('{ rank = min ;');
  expect(states).toContain(initial);
  expect(new Set(states).size).toBe(states.length);
  for (const s of states) expect(s).toMatch(/^[A-Za-z_]\w*$/);
  return { initial, states, next };
}

const moves = ({ next }: Automaton): number => [...next.values()].reduce((all, events) => all + events.size, 0);

test.each([
  ['sva-unbind-vs-exit', 'fixed', 'dev0.mm0.bond', ['refs.counter', 'mm_exit_active', 'linked']],
  ['ioasid-set-life', 'posted', 'vfio_ioasid', ['state', 'refs.counter']],
] as const)('%s %s: the tools read the states and changes of %s', (name, variant, object, fields) => {
  const scenario = scenarios.find((s) => s.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const seen = projection(scenario, variant, object, fields);
  const automaton = read(monitorDot(seen, fields));
  const values = new Set([seen.initial, ...seen.steps.flatMap((s) => [s.from, s.to])].map((v) => JSON.stringify(v)));
  expect(automaton.states).toHaveLength(values.size);
  expect(moves(automaton)).toBe(seen.steps.reduce((all, s) => all + s.procedures.length, 0));
  expect(automaton.next.get(automaton.initial)?.size).toBeGreaterThan(0);
});

test('a function that leads to several states is an event for each', () => {
  const made: Projection = {
    initial: null,
    steps: [
      { from: null, to: ['1'], procedures: ['bind'] },
      { from: ['1'], to: ['2'], procedures: ['get', 'io-mm get'] },
      { from: ['1'], to: null, procedures: ['put'] },
      { from: ['2'], to: ['1'], procedures: ['put'] },
      { from: ['2'], to: null, procedures: ['put', '2nd'] },
    ],
  };
  const { initial, next } = read(monitorDot(made, ['refs.counter']));
  expect(initial).toBe('gone');
  expect(Object.fromEntries([...next].map(([from, events]) => [from, Object.fromEntries(events)]))).toEqual({
    gone: { bind: 'refs_1' },
    refs_1: { get: 'refs_2', io_mm_get: 'refs_2', put_to_gone: 'gone' },
    refs_2: { put_to_refs_1: 'refs_1', put_to_gone: 'gone', n2nd: 'gone' },
  });
});

test('values that look alike as names are told apart', () => {
  const made: Projection = { initial: ['a b'], steps: [{ from: ['a b'], to: ['a-b'], procedures: ['turn'] }] };
  expect(read(monitorDot(made, ['mode'])).states).toEqual(['a_b_2', 'a_b']);
});
