/**
 * The graphs that explain a violation, who waits for whom and which lock is taken under which, as one graph in the
 * formats of drawing programs: DOT for graphviz, GEXF for Gephi.
 *
 * Source: the DOT language of graphviz; GEXF 1.2.
 */
import { MultiDirectedGraph } from 'graphology';
import { write } from 'graphology-gexf';
import type { Counterexample } from '../../checker/trace/counterexample.ts';

interface NodeFacts {
  readonly label: string;
  readonly kind: 'actor' | 'lock' | 'condition';
}

interface EdgeFacts {
  readonly label: string;
  readonly relation: 'waits for' | 'order of locks';
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
  return graph;
}

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

export function dot(ce: Counterexample): string {
  const graph = explanatoryGraph(ce);
  const shapes = { actor: 'box', lock: 'ellipse', condition: 'hexagon' };
  const lines = [
    `digraph ${quoted(ce.signature)} {`,
    `  label=${quoted(ce.headline)};`,
    '  rankdir=LR;',
    '  node [fontname="monospace"];',
    '  edge [fontname="monospace"];',
  ];
  graph.forEachNode((id, { kind }) => lines.push(`  ${quoted(id)} [shape=${shapes[kind]}];`));
  graph.forEachEdge((_, { label, relation, cyclic }, from, to) =>
    lines.push(
      `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(label)}, style=${relation === 'waits for' ? 'solid' : 'dashed'}` +
        `${cyclic ? ', penwidth=3' : ''}];`,
    ),
  );
  return `${[...lines, '}'].join('\n')}\n`;
}

export function gexfText(ce: Counterexample): string {
  // Without a date: the same counterexample gives the same bytes.
  return `${write(explanatoryGraph(ce), { version: '1.2' })}\n`;
}
