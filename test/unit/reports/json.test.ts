import { describe, expect, it } from 'vitest';
import { QuiesceError } from '../../../checker/lang/errors.ts';
import { verdictFromJson, verdictToJson } from '../../../reports/json.ts';
import * as fixtures from './fixtures.ts';

const verdict = fixtures.verdict([fixtures.deadlock, fixtures.hostile], {
  expected: { verdict: 'violated', kind: 'deadlock', length: 17, states: 10 },
});

/** The same document with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([k, v]) => [k, reversed(v)]),
  );
}

describe('verdict as JSON', () => {
  it('reads back what it wrote, field for field', () => {
    for (const v of [verdict, fixtures.holds, fixtures.undecided]) expect(verdictFromJson(verdictToJson(v))).toEqual(v);
  });

  it('is the plain document: nothing left out, nothing renamed', () => {
    expect(JSON.parse(verdictToJson(verdict))).toEqual(JSON.parse(JSON.stringify(verdict)));
  });

  it('orders keys by the document, not by who built it', () => {
    // Names chosen by a scenario keep the order the scenario gave them.
    const keep = {
      settings: verdict.settings,
      bounds: verdict.bounds,
      failures: verdict.failures,
      options: verdict.options,
    };
    const shuffled = { ...(reversed(verdict) as typeof verdict), ...keep };
    expect(verdictToJson(shuffled)).toBe(verdictToJson(verdict));
    const keys = Object.keys(JSON.parse(verdictToJson(verdict)));
    expect(keys[0]).toBe('schema');
    expect(keys[keys.length - 1]).toBe('timing');
  });

  it('differs between two runs in timing only', () => {
    const again = { ...verdict, timing: { ...verdict.timing, seconds: 99, date: '2027-01-01' } };
    const untilTiming = (text: string) => text.slice(0, text.indexOf('"timing"'));
    expect(verdictToJson(again)).not.toBe(verdictToJson(verdict));
    expect(untilTiming(verdictToJson(again))).toBe(untilTiming(verdictToJson(verdict)));
  });

  it.each([
    ['no JSON', '{"schema":', /is not JSON/],
    ['another document', '[]', /the document should be an object, not a list/],
    [
      'another version',
      JSON.stringify({ ...verdict, schema: 'quiesce.verdict/2' }),
      /schema should be one of quiesce.verdict\/1/,
    ],
    [
      'a field of the wrong type',
      JSON.stringify({ ...verdict, counts: { ...verdict.counts, states: '12' } }),
      /counts.states should be a number, not a string/,
    ],
    [
      'a step without actor',
      verdictToJson(verdict).replace('"index": 1,\n          "actor": "owner"', '"index": 1,\n          "actor": null'),
      /violations\[0\]\.steps\[0\]\.actor should be a string, not null/,
    ],
    [
      'a missing field',
      JSON.stringify({ ...verdict, counts: { ...verdict.counts, depth: undefined } }),
      /counts\.depth should be a number, not nothing/,
    ],
    [
      'a number that is none',
      JSON.stringify(verdict).replace('"depth":', '"depth":1e999,"was":'),
      /counts\.depth should be a finite number, not a number/,
    ],
    [
      'a word that is none of the words',
      JSON.stringify({ ...verdict, outcome: 'perhaps' }),
      /outcome should be one of violated, holds, undecided, not a string/,
    ],
    ['a list of names', JSON.stringify({ ...verdict, bounds: [1] }), /bounds should be an object, not a list/],
    [
      'a name with a wrong value',
      JSON.stringify({ ...verdict, bounds: { mms: 1, tasks: null } }),
      /bounds\.tasks should be a number, not null/,
    ],
    ['half a file', verdictToJson(verdict).slice(0, 4000), /is not JSON/],
  ])('refuses %s and says where', (_name, json, message) => {
    expect(() => verdictFromJson(json)).toThrow(message);
    expect(() => verdictFromJson(json)).toThrow(QuiesceError);
  });

  it('keeps whatever names a scenario chooses', () => {
    const bounds = Object.fromEntries([
      ['constructor', 1],
      ['toString', 2],
      ['a', 3],
    ]);
    const back = verdictFromJson(verdictToJson({ ...verdict, bounds }));
    expect(Object.entries(back.bounds)).toEqual(Object.entries(bounds));
  });

  it('drops what does not belong to the document', () => {
    const extra = verdictFromJson(JSON.stringify({ ...verdict, __proto__x: 1, more: { a: 1 } }));
    expect(extra).toEqual(verdict);
  });
});
