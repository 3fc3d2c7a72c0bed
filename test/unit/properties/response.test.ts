/** A group that was completed must be answered, nothing else must; a call must return. */
import { expect, test } from 'vitest';
import type { Actor, Now } from '../../../checker/lang/index.ts';
import { everyGroupAnswered, everyRequestAnswered, returns } from '../../../properties/response.ts';

const check = (request: { pasid: number; last: boolean; answer: string }) => {
  const property = everyGroupAnswered([request]);
  return property.kind === 'at-end' ? property.check() : 'not at the end';
};

test('a last request without an answer is a broken protocol', () => {
  expect(check({ pasid: 1, last: true, answer: 'none' })).toMatchObject({ kind: 'protocol' });
});

test('answered, partial and unsent requests are in order', () => {
  expect(check({ pasid: 1, last: true, answer: 'invalid' })).toBeNull();
  expect(check({ pasid: 1, last: false, answer: 'none' })).toBeNull();
  expect(check({ pasid: 0, last: true, answer: 'none' })).toBeNull();
});

test('each last request is a promise from when it is sent until it is answered', () => {
  const now: Now = { ended: () => false };
  const request = (last: boolean) => ({ pasid: 0, last, answer: 'none' });
  const requests = [request(false), request(true), request(true)];
  const promises = everyRequestAnswered(requests);
  expect(promises).toHaveLength(2);
  const [first] = promises;
  if (first?.kind !== 'leads-to') throw new Error('not a promise');
  const asked = requests[1] as (typeof requests)[number];
  const marks = () => [first.from(now), first.to(now)];
  expect(marks()).toEqual([false, false]);
  asked.pasid = 1;
  expect(marks()).toEqual([true, false]);
  asked.answer = 'failure';
  expect(marks()).toEqual([true, true]);
});

test('a call returns when its task has ended, no other', () => {
  const task = (name: string): Actor => ({ name, parked: false, signalled: false });
  const [unbinder, exit] = [task('unbinder'), task('exit')];
  const property = returns('unbind of all', unbinder);
  if (property.kind !== 'eventually') throw new Error('not a promise');
  expect(property).toMatchObject({ name: 'unbind-of-all-returns', concerns: { actors: ['unbinder'] } });
  expect(property.holds({ ended: (who) => who === exit })).toBe(false);
  expect(property.holds({ ended: (who) => who === unbinder })).toBe(true);
});
