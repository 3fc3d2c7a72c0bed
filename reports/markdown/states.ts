/** The state machine of an object as a Mermaid state diagram, for the pages about the models. */
import type { Projection } from '../../checker/analyse/projection.ts';

/** Procedures named at an arrow before the rest is only counted. */
const MOST_NAMES = 3;

/** @param fields what the values are of, in their order. */
export function stateDiagram({ initial, steps }: Projection, fields: readonly string[]): string {
  const names = new Map<string, string>();
  const lines: string[] = [];
  const nameOf = (values: readonly string[] | null): string => {
    if (values === null) return '[*]';
    const key = JSON.stringify(values);
    const known = names.get(key);
    if (known !== undefined) return known;
    const name = `s${names.size}`;
    names.set(key, name);
    lines.push(`  state "${described(values, fields)}" as ${name}`);
    return name;
  };
  if (initial !== null) lines.push(`  [*] --> ${nameOf(initial)}`);
  for (const { from, to, procedures } of steps) {
    const [a, b] = [nameOf(from), nameOf(to)];
    lines.push(`  ${a} --> ${b}: ${labelled(procedures)}`);
  }
  const states = lines.filter((line) => line.startsWith('  state '));
  return ['stateDiagram-v2', ...states, ...lines.filter((line) => !line.startsWith('  state '))].join('\n');
}

/** `live`, `refs 2, mm_exit_active`: a field that is false is left out, one that is a word stands for itself. */
function described(values: readonly string[], fields: readonly string[]): string {
  const parts = values.flatMap((value, i) => {
    const field = (fields[i] as string).replace(/\.counter$/, '');
    if (value === 'false') return [];
    if (value === 'true') return [field];
    if (fields.length === 1 && /^[A-Za-z]/.test(value) && value !== 'NULL') return [value];
    return [`${field} ${value}`];
  });
  return (parts.length === 0 ? 'none' : parts.join(', ')).replaceAll('"', "'");
}

function labelled(procedures: readonly string[]): string {
  const shown = procedures.slice(0, MOST_NAMES).join(', ');
  const more = procedures.length - MOST_NAMES;
  return (more > 0 ? `${shown} and ${more} more` : shown).replaceAll(';', ',').replaceAll(':', ' ');
}
