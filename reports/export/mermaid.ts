/**
 * A sequence diagram as Mermaid text, which forges draw where it stands in a fenced block: a note for each step that
 * matters, an arrow where a step of one task had to come before one of another, and at the end who waits for what.
 *
 * Limits: at most 60 steps, those that matter most; how many were left out is said.
 */
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import { plural } from '../numbers.ts';
import { blockedAtEnd, participants, stepText, weights } from '../trace.ts';
import { causality } from './causality.ts';

const MOST_STEPS = 60;

/** Mermaid ends a statement at a semicolon and begins a comment at `%%`; names of the model must do neither. */
const escaped = (text: string): string =>
  text.replace(/[#;%<>"\\]/g, (c) => `#${c.charCodeAt(0)};`).replace(/[^\x20-\x7e]/g, ' ');

export function mermaid(ce: Counterexample): string {
  const actors = participants(ce).in.map((s) => s.actor);
  const alias = (actor: string) => `a${actors.indexOf(actor)}`;
  const weight = weights(ce);
  const chosen = new Set(
    ce.steps
      .map((_, i) => i)
      .sort((a, b) => (weight[b] as number) - (weight[a] as number) || a - b)
      .slice(0, MOST_STEPS),
  );
  const lines = ['sequenceDiagram', `  %% ${ce.signature}`];
  for (const actor of actors) lines.push(`  participant ${alias(actor)} as ${escaped(actor)}`);
  const { causes } = causality(ce);
  for (const [i, step] of ce.steps.entries()) {
    if (!chosen.has(i)) continue;
    for (const cause of causes)
      if (cause.after === step.index && chosen.has(cause.before - 1)) {
        const from = ce.steps[cause.before - 1]?.actor as string;
        lines.push(
          `  ${alias(from)}-->>${alias(step.actor)}: ${escaped(`${cause.before} before ${step.index}: ${cause.field}`)}`,
        );
      }
    lines.push(`  Note over ${alias(step.actor)}: ${escaped(`${step.index}. ${stepText(step)}`)}`);
  }
  for (const s of blockedAtEnd(ce)) {
    if (actors.includes(s.actor))
      lines.push(`  Note over ${alias(s.actor)}: ${escaped(`waits for ${s.waits?.on ?? 'its guard'}`)}`);
  }
  const all = actors.length > 1 ? `${alias(actors[0] as string)},${alias(actors[actors.length - 1] as string)}` : 'a0';
  lines.push(`  Note over ${all}: ${escaped(ce.evidence.message)}`);
  const out = ce.steps.length - chosen.size;
  if (out > 0) lines.push(`  Note over ${all}: ${plural(out, 'step')} not shown`);
  return `${lines.join('\n')}\n`;
}
