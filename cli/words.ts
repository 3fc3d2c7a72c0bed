/**
 * The dictionary behind `quiesce explain`. The words are those of docs/glossary.md; a house test keeps the lists of
 * kinds, outcomes and error codes complete.
 */
import type { StrategyName } from '../checker/check.ts';
import type { Property, QuiesceErrorCode, ViolationKind } from '../checker/lang/index.ts';
import type { StoreName } from '../checker/stores.ts';
import type { Outcome } from '../checker/verdict.ts';

export const violations: Readonly<Record<ViolationKind, string>> = {
  deadlock:
    'Nobody can move although somebody has not finished. The report names who waits for what and who owns it; the kind in brackets tells a lock cycle from a lock held across a wait or a flush, and from an actor that waits for itself.',
  stuck:
    'One or more actors can never move again although others go on: from this state no schedule lets them take another step. A partial deadlock, or a lost wake-up.',
  'use-after-free':
    'A step or guard followed a pointer to an object that was freed. Found at the access itself, with the steps that allocated and freed the object.',
  'double-free': 'An object was freed a second time.',
  'invalid-free': 'Something was freed that was never allocated, or that is still in use.',
  refcount:
    'A reference count went below zero, or was raised from zero: somebody gave up a reference that was not theirs, or revived a dying object.',
  'null-dereference': 'A step followed a NULL pointer.',
  leak: 'Everybody has ended, an object is still allocated, and no reference leads to it.',
  'sleep-in-atomic': 'A step that may sleep ran while its actor held a spinlock.',
  'lock-misuse': 'A lock was released by somebody who does not hold it, or was still held when its holder ended.',
  'list-corruption': 'A list node was added while on a list, or removed while on none.',
  'data-race':
    'Two accesses to one field by different actors, one of them a write, that nothing orders. Only `check --analyse` looks for them, along walks.',
  isolation:
    'A DMA access, a translation or the answer to a page request reached an address space it does not belong to.',
  protocol: 'An ordering that the interface promises was broken, such as a callback after teardown returned.',
  assertion: 'An assertion of the model failed.',
  liveness:
    'Something that must come at last (`eventually`, leads-to) never does, although every actor that could go on gets its turn. The schedule ends in a cycle that can be taken for ever, or where nobody has to move.',
  unreached:
    'A goal declared with `sometimes` was reached in no state, although the whole space was searched. Without it a pass would be vacuous.',
};

export const propertyKinds: Readonly<Record<Property['kind'] | 'built-in', string>> = {
  'built-in': 'Checked in every scenario: lifetime, reference counts, locks, lists, deadlock, leak.',
  always: 'Holds in every reachable state. Evaluated once for each new state.',
  sometimes: 'Must be true in at least one reachable state; the verdict fails if it never is.',
  'at-end': 'Holds in every state where nobody can move and everybody has legally ended.',
  eventually:
    'Comes on every weakly fair schedule: an actor that could move in every state from some point on does move.',
  'leads-to':
    'Whenever one thing is true, another is true then or later on every weakly fair schedule, such as an answer after a request.',
};

export const outcomes: Readonly<Record<Outcome, string>> = {
  violated: 'A schedule that breaks a property was found. It is in the report and can be replayed.',
  holds:
    'Every state within the bounds was visited and no property was broken. It says nothing about larger bounds, and nothing about a real machine.',
  undecided: 'The search stopped before it was complete and had found nothing. The reason and what was left are told.',
};

