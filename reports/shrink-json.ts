/** What became of a schedule that was to be shrunk, as JSON: `quiesce shrink --json`. */
import type { Shrinking } from '../checker/shrink/shrink.ts';
import type { Size } from '../checker/trace/size.ts';
import { counterexampleShape, divergenceShape } from './json.ts';
import { isObject, number, oneOf, orNull, read, record, type Shape, text, word } from './shapes.ts';

type Of<R extends Shrinking['result']> = Extract<Shrinking, { readonly result: R }>;

const schema = 'quiesce.shrink/1';

/** It came out smaller, or as it was: the schedule is written to a file. */
interface Shrunk extends Of<'shrunk'> {
  readonly schema: typeof schema;
  /** Path of the file. */
  readonly schedule: string;
}
/** It does not fit the model. */
interface Diverged extends Of<'diverged'> {
  readonly schema: typeof schema;
}
/** It ends in another violation than it says. */
interface Another {
  readonly schema: typeof schema;
  readonly result: 'another violation';
  readonly property: string;
  readonly signature: string;
  /** What it was stored for: `deadlock (4f3c21d9)`. */
  readonly wanted: string;
}

/** The document of `quiesce shrink --json`. */
export type ShrinkDocument = Shrunk | Diverged | Another;

const size = record<Size>({ steps: number, switches: number });
const shapes = {
  shrunk: record<Shrunk>({
    schema: word(schema),
    result: word('shrunk'),
    before: size,
    tried: number,
    because: orNull(text),
    schedule: text,
    counterexample: counterexampleShape,
  }),
  diverged: record<Diverged>({ schema: word(schema), result: word('diverged'), divergence: divergenceShape }),
  'another violation': record<Another>({
    schema: word(schema),
    result: word('another violation'),
    property: text,
    signature: text,
    wanted: text,
  }),
} as const;

export const shrinkShape: Shape<ShrinkDocument> = oneOf<ShrinkDocument>(
  Object.values(shapes) as readonly Shape<ShrinkDocument>[],
  (input) => {
    const result = isObject(input) ? input['result'] : undefined;
    const known = typeof result === 'string' && Object.hasOwn(shapes, result) ? (result as keyof typeof shapes) : null;
    return shapes[known ?? 'shrunk'] as Shape<ShrinkDocument>;
  },
);

/** @param path where the shrunk schedule was written. */
export function shrinkToJson(result: Shrinking, wanted: string, path: string): string {
  const document = (): ShrinkDocument => {
    if (result.result === 'shrunk') return { schema, ...result, schedule: path };
    if (result.result === 'diverged') return { schema, ...result };
    const { property, signature } = result.outcome;
    return { schema, result: result.result, property, signature, wanted };
  };
  const checked = read(shrinkShape, document(), { what: 'a shrinking', hint: 'this is a defect in quiesce' });
  return `${JSON.stringify(checked, null, 2)}\n`;
}
