/**
 * A verdict as text for a mail below a patch: what was checked, what was found, how to see it again. ASCII, 72 columns.
 * Whoever sends it adds the greeting.
 */

import { sourceText } from '../../checker/lang/source.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { capital, checkCommand, contextOf, headline, incompleteText, pairs } from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { command, wrap } from './lines.ts';
import { splat } from './splat.ts';

export function reply(verdict: Verdict): string {
  const context = contextOf(verdict);
  const { scenario, counts } = verdict;
  const incomplete = incompleteText(verdict);
  const searched =
    `${plural(counts.states, 'state')}, ${plural(counts.transitions, 'transition')}, depth ${count(counts.depth)}, ` +
    `${incomplete === null ? 'complete' : `not complete: ${incomplete}`}`;
  const paragraphs: string[][] = [
    wrap(
      `I checked a model of ${sourceText(scenario.source)} with quiesce ${verdict.tool.version}: ${capital(scenario.title)}. ` +
        `Form "${verdict.variant}" (${verdict.variantAbout}), within ${pairs(verdict.bounds, 'its only bounds')}.`,
    ),
    wrap(`${headline(verdict)}: ${searched}.`),
  ];
  for (const ce of verdict.violations) {
    if (ce.story.length > 0) paragraphs.push(wrap(ce.story.join(' ')));
    paragraphs.push(splat(ce, context).split('\n'));
  }
  if (verdict.violations.length === 0)
    paragraphs.push(
      wrap(`${count(verdict.coverage.taken)} of ${plural(verdict.coverage.steps, 'step')} of the model were taken.`),
    );
  if (scenario.assumptions.length > 0)
    paragraphs.push(['Assumed:', ...scenario.assumptions.flatMap((a) => wrap(a, { first: '  - ', rest: '    ' }))]);
  paragraphs.push(['To see it again:', '', ...command(checkCommand(verdict), '  ')]);
  paragraphs.push(wrap('This is a verdict about a model of the code within bounds, not about the code itself.'));
  return paragraphs.map((lines) => lines.join('\n')).join('\n\n');
}
