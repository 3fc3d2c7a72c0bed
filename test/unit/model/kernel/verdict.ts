/** Runs a tiny model to its verdict, in the words a test compares. */
import { check } from '../../../../checker/check.ts';
import type { Bounds, Setup } from '../../../../checker/lang/index.ts';
import { tiny } from '../../../support/tiny.ts';

/** `holds`, or the kind of the shortest violation; of a deadlock, also what kind of deadlock. */
export async function verdictOf(setup: (s: Setup<Bounds>) => void): Promise<string> {
  const verdict = await check(tiny(setup), { explain: false });
  if (verdict.outcome === 'undecided') throw new Error(verdict.incompleteBecause ?? 'undecided');
  const violation = verdict.violations[0];
  if (violation === undefined) return verdict.outcome;
  const { kind } = violation.evidence;
  return violation.subkind === null ? kind : `${kind}: ${violation.subkind}`;
}

/** What the evidence says, for tests of the message. */
export async function messageOf(setup: (s: Setup<Bounds>) => void): Promise<string> {
  const verdict = await check(tiny(setup), { explain: false });
  return verdict.violations[0]?.evidence.message ?? verdict.outcome;
}
