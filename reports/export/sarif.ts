/**
 * SARIF 2.1.0, for forges and editors: a rule for each kind of violation, a result for each counterexample, with two code
 * flows: one merged thread flow, in which each message begins with the task, for viewers that read only one; and one
 * thread flow a task, joined by `executionOrder`.
 *
 * Forges keep 1,000 locations of the flows of a result: of longer traces the steps that matter least are left out, and the
 * message says so. They refuse a whole file in which one location names no file and line. A step names the file of the
 * kernel tree that its source has, any other, such as one of hardware, the model; and the first line, because models are
 * written from patches.
 *
 * Limits: a forge takes 25,000 results and 10 MB, zipped, and shows 5,000 results. What it would refuse a file for is left
 * out, from the last result on, and a notification of the run says how many.
 *
 * Source: OASIS SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; "About code scanning limits
 * on SARIF results" and "SARIF support for code scanning", docs.github.com.
 */
import { gzipSync } from 'node:zlib';
import type {
  CodeFlow,
  Location,
  Log,
  Notification,
  PhysicalLocation,
  ReportingDescriptor,
  Result,
  ThreadFlowLocation,
} from 'sarif';
import { sourceText } from '../../checker/lang/source.ts';
import { type ViolationKind, violationKinds } from '../../checker/lang/violation.ts';
import type { Counterexample, TraceStep } from '../../checker/trace/counterexample.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { type Context, contextOf, kindText, neededText, pairs, replayCommand, schedulePath } from '../facts.ts';
import { plural } from '../numbers.ts';
import { lastStep, stepText, weights } from '../trace.ts';

/** Locations of a result, in both code flows together, that forges show. */
export const MOST_LOCATIONS = 1000;
/** Results that forges take in a file. */
export const MOST_RESULTS = 25_000;
/** Bytes of a zipped file that they take, less what stands around the results. */
export const MOST_ZIPPED_BYTES = 9_900_000;
/** Characters that are zipped at once to see how large they get. */
const BLOCK = 1_000_000;

/** What is exported: the counterexamples of a verdict, or that of a schedule. */
export interface Exported {
  readonly context: Context;
  readonly violations: readonly Counterexample[];
  readonly version: string;
}

export const exportedOf = (verdict: Verdict): Exported => ({
  context: contextOf(verdict),
  violations: verdict.violations,
  version: verdict.tool.version,
});

export function sarif(exported: Exported): string {
  return `${JSON.stringify(sarifLog(exported, codeFlows), null, 1)}\n`;
}

/** The log, with the code flows of each counterexample as they are given. */
export function sarifLog({ context, violations, version }: Exported, flows: typeof codeFlows): Log {
  const kinds = [...new Set(violations.map((ce) => ce.evidence.kind))].sort();
  const results = taken(violations, (ce) => ({
    ...result(ce, context, kinds.indexOf(ce.evidence.kind)),
    codeFlows: flows(ce, modelFile(context)),
  }));
  const left = violations.length - results.length;
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'quiesce', version, semanticVersion: version, rules: kinds.map(rule) } },
        columnKind: 'utf16CodeUnits',
        properties: { scenario: context.scenario, variant: context.variant, bounds: pairs(context.bounds) },
        ...(left === 0
          ? {}
          : { invocations: [{ executionSuccessful: true, toolExecutionNotifications: [notTaken(left)] }] }),
        results,
      },
    ],
  };
}

/** Results from the first on, as many as forges take; they are zipped a block at a time, which comes to hardly more than all at once. */
function taken(violations: readonly Counterexample[], resultOf: (ce: Counterexample) => Result): Result[] {
  const most = violations.slice(0, MOST_RESULTS);
  const results: Result[] = [];
  let [room, block, counted] = [MOST_ZIPPED_BYTES, '', 0];
  for (const ce of most) {
    const made = resultOf(ce);
    results.push(made);
    block += JSON.stringify(made, null, 1);
    if (block.length < BLOCK && results.length < most.length) continue;
    room -= gzipSync(block).length;
    if (room < 0) return results.slice(0, counted);
    [block, counted] = ['', results.length];
  }
  return results;
}

const notTaken = (left: number): Notification => ({
  descriptor: { id: 'results-left-out' },
  level: 'warning',
  message: { text: `${plural(left, 'result')} more than forges take in one file: left out here, the verdict has all.` },
});

