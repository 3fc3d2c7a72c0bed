/** Where transitions lead, told by the threads of a search when it has seen everything. */
import seedrandom from 'seedrandom';
import { afterEach, expect, test } from 'vitest';
import { LivenessPass } from '../../../../checker/analyse/liveness.ts';
import { compile } from '../../../../checker/compile/compile.ts';
import { eventually } from '../../../../checker/lang/index.ts';
import { BreadthFirst, type BreadthFirstOptions } from '../../../../checker/search/breadth/bfs.ts';
import { Findings } from '../../../../checker/search/findings.ts';
import { plain, race, refusalOf } from '../../../support/tiny.ts';

const limits = { maxStates: 2 ** 28, maxDepth: 2 ** 31 - 1, maxMemoryBytes: Number.MAX_SAFE_INTEGER };

const walk = (name: string, steps: number) =>
  plain(name, (k) => Array.from({ length: steps }, (_, i) => k.step(`step ${i}`, () => {})));

/** 8 x 9 x 5 states, so that several chunks of four make a round and several rounds all of them. */
const scenario = race(walk('p', 7), walk('q', 8), walk('r', 4));
const laneOptions = (lanes: number): Partial<BreadthFirstOptions> => ({
  chunkStates: 4,
  ...(lanes === 1 ? {} : { shuffle: { lanes, random: seedrandom(`${lanes} lanes`) } }),
});

const open: BreadthFirst[] = [];
afterEach(() => {
  for (const search of open.splice(0)) search.close('the test has ended');
});

function searched(holds: (pcs: number[]) => boolean, options: Partial<BreadthFirstOptions>) {
  const compiled = compile(scenario);
  const promise = eventually('it', 'it comes', () => holds(compiled.actors.map((a) => compiled.pc(a.index))));
  const model = { ...compiled, properties: [promise] };
  const findings = new Findings(model, null);
  const search = new BreadthFirst(model, findings, { limits, stopAtFirst: false, ...options });
  open.push(search);
  while (search.advance(1000));
  return { model, search, findings };
}

function passOver({ model, search, findings }: ReturnType<typeof searched>, slice = 50): LivenessPass {
  const pass = new LivenessPass(model, search, findings.live, Number.MAX_SAFE_INTEGER);
  while (pass.advance(slice));
  return pass;
}

const never = () => false;

test.each([1, 2, 3])('%d lanes say what the pass by itself says', (lanes) => {
  const alone = passOver(searched(([p]) => p === 3, {}));
  const made = searched(([p]) => p === 3, { ...laneOptions(lanes), follow: true });
  expect(made.search.rows(0) === null).toBe(lanes === 1);
  const pass = passOver(made, lanes * 200);
  expect(pass.graph).toEqual(alone.graph);
  expect(pass.graph.targets).toHaveLength(7 * 9 * 5 + 8 * 8 * 5 + 8 * 9 * 4);
  expect(pass.marks).toEqual(alone.marks);
  expect(pass.marks[0]?.filter((mark) => mark > 1)).toHaveLength(9 * 5);
  expect(pass.results()).toEqual(alone.results());
});

test('a promise that cannot be evaluated is told of as it is without threads', () => {
  const broken = ([p, q, r]: number[]) => {
    if (p === 5 && q === 2) throw new Error(`r is at ${r}`);
    return false;
  };
  const expected = refusalOf(() => passOver(searched(broken, {})));
  expect(expected.what).toMatch(/r is at 0/);
  expect(refusalOf(() => passOver(searched(broken, { ...laneOptions(3), follow: true })))).toEqual(expected);
});

test('nobody makes rows of a search that did not see everything, or is closed, or was not asked to stay', () => {
  const follow = { ...laneOptions(2), follow: true };
  const partial = searched(never, { ...follow, limits: { ...limits, maxStates: 20 } });
  expect(partial.search.incomplete).toBe('limit of states');
  expect(partial.search.rows(0)).toBeNull();
  const { search } = searched(never, follow);
  expect(search.rows(0)).not.toBeNull();
  search.close('done');
  expect(search.rows(0)).toBeNull();
  expect(search.incomplete).toBeNull();
  expect(searched(never, laneOptions(2)).search.rows(0)).toBeNull();
});
