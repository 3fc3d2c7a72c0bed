/**
 * Program text. The graph of each actor becomes plain JavaScript: one function a program point (guard, effect, and
 * the fused nodes behind it as nested ifs), one dispatcher an actor, and `expand`, which writes every successor of
 * a state into the batch. The closures of the model are called directly at their own call sites, so that the
 * engine's optimiser can inline them.
 */
import { modelError } from '../lang/errors.ts';
import type { Actor } from '../lang/fields.ts';
import type { FrameInfo, Node, Point } from './flow.ts';
import type { MarkLayout } from './marks.ts';

/** What the emitted text calls; see `model.ts` for their meaning. */
export interface EmitRuntime {
  readonly allocate: (type: unknown) => unknown;
  readonly free: (view: unknown, actor: string) => void;
  readonly spend: (budget: string) => boolean;
  readonly noSleep: (actor: number, point: Point) => void;
  readonly returned: (actor: number, operation: string) => void;
  readonly nullCall: (point: Point) => never;
  readonly differs: (argument: string, procedure: string) => never;
}

export interface EmittedActor {
  readonly actor: Actor;
  readonly entry: Node;
  readonly points: readonly Point[];
  readonly pcOffset: number;
  readonly pcBytes: 1 | 2;
}

/** Collects the closures, frames and objects that the text refers to by name. */
class Scope {
  readonly names: string[] = [];
  readonly values: unknown[] = [];
  readonly #known = new Map<unknown, string>();

  name(value: unknown, stem: string): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    // The dollar keeps them apart from the functions of the text, which are numbered by actor.
    const name = `${stem}$${this.names.length}`;
    this.#known.set(value, name);
    this.names.push(name);
    this.values.push(value);
    return name;
  }
}

/** Program points reachable from an entry, numbered in program order. */
export function numberPoints(entry: Node): Point[] {
  const points: Point[] = [];
  const seen = new Set<Node>();
  const stack: Node[] = [entry];
  while (stack.length > 0) {
    const node = stack.pop() as Node;
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === 'point') {
      node.pc = points.length;
      points.push(node);
    }
    stack.push(...targetsOf(node).reverse());
  }
  return points;
}

/** Program points that an actor may come to by taking the step at `point`; ended counts as none. */
export function pointsAfter(point: Point): Point[] {
  const points: Point[] = [];
  const seen = new Set<Node>();
  const stack: Node[] = targetsOf(point);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === 'point') points.push(node);
    else stack.push(...targetsOf(node));
  }
  return points;
}

function targetsOf(node: Node): Node[] {
  switch (node.kind) {
    case 'point':
      return [...node.next];
    case 'test':
      return [node.yes, node.no];
    case 'jump':
      if (node.to === null) throw modelError(`${node.what} leads nowhere`);
      return [node.to];
    case 'end':
      return [];
    default:
      return [node.next];
  }
}

/** Fused nodes that are reached on more than one way: every loop has one. */
function joinsOf(entry: Node): Set<Node> {
  const seen = new Set<Node>([entry]);
  const joins = new Set<Node>();
  const stack: Node[] = [entry];
  while (stack.length > 0)
    for (const node of targetsOf(stack.pop() as Node))
      if (!seen.has(node)) {
        seen.add(node);
        stack.push(node);
      } else if (node.kind !== 'point' && node.kind !== 'end') joins.add(node);
  return joins;
}

/** What the text of one actor's fused nodes depends on, and what is known of it so far. */
interface Site {
  readonly actor: number;
  readonly self: string;
  /** Number of the program point that means ended. */
  readonly end: number;
  readonly joins: ReadonlySet<Node>;
  /** Text of the joins that are finished, and those that are not. */
  readonly known: Map<Node, string>;
  readonly open: Set<Node>;
}

/**
 * How often a rehearsal calls everything. Below ten times the optimiser does not keep count of what is called.
 *
 * Code that is optimised before it has called a step contains no call of it: it is thrown away when the step is first
 * taken, run slowly, and optimised anew, together with `expand`, once for each step that is met late, and for each thread.
 * So every step is called where it will be, with a choice that makes it return at once, and `expand` is called in a state
 * in which every actor stands behind its end, where it moves and stays.
 */
const REHEARSALS = 16;

/** Characters up to which the text behind a join is repeated on each way to it. */
const LONGEST_COPY = 300;

/** Scalars and objects of the scenario; arrays and plain data may be made anew by each call. */
function isComparable(value: unknown): boolean {
  return value === null || typeof value !== 'object' || '$id' in value;
}

