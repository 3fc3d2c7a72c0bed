/**
 * Procedures: a kernel function as an ordered list of steps. Callback types: the signature of an entry of an
 * operations table.
 */
import type { Body } from './body.ts';
import { modelError } from './errors.ts';
import type { Field, ParamSpec } from './fields.ts';
import { type Kit, kit } from './kit.ts';
import { isLine } from './names.ts';
import type { ParamValues } from './object.ts';
import type { Source } from './source.ts';

/** Locals of a procedure, by name; part of the state while it runs. */
export type Locals = Record<string, Field<any>>;
/** Parameters of a procedure, by name. */
export type Params = Record<string, ParamSpec>;

/** A declared procedure with result `R`, as `procedure` and `machine` return it. */
export interface Procedure<P extends Params, R> {
  readonly kind: 'procedure';
  readonly name: string;
  readonly params: P;
  readonly locals: Locals;
  readonly source: Source;
  /** Built on first use, so that procedures may name each other in any order. */
  body(): Body<any>;
  readonly $result?: R;
}

/** What a body sees: the parameters and locals of its procedure. */
export type Frame<P extends Params, L extends Params> = ParamValues<P> & ParamValues<L>;

/** What `procedure` takes beside its body: source, parameters, locals, and the field that holds the result. */
export interface ProcedureSpec<P extends Params, L extends Locals, R> {
  readonly source: Source;
  readonly params?: P;
  readonly locals?: L;
  /** What it returns; an errno unless said otherwise. */
  readonly returns?: Field<R>;
}

/** No parameters, or no locals. */
export type None = Record<never, never>;

/** Assembles a procedure; the typed front doors are `procedure` here and in `model/kernel`. */
export function makeProcedure<P extends Params, L extends Locals, R>(
  name: string,
  spec: ProcedureSpec<P, L, R>,
  build: () => Body<any>,
): Procedure<P, R> {
  const where = `procedure('${name}')`;
  if (!isLine(name) || name.includes('/'))
    throw modelError(`procedure name ${JSON.stringify(name)} is not one line without slashes`);
  if (spec.source === undefined)
    throw modelError(`procedure ${name} has no source`, where, 'say which patch and file it models');
  const params = spec.params ?? ({} as P);
  const locals = spec.locals ?? {};
  for (const key of Object.keys(locals))
    if (key in params) throw modelError(`local "${key}" of ${name} has the name of a parameter`, where);
  let body: ReturnType<typeof build> | undefined;
  return {
    kind: 'procedure',
    name,
    params,
    locals,
    source: spec.source,
    body: () => {
      body ??= build();
      return body;
    },
  };
}

/**
 * Declares a procedure in the base vocabulary. `name` is the C function; locals start at zero or NULL and are
 * forgotten on return.
 *
 * Limits: no recursion; at most 65,535 program points in one actor after its calls are expanded.
 */
export function procedure<P extends Params = None, L extends Locals = None, R = number>(
  name: string,
  spec: ProcedureSpec<P, L, R>,
  build: (k: Kit<Frame<P, L>>) => Body<Frame<P, L>>,
): Procedure<P, R> {
  return makeProcedure(name, spec, () => build(kit));
}

/** The type of an entry of an operations table. */
export interface CallbackType<P extends Params, R> {
  readonly kind: 'callback-type';
  readonly name: string;
  readonly params: P;
  readonly $result?: R;
}

/**
 * Declares the type of a callback, such as `mm_exit`. A scenario lists its implementations; calls through a
 * field of this type are expanded to each of them.
 */
export function callbackType<P extends Params, R = number>(
  name: string,
  params: P,
  _returns?: Field<R>,
): CallbackType<P, R> {
  return { kind: 'callback-type', name, params };
}
