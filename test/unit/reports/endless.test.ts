/** Reports of schedules that go on for ever: where the loop begins, where it leads back to, and the assumption. */
import { beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../../checker/check.ts';
import { bool, eventually, object, procedure } from '../../../checker/lang/index.ts';
import type { Counterexample } from '../../../checker/trace/counterexample.ts';
import type { Verdict } from '../../../checker/verdict.ts';
import { html, replayText, splat, verdictFromJson, verdictText, verdictToJson } from '../../../reports/index.ts';
import { source, tiny } from '../../support/tiny.ts';

const Lamp = object('lamp', { on: bool(), broken: bool() }, { permanent: true });
const blink = procedure('blink', { source, params: { lamp: Lamp } }, (k) => [
  k.step('plug in', () => {}),
  k.loop([
    k.step('switch on', (f) => {
      f.lamp.on = true;
    }),
    k.step('switch off', (f) => {
      f.lamp.on = false;
    }),
  ]),
]);
const rest = procedure('rest', { source, params: { lamp: Lamp } }, (k) => [k.step('look', () => {}), k.return()]);

/** A lamp that blinks, or at which somebody looks once, and never breaks. */
const lamp = (program: typeof blink) =>
  tiny((s) => {
    const it = s.object(Lamp, 'lamp');
    s.actor('hand', program, { lamp: it });
    s.property(eventually('breaks', 'the lamp breaks', () => it.broken, { objects: ['lamp'] }));
  });

let blinking: Verdict;
let resting: Verdict;
const only = (verdict: Verdict) => verdict.violations[0] as Counterexample;
const context = { scenario: 'tiny', variant: 'posted', bounds: {} };

beforeAll(async () => {
  blinking = await check(lamp(blink));
  resting = await check(lamp(rest));
});

describe('a loop', () => {
  test('is marked in the text', () => {
    const text = splat(only(blinking), context).split('\n');
    expect(text).toContain('MODEL: liveness in blink');
    expect(text).toContain('property breaks');
    const at = text.findIndex((line) => line.includes('--- loop begins here ---'));
    expect(text[at - 1]).toContain('1  plug in');
    expect(text[at + 1]).toContain('2  switch on');
    expect(text[at + 3]).toContain('*** back to the state before step 2 ***');
    for (const line of text) expect(line).toMatch(/^[\x20-\x7e]{0,72}$/);
  });

  test('is marked in the listing of steps', () => {
    const text = replayText(only(blinking)).split('\n');
    const at = text.findIndex((line) => line.includes('--- loop begins here ---'));
    expect(text[at + 1]).toContain('2  hand: blink/switch on');
    expect(text).toContain('       back to the state before step 2');
  });

  test('is a row of the chart, and the end links back to it', () => {
    const page = html(blinking);
    expect(page.match(/id=loop-begins/g)).toHaveLength(1);
    expect(page).toContain('<a href=#loop-begins>back to the state before step 2</a>');
    expect(page.indexOf('id=loop-begins')).toBeGreaterThan(page.search(/id=step-1[ >]/));
    expect(page.indexOf('id=loop-begins')).toBeLessThan(page.search(/id=step-2[ >]/));
  });
});

describe('where everybody stays', () => {
  test('the text says so', () => {
    const text = splat(only(resting), context);
    expect(text).not.toContain('loop begins');
    expect(text).toContain('*** everybody may stay here for ever ***');
    expect(text).toContain('it never comes that the lamp breaks, and nobody has to move any more');
  });

  test('the chart says so', () => {
    const page = html(resting);
    expect(page).not.toContain('loop-begins');
    expect(page).toContain('everybody may stay here for ever');
  });
});

test('the document keeps the loop and the fairness, and has neither without such properties', async () => {
  for (const verdict of [blinking, resting]) {
    const read = verdictFromJson(verdictToJson(verdict));
    expect(read.violations[0]?.loop).toBe(only(verdict).loop);
    expect(read.fairness).toMatch(/^weak fairness: /);
    expect(read.properties.find((p) => p.name === 'breaks')).toMatchObject({ kind: 'eventually', result: 'violated' });
  }
  const without = verdictToJson(await check(lamp(rest), { properties: ['deadlock'] }));
  expect(without).not.toContain('"fairness"');
  expect(without).not.toContain('"loop"');
});

test('a pass names the fairness that it assumes', async () => {
  const kept = tiny((s) => {
    const it = s.object(Lamp, 'lamp', { broken: true });
    s.actor('hand', blink, { lamp: it }, { fair: false });
    s.property(eventually('breaks', 'the lamp breaks', () => it.broken));
  });
  const verdict = await check(kept);
  expect(verdict.outcome).toBe('holds');
  const assumed = 'except hand, who may stop anywhere';
  expect(verdictText(verdict).replace(/\s+/g, ' ')).toContain(assumed);
  expect(html(verdict)).toContain(assumed);
});