export interface EmitInput {
  readonly actors: readonly EmittedActor[];
  readonly words: number;
  readonly instrumented: boolean;
  readonly spins: boolean;
  readonly runtime: EmitRuntime;
  /** Index of the first coverage entry of each point of each actor. */
  readonly coverageBase: readonly (readonly number[])[];
  /** For models with marks, where they lie: then each step names its row, and one actor can be expanded alone. */
  readonly marks: MarkLayout | null;
}

/** The text and the values its free names stand for. */
export function emit(input: EmitInput): {
  readonly text: string;
  readonly names: string[];
  readonly values: unknown[];
} {
  const scope = new Scope();
  const r = {
    allocate: scope.name(input.runtime.allocate, 'allocate'),
    free: scope.name(input.runtime.free, 'free'),
    spend: scope.name(input.runtime.spend, 'spend'),
    noSleep: scope.name(input.runtime.noSleep, 'noSleep'),
    returned: scope.name(input.runtime.returned, 'returned'),
    nullCall: scope.name(input.runtime.nullCall, 'nullCall'),
    differs: scope.name(input.runtime.differs, 'differs'),
  };
  const x = (closure: unknown) => scope.name(closure, 'x');
  const f = (frame: FrameInfo) => scope.name(frame.view, 'f');
  const phase = (name: string) => (input.instrumented ? `m.phase = '${name}';` : '');
  const clear = (frame: FrameInfo) =>
    frame.size === 0
      ? ''
      : frame.size <= 4
        ? Array.from({ length: frame.size }, (_, i) => `n[m.at + ${frame.base + i}] = 0;`).join(' ')
        : `n.fill(0, m.at + ${frame.base}, m.at + ${frame.base + frame.size});`;

  const parts: string[] = [];
  /** Text that runs the fused nodes from `node` on and returns the next program point. */
  const tail = (node: Node, at: Site): string => {
    if (!at.joins.has(node)) return ownTail(node, at);
    const known = at.known.get(node);
    if (known !== undefined) return known;
    if (at.open.has(node))
      throw modelError(
        node.kind === 'jump' ? `${node.what} can repeat without a step` : 'a loop has no step',
        undefined,
        'put a labelled step or a blocking guard in the loop',
      );
    at.open.add(node);
    let text = ownTail(node, at);
    at.open.delete(node);
    // Without this, conditions in a row would double the text each.
    if (text.length > LONGEST_COPY) {
      const name = `j${at.actor}_${at.known.size}`;
      parts.push(`function ${name}() { ${text} }`);
      text = `return ${name}();`;
    }
    at.known.set(node, text);
    return text;
  };
  const ownTail = (node: Node, at: Site): string => {
    const { actor, self, end } = at;
    const go = (next: Node) => tail(next, at);
    switch (node.kind) {
      case 'point':
        return `return ${node.pc};`;
      case 'end':
        return `return ${end};`;
      case 'jump':
        return go(node.to as Node);
      case 'act':
        return `${x(node.run)}(${f(node.frame)}, ${self}); ${go(node.next)}`;
      case 'test':
        return `if (${x(node.test)}(${f(node.frame)}, ${self})) { ${go(node.yes)} } else { ${go(node.no)} }`;
      case 'enter': {
        const stores = node.stored.map((name) => `${f(node.to)}.$set_${name}(r.${name});`).join(' ');
        // What was taken for a constant must be one: see `constants.ts`.
        const checks = Object.entries(node.to.constants)
          .filter(([, value]) => isComparable(value))
          .map(
            ([name, value]) =>
              `if (r.${name} !== ${scope.name(value, 'k')}) ${r.differs}('${name}', ${JSON.stringify(node.to.procedure)});`,
          )
          .join(' ');
        return `{ const r = ${x(node.args)}(${f(node.from)}, ${self}); ${checks} ${stores} } ${go(node.next)}`;
      }
      case 'leave': {
        const value = node.value === null ? 'const v = 0;' : `const v = ${x(node.value)}(${f(node.from)}, ${self});`;
        const receive = node.receive === null || node.to === null ? '' : `${x(node.receive)}(${f(node.to)}, v);`;
        if (receive === '') return `${clear(node.from)} ${go(node.next)}`;
        return `{ ${value} ${clear(node.from)} ${receive} } ${go(node.next)}`;
      }
      case 'returned': {
        return `${r.returned}(${actor}, ${JSON.stringify(node.operation)}); ${go(node.next)}`;
      }
    }
  };

  const step = (point: Point, at: Site): string => {
    const { self } = at;
    const s = point.statement;
    const frame = f(point.frame);
    /** Notes an outcome of a test: they stand behind the point's own entry of the coverage table. */
    const seen = (outcome: 1 | 2) => `taken[${(input.coverageBase[at.actor]?.[point.pc] ?? 0) + outcome}] = 1;`;
    const target = (i: number) => `${phase('fused')} ${tail(point.next[i] as Node, at)}`;
    const guard = (closure: unknown, args: string) =>
      `${phase('guard')} if (!${x(closure)}(${args})) return -1; ${phase('free')}`;
    const call = (closure: unknown, args = `${frame}, ${self}`) => `${x(closure)}(${args});`;
    const fail = (budget: string | null) =>
      `if (c === 1) { if (!${r.spend}(${JSON.stringify(budget)})) return -1; ${target(1)} }`;
    switch (s.op) {
      case 'step':
        return `${call(s.act)} ${target(0)}`;
      case 'block':
        return `${guard(s.guard, `${frame}, ${self}`)} ${s.act ? call(s.act) : ''} ${target(0)}`;
      case 'branch':
        return `if (${x(s.test)}(${frame}, ${self})) { ${seen(1)} ${target(0)} } else { ${seen(2)} ${target(1)} }`;
      case 'choose': {
        const arms = s.arms.map(
          (arm, i) =>
            `case ${i}: { ${arm.when ? guard(arm.when, `${frame}, ${self}`) : ''} ${arm.act ? call(arm.act) : ''} ${target(i)} }`,
        );
        return `switch (c) { ${arms.join('\n')} default: return -1; }`;
      }
      case 'pick':
        return `const xs = ${x(s.from)}(${frame}, ${self}); if (c >= xs.length) return -1; const o = xs[c];
          ${s.when ? guard(s.when, `${frame}, o, ${self}`) : ''} ${call(s.act, `${frame}, o, ${self}`)} ${target(0)}`;
      case 'attempt':
        return `${point.arity === 2 ? fail(s.budget) : ''} ${call(s.act)} ${target(0)}`;
      case 'alloc':
        return `${point.arity === 2 ? fail(s.budget) : ''}
          const o = ${r.allocate}(${scope.name(s.type, 't')}); ${call(s.act, `${frame}, o, ${self}`)} ${target(0)}`;
      case 'free':
        return `const o = ${x(s.what)}(${frame}, ${self}); ${s.act ? call(s.act) : ''}
          ${r.free}(o, ${self}.name); ${target(0)}`;
      case 'callback': {
        const arms = point.implementations.map((p, i) => `if (p === ${scope.name(p, 'p')}) { ${target(i)} }`);
        const none =
          s.orElse.length === 0 ? `${r.nullCall}(${scope.name(point, 'q')});` : target(point.implementations.length);
        return `const p = ${x(s.target)}(${frame}, ${self}); if (p === null) { ${none} } ${arms.join(' ')} return -1;`;
      }
    }
  };

  const { marks } = input;
  const row = (n: number) => (marks === null ? '' : `m.row = ${n * marks.width};`);
  const mark = (actor: number, pc: number) =>
    marks === null ? '' : `${row((marks.rowOf[actor] as number) + pc)} m.self = ${actor + 1}; `;
  const aside = marks === null ? '' : `${row(marks.aside)} m.self = 0;`;
  const expandActors: string[] = [];
  input.actors.forEach((a, index) => {
    const self = scope.name(a.actor, 'self');
    const end = a.points.length;
    const site: Site = { actor: index, self, end, joins: joinsOf(a.entry), known: new Map(), open: new Set() };
    const pc = (at: string) =>
      a.pcBytes === 1 ? `n[${at} + ${a.pcOffset}]` : `(n[${at} + ${a.pcOffset}] | n[${at} + ${a.pcOffset + 1}] << 8)`;
    const setPc = (at: string, value: string) =>
      a.pcBytes === 1
        ? `n[${at} + ${a.pcOffset}] = ${value};`
        : `n[${at} + ${a.pcOffset}] = ${value} & 255; n[${at} + ${a.pcOffset + 1}] = ${value} >> 8;`;
    for (const point of a.points) {
      const sleeps = input.spins && (point.statement as { sleeps?: boolean }).sleeps === true;
      const prelude = sleeps ? `${r.noSleep}(${index}, ${scope.name(point, 'q')});` : '';
      parts.push(
        `function s${index}_${point.pc}(c) { if (c < 0) return -1; ${phase('free')} ${mark(index, point.pc)}${prelude} ${step(point, site)} }`,
      );
    }
    parts.push(`function start${index}() { ${phase('fused')} ${tail(a.entry, site)} }`);
    const cases = a.points.map((p) => `case ${p.pc}: return s${index}_${p.pc}(c);`);
    parts.push(
      `function d${index}(pc, c) { switch (pc) { ${cases.join(' ')} case ${end}: return -1; default: return pc; } }`,
    );
    parts.push(`function touch${index}() { for (let pc = 0; pc < ${end}; pc++) d${index}(pc, -1); }`);
    const arities = scope.name(Uint16Array.from([...a.points.map((p) => p.arity), 0, 1]), 'arity');
    const rests = scope.name(
      Uint8Array.from([...a.points.map((p) => ((p.statement as { idle?: boolean }).idle === true ? 1 : 0)), 1]),
      'rest',
    );
    const base = scope.name(Int32Array.from([...(input.coverageBase[index] ?? []), 0, 0]), 'cover');
    parts.push(
      `function run${index}(c) { const r = d${index}(${pc('m.at')}, c); if (r >= 0) { ${setPc('m.at', 'r')} } return r; }`,
    );
    parts.push(`function arity${index}() { return ${arities}[${pc('m.at')}]; }`);
    const expandOne = (firstChoice: string) => `
        const pc = ${pc('at')}, k = ${arities}[pc];
        reg[1] = ${index};
        for (let c = ${firstChoice}; c < k; c++) {
          reg[2] = c;
          const r = d${index}(pc, c);
          if (r >= 0) {
            ${setPc('at', 'r')}
            taken[${base}[pc] + c] = 1;
            moves[nb] = ${index << 16} | c;
            nb++; reg[0] = nb; reg[3] = 1;
            at += ${input.words * 4}; m.at = at;
            copy(words, src, nb * ${input.words});
          } else refused[${base}[pc] + c] = 1;
        }`;
    expandActors.push(`
      if (from <= ${index}) {${expandOne(`from === ${index} ? choice : 0`)}
      }`);
    if (marks !== null)
      parts.push(`function alone${index}(words, src, choice) {
        let nb = reg[0], at = nb * ${input.words * 4};
        m.at = at;
        copy(words, src, nb * ${input.words});
        ${expandOne('choice')}
        ${aside}
        return nb;
      }`);
    parts.push(`function rests${index}() { return ${rests}[${pc('m.at')}] === 1; }`);
    parts.push(`function pc${index}() { return ${pc('m.at')}; }`);
    parts.push(`function setPc${index}(v) { ${setPc('m.at', 'v')} }`);
  });
  const all = (stem: string) => `[${input.actors.map((_, i) => `${stem}${i}`).join(', ')}]`;
  const copy =
    input.words <= 48
      ? Array.from({ length: input.words }, (_, k) => `w[to + ${k}] = words[src + ${k}];`).join(' ')
      : `for (let k = 0; k < ${input.words}; k++) w[to + k] = words[src + k];`;
  const text = `'use strict';
    const n = m.bytes, w = m.words;
    function copy(words, src, to) { ${copy} }
    ${parts.join('\n')}
    function expand(words, src, from, choice) {
      let nb = reg[0], at = nb * ${input.words * 4};
      m.at = at;
      copy(words, src, nb * ${input.words});
      ${expandActors.join('\n')}${aside && `\n      ${aside}`}
      return nb;
    }
    function rehearse() {
      const covered = taken[0], state = new Int32Array(${input.words});
      m.at = 0;
      ${input.actors.map((a, i) => `setPc${i}(${a.points.length + 1});`).join(' ')}
      state.set(w.subarray(0, ${input.words}));
      for (let k = 0; k < ${REHEARSALS}; k++) {
        ${input.actors.map((_, i) => `touch${i}();`).join(' ')}
        reg[0] = 0;
        expand(state, 0, 0, 0);
      }
      reg[0] = 0; taken[0] = covered;
    }
    function resting() { return ${input.actors.map((_, i) => `rests${i}()`).join(' && ') || 'true'}; }
    return { expand, rehearse, ${marks === null ? '' : `alone: ${all('alone')}, `}resting, start: ${all('start')}, run: ${all('run')}, arity: ${all('arity')}, pc: ${all('pc')}, setPc: ${all('setPc')}, rests: ${all('rests')} };`;
  return { text, names: scope.names, values: scope.values };
}
