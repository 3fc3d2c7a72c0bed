/**
 * The library. What a model file imports as `quiesce`, and what a program calls: the modelling language, `check` and
 * `replay` with the documents they return, the reports, and the scenarios that come with quiesce.
 */
export type { Analysis } from './checker/analyse/analysis.ts';
export type { EventOrders, OrderedPair, VisibleEvent } from './checker/analyse/event-orders.ts';
export type { CyclePart, LockCycle, LockMode, LockOrder } from './checker/analyse/lock-cycles.ts';
export type { DataRace, Races, RacingAccess } from './checker/analyse/races.ts';
export { type CheckOptions, check, type Progress, type StrategyName } from './checker/check.ts';
export type { Cell, CellOptions, CellViolation } from './checker/grow/cell.ts';
export { type GrowOptions, type Growth, grow, type Range } from './checker/grow/grow.ts';
export { type Needs, type NeedsCell, type NeedsOptions, needs } from './checker/grow/needs.ts';
export * from './checker/lang/index.ts';
export type { Running } from './checker/running.ts';
export type { Stage } from './checker/search/anytime.ts';
export type { PctBound } from './checker/search/pct.ts';
export {
  type Sensitivity,
  type SensitivityOptions,
  type SensitivityResult,
  type SensitivityRow,
  sensitivity,
} from './checker/sensitivity/sensitivity.ts';
export { type Shrinking, type ShrinkOptions, type ShrinkProgress, shrink } from './checker/shrink/shrink.ts';
export type { StoreName } from './checker/stores.ts';
export type {
  Call,
  Change,
  Counterexample,
  ExplanatoryGraph,
  GraphEdge,
  HeldLock,
  Ordering,
  Standing,
  TraceStep,
  Value,
  Wait,
} from './checker/trace/counterexample.ts';
export type { Divergence } from './checker/trace/drive.ts';
export { type Replay, replay } from './checker/trace/replay.ts';
export { formatSchedule, parseSchedule, type Schedule, type ScheduleMove } from './checker/trace/schedule.ts';
export type {
  Coverage,
  CoverageEntry,
  Hashing,
  Outcome,
  PropertyResult,
  Reduction,
  Verdict,
} from './checker/verdict.ts';
export {
  type Exploration,
  type ExploreOptions,
  type ExploreProgress,
  explore,
  type FoundViolation,
} from './explore/explore.ts';
export type { Program } from './explore/program.ts';
export type { Unsearched } from './explore/search.ts';
export type { ExplorableSystem } from './explore/system.ts';
export { systemNamed } from './explore/systems/index.ts';
export { type ExploreRun, explorationToJson } from './reports/explore-json.ts';
export { html, replayToJson, verdictFromJson, verdictText, verdictToJson } from './reports/index.ts';
export { scenarios } from './scenarios/index.ts';
