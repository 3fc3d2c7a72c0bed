import { describe, expect, it } from 'vitest';
import { bytes, count, duration, factor, plural, probability, rate } from '../../../reports/numbers.ts';

describe('numbers', () => {
  it('groups digits by three, also of negative and broken numbers', () => {
    expect([0, 999, 1000, 1_204_118, -12_345, 1234.5].map(count)).toEqual([
      '0',
      '999',
      '1,000',
      '1,204,118',
      '-12,345',
      '1,234.5',
    ]);
  });

  it('agrees in number', () => {
    expect([plural(1, 'step'), plural(2, 'step'), plural(0, 'switch', 'switches')]).toEqual([
      '1 step',
      '2 steps',
      '0 switches',
    ]);
  });

  it('rounds what is not exact', () => {
    expect([factor(4.27), factor(12.6), factor(1)]).toEqual(['4.3', '13', '1.0']);
    expect([duration(0.123), duration(7.13), duration(200), duration(7300)]).toEqual([
      '0.12 s',
      '7.1 s',
      '3 min 20 s',
      '2 h 1 min',
    ]);
    expect([bytes(2048), bytes(644_245_094), bytes(5 * 2 ** 30)]).toEqual(['2 KiB', '614 MiB', '5.0 GiB']);
    expect([rate(840), rate(412_345), rate(1_930_000)]).toEqual(['840/s', '412k/s', '1.9M/s']);
  });

  it('never makes a probability smaller', () => {
    expect([0, 1, 2, 0.5, 0.0123, 1.63e-13, 9.99e-7, 3e-8, 0.00099].map(probability)).toEqual([
      '0',
      '1',
      '1',
      '0.5',
      '0.013',
      '1.7e-13',
      '1e-6',
      '3e-8',
      '9.9e-4',
    ]);
  });
});
