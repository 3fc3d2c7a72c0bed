/**
 * Checkpoints as part of a check: what a search must be to be taken up, and when it is written.
 *
 * Limits of time, memory, states and depth, and the number of threads, may be other ones when a search is taken up;
 * whatever else changes results must be the same. The verdict is that of a search which never stopped.
 */
import { createHash } from 'node:crypto';
import type { CheckOptions } from './check.ts';
import type { CompiledModel } from './compile/model.ts';
import { QuiesceError } from './lang/errors.ts';
import { type Saved, type SavedHead, SavedReader, toSections } from './search/breadth/saved.ts';
import {
  aboutCheckpoint,
  readCheckpoint,
  removeCheckpoint,
  removeHalfWritten,
  writeCheckpoint,
} from './store/checkpoint.ts';
import { VERSION } from './version.ts';

/** Where a search is written to, and how often. */
export interface CheckpointOptions {
  /** The file; its folder must exist. It is removed when the search has ended by itself. */
  readonly path: string;
  /**
   * Seconds between two checkpoints, 60 unless given. One more is written when a limit or an abort ends the search. Null
   * for one when the search is aborted, and none otherwise.
   */
  readonly everySeconds?: number | null;
}

const EVERY_SECONDS = 60;

/** What was searched: all of it must be the same when it is taken up. */
export interface CheckpointIdentity {
  readonly version: string;
  readonly scenario: string;
  readonly variant: string;
  readonly bounds: Readonly<Record<string, number>>;
  readonly modelHash: string;
  /** Hash of the texts of the properties. */
  readonly promises: string;
  readonly properties: readonly string[] | null;
  readonly symmetry: boolean;
  readonly store: 'exact' | 'compressed';
  readonly all: boolean;
}

interface About {
  readonly search: CheckpointIdentity;
  readonly saved: SavedHead;
}

function identityOf(model: CompiledModel, options: CheckOptions): CheckpointIdentity {
  const texts = createHash('sha256');
  for (const p of model.properties) {
    texts.update(`${p.name} ${p.kind} `);
    for (const value of Object.values(p)) if (typeof value === 'function') texts.update(String(value));
  }
  return {
    version: VERSION,
    scenario: model.scenario.name,
    variant: model.variantName,
    bounds: model.bounds as Readonly<Record<string, number>>,
    modelHash: model.hash,
    promises: texts.digest('hex').slice(0, 16),
    properties: options.properties === undefined ? null : [...options.properties].sort(),
    symmetry: options.symmetry === true,
    store: options.store === 'compressed' ? 'compressed' : 'exact',
    all: options.all === true,
  };
}

const words: Readonly<Record<keyof CheckpointIdentity, string>> = {
  version: 'version of quiesce',
  scenario: 'scenario',
  variant: 'variant',
  bounds: 'bounds',
  modelHash: 'hash of the model',
  promises: 'hash of the properties',
  properties: 'option property',
  symmetry: 'option symmetry',
  store: 'option store',
  all: 'option all',
};

/** What a checkpoint says was searched; nothing of it is verified yet. */
export function searchOfCheckpoint(path: string): CheckpointIdentity {
  const search = (aboutCheckpoint(path) as Partial<About> | null)?.search;
  if (typeof search?.scenario !== 'string') throw foreign(path);
  return search;
}

/**
 * The search that a checkpoint holds. Throws `QuiesceError`: `usage` when there is no such file, `load` when it is
 * damaged, `config` when it is of another model or of options that give other results.
 */
export function resumeFrom(path: string, model: CompiledModel, options: CheckOptions): Saved {
  const then = searchOfCheckpoint(path);
  const now = identityOf(model, options);
  for (const key of Object.keys(words) as (keyof CheckpointIdentity)[]) {
    const [was, is] = [then[key], now[key]].map((value) => JSON.stringify(value ?? null));
    if (was !== is)
      throw new QuiesceError('config', `cannot resume: the ${words[key]} was ${was}, and is ${is} now`, {
        where: path,
        hint: 'take up the same search, or start a new one without --resume',
      });
  }
  const reader = new SavedReader();
  const about = readCheckpoint(path, (_, name, bytes) => reader.place(name, bytes)) as About;
  return reader.saved(about.saved);
}

function foreign(path: string): QuiesceError {
  return new QuiesceError('load', 'cannot resume: the checkpoint holds no search', {
    where: path,
    hint: 'start the search anew',
  });
}

/** A search that can be saved, or null when there is nothing to take up. */
interface Savable {
  save(): Saved | null;
}

/** Writes the checkpoints of one search. */
export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #identity: CheckpointIdentity;
  readonly #search: Savable;
  #written = false;

  constructor(options: CheckpointOptions, model: CompiledModel, checked: CheckOptions, search: Savable) {
    this.#options = options;
    this.#identity = identityOf(model, checked);
    this.#search = search;
    this.#written = checked.resume === options.path;
    removeHalfWritten(options.path);
  }

  /** Seconds between two; infinite for none but at the end. */
  get every(): number {
    const { everySeconds } = this.#options;
    return everySeconds === null ? Number.POSITIVE_INFINITY : (everySeconds ?? EVERY_SECONDS);
  }

  /** Is one wanted when a limit, rather than an abort, ends the search? */
  get atLimits(): boolean {
    return this.#options.everySeconds !== null;
  }

  /** Writes the search as it is now. False when it is over, so that there is nothing to take up. */
  write(): boolean {
    const saved = this.#search.save();
    if (saved === null) return false;
    const { head, sections } = toSections(saved);
    const about: About = { search: this.#identity, saved: head };
    writeCheckpoint(this.#options.path, about, sections);
    this.#written = true;
    return true;
  }

  /** The search has ended by itself: its checkpoints are of no use any more. */
  remove(): void {
    if (this.#written) removeCheckpoint(this.#options.path);
  }
}
