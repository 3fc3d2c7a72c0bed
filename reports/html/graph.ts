/**
 * Small graphs as static SVG: who waits for whom, and in which order locks are taken. A cycle is laid out as two rows
 * that are read clockwise; anything else in columns from left to right. Made for a dozen nodes, not for state spaces.
 *
 * Limits: at most 24 nodes are drawn; the list of edges beneath the drawing always has all.
 */
import type { ExplanatoryGraph, GraphEdge } from '../../checker/trace/counterexample.ts';
import { type Child, h, type Markup } from './write.ts';

export const MOST_NODES = 24;
const HEIGHT = 36;
const ROW_GAP = 74;
const MARGIN = 24;
const LONGEST_LABEL = 34;
const LONGEST_EDGE = 26;
/** Wider drawings get the whole width of the page. */
const WIDE = 620;

interface Box {
  readonly id: string;
  readonly kind: 'actor' | 'lock' | 'condition';
  readonly width: number;
  readonly x: number;
  readonly y: number;
  readonly column: number;
  readonly row: number;
}

/** Centres and widths of all nodes. Exported for tests: no two boxes may overlap. */
export function layout(graph: ExplanatoryGraph): {
  readonly boxes: readonly Box[];
  readonly width: number;
  readonly height: number;
} {
  const nodes = graph.nodes.slice(0, MOST_NODES);
  const widths = new Map(nodes.map((n) => [n.id, 28 + 7.6 * Math.min(n.id.length, LONGEST_LABEL)]));
  const columnWidth = Math.max(90, ...widths.values());
  const gap = 46 + 6.2 * Math.max(6, ...graph.edges.map((e) => Math.min(e.label.length, LONGEST_EDGE)));
  const cycle = graph.cycle.filter((id) => widths.has(id));
  const cells = new Map<string, { column: number; row: number }>();
  if (cycle.length > 1) {
    const top = Math.ceil(cycle.length / 2);
    const outside = nodes.map((n) => n.id).filter((id) => !cycle.includes(id));
    // Who waits for a node of the cycle stands beyond it, above or below, where no edge of the cycle runs.
    const entry = (id: string) =>
      cycle.indexOf(graph.edges.find((e) => e.from === id && cycle.includes(e.to))?.to ?? '');
    const above = outside.filter((id) => entry(id) >= 0 && entry(id) < top);
    const below = outside.filter((id) => entry(id) >= top);
    const first = above.length > 0 ? 1 : 0;
    for (const [i, id] of cycle.entries())
      cells.set(id, i < top ? { column: i, row: first } : { column: top - 1 - (i - top), row: first + 1 });
    const beside = (ids: readonly string[], row: number) => {
      const taken = new Set<number>();
      for (const id of ids) {
        const wanted = cells.get(cycle[entry(id)] ?? '')?.column ?? 0;
        const free = Array.from({ length: ids.length + wanted + 1 }, (_, c) => c).filter((c) => !taken.has(c));
        const column = free.sort((p, q) => Math.abs(p - wanted) - Math.abs(q - wanted) || p - q)[0] ?? 0;
        taken.add(column);
        cells.set(id, { column, row });
      }
    };
    beside(above, 0);
    beside(below, first + 2);
    // What has nothing to do with the cycle reads from left to right underneath.
    const rest = outside.filter((id) => !cells.has(id));
    const rank = ranks(rest, graph.edges);
    const used = new Map<number, number>();
    for (const id of rest) {
      const column = rank.get(id) ?? 0;
      const row = first + (below.length > 0 ? 3 : 2) + (used.get(column) ?? 0);
      used.set(column, (used.get(column) ?? 0) + 1);
      cells.set(id, { column, row });
    }
  } else {
    const rank = ranks(
      nodes.map((n) => n.id),
      graph.edges,
    );
    const inColumn = new Map<number, number>();
    for (const n of nodes) {
      const column = rank.get(n.id) ?? 0;
      const row = inColumn.get(column) ?? 0;
      inColumn.set(column, row + 1);
      cells.set(n.id, { column, row });
    }
  }
  // Edges that jump over a column pass above the first row.
  const head = cycle.length > 1 ? 0 : 44;
  const boxes = nodes.map((n): Box => {
    const cell = cells.get(n.id) ?? { column: 0, row: 0 };
    return {
      id: n.id,
      kind: n.kind,
      width: widths.get(n.id) ?? columnWidth,
      ...cell,
      x: MARGIN + columnWidth / 2 + cell.column * (columnWidth + gap),
      y: MARGIN + head + HEIGHT / 2 + cell.row * (HEIGHT + ROW_GAP),
    };
  });
  return {
    boxes,
    width: Math.max(0, ...boxes.map((b) => b.x + columnWidth / 2)) + MARGIN,
    height: Math.max(0, ...boxes.map((b) => b.y + HEIGHT / 2)) + MARGIN,
  };
}

/** Longest distance from a node without predecessors; edges that close a cycle are ignored. */
function ranks(ids: readonly string[], edges: readonly GraphEdge[]): Map<string, number> {
  const rank = new Map<string, number>();
  const open = new Set<string>();
  const visit = (id: string): number => {
    const known = rank.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return -1;
    open.add(id);
    const r = 1 + Math.max(-1, ...edges.filter((e) => e.to === id && e.from !== id).map((e) => visit(e.from)));
    open.delete(id);
    rank.set(id, r);
    return r;
  };
  for (const id of ids) visit(id);
  return rank;
}

