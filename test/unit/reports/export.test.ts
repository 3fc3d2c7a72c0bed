/**
 * Exports, each read by something that is not ours where there is one: a graph library, graphviz, XML and JSON parsers,
 * the parser that ShiViz is told to use; and the rules of the format where there is none.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { MultiDirectedGraph } from 'graphology';
import { parse as parseGexf } from 'graphology-gexf';
import type { Log } from 'sarif';
import { beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../../checker/check.ts';
import { violationKinds } from '../../../checker/lang/violation.ts';
import type { Counterexample } from '../../../checker/trace/counterexample.ts';
import { parseSchedule } from '../../../checker/trace/schedule.ts';
import type { Verdict } from '../../../checker/verdict.ts';
import { causality } from '../../../reports/export/causality.ts';
import {
  exportedOf,
  junit,
  sarifText,
  scheduleOfItf,
  suiteOf,
  type ViolationFormat,
  violationFormats,
} from '../../../reports/export/index.ts';
import { MOST_LOCATIONS, MOST_RESULTS, MOST_ZIPPED_BYTES } from '../../../reports/export/sarif.ts';
import { contextOf } from '../../../reports/index.ts';
import { reply } from '../../../reports/text/reply.ts';
import { stepText } from '../../../reports/trace.ts';
import { scenarios } from '../../../scenarios/index.ts';

/** A deadlock, a use after free, a leak by an injected failure, and a verdict that holds. */
const wanted = [
  ['vfio-detach-vs-mm-exit', 'posted'],
  ['sva-bond-two-waiters', 'posted'],
  ['vfio-init-leak', 'posted'],
] as const;
const verdicts: Verdict[] = [];
let holds: Verdict;

