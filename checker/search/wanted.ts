/** Findings that end a search only when a certain signature is seen; the others are counted and dropped. */
import type { CompiledModel } from '../compile/model.ts';
import { type Finding, Findings } from './findings.ts';

export class Wanted extends Findings {
  passedOver = 0;
  readonly #wanted: string | null;

  /** @param wanted any when null. */
  constructor(model: CompiledModel, only: readonly string[] | null, wanted: string | null) {
    super(model, only);
    this.#wanted = wanted;
  }

  override record(...args: Parameters<Findings['record']>): Finding | null {
    const finding = super.record(...args);
    if (finding === null || this.#wanted === null || finding.signature === this.#wanted) return finding;
    this.passedOver++;
    this.violations.splice(this.violations.indexOf(finding), 1);
    return null;
  }
}
