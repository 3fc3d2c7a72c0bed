/** The command in a report makes the same search again. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../checker/check.ts';
import { checkCommand } from '../../../reports/facts.ts';
import dining from '../../../scenarios/peers/dining.ts';
import { verdict } from './fixtures.ts';

describe('checkCommand', () => {
  const before = 'quiesce check vfio-detach-exit --variant posted --bound mms=1 --bound devices=1 --bound requests=2';
  const command = (options: Parameters<typeof verdict>[1]) => checkCommand(verdict([], options));

  test('says nothing that was not asked for', () => {
    expect(command({ options: { strategy: 'bfs', symmetry: false, seed: null } })).toBe(before);
  });

  test.each([
    [{ strategy: 'bfs', store: 'compact', symmetry: true }, ' --symmetry --store compact'],
    [{ strategy: 'bounded', preemptions: 0 }, ' --order bounded --preemptions 0'],
    [{ strategy: 'pct', seed: "it's", runs: 7 }, " --order pct --seed 'it'\\''s' --runs 7"],
    [{ strategy: 'bfs', persistentSets: 'always', all: true }, ' --persistent-sets --all'],
    [{ strategy: 'bfs', properties: 'deadlock,leak' }, ' --property deadlock --property leak'],
    [
      { strategy: 'dfs', seconds: 1.5, memoryBytes: 4096, states: 9, depth: 3 },
      ' --order dfs --depth 3 --states 9 --time 1.5s --mem 4096',
    ],
  ])('%j', (options, flags) => {
    expect(command({ options })).toBe(`${before}${flags}`);
  });

  test('of a search with hashes', async () => {
    const found = await check(dining, { variant: 'fixed', bounds: { philosophers: 3 }, store: 'compact' });
    expect(checkCommand(found)).toMatch(/^quiesce check peers-dining --variant fixed --bound .*=3 --store compact$/);
  });
});
