/**
 * Which switches and failure budgets the programs of a scenario name anywhere, in arms that the variant does not choose
 * as well. A setting or a budget that nothing names is misspelt, or of another system.
 */
import type { Body } from '../lang/body.ts';
import type { CallbackType, Params, Procedure } from '../lang/procedure.ts';

type AnyProcedure = Procedure<Params, unknown>;

export class Mentions {
  readonly switches = new Set<string>();
  readonly budgets = new Set<string>();
  readonly #seen = new Set<AnyProcedure>();
  readonly #implementations: ReadonlyMap<CallbackType<Params, unknown>, readonly AnyProcedure[]>;

  constructor(implementations: ReadonlyMap<CallbackType<Params, unknown>, readonly AnyProcedure[]>) {
    this.#implementations = implementations;
  }

  /** Looks through a procedure and all that it may call. */
  procedure(procedure: AnyProcedure): void {
    if (this.#seen.has(procedure)) return;
    this.#seen.add(procedure);
    this.#body(procedure.body());
  }

  #body(body: Body<never>): void {
    for (const s of body)
      switch (s.op) {
        case 'branch':
        case 'if':
          this.#body(s.yes);
          this.#body(s.no);
          break;
        case 'choose':
          for (const arm of s.arms) this.#body(arm.body);
          break;
        case 'attempt':
        case 'alloc':
          if (s.budget !== null) this.budgets.add(s.budget);
          this.#body(s.orElse);
          break;
        case 'loop':
          this.#body(s.body);
          break;
        case 'call':
          this.procedure(s.procedure());
          break;
        case 'callback':
          for (const p of this.#implementations.get(s.type) ?? []) this.procedure(p);
          this.#body(s.orElse);
          break;
        case 'switch':
          this.switches.add(s.on.name);
          for (const arm of Object.values(s.arms)) this.#body(arm);
          break;
      }
  }
}
