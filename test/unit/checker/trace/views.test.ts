/** What the author of a model wants to see of each state of a schedule. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import { compile } from '../../../../checker/compile/compile.ts';
import { atEnd, does, int, object, procedure, type StateView, violated } from '../../../../checker/lang/index.ts';
import { html, verdictFromJson, verdictToJson } from '../../../../reports/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

const Counter = object('counter', { value: int(0, 9) }, { permanent: true });
interface Counter {
  value: number;
}
const count = procedure('count', { source, params: { counter: Counter } }, (k) =>
  [1, 2, 3].map((n) =>
    k.step(`count to ${n}`, (f) => {
      f.counter.value = n;
    }),
  ),
);

/** A task counts to three, which nothing may; `declare` says what is worth seeing of the counter. */
const counting = (...views: ((counter: Counter) => StateView)[]) =>
  tiny((s) => {
    const counter = s.object(Counter, 'counter');
    s.task('task', [does(count, { counter })]);
    s.property(
      atEnd('none', 'nothing is counted', () =>
        counter.value === 0 ? null : violated('assertion', 'there is a count'),
      ),
    );
    for (const view of views) {
      const { name, about, show } = view(counter);
      s.view(name, about, show);
    }
  });

const odd = (counter: Counter): StateView => ({
  name: 'odd',
  about: 'half of all',
  show: () => counter.value % 2 === 1,
});
const whole = (counter: Counter): StateView => ({ name: 'the count', about: 'itself', show: () => counter });

test('they are told in every state of a counterexample', async () => {
  const verdict = await check(counting(odd, whole));
  expect(verdict.violations[0]?.views).toEqual([
    { name: 'odd', about: 'half of all', values: ['false', 'true', 'false', 'true'] },
    { name: 'the count', about: 'itself', values: ['counter', 'counter', 'counter', 'counter'] },
  ]);
  expect(verdictFromJson(verdictToJson(verdict))).toEqual(verdict);
  const page = html(verdict);
  expect(page.match(/<\/b> view odd <code>/g)).toHaveLength(3);
  expect(page).toContain('view odd = false <small>half of all</small>');
});

test('they are no part of the model: its hash and its states stay, and a scenario without any has none', async () => {
  expect(compile(counting(odd)).hash).toBe(compile(counting()).hash);
  const [seen, unseen] = [await check(counting(odd)), await check(counting())];
  expect(seen.counts).toEqual(unseen.counts);
  expect(unseen.violations[0]).not.toHaveProperty('views');
});

test('one that throws, writes, or has no name of its own is told by name', async () => {
  const wrong = (show: (counter: Counter) => unknown) =>
    check(counting((counter) => ({ name: 'wrong', about: '', show: () => show(counter) })));
  await expect(
    wrong(() => {
      throw new Error('oh');
    }),
  ).rejects.toThrow(/view "wrong" threw Error: oh/);
  await expect(
    wrong((counter) => {
      counter.value = 5;
    }),
  ).rejects.toThrow(/view "wrong" threw/);
  await expect(check(counting(odd, odd))).rejects.toThrow(/view "odd"/);
  await expect(check(counting(() => ({ name: 'a.b:c', about: '', show: () => 1 })))).rejects.toThrow(/plain words/);
});
