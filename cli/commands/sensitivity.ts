/**
 * `quiesce sensitivity`: which locks, references, flushes, waits, wake-ups, notifiers and checks of a form that holds are
 * needed. `--update` writes the tables of docs/sensitivity.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { QuiesceError } from '../../checker/lang/index.ts';
import { type Sensitivity, sensitivity } from '../../checker/sensitivity/sensitivity.ts';
import { sensitivityPage } from '../../reports/markdown/sensitivity.ts';
import { count } from '../../reports/numbers.ts';
import { sensitivityToJson } from '../../reports/sensitivity-json.ts';
import { changeText, resultText, sensitivitySummary, sensitivityText } from '../../reports/text/sensitivity.ts';
import type { Console } from '../console.ts';
import { reportError } from '../errors.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, shown, writeWhole } from '../files.ts';
import { onInterrupt } from '../interrupt.ts';
import { findScenario } from '../models.ts';
import { packageRoot } from '../package.ts';
import { progressLine } from '../progress.ts';
import { runFolder } from '../run-folder.ts';
import { storedTables, storeTable } from '../sensitivity-tables.ts';
import { variantOf } from './check.ts';

export interface SensitivityFlags {
  readonly variant?: string;
  readonly bound?: Readonly<Record<string, number>>;
  readonly factor?: number;
  readonly steps?: boolean;
  readonly symmetry?: boolean;
  readonly update?: boolean;
  readonly json?: boolean;
  readonly out: string;
}

const page = join(packageRoot, 'docs', 'sensitivity.md');

export async function sensitivityCommand(
  given: string,
  flags: SensitivityFlags,
  console: Console,
): Promise<ExitStatus> {
  const { scenario } = await findScenario(given);
  const holds = Object.keys(scenario.variants).find((name) => scenario.variants[name]?.expect.verdict === 'holds');
  const chosen = flags.variant ?? holds;
  const variant = variantOf(scenario, chosen);
  const folder = join(runFolder(resolve(flags.out), scenario.name, variant), 'sensitivity');
  const removeEmptyFolder = prepareFolder(folder);
  const line = progressLine(console);
  const interrupt = onInterrupt(console);
  try {
    const table = await sensitivity(scenario, {
      variant,
      signal: interrupt.signal,
      onProgress: line.show,
      onRow: (row, done, all) => {
        line.clear();
        console.note(`${count(done)}/${count(all)}  ${row.procedure}  ${changeText(row)}  ${resultText(row)}`);
      },
      ...(flags.bound === undefined ? {} : { bounds: flags.bound }),
      ...(flags.factor === undefined ? {} : { factor: flags.factor }),
      ...(flags.steps === undefined ? {} : { steps: flags.steps }),
      ...(flags.symmetry === undefined ? {} : { symmetry: flags.symmetry }),
    });
    line.clear();
    const json = sensitivityToJson(table);
    const file = join(folder, 'document.json');
    writeWhole(file, json);
    if (flags.json === true) console.out(json.trimEnd());
    else console.out(`${sensitivityText(table)}\ndocument  ${shown(file)}`);
    if (interrupt.status !== null) return interrupt.status;
    if (flags.update === true) update(table, console);
    return 0;
  } catch (error) {
    // Before the first mutant there is nothing to tell; it is the signal all the same that ended it.
    if (interrupt.status === null) throw error;
    line.clear();
    reportError(error, console);
    return interrupt.status;
  } finally {
    line.clear();
    interrupt.release();
    removeEmptyFolder();
  }
}

/** Puts one table in its place among those of the page. */
function update(table: Sensitivity, console: Console): void {
  const before = existsSync(page) ? readFileSync(page, 'utf8') : null;
  if (before === null) throw new QuiesceError('usage', `there is no ${shown(page)}`);
  const file = storeTable(table);
  writeWhole(page, sensitivityPage(before, storedTables()));
  console.note(`written: ${shown(file)}, ${shown(page)}  ${sensitivitySummary(table)}`);
}
