/** The state diagrams on the pages about the models are what the models do. */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawn, modelPages } from '../../build/diagrams.ts';
import { root } from './quiesce.ts';

describe.each(modelPages(root).map((path) => [basename(dirname(path)), path] as const))('%s', (_, path) => {
  const page = readFileSync(path, 'utf8');

  test('has a diagram that is drawn from the model', () => {
    expect(page).toContain('<!-- states: ');
  });

  test('it is current (npm run diagrams)', () => {
    expect(drawn(page)).toBe(page);
  });
});
