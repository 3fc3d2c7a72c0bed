/** `quiesce explain`: every word of the reports has a meaning, also the names of properties, and a wrong one is told. */
import { expect, test } from 'vitest';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();
const explain = (id: string) => quiesce(['explain', id], { cwd });

test.each([
  ['store', 'store (word)\n  How visited states are kept'],
  ['symmetry', 'symmetry (word)\n  States that differ only in the names'],
  ['persistent sets', 'persistent sets (word)\n  Orders of steps'],
  ['checkpoint', 'checkpoint (word)\n  A file that holds a search'],
  ['bitstate', 'bitstate (store)\n  Three bits'],
  ['anytime', 'anytime (order)\n  In turn'],
  ['all-freed', 'all-freed (property)\n'],
])('%s', async (id, beginning) => {
  const run = await explain(id);
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout.startsWith(beginning), run.stdout).toBe(true);
});

test('a word that nobody knows is refused with the nearest one', async () => {
  expect(await explain('simmetry')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'quiesce: nothing is known as "simmetry"\n  hint: did you mean symmetry?\n',
  });
  expect((await explain('zzzzzzzz')).stderr).toContain('hint: quiesce explain lists everything');
});
