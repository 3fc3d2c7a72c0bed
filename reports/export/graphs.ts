/**
 * The graphs that explain a violation, who waits for whom, which lock is taken under which, and the state graph one step
 * beside the schedule, as one graph in the formats of drawing programs: DOT for graphviz, GEXF for Gephi.
 *
 * Source: the DOT language of graphviz; GEXF 1.2.
 */
import { MultiDirectedGraph } from 'graphology';
import { write } from 'graphology-gexf';
import type { Branch } from '../../checker/trace/branches.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import { afterBranch, isBroken } from '../branches.ts';
import { stepText } from '../trace.ts';

interface NodeFacts {
  readonly label: string;
  readonly kind: 'actor' | 'lock' | 'condition' | 'state' | 'broken';
}

interface EdgeFacts {
  readonly label: string;
  /** `schedule` and `instead` lead from state to state. */
  readonly relation: 'waits for' | 'order of locks' | 'schedule' | 'instead';
  /** It lies on a cycle. */
  readonly cyclic: boolean;
}

/** Nodes are told apart by name: a lock is one node, whoever waits for it and wherever it stands in the order. */
export function explanatoryGraph(ce: Counterexample): MultiDirectedGraph<NodeFacts, EdgeFacts> {
  const graph = new MultiDirectedGraph<NodeFacts, EdgeFacts>();
  for (const [relation, { nodes, edges, cycle }] of [
    ['waits for', ce.waitFor],
    ['order of locks', ce.lockOrder],
  ] as const) {
    for (const { id, kind } of nodes) graph.mergeNode(id, { label: id, kind });
    for (const { from, to, label } of edges) {
      const at = cycle.indexOf(from);
      const cyclic = at >= 0 && cycle[(at + 1) % cycle.length] === to;
      graph.addEdge(from, to, { label, relation, cyclic });
    }
  }
  addStates(graph, ce);
  return graph;
}

/** The states of the schedule, and those one step beside it; none where nobody looked beside it. */
function addStates(graph: MultiDirectedGraph<NodeFacts, EdgeFacts>, { steps, branches = [] }: Counterexample): void {
  if (branches.length === 0) return;
  const edge = (from: string, to: string, relation: EdgeFacts['relation'], label: string) =>
    graph.addEdge(from, to, { label, relation, cyclic: false });
  const state = (n: number) => `state ${n}`;
  const beside = (b: Branch) => `state ${b.at}, then ${b.actor}: ${stepText(b)}`;
  for (let n = 0; n <= steps.length; n++) graph.addNode(state(n), { label: String(n), kind: 'state' });
  for (const b of branches) graph.addNode(beside(b), { label: '', kind: isBroken(b) ? 'broken' : 'state' });
  for (const s of steps) edge(state(s.index - 1), state(s.index), 'schedule', `${s.actor}: ${stepText(s)}`);
  for (const b of branches) {
    edge(state(b.at), beside(b), 'instead', `${b.actor}: ${stepText(b)}`);
    const after = afterBranch(b);
    const to = after === null ? null : after.beside ? beside({ ...b, at: after.state }) : state(after.state);
    const next = steps[b.at];
    const label = next === undefined ? '' : `${next.actor}: ${stepText(next)}`;
    if (to !== null && graph.hasNode(to)) edge(beside(b), to, 'schedule', label);
  }
}

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** What is so rather than could be; the rest is dashed. */
const solid: readonly EdgeFacts['relation'][] = ['waits for', 'schedule'];

export function dot(ce: Counterexample): string {
  const graph = explanatoryGraph(ce);
  const shapes = { actor: 'box', lock: 'ellipse', condition: 'hexagon', state: 'circle', broken: 'doublecircle' };
  const lines = [
    `digraph ${quoted(ce.signature)} {`,
    `  label=${quoted(ce.headline)};`,
    '  rankdir=LR;',
    '  node [fontname="monospace"];',
    '  edge [fontname="monospace"];',
  ];
  graph.forEachNode((id, { kind, label }) =>
    lines.push(`  ${quoted(id)} [shape=${shapes[kind]}${label === id ? '' : `, label=${quoted(label)}`}];`),
  );
  graph.forEachEdge((_, { label, relation, cyclic }, from, to) =>
    lines.push(
      `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(label)}, style=${solid.includes(relation) ? 'solid' : 'dashed'}` +
        `${cyclic ? ', penwidth=3' : ''}];`,
    ),
  );
  return `${[...lines, '}'].join('\n')}\n`;
}

export function gexfText(ce: Counterexample): string {
  // Without a date: the same counterexample gives the same bytes.
  return `${write(explanatoryGraph(ce), { version: '1.2' })}\n`;
}
