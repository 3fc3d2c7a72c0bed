/**
 * Exit statuses. The numbers stay close to those of TLC, so that wrappers written for it keep working.
 */
import type { QuiesceErrorCode, ViolationKind } from '../checker/lang/index.ts';
import type { Verdict } from '../checker/verdict.ts';

export const exitStatuses = {
  0: 'complete within bounds and every property holds, or the expected violation was found',
  2: 'a command, flag, name or value is wrong',
  10: 'a goal that must be reachable was never reached, so a pass would mean nothing',
  11: 'violated: a deadlock, or an actor that is stuck for ever',
  12: 'violated: safety (lifetime, reference counts, locks, lists, data races, isolation, protocol)',
  13: 'violated: what must come at last never comes (eventually, leads-to)',
  14: 'violated: an assertion of the model',
  20: 'an expectation was not met, or a stored schedule did not reproduce',
  70: 'a defect in quiesce itself',
  75: 'a step, guard or property threw, or gave two results for one state',
  130: 'interrupted by SIGINT; what was known so far is printed as undecided',
  141: 'whoever read the output closed it',
  143: 'stopped by SIGTERM; what was known so far is printed as undecided',
  150: 'a model or a schedule file does not load',
  151: 'flags or environment that do not go together',
  152: 'undecided: a limit of states, time, memory, depth or walks ended the search, or its store proves nothing',
  153: 'the system refused: disk, permissions',
} as const;

export type ExitStatus = keyof typeof exitStatuses;

/** The status for each kind of violation. */
export const statusOfKind: Readonly<Record<ViolationKind, ExitStatus>> = {
  deadlock: 11,
  stuck: 11,
  'use-after-free': 12,
  'double-free': 12,
  'invalid-free': 12,
  refcount: 12,
  'null-dereference': 12,
  leak: 12,
  'sleep-in-atomic': 12,
  'lock-misuse': 12,
  'list-corruption': 12,
  'data-race': 12,
  isolation: 12,
  protocol: 12,
  assertion: 14,
  liveness: 13,
  unreached: 10,
};

/** The status for each kind of error. */
export const statusOfError: Readonly<Record<QuiesceErrorCode, ExitStatus>> = {
  model: 150,
  'model-threw': 75,
  nondeterminism: 75,
  usage: 2,
  schedule: 150,
  load: 150,
  config: 151,
  io: 153,
};

/** The status a verdict alone stands for: the kind of its first violation, or undecided, or holds. */
export function statusOfVerdict(verdict: Verdict): ExitStatus {
  const first = verdict.violations[0];
  if (first !== undefined) return statusOfKind[first.evidence.kind];
  // A goal that was never reached violates without a counterexample: there is no schedule to show.
  if (verdict.outcome === 'violated') return statusOfKind.unreached;
  return verdict.outcome === 'holds' ? 0 : 152;
}
