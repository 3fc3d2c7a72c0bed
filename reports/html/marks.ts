/** The tone of a result: a colour, and a mark and a word that say the same to those who do not see it. */
import type { Verdict } from '../../checker/verdict.ts';
import { h, type Markup } from './write.ts';

export type Tone = 'bad' | 'good' | 'warn';

/** What stands before the word. */
export const marks: Readonly<Record<Tone, string>> = { bad: '\u2716', good: '\u2714', warn: '?' };

type Result = Verdict['properties'][number]['result'];

/** The tone of what became of a property. */
export function toneOf(result: Result): Tone {
  if (result === 'undecided') return 'warn';
  return result === 'holds' || result === 'reached' ? 'good' : 'bad';
}

/** The tone of a verdict; only a complete search is a good one. */
export function verdictTone({ outcome, complete }: Pick<Verdict, 'outcome' | 'complete'>): Tone {
  if (outcome === 'violated') return 'bad';
  return outcome === 'holds' && complete ? 'good' : 'warn';
}

/** What became of a property, by mark, word and colour. */
export function resultMark(result: Result): Markup {
  const tone = toneOf(result);
  return h('span', { class: `word ${tone}` }, `${marks[tone]} ${result}`);
}
