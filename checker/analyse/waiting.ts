/**
 * Who waits for whom: the wait-for graph of a state, the cycle in it, and the kind of deadlock that makes.
 */
import { MultiDirectedGraph } from 'graphology';
import { stronglyConnectedComponents } from 'graphology-components';
import type { ExplanatoryGraph, GraphEdge, Standing } from '../trace/counterexample.ts';

/** Wait-for graph: actors, and what they wait for between them. */
export function waitForGraph(standings: readonly Standing[]): ExplanatoryGraph {
  const graph = new MultiDirectedGraph();
  const edges: GraphEdge[] = [];
  const kinds = new Map<string, 'actor' | 'lock' | 'condition'>();
  const node = (id: string, kind: 'actor' | 'lock' | 'condition') => {
    if (!graph.hasNode(id)) graph.addNode(id);
    kinds.set(id, kinds.get(id) ?? kind);
  };
  const edge = (from: string, to: string, label: string) => {
    graph.addDirectedEdge(from, to);
    edges.push({ from, to, label });
  };
  for (const s of standings) {
    if (s.status !== 'blocked' || s.waits === null) continue;
    node(s.actor, 'actor');
    const on = s.waits.on;
    node(on, s.waits.kind === 'lock' ? 'lock' : 'condition');
    edge(s.actor, on, s.waits.kind === 'lock' ? 'waits for' : s.waits.kind === 'flush' ? 'flushes' : 'waits until');
    for (const owner of s.waits.owners) {
      node(owner, 'actor');
      if (!edges.some((e) => e.from === on && e.to === owner))
        edge(on, owner, s.waits.kind === 'lock' ? 'held by' : 'up to');
    }
  }
  return { nodes: [...kinds].map(([id, kind]) => ({ id, kind })), edges, cycle: cycleOf(graph, edges) };
}

/** Lock order in a trace: an edge from a lock that is held to one that is taken or wanted then. */
export function lockOrderGraph(
  taken: readonly { readonly held: string; readonly wanted: string; readonly label: string }[],
): ExplanatoryGraph {
  const graph = new MultiDirectedGraph();
  const edges: GraphEdge[] = [];
  for (const { held, wanted, label } of taken) {
    for (const lock of [held, wanted]) if (!graph.hasNode(lock)) graph.addNode(lock);
    if (edges.some((e) => e.from === held && e.to === wanted)) continue;
    graph.addDirectedEdge(held, wanted);
    edges.push({ from: held, to: wanted, label });
  }
  return {
    nodes: graph.nodes().map((id) => ({ id, kind: 'lock' as const })),
    edges,
    cycle: cycleOf(graph, edges),
  };
}

/** One cycle of the graph, starting at its least node; empty when there is none. */
function cycleOf(graph: MultiDirectedGraph, edges: readonly GraphEdge[]): string[] {
  const loop = edges.find((e) => e.from === e.to);
  if (loop !== undefined) return [loop.from];
  const component = stronglyConnectedComponents(graph)
    .filter((nodes) => nodes.length > 1)
    .map((nodes) => [...nodes].sort())
    .sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1))[0];
  if (component === undefined) return [];
  const inside = new Set(component);
  const start = component[0] as string;
  const path: string[] = [start];
  const seen = new Set(path);
  const extend = (node: string): boolean => {
    for (const e of edges) {
      if (e.from !== node || !inside.has(e.to)) continue;
      if (e.to === start) return true;
      if (seen.has(e.to)) continue;
      seen.add(e.to);
      path.push(e.to);
      if (extend(e.to)) return true;
      path.pop();
    }
    return false;
  };
  return extend(start) ? path : component;
}

/** What kind of deadlock a wait-for graph shows. */
export function deadlockKind(graph: ExplanatoryGraph, standings: readonly Standing[]): string {
  const blocked = standings.filter((s) => s.status === 'blocked' && s.waits !== null);
  const inCycle = blocked.filter((s) => graph.cycle.includes(s.actor));
  if (inCycle.length === 0) {
    const wait = blocked[0]?.waits;
    if (wait === undefined || wait === null) return 'blocked for ever';
    const owners = standings.filter((s) => wait.owners.includes(s.actor));
    if (wait.kind === 'lock') return owners.some((s) => s.status === 'ended') ? 'lock never released' : 'lock';
    return wait.kind === 'device' || wait.kind === 'queue' ? 'orphaned hardware completion' : 'lost wake-up';
  }
  const kinds = new Set(inCycle.map((s) => s.waits?.kind));
  const held = inCycle.some((s) => s.holds.length > 0) || kinds.has('lock');
  if (inCycle.length === 1) return kinds.has('flush') ? 'self (flush from inside)' : 'self';
  if (kinds.size === 1 && kinds.has('lock')) return 'lock cycle';
  const other = kinds.has('flush') ? 'flush' : kinds.has('completion') ? 'completion' : 'wait';
  return held ? `lock + ${other}` : `${other} cycle`;
}
