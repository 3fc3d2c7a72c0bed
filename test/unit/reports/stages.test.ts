/** Stages of an anytime search and the promise of PCT, as text and in the page. */
import { expect, test } from 'vitest';
import type { Stage } from '../../../checker/search/anytime.ts';
import type { PctBound } from '../../../checker/search/pct.ts';
import { html, stageText, verdictFromJson, verdictText, verdictToJson } from '../../../reports/index.ts';
import { share } from '../../../reports/numbers.ts';
import * as fixtures from './fixtures.ts';

const stage = (about: Partial<Stage>): Stage => ({
  strategy: 'bounded',
  preemptions: 1,
  finished: true,
  because: null,
  proven: null,
  states: 1234,
  transitions: 5678,
  found: [],
  passedOver: 0,
  ...about,
});
const pct: PctBound = {
  actors: 4,
  steps: 57,
  depth: 3,
  walks: 1000,
  perWalk: 1 / (4 * 57 ** 2),
  together: 0.0741,
  choices: true,
};
const stages = [
  stage({ strategy: 'pct', preemptions: null, finished: false, because: '9 walks are not the whole space' }),
  stage({
    preemptions: 0,
    proven: 'every schedule without a preemption was searched: no step or state breaks a promise',
  }),
  stage({ preemptions: 1, finished: false, because: 'time limit' }),
];
const verdict = { ...fixtures.undecided, stages, pct };

test('a stage says what it was, what it saw and what it found', () => {
  expect(stages.map(stageText)).toEqual([
    'pct: 5,678 transitions, nothing found',
    'no preemption: 1,234 states, nothing found',
    'at most 1 preemption: 1,234 states, nothing found, time limit',
  ]);
  const found = [{ signature: '57daa1e0', steps: 15, switches: 1 }];
  expect(stageText(stage({ strategy: 'bfs', preemptions: null, found, finished: false, because: 'stopped' }))).toBe(
    'bfs: 1,234 states, 57daa1e0 in 15 steps, 1 switch',
  );
  expect(stageText(stage({ preemptions: 2, passedOver: 3 }))).toBe(
    'at most 2 preemptions: 1,234 states, 3 other signatures passed over',
  );
});

test('the text lists the stages, what is proven so far, and the bound with the numbers it is made of', () => {
  const text = verdictText(verdict).replace(/\n +/g, ' ');
  expect(text).toContain('stage: no preemption: 1,234 states, nothing found');
  expect(text).toContain('proven: every schedule without a preemption was searched');
  expect(text).toContain(
    'pct: a bug of depth 3 (4 actors, at most 57 steps) is found by one walk with probability at least 1 / (4 x 57^2) = 0.00769 %, by 1,000 walks with at least 7.41 %; less where it needs certain choices',
  );
});

test('nothing is proven by walks alone', () => {
  expect(verdictText({ ...verdict, stages: stages.slice(0, 1) })).toContain('proven: nothing yet');
});

test('a search without stages and walks says nothing of them', () => {
  const text = verdictText(fixtures.undecided);
  for (const word of ['stage:', 'proven:', 'pct:']) expect(text).not.toContain(word);
});

test('the page tells the same', () => {
  const page = html(verdict);
  for (const part of ['at most 1 preemption: 1,234 states, nothing found, time limit', '1 / (4 x 57^2) = 0.00769 %'])
    expect(page).toContain(part);
});

test('the document keeps both, and is the same without them as before', () => {
  expect(verdictFromJson(verdictToJson(verdict))).toEqual(verdict);
  expect(verdictToJson(fixtures.undecided)).not.toMatch(/"stages"|"pct"/);
});

test.each([
  [0, '0 %'],
  [1, '100 %'],
  [0.565_99, '56.5 %'],
  [0.0741, '7.41 %'],
  [0.000_769, '0.0769 %'],
  [1.2e-9, '1.20e-7 %'],
])('a probability of %d is %s', (probability, text) => expect(share(probability)).toBe(text));
