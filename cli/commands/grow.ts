/**
 * `quiesce grow`: raises bounds until time or memory is spent and prints the table; with `--down` the smallest bounds at
 * which a bug shows.
 */
import { join, resolve } from 'node:path';
import type { Cell, CellOptions } from '../../checker/grow/cell.ts';
import { type GrowOptions, type Growth, grow } from '../../checker/grow/grow.ts';
import { type Needs, type NeedsOptions, needs } from '../../checker/grow/needs.ts';
import { QuiesceError } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { cellText, growDocumentToJson, growthText, needsText } from '../../reports/index.ts';
import { paint } from '../color.ts';
import type { Console } from '../console.ts';
import { type ExitStatus, statusOfKind } from '../exit.ts';
import { prepareFolder, shown, writeWhole } from '../files.ts';
import { onInterrupt } from '../interrupt.ts';
import { findScenario, isFile } from '../models.ts';
import { progressLine } from '../progress.ts';
import { runFolder, writeRun } from '../run-folder.ts';
import type { BoundRange } from '../values.ts';
import { variantOf } from './check.ts';

export interface GrowFlags {
  readonly variant?: string;
  readonly bound?: Readonly<Record<string, BoundRange>>;
  readonly down?: boolean;
  readonly property?: readonly string[];
  readonly symmetry?: boolean;
  readonly workers?: number;
  readonly time?: number;
  readonly mem?: number;
  readonly states?: number;
  readonly json?: boolean;
  readonly out: string;
}

export async function growCommand(given: string, flags: GrowFlags, console: Console): Promise<ExitStatus> {
  const { scenario, module } = await findScenario(given);
  const variant = variantOf(scenario, flags.variant);
  const folder = join(runFolder(resolve(flags.out), scenario.name, variant), flags.down === true ? 'needs' : 'grow');
  const removeEmptyFolder = prepareFolder(folder);
  const line = progressLine(console);
  const interrupt = onInterrupt(console);
  const schedules = new Map<Cell, string>();
  const options: CellOptions = {
    variant,
    module,
    ...(flags.property === undefined ? {} : { properties: flags.property }),
    ...(flags.symmetry === undefined ? {} : { symmetry: flags.symmetry }),
    ...(flags.workers === undefined ? {} : { workers: flags.workers }),
    ...(flags.time === undefined ? {} : { maxSeconds: flags.time }),
    ...(flags.mem === undefined ? {} : { maxMemoryBytes: flags.mem }),
    ...(flags.states === undefined ? {} : { maxStates: flags.states }),
    signal: interrupt.signal,
    onProgress: line.show,
    onCell: (cell, verdict) => {
      line.clear();
      console.note(cellText(cell));
      if (verdict === null || cell.violation === null) return;
      const schedule = store(join(folder, nameOf(cell)), verdict, isFile(given) ? given : null);
      if (schedule !== undefined) schedules.set(cell, schedule);
    },
  };
  try {
    const finish = <D extends Growth | Needs>(found: D, text: (document: D) => string, status: ExitStatus) => {
      const cells = found.cells.map((cell) => withSchedule(cell, schedules.get(cell)));
      const document = { ...found, cells } as D;
      const json = growDocumentToJson(document);
      writeWhole(join(folder, 'document.json'), json);
      if (flags.json === true) console.out(json);
      else console.out(paint(`${text(document)}\ndocument  ${shown(join(folder, 'document.json'))}`, console));
      return interrupt.status ?? status;
    };
    if (flags.down === true) {
      const found = await needs(scenario, { ...options, ...downwards(flags.bound) });
      return finish(found, needsText, statusOfNeeds(found));
    }
    const growth = await grow(scenario, { ...options, ...upwards(flags.bound) });
    return finish(growth, growthText, statusOfGrowth(growth));
  } finally {
    line.clear();
    interrupt.release();
    removeEmptyFolder();
  }
}

/** Ranges are grown; a single value keeps its bound there. */
function upwards(given: Readonly<Record<string, BoundRange>> = {}): Pick<GrowOptions, 'ranges' | 'bounds'> {
  const entries = Object.entries(given);
  const ranges = entries.filter(([, { single }]) => !single).map(([name, { from, to }]) => [name, { from, to }]);
  const bounds = entries.filter(([, { single }]) => single).map(([name, { from }]) => [name, from]);
  return {
    ...(ranges.length === 0 ? {} : { ranges: Object.fromEntries(ranges) }),
    ...(bounds.length === 0 ? {} : { bounds: Object.fromEntries(bounds) }),
  };
}

/** A range is searched from its upper end down to its lower one; a single value stays. */
function downwards(given: Readonly<Record<string, BoundRange>> = {}): Pick<NeedsOptions, 'least' | 'bounds'> {
  const entries = Object.entries(given);
  for (const [name, { to }] of entries)
    if (to === null)
      throw new QuiesceError('config', `--bound ${name} has no upper end, where --down could start`, {
        hint: `give both ends, such as ${name}=0..3`,
      });
  return {
    least: Object.fromEntries(entries.map(([name, { from }]) => [name, from])),
    bounds: Object.fromEntries(entries.map(([name, { to }]) => [name, to as number])),
  };
}

/** Writes what a cell leaves behind; returns where its schedule is. */
function store(folder: string, verdict: Verdict, model: string | null): string | undefined {
  const files = writeRun(folder, model === null ? verdict : { ...verdict, options: { ...verdict.options, model } });
  return files.schedules[0];
}

function withSchedule<C extends Cell>(cell: C, schedule: string | undefined): C {
  if (cell.violation === null || schedule === undefined) return cell;
  return { ...cell, violation: { ...cell.violation, schedule: shown(schedule) } };
}

/** `tasks=2,mms=1`: the folder of a cell. */
function nameOf(cell: Cell & { readonly failures?: Readonly<Record<string, number>> | null }): string {
  const sizes = [
    ...Object.entries(cell.bounds),
    ...Object.entries(cell.failures ?? {}).map(([name, n]) => [`fail-${name}`, n]),
  ];
  return sizes.length === 0 ? 'declared' : sizes.map(([name, value]) => `${name}=${value}`).join(',');
}

/** The first violation decides; without one, a complete cell is what was asked for. */
function statusOfGrowth(growth: Growth): ExitStatus {
  const violated = growth.cells.find((cell) => cell.outcome === 'violated');
  if (violated !== undefined) return statusOfKind[violated.violation?.kind ?? 'unreached'];
  return growth.largest.length > 0 ? 0 : 152;
}

function statusOfNeeds(found: Needs): ExitStatus {
  if (found.bug !== null) return statusOfKind[found.bug.kind];
  if (found.outcome === 'violated') return statusOfKind.unreached;
  return found.outcome === 'holds' ? 0 : 152;
}
