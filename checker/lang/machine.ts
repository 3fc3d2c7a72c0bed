/**
 * Machines: hardware as named states and transitions. A machine runs as an actor; in each state the search tries
 * every transition whose guard holds, and the machine may rest in a state marked `rest` for ever.
 */
import type { Acts, Arm, Body, Reads, Statement, Waiting } from './body.ts';
import { modelError, nearest } from './errors.ts';
import { kit } from './kit.ts';
import { type Frame, type Locals, makeProcedure, type None, type Params, type Procedure } from './procedure.ts';
import type { Source } from './source.ts';

/** From one named state to another: guard and effect are one step. */
export interface Transition<F, S extends string> {
  readonly label: string;
  readonly from: S | readonly S[];
  readonly to: S;
  readonly when?: Reads<F, boolean>;
  readonly do?: Acts<F>;
}

/** What `machine` takes beside its transitions. */
export interface MachineSpec<P extends Params, L extends Locals, S extends string> {
  readonly source: Source;
  readonly params?: P;
  readonly locals?: L;
  /** The first state is the initial one. */
  readonly states: readonly S[];
  /** States in which the machine may stay for ever; all unless said otherwise. */
  readonly rest?: readonly S[];
  /** Why transitions may touch several shared fields at once: what the hardware does indivisibly. */
  readonly indivisible?: string;
  /** What it waits for in a state when no transition can be taken. */
  readonly waiting?: { readonly [K in S]?: Waiting<Frame<P, L>> };
}

/**
 * Declares a piece of hardware. A transition is one step: guard and effect are indivisible.
 *
 * @example
 * ```ts
 * import { check, int, machine, object, patch, scenario, sometimes } from 'quiesce';
 *
 * const source = patch('an example')('the manual of a device');
 * const Bell = object('bell', { rung: int(0, 3) }, { permanent: true });
 * const ringer = machine('ringer', { source, params: { bell: Bell }, states: ['quiet', 'loud'] }, [
 *   { label: 'ring', from: 'quiet', to: 'loud', when: (f) => f.bell.rung < 3, do: (f) => { f.bell.rung++; } },
 *   { label: 'rest', from: 'loud', to: 'quiet' },
 * ]);
 * const bells = scenario('bells', {
 *   title: 'a bell',
 *   about: 'A device rings at most three times.',
 *   systems: ['toy'],
 *   source,
 *   bounds: {},
 *   variants: { posted: { about: 'alone', expect: { verdict: 'holds', states: 7, depth: 6 } } },
 *   setup: (s) => {
 *     const bell = s.object(Bell, 'bell');
 *     s.actor('device', ringer, { bell }, { role: 'hardware' });
 *     s.property(sometimes('thrice', 'it rings three times', () => bell.rung === 3));
 *   },
 * });
 * const verdict = await check(bells);
 * console.log(verdict.outcome, verdict.asExpected, verdict.counts.states); // holds true 7
 * ```
 */
export function machine<const S extends string, P extends Params = None, L extends Locals = None>(
  name: string,
  spec: MachineSpec<P, L, S>,
  transitions: readonly Transition<Frame<P, L>, NoInfer<S>>[],
): Procedure<P, number> {
  type F = Frame<P, L>;
  const where = `machine('${name}')`;
  const check = (state: string, label: string) => {
    if ((spec.states as readonly string[]).includes(state)) return;
    const near = nearest(state, spec.states);
    throw modelError(
      `transition "${label}" names unknown state "${state}"`,
      where,
      near ? `did you mean ${near}?` : `states are ${spec.states.join(', ')}`,
    );
  };
  for (const t of transitions) for (const s of [...[t.from].flat(), t.to]) check(s as string, t.label);
  return makeProcedure<P, L, number>(name, spec, (): Body<F> => {
    const body: Statement<F>[] = [];
    for (const state of spec.states) {
      const arms = transitions
        .filter((t) => ([t.from].flat() as readonly string[]).includes(state))
        .map(
          (t): Arm<F> => ({
            name: t.label,
            ...(t.when ? { when: t.when } : {}),
            ...(t.do ? { act: t.do } : {}),
            body: [kit.goto(t.to)],
          }),
        );
      body.push(kit.label(state));
      if (arms.length > 0)
        body.push({
          op: 'choose',
          label: state,
          arms,
          waiting: spec.waiting?.[state] ?? { kind: 'device' },
          ...(spec.indivisible === undefined ? {} : { indivisible: spec.indivisible }),
          idle: (spec.rest ?? spec.states).includes(state as never),
        });
      else body.push(kit.return());
    }
    return body;
  });
}