export const words: Readonly<Record<string, string>> = {
  system: 'A modelled piece of kernel or hardware, such as sva, iopf, vfio, smmu.',
  switch: 'A named choice inside a system: behaviour as posted, a fix, or a later revision.',
  variant: 'A named set of switches of a scenario, such as posted or fixed.',
  actor: 'Anything that runs: a task, an irq thread, a worker, a timer, a hardware agent.',
  procedure: 'A kernel function as an ordered list of steps, called by actors.',
  step: 'The unit of interleaving: one guard and one indivisible effect.',
  state: 'All shared objects, and where every actor stands with its locals.',
  footprint: 'What a step read and wrote, recorded while it ran.',
  scenario: 'Systems, switches, programs of actors, bounds, properties, and the verdict that is expected.',
  bounds: 'How many of everything: devices, address spaces, page requests, injected failures.',
  schedule: 'The sequence of (actor, step, choice) that leads to a state, written with names.',
  property: 'What must be true: always, sometimes, at the end, or at last.',
  evidence: 'What a property returns when it is broken: the kind, and the objects and actors it is about.',
  counterexample: 'A schedule whose last state violates a property, with what is known about why.',
  signature: 'Eight hex digits over property and roles: equal for two violations that are the same bug.',
  verdict: 'violated, holds within bounds, or undecided. Never anything else.',
  loop: 'The part of a schedule that is taken for ever; it ends in the state in which it begins.',
  'weak fairness': 'An actor that could move in every state from some point on does move.',
  'essential ordering':
    'A pair of steps of two actors that another schedule can have the other way round: swap them and the violation is gone.',
  budget: 'How often an injected failure, such as kmalloc, may happen in one run.',
  program: 'What a generated scenario does: operations that were done before, and those of each actor, in order.',
  contract: 'What the kernel states about callers, such as a reference they hold. Generated programs keep it.',
  moved:
    'Of a stored schedule: the same bug is still found within the same bounds, but by other steps, or in a model whose text has changed.',
  'locally minimal':
    'Of a shrunk schedule: nothing that was tried makes it simpler, but no search has proven that nothing can.',
  'context switch':
    'A place in a schedule where another actor goes on. Of the shortest schedules the one with the fewest is shown.',
  preemption: 'A context switch away from an actor that could have gone on.',
  frontier: 'The states that were found and are not yet expanded: the queue of a progress line.',
  complete: 'Every state within the bounds was visited; nothing is left in the queue.',
  store:
    'How visited states are kept: exact, compressed, compact or bitstate. The last two keep hashes and may miss states.',
  reduction:
    'A way to visit fewer states with the same verdict: symmetry or persistent sets. The verdict names each with its factor.',
  symmetry: 'States that differ only in the names of interchangeable actors, objects and heap slots count as one.',
  'persistent sets':
    'Orders of steps that cannot change what happens are left out, as told by the footprints of the steps.',
  checkpoint:
    'A file that holds a search between two levels. With --resume the search goes on and ends in the same verdict.',
  spill: 'To go on with the states on disk, slower, when the memory given with --mem is full.',
  grow: 'To raise the bounds until time or memory is spent: how far is everything known? With --down, the smallest bounds that show the bug.',
  walk: 'One schedule taken from the start to the end or to the greatest depth, with choices drawn from a seed. Walks prove nothing.',
  'injected failure': 'A failure the scenario allows, such as a kmalloc that returns NULL; how many is its budget.',
  coverage:
    'Which steps were never taken and which guards were never false: what a verdict of holds says nothing about.',
  divergence: 'The first step of a stored schedule that the model does not allow, with the guard that refused it.',
  'proven minimal':
    'No schedule of this signature is shorter, and none of that length has fewer context switches. Without proof, a schedule is minimal locally only.',
  mutant: 'A form that holds with one protection left out, turned or moved; see docs/sensitivity.md.',
  redundant:
    'Of a mutant: nobody notices it within the bounds, although the place was reached and made a difference to what could run.',
  blind:
    'Of a mutant: the scenario cannot tell, because the place was never reached or never decided anything within the bounds.',
  'lock order':
    'Which lock is wanted while which other one is held, over all states, by instance and actor; see docs/analyses.md.',
  'predicted cycle':
    'A cycle in the lock order. Its parts may come from different states, so each is searched for: confirmed, impossible within bounds, or undecided.',
  gate: 'A lock that two actors of a cycle both hold, so that they never stand there at the same time: no cycle is predicted.',
  'data race':
    'Two accesses to one field by different actors, one of them a write, that nothing orders in the schedule that is shown.',
  'happens before':
    'The order that a schedule cannot turn round: by program, locks, waits, the last reference, and fields marked atomic.',
  racy: 'A mark of a field that is accessed without a lock on purpose, as by READ_ONCE. Orders nothing.',
  atomic:
    'A mark of a field whose writes come before later reads, as by acquire and release or under a lock that is not modelled.',
  event:
    'Of ordering coverage: an operation of a program, or a procedure entered through a callback, from its begin to its end.',
  'ordering coverage':
    'For each two events of different actors, which orders the executions within the bounds show: before, after, overlapping.',
};

export const strategies: Readonly<Record<StrategyName, string>> = {
  bfs: 'Breadth-first, level by level: exhaustive, and the first counterexample is a shortest one. The default.',
  dfs: 'Depth-first: exhaustive within the depth limit; counterexamples are not shortest.',
  bounded:
    'Schedules without a preemption first, then with one, two, ...: the simplest counterexamples first. Complete without --preemptions.',
  random: 'Random walks, seeded: for scenarios too large to finish. Finding nothing proves nothing.',
  pct: 'Walks with random priorities that change at a few points, seeded. Finding nothing proves nothing; the least probability of finding a bug that needs few orderings is told.',
  anytime:
    'In turn: about a second of pct, the schedules with 0, 1 and 2 preemptions, then bfs. The first violation is told at once and later stages look for a shorter schedule of it; without one, what is proven so far is told.',
};

export const stores: Readonly<Record<StoreName, string>> = {
  exact: 'Every state with all its bytes. No state is taken for another. The default.',
  compressed: 'Every state without loss in 14 to 20 bytes, however long it is; a search takes about a quarter longer.',
  compact:
    'A hash of 64 bits for each state. A state may be missed; the verdict tells the greatest probability of that.',
  bitstate:
    'Three bits for each state in an array of fixed size. Proves nothing; the verdict tells how much was probably seen.',
};

export const errorCodes: Readonly<Record<QuiesceErrorCode, string>> = {
  model: 'The model is malformed. Found while it is compiled: the place and a hint are given.',
  'model-threw': 'A step, guard or property threw something that is not a violation: a mistake in the model.',
  nondeterminism: 'A step gave two results for one state: it reads a clock, chance or a variable outside the state.',
  usage: 'A name, flag or bound is unknown or out of range.',
  schedule: 'A stored schedule is malformed, from another version, or does not belong to the model.',
  load: 'A model file cannot be bundled or imported.',
  config: 'Flags that do not go together.',
  io: 'A file or folder cannot be read or written.',
};
