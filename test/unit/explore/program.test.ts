/** Programs as text, and what the explorer may draw and take away. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { check } from '../../../checker/check.ts';
import { object } from '../../../checker/lang/index.ts';
import { choiceOf } from '../../../explore/choice.ts';
import { type ExploreOptions, explore } from '../../../explore/explore.ts';
import { draw, keeps, renumbered } from '../../../explore/generate.ts';
import { explorable } from '../../../explore/names.ts';
import { formatProgram, parseProgram } from '../../../explore/program.ts';
import { rebuild, scenarioOf, splitName } from '../../../explore/scenario.ts';
import { smaller } from '../../../explore/shrink.ts';
import type { ExplorableSystem } from '../../../explore/system.ts';
import { systemNamed } from '../../../explore/systems/index.ts';

const sva = await systemNamed('sva');

const Nothing = object('nothing', {});

describe('text', () => {
  test.each([
    'init(dev0)+bind(dev0,mm0):mm_exit(mm0)|remove(dev0):',
    ':window_free()|setup(dev0,page1)+free(dev0,page1):iommu_map=1,kmalloc=2',
    '::',
  ])('%s is read and written again', (text) => {
    expect(formatProgram(parseProgram(text))).toBe(text);
  });

  test.each(['', ':', 'a(b):c', ':bind(dev0:', ':bind(dev10):', ':bind(dev0) :', '::kmalloc=0', '::kmalloc'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseProgram(text)).toThrow(/is not a generated program/);
    },
  );

  test.each([
    [':bnd(dev0,mm0):', /no operation "bnd"/],
    [':bind(dev0):', /not called with/],
    [':bind(dev7,mm0):', /not called with/],
    [':bind(mm0,dev0):', /not called with/],
    ['unbind(dev0,mm0)::', /cannot have been done before/],
    ['bind(dev0,mm0)::', /cannot set up this program/],
    [':pri(dev0,mm0)|detach(dev0):', /cannot set up this program/],
  ])('sva refuses %s', (text, what) => {
    expect(() => rebuild(sva, text)).toThrow(what);
  });

  test('a scenario is built again from its name', () => {
    const { name } = scenarioOf(sva, parseProgram('init(dev0):shutdown(dev0):'));
    expect(name).toBe('explore:sva:init(dev0):shutdown(dev0):');
    const parts = splitName(name);
    expect(parts).toEqual({ system: 'sva', program: 'init(dev0):shutdown(dev0):' });
    expect(rebuild(sva, parts?.program ?? '').name).toBe(name);
  });
});

describe.each(explorable)('%s', (name) => {
  test('what is drawn keeps every contract and is drawn again', async () => {
    const system = await systemNamed(name);
    const contracts = Object.keys(system.contracts);
    const choice = {
      variants: Object.keys(system.presets),
      ops: Object.keys(system.operations),
      actors: 3,
      contracts,
    };
    const drawn = draw(system, choice, 7, 200);
    expect(draw(system, choice, 7, 200)).toEqual(drawn);
    expect(draw(system, choice, 8, 200)).not.toEqual(drawn);
    for (const { variant, program } of drawn) expect(keeps(system, contracts, variant, program)).toBe(true);
    // Each contract matters: without it something else is drawn, if need be where an operation may break another one.
    const broken = Object.values(system.operations).flatMap(({ breaks }) => breaks ?? []);
    const differs = (left: string, off: readonly string[]) => {
      const kept = contracts.filter((other) => !off.includes(other));
      // Those that may be broken are about few operations, which seldom meet among all of them.
      const few = Object.entries(system.operations).filter(([, { atStart, breaks }]) => atStart || breaks);
      const fewer = { ...choice, ...(off.length === 0 ? {} : { ops: few.map(([op]) => op) }) };
      const given = draw(system, { ...fewer, contracts: kept }, 7, 200);
      const without = draw(system, { ...fewer, contracts: kept.filter((other) => other !== left) }, 7, 200);
      return !isDeepStrictEqual(given, without);
    };
    for (const left of contracts) expect(differs(left, []) || differs(left, broken), left).toBe(true);
    // And all of the operations occur that break no contract.
    const called = new Set(drawn.flatMap(({ program }) => program.actors.flat().map(({ op }) => op)));
    const allowed = Object.keys(system.operations).filter((op) => system.operations[op]?.breaks === undefined);
    expect([...called].sort()).toEqual(allowed.sort());
  });

  test('each contract can be switched off: what is drawn then can be searched', async () => {
    const system = await systemNamed(name);
    for (const left of Object.keys(system.contracts))
      for (const { variant, program } of draw(system, choiceOf(system, { withoutContracts: [left] }), 1, 12)) {
        if (program.actors.length === 0) continue;
        const walks = { strategy: 'random', runs: 2, seed: '1', explain: false, shrink: false } as const;
        // A mistake in the model would be thrown.
        const { outcome } = await check(scenarioOf(system, program), { variant, ...walks });
        expect(['violated', 'undecided']).toContain(outcome);
      }
  });

  test('an operation that breaks a contract is drawn without that contract only, a large one when it is named', async () => {
    const system = await systemNamed(name);
    for (const [op, { breaks, large }] of Object.entries(system.operations)) {
      if (breaks === undefined && large !== true) continue;
      const isDrawn = (options: ExploreOptions) => {
        const programs: string[] = [];
        for (const { variant, program } of draw(system, choiceOf(system, options), 7, 100))
          programs.push(`${variant} ${formatProgram(program)}`);
        return programs.some((text) => text.includes(`${op}(`));
      };
      expect(isDrawn({}), op).toBe(false);
      if (breaks === undefined) expect(isDrawn({ ops: Object.keys(system.operations) }), op).toBe(true);
      else {
        expect(Object.keys(system.contracts)).toContain(breaks);
        expect(isDrawn({ withoutContracts: [breaks] }), op).toBe(true);
        const refused = explore(system, { ops: [op], runs: 1 });
        await expect(refused).rejects.toThrow(`operation ${op} has no meaning with the contract ${breaks}`);
      }
    }
  });
});

test('fewer objects, and one failure for each program', () => {
  const choice = choiceOf(sva, { objects: { dev: 1 }, failures: ['kmalloc'], ops: ['init', 'bind', 'unbind', 'pri'] });
  const texts = draw(sva, choice, 7, 200).map(({ program }) => formatProgram(program));
  expect(texts.filter((text) => text.includes('dev1'))).toEqual([]);
  expect(texts.some((text) => text.includes('mm1'))).toBe(true);
  // Only a program that may meet the failure has it.
  for (const text of texts) expect(text.endsWith(':kmalloc=1')).toBe(/:.*\b(init|bind)\(.*:/.test(text));
  for (const [options, what] of [
    [{ objects: { dev: 3 } }, 'sva has 1 to 2 dev, not 3'],
    [{ objects: { page: 1 } }, 'sva has no kind of object "page"'],
    [{ failures: ['priq_full'] }, 'sva has no failure "priq_full"'],
  ] as const)
    expect(() => choiceOf(sva, options)).toThrow(what);
});

test('less is always less, and objects are numbered as they are met', () => {
  const program = parseProgram(
    'init(dev1)+bind(dev1,mm1)+bind(dev1,mm0):mm_exit(mm1)+mm_exit(mm0)|detach(dev1):kmalloc=1',
  );
  const size = (p: typeof program) => {
    const calls = [...p.start, ...p.actors.flat()];
    return calls.length + new Set(calls.flatMap(({ on }) => on)).size + Object.keys(p.failures).length;
  };
  const tried = [...smaller(program)];
  expect(tried.length).toBeGreaterThan(6);
  for (const less of tried) expect(size(less)).toBeLessThan(size(program));
  expect(formatProgram(renumbered(sva, program))).toBe(
    'init(dev0)+bind(dev0,mm0)+bind(dev0,mm1):mm_exit(mm0)+mm_exit(mm1)|detach(dev0):kmalloc=1',
  );
});

test('a program that shows a mistake in the model is told, and the others are searched', async () => {
  const broken: ExplorableSystem = {
    ...sva,
    setup: (s, program) => {
      sva.setup(s, program);
      if (formatProgram(program).includes('mm_exit')) s.object(Nothing, 'dev0');
    },
  };
  const options = { ops: ['init', 'mm_exit'], runs: 12, actors: 2 };
  const { distinct, exhaustive, unsearched, found } = await explore(broken, options);
  expect(found).toEqual([]);
  expect(exhaustive).toBeGreaterThan(0);
  expect(unsearched.length).toBeGreaterThan(0);
  expect(exhaustive + unsearched.length).toBe(distinct);
  for (const one of unsearched) expect(one).toMatchObject({ code: 'model', why: expect.stringMatching(/dev0/) });
  // A wrong option is none of the model's.
  await expect(explore(broken, { ...options, maxStates: -1 })).rejects.toThrow('states must be');
});
