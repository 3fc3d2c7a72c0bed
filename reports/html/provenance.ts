/** Where a verdict comes from: all that is needed to get it again, beside what the strip says. */
import type { Verdict } from '../../checker/verdict.ts';
import { checkCommand, pairs } from '../facts.ts';
import { bytes, duration, rate } from '../numbers.ts';
import { facts } from './tables.ts';
import { h, type Markup } from './write.ts';

export function provenance(verdict: Verdict): Markup {
  const t = verdict.timing;
  return facts([
    ['Command', h('code', null, checkCommand(verdict))],
    [
      'Options',
      h('code', null, pairs(Object.fromEntries(Object.entries(verdict.options).filter(([, v]) => v !== null)))),
    ],
    ['Switches', h('code', null, pairs(verdict.settings))],
    ['Systems', verdict.scenario.systems.join(', ')],
    ['Tool', `${verdict.tool.name} ${verdict.tool.version}`],
    ['Licence', 'quiesce: MIT. Nothing of others is in this page.'],
    ['Time', `${duration(t.seconds)}, ${rate(t.statesPerSecond)}, peak memory ${bytes(t.peakMemoryBytes)}`],
    ['Where and when', `${t.machine}, ${t.date}`],
  ]);
}
