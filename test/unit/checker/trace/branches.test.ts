/** What could have been done instead at the states of a schedule, and whether the schedule goes on from there. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { atEnd, does, int, object, procedure, Violation, violated } from '../../../../checker/lang/index.ts';
import { MOST_NODES } from '../../../../checker/trace/branches.ts';
import { replay } from '../../../../checker/trace/replay.ts';
import { parseSchedule } from '../../../../checker/trace/schedule.ts';
import { verdictFromJson, verdictToJson } from '../../../../reports/index.ts';
import dining from '../../../../scenarios/peers/dining.ts';
import { source, tiny } from '../../../support/tiny.ts';

const Counter = object('counter', { value: int(0, 9), other: int(0, 9) }, { permanent: true });
const increment = procedure('increment', { source, params: { counter: Counter }, locals: { seen: int(0, 9) } }, (k) => [
  k.step('read', (f) => {
    f.seen = f.counter.value;
  }),
  k.step('write', (f) => {
    f.counter.value = f.seen + 1;
  }),
]);
const bystand = procedure('bystand', { source, params: { counter: Counter } }, (k) => [
  k.step('look away', (f) => {
    f.counter.other = 1;
  }),
]);

test('a step that does not matter leads along the schedule until it is taken; one that does not goes apart', async () => {
  const lost = tiny((s) => {
    const counter = s.object(Counter, 'counter');
    for (const name of ['one', 'two']) s.task(name, [does(increment, { counter })]);
    s.task('aside', [does(bystand, { counter })]);
    s.property(
      atEnd('counted', 'each counts', () =>
        counter.value === 2 ? null : violated('assertion', 'an increment is lost'),
      ),
    );
  });
  const verdict = await check(lost);
  const [ce] = verdict.violations;
  const moves = ce?.steps.map((s) => `${s.actor} ${s.label}`) ?? [];
  const branches = ce?.branches ?? [];
  expect(moves).toHaveLength(5);
  for (const b of branches) {
    const taken = moves.indexOf(`${b.actor} ${b.label}`);
    // Each step is taken once: nobody could do it earlier than its actor stands before it.
    expect(taken).toBeGreaterThan(b.at);
    const next = moves[b.at];
    // A read and a write of one value conflict; two writes of one value do not.
    const texts = `${b.label} ${next}`;
    const conflict = texts.includes('read') && texts.includes('write');
    expect(b.leads, `${b.at} ${b.actor} ${b.label} before ${next}`).toBe(
      conflict ? 'apart' : taken === b.at + 1 ? 'joins' : 'along',
    );
  }
  expect(new Set(branches.map((b) => b.leads))).toEqual(new Set(['along', 'joins', 'apart']));
  expect(verdictFromJson(verdictToJson(verdict))).toEqual(verdict);
});

test('a step that breaks a promise is told, whether it is the branch or what comes after it', async () => {
  const Flag = object('flag', { up: int(0, 1) }, { permanent: true });
  const raise = procedure('raise', { source, params: { flag: Flag } }, (k) => [
    k.step('raise', (f) => {
      if (f.flag.up === 1) throw new Violation('assertion', 'it is up');
      f.flag.up = 1;
    }),
  ]);
  const wait = procedure('wait', { source, params: { flag: Flag } }, (k) => [k.step('wait', () => {})]);
  const raised = tiny((s) => {
    const flag = s.object(Flag, 'flag', { up: 1 });
    for (const name of ['one', 'two']) s.task(name, [does(raise, { flag })]);
    s.task('aside', [does(wait, { flag })]);
  });
  const [ce] = (await check(raised)).violations;
  expect(ce?.branches?.map((b) => `${b.at} ${b.actor} ${b.leads}`)).toEqual(['0 two broken', '0 aside breaks']);
});

test('there are no more than two hundred, and those before essential steps come first', async () => {
  const [ce] = (await check(dining, { variant: 'posted' })).violations;
  const branches = ce?.branches ?? [];
  const nodes = branches.length + new Set(branches.map((b) => b.at)).size;
  expect(nodes).toBeLessThanOrEqual(MOST_NODES);
  expect(branches.length).toBeGreaterThan(10);
  const large = await check(dining, {
    variant: 'posted',
    bounds: { philosophers: 20 },
    maxStates: 3_000,
    strategy: 'dfs',
  });
  const many = large.violations[0]?.branches ?? [];
  expect(many.length + new Set(many.map((b) => b.at)).size).toBeLessThanOrEqual(MOST_NODES);
});

test('a replay tells the same; without an explanation nobody looks', async () => {
  const verdict = await check(dining, { variant: 'posted' });
  const again = replay(dining, parseSchedule(verdict.violations[0]?.schedule ?? ''));
  expect(again.result === 'reproduced' && again.counterexample.branches).toEqual(verdict.violations[0]?.branches);
  const plain = await check(dining, { variant: 'posted', explain: false });
  expect(plain.violations[0]).not.toHaveProperty('branches');
});
