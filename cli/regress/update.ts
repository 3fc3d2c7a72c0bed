/**
 * `quiesce regress --update`: a schedule that merely moved is written anew. Moved means that the same bug, by its
 * signature, is still there within the same bounds, but the steps that lead to it are others, or the model is. What is
 * gone, or has become another bug, is left as it is and told: a repair or a mistake, for a person to judge.
 */
import { join } from 'node:path';
import type { Scenario } from '../../checker/lang/index.ts';
import { plural } from '../../reports/numbers.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { prepareFolder, shown, writeWhole } from '../files.ts';
import type { Searcher } from './search.ts';
import type { Stored } from './stored.ts';

/** Writes those that moved; status 20 when some could not be written. Nothing is written once it was interrupted. */
export async function update(stored: readonly Stored[], search: Searcher, console: Console): Promise<ExitStatus> {
  const texts = new Map<string, string>();
  const lines: string[] = [];
  let left = 0;
  for (const one of stored) {
    if (one.result === 'reproduced') continue;
    const renewed = one.renewed ?? (await searchedAnew(one, search));
    if (renewed === null) return 0;
    if (renewed === 'gone') {
      left++;
      lines.push(`FAIL  ${one.text}`);
      continue;
    }
    texts.set(one.path, renewed);
    lines.push(`moved ${one.text}`);
  }
  for (const [path, text] of texts) writeWhole(path, text);
  for (const text of lines) console.out(text);
  const kept = stored.length - texts.size - left;
  console.out(`${kept} as they were, ${texts.size} moved and written, ${left} failed and left as they are`);
  return left === 0 ? 0 : 20;
}

/** A schedule of the same signature, `gone` when there is none within the bounds; null when interrupted. */
async function searchedAnew({ schedule, scenario }: Stored, search: Searcher): Promise<string | null> {
  if (schedule === null || scenario === null || !Object.hasOwn(scenario.variants, schedule.variant)) return 'gone';
  const bounds = Object.keys(scenario.bounds);
  if (!Object.keys(schedule.bounds).every((name) => bounds.includes(name))) return 'gone';
  // The first violation is the right one nearly always; only where it is another one the whole space is looked at.
  for (const all of [false, true]) {
    const verdict = await search(scenario, { variant: schedule.variant, bounds: schedule.bounds, all });
    if (verdict === null) return null;
    const same = verdict.violations.find((v) => v.signature === schedule.signature);
    if (same !== undefined) return same.schedule;
    if (verdict.violations.length === 0) return 'gone';
  }
  return 'gone';
}

/**
 * `quiesce regress --add`: searches the variants that are expected to be violated and have no schedule in the folder, and
 * stores what is found.
 */
export async function add(
  folder: string,
  scenarios: readonly Scenario[],
  stored: readonly Stored[],
  search: Searcher,
  console: Console,
): Promise<ExitStatus> {
  const has = (scenario: Scenario, variant: string) =>
    stored.some(({ schedule: s }) => s?.scenario === scenario.name && s.variant === variant);
  const texts = new Map<string, string>();
  for (const scenario of scenarios)
    for (const [variant, { expect }] of Object.entries(scenario.variants)) {
      if (expect.verdict !== 'violated' || has(scenario, variant)) continue;
      const verdict = await search(scenario, { variant });
      if (verdict === null) return 0;
      for (const v of verdict.violations) texts.set(`${scenario.name}.${variant}.${v.signature}.sched`, v.schedule);
    }
  if (texts.size > 0) prepareFolder(folder);
  for (const [name, text] of texts) {
    writeWhole(join(folder, name), text);
    console.out(`added ${shown(join(folder, name))}`);
  }
  console.out(`${plural(texts.size, 'schedule')} added to ${shown(folder)}`);
  return 0;
}
