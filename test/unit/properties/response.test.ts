/** A group that was completed must be answered; nothing else must. */
import { expect, test } from 'vitest';
import { everyGroupAnswered } from '../../../properties/response.ts';

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
