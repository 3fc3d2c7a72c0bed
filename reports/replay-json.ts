/** What became of a stored schedule, as JSON: `quiesce replay --json`. */
import type { Replay } from '../checker/trace/replay.ts';
import { counterexampleShape, divergenceShape } from './json.ts';
import { isObject, oneOf, read, record, type Shape, text, word } from './shapes.ts';

type Of<R extends Replay['result']> = Extract<Replay, { readonly result: R }>;

const common = { schema: word('quiesce.replay/1'), modelHash: text };
const shapes = {
  reproduced: record<Of<'reproduced'>>({
    ...common,
    result: word('reproduced'),
    counterexample: counterexampleShape,
  }),
  'another violation': record<Of<'another violation'>>({
    ...common,
    result: word('another violation'),
    counterexample: counterexampleShape,
    wanted: text,
  }),
  diverged: record<Of<'diverged'>>({
    ...common,
    result: word('diverged'),
    divergence: divergenceShape,
  }),
} as const;

export const replayShape: Shape<Replay> = oneOf<Replay>(Object.values(shapes) as readonly Shape<Replay>[], (input) => {
  const result = isObject(input) ? input['result'] : undefined;
  const known = typeof result === 'string' && Object.hasOwn(shapes, result) ? (result as keyof typeof shapes) : null;
  return shapes[known ?? 'reproduced'] as Shape<Replay>;
});

/**
 * What `replay` returns as JSON text, as `quiesce replay --json` prints it; its schema is `reports/schema/replay-1.json`.
 *
 * When: what became of a schedule is stored or sent on. Cost: milliseconds. Limits: it is written and not read back, because a
 * schedule can be driven again.
 *
 * @example
 * ```ts
 * import { check, parseSchedule, replay, replayToJson, scenarios } from 'quiesce';
 *
 * const scenario = scenarios.find((s) => s.name === 'peers-sva');
 * const { violations } = await check(scenario, { variant: 'posted' });
 * const replayed = replay(scenario, parseSchedule(violations[0].schedule));
 * console.log(JSON.parse(replayToJson(replayed)).schema); // quiesce.replay/1
 * ```
 */
export function replayToJson(replayed: Replay): string {
  const document = read(replayShape, replayed, { what: 'a replay', hint: 'this is a defect in quiesce' });
  return `${JSON.stringify(document, null, 2)}\n`;
}
