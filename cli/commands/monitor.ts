/** `quiesce monitor`: the state machine of an object of a form that holds, for the runtime verification of the kernel. */
import { projection } from '../../checker/analyse/projection.ts';
import { QuiesceError } from '../../checker/lang/index.ts';
import { monitorDot } from '../../reports/export/monitor.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { findScenario } from '../models.ts';
import { variantOf } from './check.ts';

export interface MonitorFlags {
  readonly variant?: string;
  readonly object: string;
  readonly field: readonly string[];
}

export async function monitorCommand(given: string, flags: MonitorFlags, console: Console): Promise<ExitStatus> {
  const { scenario } = await findScenario(given);
  const holding = Object.keys(scenario.variants).filter((name) => scenario.variants[name]?.expect.verdict === 'holds');
  const variant = variantOf(scenario, flags.variant ?? holding[0]);
  if (!holding.includes(variant))
    throw new QuiesceError(
      'config',
      `${scenario.name} ${variant} is not expected to hold: its protocol is no promise`,
      {
        hint: holding.length === 0 ? 'no variant of it is' : `these are: ${holding.join(', ')}`,
      },
    );
  const seen = projection(scenario, variant, flags.object, flags.field);
  if (seen.steps.length === 0)
    throw new QuiesceError('config', `${flags.object} never changes in ${scenario.name} ${variant}`, {
      hint: 'an object that is allocated may lie in another slot',
    });
  console.out(monitorDot(seen, flags.field).trimEnd());
  return 0;
}
