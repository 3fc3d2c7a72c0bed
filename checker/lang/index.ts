/** The modelling language: everything a model may import from the checker. */
export type { Body, Reads, Statement, StepNotes, Waiting } from './body.ts';
export { modelError, nearest, QuiesceError, type QuiesceErrorCode } from './errors.ts';
export {
  type Actor,
  type ActorSet,
  actor,
  actors,
  array,
  atomic,
  bool,
  constant,
  each,
  type Field,
  type FieldMark,
  type FixedArray,
  int,
  type List,
  list,
  oneOf,
  op,
  opaque,
  type ParamSpec,
  type Ring,
  racy,
  ref,
  ring,
  struct,
  u8,
} from './fields.ts';
export { type BlockOptions, type Kit, kit, type Notes, pathOf } from './kit.ts';
export { type MachineSpec, machine, type Transition } from './machine.ts';
export { nameOf } from './names.ts';
export { type ObjectType, object, type ParamValues, type Shape, type View, type ViewOf } from './object.ts';
export {
  type CallbackType,
  callbackType,
  type Frame,
  type Locals,
  makeProcedure,
  type None,
  type Params,
  type Procedure,
  type ProcedureSpec,
  procedure,
} from './procedure.ts';
export {
  type Always,
  type AtEnd,
  always,
  atEnd,
  type Concerns,
  type Eventually,
  eventually,
  isLiveness,
  type LeadsTo,
  type Liveness,
  leadsTo,
  type Now,
  type Property,
  type Sometimes,
  sometimes,
} from './property.ts';
export {
  type ActorOptions,
  type Bounds,
  does,
  type Expectation,
  type Operation,
  type Pool,
  type Scenario,
  type ScenarioSpec,
  type Setup,
  type StateView,
  scenario,
  type Variant,
} from './scenario.ts';
export { patch, type Source, sourceText } from './source.ts';
export { type Setting, type Switch, set, switchOf } from './switches.ts';
export { type Evidence, Violation, type ViolationKind, violated, violationKinds } from './violation.ts';