/** The drawing and its edges in words. `name` must be a plain word: it names the arrow heads. */
export function graphFigure(name: string, title: string, graph: ExplanatoryGraph): Markup | null {
  if (graph.edges.length === 0) return null;
  const { boxes, width, height } = layout(graph);
  const at = new Map(boxes.map((b) => [b.id, b]));
  const onCycle = new Set(graph.cycle);
  const follows = (e: GraphEdge) => {
    const i = graph.cycle.indexOf(e.from);
    return i >= 0 && graph.cycle[(i + 1) % graph.cycle.length] === e.to;
  };
  const drawn: Child[] = [];
  for (const e of graph.edges) {
    const [from, to] = [at.get(e.from), at.get(e.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const both = graph.edges.some((o) => o.from === e.to && o.to === e.from);
    drawn.push(edge(name, from, to, e.label, both, follows(e)));
  }
  const heads = new Set(graph.edges.map((e) => (follows(e) ? '-cycle' : '')));
  return h(
    'figure',
    { class: width > WIDE ? 'graph wide' : 'graph' },
    h('figcaption', null, title),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
      h(
        'svg',
        {
          viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
          width: Math.ceil(width),
          height: Math.ceil(height),
          role: 'img',
          // Its edges in words stand beneath.
          'aria-label': title,
        },
        h(
          'defs',
          null,
          [...heads].map((kind) =>
            h(
              'marker',
              {
                id: `arrow-${name}${kind}`,
                viewBox: '0 0 10 10',
                refX: 9,
                refY: 5,
                markerWidth: 8,
                markerHeight: 8,
                orient: 'auto',
              },
              h('path', { d: 'M0 0L10 5L0 10z', class: `head${kind}` }),
            ),
          ),
        ),
        drawn,
        boxes.map((b) => box(b, onCycle.has(b.id))),
      ),
    ),
    h(
      'ul',
      { class: 'edges' },
      graph.edges.map((e) =>
        h('li', null, h('code', null, e.from), ' \u2192 ', h('code', null, e.to), ` (${e.label})`),
      ),
    ),
  );
}

function box(b: Box, onCycle: boolean): Markup {
  // The end of a path tells most.
  const label = b.id.length > LONGEST_LABEL ? `\u2026${b.id.slice(1 - LONGEST_LABEL)}` : b.id;
  return h(
    'g',
    { class: `node ${b.kind}${onCycle ? ' cycle' : ''}` },
    label !== b.id && h('title', null, b.id),
    h('rect', {
      x: b.x - b.width / 2,
      y: b.y - HEIGHT / 2,
      width: b.width,
      height: HEIGHT,
      rx: b.kind === 'actor' ? HEIGHT / 2 : 3,
    }),
    h('text', { x: b.x, y: b.y + 4.5, 'text-anchor': 'middle' }, label),
  );
}

/** Where the line from the centre of `b` towards a point leaves its box. */
function border(b: Box, x: number, y: number): readonly [number, number] {
  const [dx, dy] = [x - b.x, y - b.y];
  const scale = Math.min(b.width / 2 / Math.max(1e-6, Math.abs(dx)), HEIGHT / 2 / Math.max(1e-6, Math.abs(dy)));
  return [b.x + dx * scale, b.y + dy * scale];
}

function edge(name: string, from: Box, to: Box, label: string, both: boolean, onCycle: boolean): Markup {
  const jumps = from.row === to.row && Math.abs(from.column - to.column) > 1;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  // Opposite edges bow apart; an edge over other nodes rises above them.
  const bow = jumps ? 84 : both ? 34 : 0;
  const sign = jumps ? -Math.sign(dx || 1) : 1;
  const [cx, cy] = [
    (from.x + to.x) / 2 - (dy / length) * bow * sign * -1,
    (from.y + to.y) / 2 + (dx / length) * bow * sign,
  ];
  const [x1, y1] = border(from, cx, cy);
  const [x2, y2] = border(to, cx, cy);
  const [lx, ly] = [(x1 + 2 * cx + x2) / 4, (y1 + 2 * cy + y2) / 4];
  const r = (v: number) => Math.round(v * 10) / 10;
  // The label of a bowed edge stands outside the bow, any other on its line or above it.
  const outside = both && Math.abs(dy) >= 1 ? (cx > (from.x + to.x) / 2 ? 1 : -1) : 0;
  const beside = {
    x: r(lx) + 6 * outside,
    y: r(ly) + (Math.abs(dy) < 1 ? -7 : 4),
    'text-anchor': outside === 0 ? 'middle' : outside > 0 ? 'start' : 'end',
  };
  const kind = onCycle ? '-cycle' : '';
  return h(
    'g',
    { class: `edge${onCycle ? ' cycle' : ''}` },
    h('path', {
      d: `M${r(x1)} ${r(y1)}Q${r(cx)} ${r(cy)} ${r(x2)} ${r(y2)}`,
      'marker-end': `url(#arrow-${name}${kind})`,
    }),
    h('text', beside, label.length > LONGEST_EDGE ? `${label.slice(0, LONGEST_EDGE - 1)}\u2026` : label),
  );
}
