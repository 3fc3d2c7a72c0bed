/**
 * A log for ShiViz: one event a step with the vector clock of its actor. The first line is the regular expression that
 * ShiViz parses the rest with, the second, empty, says that there is one execution.
 *
 * Source: the log format of ShiViz (Beschastnikh et al., Debugging distributed systems, ACM Queue 2016).
 */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import { ascii } from '../text/lines.ts';
import { stepText } from '../trace.ts';
import { causality } from './causality.ts';

export const SHIVIZ_PARSER = '(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)';

export function shiviz(ce: Counterexample): string {
  const { clocks } = causality(ce);
  const events = ce.steps.map((step, i) => {
    const changes = step.changes.map((c) => `${c.path}=${c.after ?? 'gone'}`).join(' ');
    const text = `${step.index}. ${stepText(step)}${changes === '' ? '' : ` | ${changes}`}`;
    // The actor's own entry comes first, where a reader looks for it.
    const { [step.actor]: own, ...others } = clocks[i] as Record<string, number>;
    return `${step.actor} ${JSON.stringify({ [step.actor]: own, ...others })}\n${ascii(text)}`;
  });
  return `${[SHIVIZ_PARSER, '', ...events].join('\n')}\n`;
}
