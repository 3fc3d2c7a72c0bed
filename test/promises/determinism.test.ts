/**
 * Two runs of the same input give the same bytes, apart from the object that holds times and the machine; one of them with
 * one worker, the other with three.
 */
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../checker/verdict.ts';
import { scenarios } from '../../scenarios/index.ts';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();

/** The document up to `timing`, which stands last, and the bytes of every other file of the run. */
async function once(args: readonly string[], folder: string): Promise<string> {
  const run = await quiesce(['check', ...args, '--json', '--quiet', '--out', folder], { cwd });
  expect(run.stderr).toBe('');
  const { timing, ...rest } = JSON.parse(run.stdout) as Verdict;
  expect(timing.date).toMatch(/^\d{4}-/);
  const text = run.stdout.split('\n  "timing":')[0] as string;
  expect(JSON.parse(`${text.replace(/,$/, '')}}`)).toEqual(rest);
  return text;
}

/** One variant of each scenario that is small enough to run twice. */
const small = scenarios.flatMap((scenario) => {
  const entry = Object.entries(scenario.variants).find(([, v]) => v.expect.states < 20_000);
  return entry === undefined ? [] : [{ name: scenario.name, variant: entry[0] }];
});

describe('the same bytes', () => {
  test.concurrent.each(small)('$name $variant, by one worker and by three', async ({ name, variant }) => {
    const args = [name, '--variant', variant];
    expect(await once([...args, '--workers', '3'], 'three')).toBe(await once(args, 'one'));
  });

  const walks = small[0];
  test.each(['random', 'pct'])('a seeded %s search', async (order) => {
    expect(walks).toBeDefined();
    const args = [
      walks?.name ?? '',
      '--variant',
      walks?.variant ?? '',
      '--order',
      order,
      '--seed',
      'x',
      '--runs',
      '50',
    ];
    expect(await once(args, 'second')).toBe(await once(args, 'first'));
  });
});
