/** `quiesce shrink`: makes a stored schedule as simple as it can be, and keeps the violation. */
import { dirname, join, resolve } from 'node:path';
import { type ShrinkProgress, shrink } from '../../checker/shrink/shrink.ts';
import { wantedOf } from '../../checker/trace/drive.ts';
import { count, divergenceText, plural, splat } from '../../reports/index.ts';
import { shrinkToJson } from '../../reports/shrink-json.ts';
import { paint } from '../color.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { shown, writeWhole } from '../files.ts';
import { onInterrupt } from '../interrupt.ts';
import { timedLine } from '../live-line.ts';
import { readAnySchedule, scenarioOf } from './replay.ts';

export interface ShrinkFlags {
  readonly model?: string;
  readonly states?: number;
  readonly out?: string;
  readonly json?: boolean;
}

export async function shrinkCommand(file: string, flags: ShrinkFlags, console: Console): Promise<ExitStatus> {
  const schedule = readAnySchedule(file);
  const scenario = await scenarioOf(schedule, flags.model, file);
  const interrupt = onInterrupt(console);
  const line = shrinkLine(console);
  try {
    const result = await shrink(scenario, schedule, {
      ...(flags.states === undefined ? {} : { maxStates: flags.states }),
      signal: interrupt.signal,
      onProgress: line.show,
    });
    line.clear();
    const path = flags.out === undefined ? besideOf(file) : resolve(flags.out);
    if (result.result === 'shrunk') writeWhole(path, result.counterexample.schedule);
    if (flags.json === true) console.out(shrinkToJson(result, wantedOf(schedule), shown(path)).trimEnd());
    else if (result.result === 'diverged') console.out(divergenceText(result.divergence, schedule));
    else if (result.result === 'another violation') {
      const { property, signature } = result.outcome;
      console.out(`ANOTHER VIOLATION: ${property} (${signature}) instead of ${wantedOf(schedule)}`);
    } else {
      const { counterexample, before, because } = result;
      const { variant, bounds } = schedule;
      const context = { scenario: scenario.name, variant, bounds, model: flags.model ?? null };
      console.out(paint(splat(counterexample, context, { schedule: shown(path) }), console));
      const after = { steps: counterexample.steps.length, switches: counterexample.switches };
      console.out(`before    ${sizeText(before)}`);
      console.out(
        `after     ${sizeText(after)}, ${because === null ? 'proven minimal' : `locally minimal: ${because}`}`,
      );
      console.out(`schedule  ${shown(path)}`);
    }
    if (result.result !== 'shrunk') return 20;
    return interrupt.status ?? 0;
  } finally {
    line.clear();
    interrupt.release();
  }
}

/** `x.shrunk.sched` beside `x.sched`. */
function besideOf(file: string): string {
  const name = (resolve(file).split(/[/\\]/).pop() ?? '').replace(/(\.shrunk)?(\.sched|\.itf\.json)$/, '');
  return join(dirname(resolve(file)), `${name}.shrunk.sched`);
}

function sizeText({ steps, switches }: { readonly steps: number; readonly switches: number }): string {
  return `${plural(steps, 'step')}, ${plural(switches, 'switch', 'switches')}`;
}

function shrinkLine(console: Console): { show(progress: ShrinkProgress): void; clear(): void } {
  const line = timedLine(console);
  return {
    show({ phase, steps, switches, tried, states }) {
      const what = phase === 'search' ? `proving it minimal, ${count(states)} states` : `fewer ${phase}`;
      line.show(` ${sizeText({ steps, switches })}   ${count(tried)} tried   ${what}`);
    },
    clear: line.clear,
  };
}
