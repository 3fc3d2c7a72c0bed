/** What `quiesce explore` found, as a document. Nothing in it depends on the machine, unless a time limit ended it. */
import type { ViolationKind } from '../checker/lang/index.ts';
import { flag, kind, list, named, number, optional, orNull, read, record, type Shape, text, word } from './shapes.ts';

/** A violation, on the smallest program that shows it. */
export interface ExploredViolation {
  readonly signature: string;
  readonly variant: string;
  readonly property: string;
  readonly kind: ViolationKind;
  readonly headline: string;
  readonly steps: number;
  readonly switches: number;
  /** Number of the program that showed it first. */
  readonly run: number;
  /** That program. */
  readonly first: string;
  /** The smallest one. */
  readonly program: string;
  /** Programs that were searched to find that. */
  readonly tried: number;
}

/** A program that shows a mistake in the model, and was not searched to the end. */
export interface UnsearchedProgram {
  readonly variant: string;
  readonly program: string;
  readonly code: string;
  readonly why: string;
}

/** A failure of an earlier exploration, driven again before anything else. */
export interface StoredFailure {
  readonly file: string;
  readonly signature: string | null;
  readonly reproduced: boolean;
  readonly text: string;
}

export interface ExploreDocument {
  readonly schema: 'quiesce.explore/1';
  readonly system: string;
  readonly variants: readonly string[];
  readonly ops: readonly string[];
  readonly withoutContracts: readonly string[];
  readonly objects?: Readonly<Record<string, number>>;
  readonly failures?: readonly string[];
  readonly actors: number;
  readonly maxStates: number;
  readonly seed: number;
  /** Programs asked for, drawn, and different ones that were searched. */
  readonly wanted: number;
  readonly runs: number;
  readonly distinct: number;
  /** Of those: seen as a whole, and not. */
  readonly exhaustive: number;
  readonly partly: number;
  readonly unsearched: readonly UnsearchedProgram[];
  readonly states: number;
  readonly stored: readonly StoredFailure[];
  readonly found: readonly ExploredViolation[];
  /** Number of programs that showed each signature. */
  readonly signatures: Readonly<Record<string, number>>;
  readonly complete: boolean;
  readonly stoppedBecause: 'interrupted' | 'time limit' | null;
}

export const explorationShape: Shape<ExploreDocument> = record<ExploreDocument>({
  schema: word('quiesce.explore/1'),
  system: text,
  variants: list(text),
  ops: list(text),
  withoutContracts: list(text),
  objects: optional(named(number)),
  failures: optional(list(text)),
  actors: number,
  maxStates: number,
  seed: number,
  wanted: number,
  runs: number,
  distinct: number,
  exhaustive: number,
  partly: number,
  unsearched: list(record<UnsearchedProgram>({ variant: text, program: text, code: text, why: text })),
  states: number,
  stored: list(record<StoredFailure>({ file: text, signature: orNull(text), reproduced: flag, text })),
  found: list(
    record<ExploredViolation>({
      signature: text,
      variant: text,
      property: text,
      kind,
      headline: text,
      steps: number,
      switches: number,
      run: number,
      first: text,
      program: text,
      tried: number,
    }),
  ),
  signatures: named(number),
  complete: flag,
  stoppedBecause: orNull(word('interrupted', 'time limit')),
});

/** What the library returns; its violations may hold more than is told here, such as their verdicts. */
export type Explored = Omit<ExploreDocument, 'schema' | 'stored' | 'complete' | 'stoppedBecause'> & {
  readonly stopped: boolean;
};

/** What the command line knows besides: failures that were driven again, and what ended it. */
export type ExploreRun = Pick<ExploreDocument, 'stored' | 'stoppedBecause'>;

/** The document of an exploration. */
export function explorationDocument(explored: Explored, run?: ExploreRun): ExploreDocument {
  const { stopped, ...counted } = explored;
  return {
    schema: 'quiesce.explore/1',
    ...counted,
    stored: run?.stored ?? [],
    complete: !stopped && explored.partly === 0 && explored.unsearched.length === 0,
    stoppedBecause: run === undefined ? (stopped ? 'interrupted' : null) : run.stoppedBecause,
  };
}

/**
 * The document that `quiesce explore --json` prints, ending in a line break.
 *
 * @param run what the command line knows besides; of a program's own exploration there is none.
 *
 * @example
 * ```ts
 * import { explorationToJson, explore, systemNamed } from 'quiesce';
 *
 * const exploration = await explore(await systemNamed('iommufd'), { runs: 1 });
 * console.log(JSON.parse(explorationToJson(exploration)).schema); // quiesce.explore/1
 * ```
 */
export function explorationToJson(explored: Explored, run?: ExploreRun): string {
  return exploreDocumentToJson(explorationDocument(explored, run));
}

/** The document as JSON text, ending in a line break. */
export function exploreDocumentToJson(document: ExploreDocument): string {
  const checked = read(explorationShape, document, { what: 'an exploration', hint: 'this is a defect in quiesce' });
  return `${JSON.stringify(checked, null, 2)}\n`;
}
