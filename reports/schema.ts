/**
 * The published schemas of our documents, one file each in reports/schema/. They follow from the shapes that read and
 * write the documents; a document of another version has another file.
 */
import { comparisonShape } from './comparison-json.ts';
import { corpusShape } from './corpus-json.ts';
import { eventShape } from './events-json.ts';
import { explorationShape } from './explore-json.ts';
import { growthShape, needsShape } from './growth-json.ts';
import { historyShape } from './history.ts';
import { verdictShape } from './json.ts';
import { catalogueShape } from './list-json.ts';
import { regressShape } from './regress-json.ts';
import { replayShape } from './replay-json.ts';
import { sensitivityShape } from './sensitivity-json.ts';
import { type JsonSchema, jsonSchemaOf, type Shape } from './shapes.ts';
import { shrinkShape } from './shrink-json.ts';

const documents: readonly (readonly [string, string, Shape<unknown>])[] = [
  ['quiesce.verdict/1', 'Verdict of quiesce check', verdictShape],
  ['quiesce.history/1', 'What became of a form, run after run', historyShape],
  ['quiesce.grow/1', 'Table of quiesce grow', growthShape],
  ['quiesce.needs/1', 'Smallest bounds of a violation, from quiesce grow --down', needsShape],
  ['quiesce.comparison/1', 'Variants side by side, from quiesce compare', comparisonShape],
  ['quiesce.explore/1', 'What quiesce explore found', explorationShape],
  ['quiesce.shrink/1', 'A schedule that was shrunk, from quiesce shrink', shrinkShape],
  ['quiesce.list/1', 'Scenarios, variants and expected verdicts, from quiesce list', catalogueShape],
  ['quiesce.events/1', 'One line of quiesce check --events', eventShape],
  ['quiesce.replay/1', 'What became of a stored schedule, from quiesce replay', replayShape],
  ['quiesce.regress/1', 'Stored schedules and expected verdicts, from quiesce regress', regressShape],
  ['quiesce.corpus/1', 'Every variant of every scenario, from quiesce corpus', corpusShape],
  ['quiesce.sensitivity/1', 'What each mutant of a form shows, from quiesce sensitivity', sensitivityShape],
];

/** Every schema with the name of its file. */
export function publishedSchemas(): readonly { readonly file: string; readonly schema: JsonSchema }[] {
  return documents.map(([name, title, shape]) => ({
    file: `${name.replace('quiesce.', '').replace('/', '-')}.json`,
    schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: name, title, ...jsonSchemaOf(shape) },
  }));
}
