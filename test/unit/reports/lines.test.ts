import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascii, command, cut, facts, listing, WIDTH, wrap } from '../../../reports/text/lines.ts';

const anything = fc.string({ unit: 'binary', maxLength: 300 });

describe('lines', () => {
  it('is printable ASCII whatever comes in', () => {
    fc.assert(fc.property(anything, (text) => /^[\x20-\x7e]*$/.test(ascii(text))));
    expect(ascii('a\u001b[31m\u2028\nb\u{1f600}')).toBe('a\\x1b[31m\\u{2028} b\\u{1f600}');
  });

  it('never grows beyond the width and loses no letter', () => {
    const letters = (text: string) => ascii(text).replaceAll(' ', '');
    fc.assert(
      fc.property(anything, fc.nat(8), (text, indent) => {
        const lines = wrap(text, { rest: ' '.repeat(indent) });
        expect(lines.every((l) => l.length <= WIDTH)).toBe(true);
        expect(lines.join('').replaceAll(' ', '')).toBe(letters(text));
      }),
    );
    fc.assert(fc.property(fc.array(anything), (parts) => facts(parts).every((l) => l.length <= WIDTH)));
    fc.assert(fc.property(anything, (text) => cut(text).length <= WIDTH));
  });

  it('breaks between facts', () => {
    expect(
      facts(['scenario vfio-detach-exit', 'variant posted', 'bounds mms=1 devices=1 requests=2'], { rest: '  ' }),
    ).toEqual(['scenario vfio-detach-exit   variant posted', '  bounds mms=1 devices=1 requests=2']);
  });

  it('keeps a command that can be pasted', () => {
    // What a shell does with a backslash at the end of a line.
    const joined = (lines: readonly string[]) => lines.join('\n').replaceAll('\\\n', '').replace(/ +/g, ' ').trim();
    const word = fc.stringMatching(/^[a-z/.-]{1,160}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const lines = command(words.join(' '), 'replay: ');
        expect(lines.every((l) => l.length <= WIDTH)).toBe(true);
        expect(joined(lines)).toBe(`replay: ${words.join(' ')}`);
      }),
    );
  });

  it('lists in words', () => {
    expect([listing([]), listing(['a']), listing(['a', 'b']), listing(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});
