/**
 * The front door for kernel functions: `procedure` of the language, over the kernel vocabulary.
 */
import {
  type Body,
  type Frame,
  type Locals,
  makeProcedure,
  type None,
  type Params,
  type Procedure,
  type ProcedureSpec,
} from '../../checker/lang/index.ts';
import { type KernelKit, kernelKit } from './kit.ts';

/** Declares a kernel function. `name` is the C function; locals start at zero or NULL and are forgotten on return. */
export function procedure<P extends Params = None, L extends Locals = None, R = number>(
  name: string,
  spec: ProcedureSpec<P, L, R>,
  build: (k: KernelKit<Frame<P, L>>) => Body<Frame<P, L>>,
): Procedure<P, R> {
  return makeProcedure(name, spec, () => build(kernelKit));
}
