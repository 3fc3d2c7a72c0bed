/** Where the steps lead that could have been taken beside a schedule, for all that draws the state graph. */
import type { Branch } from '../checker/trace/branches.ts';

/** The branch breaks a promise, or the schedule's next step after it does. */
export const isBroken = ({ leads }: Branch): boolean => leads === 'broken' || leads === 'breaks';

/**
 * The state that the schedule's next step leads to from the end of a branch: a state of the schedule, or one beside it that
 * the same branch leads to one state later. Null where it leads nowhere that is known.
 */
export function afterBranch(b: Branch): { readonly state: number; readonly beside: boolean } | null {
  if (b.leads === 'joins') return { state: b.at + 2, beside: false };
  return b.leads === 'along' ? { state: b.at + 1, beside: true } : null;
}
