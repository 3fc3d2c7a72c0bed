/**
 * Random models, each compared in every way (`soundness.ts`): a part of the whole number in each test file, so that
 * they run side by side.
 *
 * `QUIESCE_MODELS` sets how many models are compared in all, `QUIESCE_SEED` the seed. A model that fails is shrunk and
 * printed, with the seed and path that lead to it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { loadCompiled } from './compiled.ts';
import type { RandomModel } from './random-model.ts';
import type { Subject } from './soundness.ts';

export const MODELS = Number(process.env['QUIESCE_MODELS'] ?? 2_000);
export const SEED = Number(process.env['QUIESCE_SEED'] ?? 20_180_511);

/** Models with more states are left out: the twin would take too long. */
const MAX_STATES = 800;

/** What so many models in the whole language must have shown at least once. */
const wanted: readonly (readonly [number, readonly string[]])[] = [
  [
    300,
    [
      ...['holds', 'deadlock', 'stuck', 'assertion', 'protocol', 'refcount', 'lock-misuse', 'goal missed'],
      ...['use-after-free', 'double-free', 'null-dereference', 'list-corruption'],
      ...['more than 100 states', 'cycle', 'symmetric actors', 'symmetric blocks', 'several objects', 'three actors'],
      ...['lock m', 'lock s', 'lock read rw', 'lock write rw', 'try m', 'unlock m', 'unlock write rw'],
      ...['wait', 'test', 'choose', 'pick a box', 'pick a number', 'attempt', 'failure', 'loop', 'again', 's0'],
      ...['allocate node', 'free u', 'get(n)', 'put(n)', 'sleep', 'wake', 'signal all', 'm.owner = null', 'callback'],
      ...['list.add(u)', 'list.remove(u)', 'list.clear()', 'y = walk(list)', 'queue.push(x)', 'y = queue.shift()'],
    ],
  ],
  [
    1400,
    [
      ...['leak', 'invalid-free', 'sleep-in-atomic', 'lock u.m', 'lock u.inner.m', 'lock read u.rw'],
      ...['lock write u.rw', 'unlock u.m', 'unlock read u.rw', 'try u.m', 'try read rw'],
    ],
  ],
];

/** Compares this part of all models. */
export function campaign(part: number, parts: number): void {
  const seed = SEED + part;
  const met = new Map<string, number>();

  describe(`random models, seed ${seed}`, async () => {
    const { module, url, folder } = await loadCompiled<typeof import('./soundness.ts')>('soundness');
    const { compareWays, families, settings, settingsThatDiffer, ways } = module;
    let made = 0;

    families.forEach(({ name, share, models, build, print, isSymmetric }, family) => {
      const runs = Math.ceil((share * MODELS) / parts);
      const subjectOf = (model: unknown): Subject => ({
        scenario: build(model),
        variant: 'posted',
        symmetric: isSymmetric(model),
        module: () => {
          const file = join(folder, `model-${made++}.mjs`);
          const text = `import { families } from ${JSON.stringify(url)};
export default families[${family}].build(${JSON.stringify(model)});
`;
          writeFileSync(file, text);
          return { url: pathToFileURL(file).href, name: build(model).name };
        },
      });
      let compared = 0;
      /** While a failure is shrunk, the ways in which it shows. */
      let suspects: typeof ways | null = null;

      test(`${runs} ${name} are the same in every way`, { timeout: 86_400_000 }, async () => {
        await fc.assert(
          fc.asyncProperty(
            models.map((model) => ({ model, [fc.toStringMethod]: () => print(model) })),
            async ({ model }) => {
              const turn = compared++;
              const chosen = suspects ?? ways.filter(({ oneIn }, i) => (turn + i) % (oneIn ?? 1) === 0);
              const { wrong, failed, leftOut, met: here } = await compareWays(subjectOf(model), chosen, MAX_STATES);
              if (family === 0)
                for (const what of [...here, ...features(model as RandomModel)])
                  met.set(what, (met.get(what) ?? 0) + 1);
              if (wrong.length > 0) {
                suspects = failed;
                throw new Error(`${wrong.join('\n')}\nin this model:\n${print(model)}`);
              }
              fc.pre(leftOut === null);
              const tried = [settings[turn % settings.length], settings[(7 * turn + 3) % settings.length]];
              const differ = settingsThatDiffer(build(model), 'posted', tried as typeof settings, isSymmetric(model));
              expect(differ).toEqual([]);
            },
          ),
          { numRuns: runs, seed, maxSkipsPerRun: 20 },
        );
      });
    });

    afterAll(() => {
      const runs = ((families[0]?.share ?? 0) * MODELS) / parts;
      const counts = () => [...met].map(([what, n]) => `${what} ${n}`).join(', ');
      const everything = [...wanted, [300, ways.map((way) => way.name)] as const];
      const missing = everything.flatMap(([n, things]) => (runs < n ? [] : things.filter((what) => !met.has(what))));
      expect(missing, `not met: ${counts()}`).toEqual([]);
    });
  });
}

/** What is seen from outside. */
function features(model: RandomModel): string[] {
  return [
    ...(model.symmetric ? [model.blocks ? 'symmetric blocks' : 'symmetric actors'] : []),
    ...(model.boxes > 1 ? ['several objects'] : []),
    ...(model.actors.length > 2 ? ['three actors'] : []),
  ];
}