function rule(kind: ViolationKind): ReportingDescriptor {
  return {
    id: kind,
    shortDescription: { text: kind },
    fullDescription: { text: violationKinds[kind] },
    help: { text: `quiesce explain ${kind}` },
    defaultConfiguration: { level: 'error' },
  };
}

function result(ce: Counterexample, context: Context, ruleIndex: number): Result {
  const { left } = chosen(ce);
  const model = modelFile(context);
  const needed = neededText(ce);
  const text = [
    `${ce.headline}: ${ce.evidence.message}.`,
    `${kindText(ce)}, ${plural(ce.steps.length, 'step')}, ${plural(ce.switches, 'context switch', 'context switches')}.`,
    ...ce.story,
    ...(needed === null ? [] : [`Needed: ${needed}.`]),
    ...(left === 0 ? [] : [`${plural(left, 'step')} of the trace that matter less are left out here.`]),
    `Replay: ${replayCommand(schedulePath(context, ce), context.model)}`,
  ].join(' ');
  const place = ce.steps.findLast((step) => step.source.file !== undefined) ?? lastStep(ce);
  return {
    ruleId: ce.evidence.kind,
    ruleIndex,
    level: 'error',
    kind: 'fail',
    message: { text },
    locations: [place === null ? { physicalLocation: fileLocation(model) } : location(place, model)],
    partialFingerprints: { 'quiesceSignature/v1': ce.signature },
  };
}

/** All tasks in one flow, and a flow a task. */
function codeFlows(ce: Counterexample, model: string): CodeFlow[] {
  const { shown } = chosen(ce);
  return [
    {
      message: { text: 'all tasks in one' },
      threadFlows: [
        { id: 'schedule', locations: shown.map((step) => flowLocation(ce, step, `${step.actor}: `, model)) },
      ],
    },
    {
      message: { text: 'a thread flow a task' },
      threadFlows: [...new Set(shown.map((s) => s.actor))].map((actor) => ({
        id: actor,
        locations: shown.filter((s) => s.actor === actor).map((step) => flowLocation(ce, step, '', model)),
      })),
    },
  ];
}

/** The steps that fit, each of which stands in both code flows. The script of the HTML report chooses the same. */
function chosen(ce: Counterexample): { readonly shown: readonly TraceStep[]; readonly left: number } {
  // One location is that of the result itself.
  const room = Math.floor((MOST_LOCATIONS - 1) / 2);
  const weight = weights(ce);
  const kept = new Set(
    ce.steps
      .map((_, i) => i)
      .sort((a, b) => (weight[b] as number) - (weight[a] as number) || b - a)
      .slice(0, room),
  );
  return { shown: ce.steps.filter((_, i) => kept.has(i)), left: ce.steps.length - kept.size };
}

function flowLocation(ce: Counterexample, step: TraceStep, prefix: string, model: string): ThreadFlowLocation {
  const kinds = [
    ...(step.acquires.length > 0 ? ['acquire', 'lock'] : []),
    ...(step.releases.length > 0 ? ['release', 'lock'] : []),
    ...(step.choice === null ? [] : ['branch']),
  ];
  return {
    executionOrder: step.index,
    nestingLevel: Math.max(0, step.stack.length - 1),
    importance:
      step.essential || step === lastStep(ce) ? 'essential' : step.acquires.length > 0 ? 'important' : 'unimportant',
    ...(kinds.length === 0 ? {} : { kinds: [...new Set(kinds)] }),
    location: { ...location(step, model), message: { text: `${prefix}${step.index}. ${stepText(step)}` } },
    state: Object.fromEntries(step.changes.map((c) => [c.path, { text: c.after ?? 'gone' }])),
  };
}

/** What stands for the model where the kernel has no file: that of the user, else the scenario. */
export const modelFile = ({ model, scenario }: Context): string => model ?? `scenarios/${scenario}`;

function location({ source, procedure, label }: TraceStep, model: string): Location {
  return {
    physicalLocation: fileLocation(source.file ?? model),
    logicalLocations: [{ name: procedure, fullyQualifiedName: `${procedure}/${label}`, kind: 'function' }],
    message: { text: sourceText(source) },
  };
}

function fileLocation(file: string): PhysicalLocation {
  return { artifactLocation: { uri: encodeURI(file) }, region: { startLine: 1 } };
}
