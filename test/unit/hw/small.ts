/** A scenario made in a test, and its verdict. What the verdict should be is said by the test, so none is declared. */
import { check } from '../../../checker/check.ts';
import { type Bounds, patch, type Setting, type Setup, scenario } from '../../../checker/lang/index.ts';
import type { Verdict } from '../../../checker/verdict.ts';

export const source = patch('test')();

export function small(
  setup: (s: Setup<Bounds>) => void,
  settings: readonly Setting[] = [],
  properties?: readonly string[],
): Promise<Verdict> {
  const made = scenario('small', {
    title: 'small',
    about: 'Made by a test.',
    systems: ['test'],
    source,
    bounds: {} as Bounds,
    variants: { only: { about: 'as it is', settings, expect: { verdict: 'holds', states: 1, depth: 0 } } },
    setup,
  });
  return check(made, { explain: false, ...(properties === undefined ? {} : { properties }) });
}

/** Result of a property of the scenario's own. */
export function resultOf(verdict: Verdict, name: string): string {
  const found = verdict.properties.find((p) => p.name === name);
  if (found === undefined) throw new Error(`no property ${name}`);
  return found.result;
}
