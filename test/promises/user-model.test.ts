/** A model file of one's own: bundled, run, and treated like the scenarios that come with quiesce. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Verdict } from '../../checker/verdict.ts';
import { quiesce, root, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();

const parts = `import { nameOf, object, patch, Violation } from 'quiesce';
import { mutex, procedure } from 'quiesce/model/kernel';

export const source = patch('toy')('toy.c');
export const Dev = object('dev', { lock: mutex() }, { permanent: true });
/** Twice the same lock. */
export const twice = procedure('twice', { source, params: { dev: Dev } }, (k) => [
  k.mutexLock((f) => f.dev.lock),
  k.mutexLock((f) => f.dev.lock),
]);
export const named = procedure('named', { source, params: { dev: Dev } }, (k) => [
  k.step('fail', (f) => { throw new Violation('assertion', \`this is \${nameOf(f.dev)}\`, [nameOf(f.dev)]); }),
]);
`;

const model = (exported: string) => `import { does, scenario } from 'quiesce';
import { Dev, named, source, twice } from './parts.ts';

const make = (name: string, procedure: typeof twice) =>
  scenario(name, {
    title: name,
    about: 'A toy.',
    systems: ['toy'],
    source,
    bounds: {},
    variants: { posted: { about: 'as it is', expect: { verdict: 'violated', kind: 'deadlock', length: 1, states: 2 } } },
    setup: (s) => { s.task('task', [does(procedure, { dev: s.object(Dev, 'mydev') })]); },
  });

${exported}
`;

beforeAll(() => {
  writeFileSync(join(cwd, 'parts.ts'), parts);
  writeFileSync(join(cwd, 'one.model.ts'), model("export default make('one', twice);"));
  writeFileSync(
    join(cwd, 'two.model.ts'),
    model("export const a = make('first', twice);\nexport const b = make('second', named);"),
  );
  mkdirSync(join(cwd, 'sub folder'));
});

async function verdictOf(args: readonly string[], folder = cwd): Promise<Verdict> {
  const run = await quiesce(['check', ...args, '--json', '--quiet'], { cwd: folder });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout) as Verdict;
}

test('a file that imports others and the kernel primitives', async () => {
  const verdict = await verdictOf(['./one.model.ts']);
  expect(verdict).toMatchObject({ outcome: 'violated', asExpected: true, scenario: { name: 'one' } });
  expect(verdict.violations[0]).toMatchObject({ evidence: { kind: 'deadlock' }, subkind: 'self' });
  expect(verdict.violations[0]?.steps[0]?.acquires).toEqual(['mydev.lock']);
});

test('there is one copy of the language: names and violations of the bundle are those of the checker', async () => {
  const verdict = await verdictOf(['./two.model.ts#second']);
  expect(verdict.violations[0]?.evidence).toMatchObject({
    kind: 'assertion',
    message: 'this is mydev',
    objects: ['mydev'],
  });
});

test('several workers find the scenario in the bundle', async () => {
  const [one, two] = [await verdictOf(['./one.model.ts']), await verdictOf(['./one.model.ts', '--workers', '2'])];
  expect(two.timing.workers).toBe(2);
  expect({ ...two, timing: null }).toEqual({ ...one, timing: null });
});

test('of several scenarios one is chosen by name, and the choice is asked for', async () => {
  expect((await verdictOf(['./two.model.ts#first'])).scenario.name).toBe('first');
  const open = await quiesce(['check', './two.model.ts'], { cwd });
  expect(open.status).toBe(2);
  expect(open.stderr).toContain('./two.model.ts#first, ./two.model.ts#second');
});

test('from anywhere, by any path', async () => {
  const [here, there] = [
    await verdictOf(['one.model.ts']),
    await verdictOf(['../one.model.ts'], join(cwd, 'sub folder')),
  ];
  const absolute = await verdictOf([join(cwd, 'one.model.ts')], join(cwd, 'sub folder'));
  expect(there.modelHash).toBe(here.modelHash);
  expect(absolute.modelHash).toBe(here.modelHash);
});

test('a scenario of the repository, by its file, is the same as by its name', async () => {
  const byFile = await verdictOf([join(root, 'scenarios', 'peers', 'sva.ts'), '--variant', 'posted']);
  const byName = await verdictOf(['peers-sva', '--variant', 'posted']);
  // The hash of a model is over the text of its functions, which a bundler writes in its own way.
  const withoutHash = (verdict: Verdict) => verdict.violations[0]?.schedule.replace(/^model .*$/m, '');
  expect(byFile.counts).toEqual(byName.counts);
  expect(withoutHash(byFile)).toBe(withoutHash(byName));
});

test('its schedule is replayed with its file, and only with it', async () => {
  await verdictOf(['./one.model.ts']);
  const file = join(
    'runs',
    'one-posted',
    readdirSync(join(cwd, 'runs', 'one-posted')).find((f) => f.endsWith('.sched')) ?? '',
  );
  expect(await quiesce(['replay', file, '--model', './one.model.ts'], { cwd })).toMatchObject({ status: 0 });
  const alone = await quiesce(['replay', file], { cwd });
  expect(alone.status).toBe(2);
  expect(alone.stderr).toContain('hint: name the model file it belongs to: --model ./one.model.ts');
});

test('no bundle is left behind', async () => {
  const folder = join(cwd, 'tmp');
  mkdirSync(folder);
  const run = await quiesce(['check', './one.model.ts', '--quiet'], { cwd, env: { TMPDIR: folder } });
  expect(run.status).toBe(11);
  expect(readdirSync(folder)).toEqual([]);
});
