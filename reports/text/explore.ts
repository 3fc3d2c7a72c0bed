/** What `quiesce explore` found, at most 72 columns. */
import type { ExploreDocument, ExploredViolation } from '../explore-json.ts';
import { count, plural } from '../numbers.ts';
import { wrap } from './lines.ts';

/** A violation that was not known, in a few lines. */
export function foundText(found: ExploredViolation): string {
  const size = `${plural(found.steps, 'step')}, ${plural(found.switches, 'switch', 'switches')}`;
  return [
    ...wrap(`${found.signature} ${found.variant}  ${found.headline}`),
    ...wrap(`program ${found.program}`, { first: '  ', rest: '    ' }),
    ...wrap(`${size}; first in run ${found.run}, ${plural(found.tried, 'program')} tried to make it smaller`, {
      first: '  ',
      rest: '    ',
    }),
  ].join('\n');
}

/** What became of everything, after the violations. */
export function explorationText(d: ExploreDocument): string {
  const known = d.stored.filter((s) => s.reproduced).length;
  const violations = d.found.length + known;
  return [
    violations === 0
      ? 'NO VIOLATION in what was explored'
      : `${plural(violations, 'VIOLATION')}, ${d.found.length} of them new`,
    ...wrap(
      `${count(d.runs)} of ${plural(d.wanted, 'run')}, seed ${d.seed}: ${plural(d.distinct, 'program')}, ` +
        `${count(d.exhaustive)} searched as a whole, ${count(d.partly)} in part, ${plural(d.states, 'state')}`,
      { first: '  ', rest: '    ' },
    ),
    ...mistakes(d.unsearched),
    ...(d.withoutContracts.length === 0
      ? []
      : wrap(`without ${d.withoutContracts.join(', ')}`, { first: '  ', rest: '    ' })),
    ...(d.stoppedBecause === null ? [] : [`  stopped: ${d.stoppedBecause}`]),
  ].join('\n');
}

/** Programs that could not be searched, with the first of them. */
function mistakes(unsearched: ExploreDocument['unsearched']): string[] {
  const [first] = unsearched;
  if (first === undefined) return [];
  const text = `${plural(unsearched.length, 'program')} not searched, the model is wrong: ${first.variant} ${first.program} ${first.why}`;
  return wrap(text, { first: '  ', rest: '    ' });
}