const verdictOf = (name: string, variant: string) => {
  const scenario = scenarios.find((s) => s.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return check(scenario, { variant });
};

beforeAll(async () => {
  for (const [name, variant] of wanted) verdicts.push(await verdictOf(name, variant));
  holds = await verdictOf('sva-unbind-vs-exit', 'fixed');
});

const each = (act: (ce: Counterexample, verdict: Verdict) => void) => {
  for (const verdict of verdicts) for (const ce of verdict.violations) act(ce, verdict);
};
const write = (format: ViolationFormat, ce: Counterexample, verdict: Verdict) =>
  violationFormats[format].write(ce, contextOf(verdict));

/** Hostile names in every text that a model may choose. */
function hostile(ce: Counterexample): Counterexample {
  const bad = '</script><x a="b">&amp; \\ %% ;#\n\u2028\u0007]]>';
  const rename = (text: string) => `${text}${bad}`;
  return {
    ...ce,
    headline: rename(ce.headline),
    evidence: { ...ce.evidence, message: rename(ce.evidence.message) },
    steps: ce.steps.map((s) => ({
      ...s,
      label: rename(s.label),
      changes: s.changes.map((c) => ({ ...c, after: bad })),
    })),
    waitFor: {
      nodes: ce.waitFor.nodes.map((n) => ({ ...n, id: rename(n.id) })),
      edges: ce.waitFor.edges.map((e) => ({ from: rename(e.from), to: rename(e.to), label: rename(e.label) })),
      cycle: ce.waitFor.cycle.map(rename),
    },
  };
}

describe('causality', () => {
  test('clocks order exactly what program order and shared fields order', () => {
    each((ce) => {
      const { clocks, causes } = causality(ce);
      const { steps } = ce;
      // By the definition: the transitive closure of all dependent pairs.
      const before = steps.map(() => new Set<number>());
      for (let j = 0; j < steps.length; j++)
        for (let i = 0; i < j; i++) {
          const [x, y] = [steps[i], steps[j]] as [(typeof steps)[0], (typeof steps)[0]];
          const meets = (a: readonly string[], b: readonly string[]) => a.some((path) => b.includes(path));
          const dependent =
            x.actor === y.actor || meets(x.writes, y.writes) || meets(x.writes, y.reads) || meets(x.reads, y.writes);
          if (!dependent) continue;
          before[j]?.add(i);
          for (const k of before[i] as Set<number>) before[j]?.add(k);
        }
      for (let j = 0; j < steps.length; j++)
        for (let i = 0; i < j; i++) {
          const actor = steps[i]?.actor as string;
          const known = (clocks[j]?.[actor] ?? 0) >= (clocks[i]?.[actor] as number);
          expect(known).toBe(before[j]?.has(i));
        }
      for (const cause of causes) {
        expect(steps[cause.before - 1]?.actor).not.toBe(steps[cause.after - 1]?.actor);
        expect(before[cause.after - 1]?.has(cause.before - 1)).toBe(true);
      }
    });
  });
});

describe('itf', () => {
  test('has one state more than steps, the same variables in each, and is read back as its schedule', () => {
    each((ce, verdict) => {
      const text = write('itf', ce, verdict);
      const document = JSON.parse(text) as {
        vars: string[];
        states: Record<string, unknown>[];
        '#meta': { format: string };
      };
      expect(document['#meta'].format).toBe('ITF');
      expect(document.states).toHaveLength(ce.steps.length + 1);
      for (const state of document.states) expect(Object.keys(state)).toEqual(['#meta', ...document.vars]);
      const plain = (schedule: ReturnType<typeof parseSchedule>) => ({
        ...schedule,
        moves: schedule.moves.map(({ line: _, ...move }) => move),
      });
      expect(plain(scheduleOfItf(text, 'x'))).toEqual(plain(parseSchedule(ce.schedule)));
    });
  });

  test.each([
    ['not JSON', '{', /not JSON/],
    ['no meta', '{"states":[]}', /#meta/],
    ['of another tool', '{"#meta":{"format":"ITF"},"vars":["x"],"states":[{"x":1}]}', /which scenario/],
    [
      'without actions',
      '{"#meta":{"format":"ITF","quiesce":{"scenario":"a","variant":"b","bounds":{},"model":"0123456789abcdef","property":"p","signature":"01234567"}},"states":[{},{}]}',
      /who acted/,
    ],
  ])('%s is refused', (_, text, words) => {
    expect(() => scheduleOfItf(text, 'x.itf.json')).toThrow(words);
  });
});

describe('chrome', () => {
  interface Event {
    readonly ph: string;
    readonly tid?: number;
    readonly ts: number;
    readonly dur: number;
    readonly id?: number;
  }
  test('slices of one track never overlap, and flows go forward', () => {
    each((ce, verdict) => {
      const { traceEvents } = JSON.parse(write('chrome', ce, verdict)) as { traceEvents: Event[] };
      const slices = traceEvents.filter((e) => e.ph === 'X');
      expect(slices.length).toBeGreaterThanOrEqual(ce.steps.length);
      for (const tid of new Set(slices.map((e) => e.tid))) {
        const own = slices.filter((e) => e.tid === tid).sort((a, b) => a.ts - b.ts);
        for (const [i, e] of own.entries()) {
          expect(e.dur).toBeGreaterThan(0);
          const next = own[i + 1];
          if (next !== undefined) expect(e.ts + e.dur).toBeLessThanOrEqual(next.ts);
        }
      }
      for (const start of traceEvents.filter((e) => e.ph === 's')) {
        const end = traceEvents.find((e) => e.ph === 'f' && e.id === start.id);
        expect(end?.ts).toBeGreaterThan(start.ts);
        // Both ends lie within a slice of their track, which is what they are drawn from.
        for (const at of [start, end as Event])
          expect(slices.some((s) => s.tid === at.tid && s.ts <= at.ts && at.ts <= s.ts + s.dur)).toBe(true);
      }
    });
  });

  test('who is blocked at the end waits on its track', () => {
    const [deadlock] = verdicts;
    const text = write('chrome', deadlock?.violations[0] as Counterexample, deadlock as Verdict);
    expect(text).toContain('waits for iommu0.lock');
  });
});

describe('shiviz', () => {
  test('its own parser finds every event, and clocks grow by one a step of their actor', () => {
    each((ce, verdict) => {
      const [parser = '', separator, ...rest] = write('shiviz', ce, verdict).split('\n');
      expect(separator).toBe('');
      const found = [...rest.join('\n').matchAll(new RegExp(parser, 'g'))];
      expect(found).toHaveLength(ce.steps.length);
      const counted = new Map<string, number>();
      for (const { groups } of found) {
        const { host = '', clock = '' } = groups ?? {};
        const own = (counted.get(host) ?? 0) + 1;
        counted.set(host, own);
        expect((JSON.parse(clock) as Record<string, number>)[host]).toBe(own);
      }
    });
  });
});

describe('graphs', () => {
  /** The part that is no state graph. */
  const explained = (ce: Counterexample) => ({
    nodes: new Set([...ce.waitFor.nodes, ...ce.lockOrder.nodes].map((n) => n.id)),
    edges: ce.waitFor.edges.length + ce.lockOrder.edges.length,
  });
  /** Steps of the state graph: of the schedule, instead of them, and those that lead on from there to a state that is shown. */
  const stateEdges = ({ steps, branches = [] }: Counterexample) => {
    const there = (b: (typeof branches)[0]) =>
      branches.some((o) => o.at === b.at + 1 && o.actor === b.actor && o.label === b.label && o.choice === b.choice);
    const on = branches.filter((b) => b.leads === 'joins' || (b.leads === 'along' && there(b)));
    return branches.length === 0 ? 0 : steps.length + branches.length + on.length;
  };

  test('gexf is read by graphology with all nodes and edges', () => {
    each((ce, verdict) => {
      const graph = parseGexf(MultiDirectedGraph, write('gexf', ce, verdict));
      const { nodes, edges } = explained(ce);
      const states = graph.filterNodes((_, { kind }) => kind === 'state' || kind === 'broken');
      expect(new Set(graph.nodes())).toEqual(new Set([...nodes, ...states]));
      const branches = ce.branches ?? [];
      expect(states).toHaveLength(branches.length === 0 ? 0 : ce.steps.length + 1 + branches.length);
      expect(graph.size).toBe(edges + stateEdges(ce));
      // Whoever goes on beside the schedule comes back to it, one step further for each step that was taken instead.
      for (const b of branches.filter((x) => x.leads === 'joins'))
        expect(graph.hasEdge(`state ${b.at}, then ${b.actor}: ${stepText(b)}`, `state ${b.at + 2}`)).toBe(true);
    });
    expect(verdicts.flatMap((v) => v.violations.flatMap((ce) => ce.branches ?? [])).length).toBeGreaterThan(20);
  });

  const graphviz = spawnSync('dot', ['-V']).status === 0;
  test.skipIf(!graphviz)('dot is drawn by graphviz, whatever names hold', () => {
    each((ce, verdict) => {
      for (const shown of [ce, hostile(ce)]) {
        const drawn = spawnSync('dot', ['-Tplain'], { input: write('dot', shown, verdict), encoding: 'utf8' });
        expect(drawn.stderr).toBe('');
        expect(drawn.status).toBe(0);
        expect(drawn.stdout.match(/^edge /gm) ?? []).toHaveLength(explained(shown).edges + stateEdges(shown));
      }
    });
  });
});

describe('mermaid', () => {
  test('every line is a statement it knows, whatever names hold', () => {
    each((ce, verdict) => {
      for (const shown of [ce, hostile(ce)]) {
        const [first, ...lines] = write('mermaid', shown, verdict).trimEnd().split('\n');
        expect(first).toBe('sequenceDiagram');
        for (const line of lines) {
          expect(line).toMatch(
            /^ {2}(%% [0-9a-f]+|participant a\d+ as .*|Note over a\d+(,a\d+)?: .*|a\d+-->>a\d+: .*)$/,
          );
          // Outside of entities neither a comment nor the end of a statement.
          expect(line.slice(5).replace(/#\d+;/g, '')).not.toMatch(/[;#]|%%/);
        }
      }
    });
  });
});

describe('sarif', () => {
  const logOf = (verdict: Verdict) => JSON.parse(sarifText(exportedOf(verdict))) as Log;

  test('has a result for each violation, with two flows in the order of the schedule', () => {
    each((ce, verdict) => {
      const [run] = logOf(verdict).runs;
      const result = run?.results?.find((r) => r.partialFingerprints?.['quiesceSignature/v1'] === ce.signature);
      expect(run?.tool.driver.rules?.[result?.ruleIndex ?? -1]?.id).toBe(ce.evidence.kind);
      expect(result?.ruleId).toBe(ce.evidence.kind);
      const [merged, byTask] = result?.codeFlows ?? [];
      const order = merged?.threadFlows[0]?.locations.map((l) => l.executionOrder);
      expect(order).toEqual(ce.steps.map((s) => s.index));
      for (const [i, l] of (merged?.threadFlows[0]?.locations ?? []).entries())
        expect(l.location?.message?.text?.startsWith(`${ce.steps[i]?.actor}: `)).toBe(true);
      const apart = byTask?.threadFlows.flatMap((t) => t.locations.map((l) => l.executionOrder as number)) ?? [];
      expect(apart.sort((a, b) => a - b)).toEqual(order);
    });
  });

  test('of a trace that is longer than forges show, what matters most is kept, and the loss is told', () => {
    const [verdict] = verdicts;
    const [ce] = verdict?.violations ?? [];
    const { steps } = ce as Counterexample;
    const long = Array.from({ length: 30 * steps.length }, (_, i) => ({
      ...(steps[i % steps.length] as (typeof steps)[0]),
      index: i + 1,
      essential: i % 100 === 0,
    }));
    const log = JSON.parse(
      sarifText({ ...exportedOf(verdict as Verdict), violations: [{ ...(ce as Counterexample), steps: long }] }),
    ) as Log;
    const [result] = log.runs[0]?.results ?? [];
    const locations = result?.codeFlows?.flatMap((f) => f.threadFlows.flatMap((t) => t.locations)) ?? [];
    expect(locations.length + 1).toBeLessThanOrEqual(MOST_LOCATIONS);
    expect(result?.message.text).toMatch(/\d+ steps of the trace that matter less are left out/);
    const kept = new Set(locations.map((l) => l.executionOrder));
    for (const step of long) if (step.essential) expect(kept.has(step.index)).toBe(true);
  });

  test('more results than forges take are left out, by number and by size, and a notification says how many', () => {
    const [verdict] = verdicts;
    const [ce] = verdict?.violations ?? [];
    const logWith = (violations: readonly Counterexample[]) => {
      const text = sarifText({ ...exportedOf(verdict as Verdict), violations });
      const [run] = (JSON.parse(text) as Log).runs;
      const [told] = run?.invocations?.[0]?.toolExecutionNotifications ?? [];
      return { text, results: run?.results?.length, told: told?.message.text ?? null };
    };
    expect(logWith([ce as Counterexample]).told).toBe(null);
    const bare: Counterexample = { ...(ce as Counterexample), steps: [], story: [] };
    const many = logWith(Array.from({ length: MOST_RESULTS + 7 }, () => bare));
    expect(many).toMatchObject({ results: MOST_RESULTS, told: expect.stringMatching(/^7 results more/) });
    // Half a megabyte each, zipped.
    const noise = (i: number) =>
      Array.from({ length: 1 << 14 }, (_, n) => createHash('sha256').update(`${i} ${n}`).digest('base64'));
    const large = Array.from({ length: 24 }, (_, i) => ({ ...bare, story: noise(i) }));
    const cut = logWith(large);
    expect(cut.results).toBeGreaterThan(10);
    expect(cut.told).toMatch(new RegExp(`^${large.length - (cut.results as number)} results? more`));
    expect(gzipSync(cut.text).length).toBeLessThan(10_000_000);
    expect(MOST_ZIPPED_BYTES).toBeLessThan(10_000_000);
  });

  test('the texts of rules are no longer than forges show', () => {
    for (const [kind, about] of Object.entries(violationKinds)) {
      expect(kind.length).toBeLessThanOrEqual(255);
      expect(about.length).toBeLessThanOrEqual(1024);
    }
  });

  test('forges refuse a log in which a location has no file or line, and get none', () => {
    each((ce, verdict) => {
      // Also of steps that no file of the kernel describes.
      const bare = { ...ce, steps: ce.steps.map((s) => ({ ...s, source: { patch: s.source.patch } })) };
      for (const shown of [ce, bare]) {
        const log = JSON.parse(sarifText({ ...exportedOf(verdict), violations: [shown] })) as Log;
        const [result] = log.runs[0]?.results ?? [];
        const flows = result?.codeFlows?.flatMap((f) => f.threadFlows.flatMap((t) => t.locations)) ?? [];
        const places = [...(result?.locations ?? []), ...flows.map((l) => l.location)];
        expect(places.length).toBe(1 + 2 * ce.steps.length);
        for (const place of places) {
          expect(place?.physicalLocation?.artifactLocation?.uri).toMatch(/^[\w./-]+$/);
          expect(place?.physicalLocation?.region?.startLine).toBe(1);
        }
        const [rule] = log.runs[0]?.tool.driver.rules ?? [];
        for (const text of [rule?.shortDescription, rule?.fullDescription, rule?.help]) expect(text?.text).toBeTruthy();
      }
      const [place] = logOf(verdict).runs[0]?.results?.[0]?.locations ?? [];
      const files = ce.steps.flatMap((s) => s.source.file ?? []);
      if (files.length > 0) expect(place?.physicalLocation?.artifactLocation?.uri).toBe(files.at(-1));
    });
  });

  test('a verdict that holds is a run without results', () => {
    expect(logOf(holds).runs[0]?.results).toEqual([]);
  });
});

describe('junit', () => {
  test('counts what it lists; a violation is a failure with its splat, what is open an error, never a pass', () => {
    for (const verdict of [...verdicts, holds]) {
      const text = junit([suiteOf(verdict)]);
      const cases = text.match(/<testcase /g) ?? [];
      const open = verdict.properties.filter((p) => p.result === 'undecided');
      expect(cases).toHaveLength(verdict.properties.length);
      expect(text.match(/<failure /g) ?? []).toHaveLength(
        verdict.properties.filter((p) => p.result === 'violated').length,
      );
      expect(text.match(/<error /g) ?? []).toHaveLength(open.length);
      expect(text).toContain(`tests="${cases.length}"`);
      for (const ce of verdict.violations) expect(text).toContain(`MODEL: ${ce.headline.slice(0, 30)}`);
    }
  });

  test('no name breaks the XML', () => {
    const text = junit([
      { name: 'a<b&"\u0007', seconds: 0, cases: [{ name: ']]>', error: { message: '<', text: '\u2028\ud800' } }] },
    ]);
    expect(text.replace(/<\/?(\?xml|testsuites?|testcase|error|failure)[^<>]*>/g, '')).not.toMatch(/[<>]/);
    expect(text).not.toMatch(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/);
  });
});

test('a reply is plain text of 72 columns that says what was found and how to see it', () => {
  for (const verdict of [...verdicts, holds]) {
    const text = reply(verdict);
    for (const line of text.split('\n')) {
      expect(line.length).toBeLessThanOrEqual(72);
      expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
    expect(text).toContain(`quiesce check ${verdict.scenario.name}`);
    for (const ce of verdict.violations) expect(text.replace(/\s+/g, ' ')).toContain(`${ce.signature}.sched`);
    expect(text.includes('MODEL:')).toBe(verdict.violations.length > 0);
  }
});
