/**
 * Another form of a scenario in which procedures have other bodies than the model gives them: what a mutation is. Nothing
 * of the model itself is changed, and the form keeps the name, the bounds and the properties of the scenario.
 *
 * Limits: known within one process only, so that a revised form is searched by one thread.
 */
import type { Body } from '../lang/body.ts';
import type { Params, Procedure } from '../lang/procedure.ts';
import type { Scenario } from '../lang/scenario.ts';
import type { Layout } from './layout.ts';

/** What is known of the model while a body is revised. */
export interface Revising {
  readonly layout: Layout;
  /** Value of each switch that the variant sets; others have their first one. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Gives the body a procedure shall have. Called once for each procedure and compilation. */
export type Revise = (procedure: Procedure<Params, unknown>, body: Body<never>, about: Revising) => Body<never>;

const revisions = new WeakMap<Scenario, Revise>();

/** The scenario with revised procedures. */
export function revised(scenario: Scenario, revise: Revise): Scenario {
  const form = { ...scenario };
  revisions.set(form, revise);
  return form;
}

/** Bodies for one compilation. */
export function bodiesOf(
  scenario: Scenario,
  layout: Layout,
  settings: ReadonlyMap<string, string>,
): (procedure: Procedure<Params, unknown>) => Body<never> {
  const revise = revisions.get(scenario);
  if (revise === undefined) return (procedure) => procedure.body();
  const known = new Map<Procedure<Params, unknown>, Body<never>>();
  return (procedure) => {
    let body = known.get(procedure);
    if (body === undefined) {
      body = revise(procedure, procedure.body(), { layout, settings });
      known.set(procedure, body);
    }
    return body;
  };
}
