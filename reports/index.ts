/** Reports: a verdict as text, HTML or JSON. Pure functions of the document; they compute nothing about the model. */

export { type CorpusResult, type CorpusRun, corpusColumns, corpusLine, corpusSummary } from './corpus.ts';
export { corpusToJson } from './corpus-json.ts';
export {
  type Context,
  checkCommand,
  contextOf,
  headline,
  replayCommand,
  schedulePath,
  stageText,
} from './facts.ts';
export { type GrowDocument, growDocumentFromJson, growDocumentToJson, isGrowDocument } from './growth-json.ts';
export { type HtmlOptions, html } from './html/report.ts';
export { type SuiteEntry, suiteHtml } from './html/suite.ts';
export { verdictFromJson, verdictToJson } from './json.ts';
export {
  type CorpusPage,
  corpusPage,
  type Measured,
  measuredNeeds,
  missingEntries,
  needsLine,
  type PageEntry,
} from './markdown/corpus.ts';
export { bytes, count, duration, factor, plural, rate } from './numbers.ts';
export { type RegressDocument, type Regressed, regressToJson } from './regress-json.ts';
export { replayToJson } from './replay-json.ts';
export { CATALOGUE_WIDTH, type CatalogueEntry, catalogueText, expectedText } from './text/catalogue.ts';
export { cellText, growthText, needsText } from './text/growth.ts';
export { ascii, cut, WIDTH, wrap } from './text/lines.ts';
export { divergenceText, replayText, standingLines } from './text/listing.ts';
export { type SplatOptions, splat } from './text/splat.ts';
export { resultWord, summaryTable } from './text/summary.ts';
export { type VerdictTextOptions, verdictText } from './text/verdict.ts';
