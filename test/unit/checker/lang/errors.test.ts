/** Errors carry a code, a place and a hint; a misspelt name is met with the nearest known one. */
import { expect, test } from 'vitest';
import { modelError, nearest, QuiesceError } from '../../../../checker/lang/index.ts';

test('a model error has the code "model", a place and a hint', () => {
  const error = modelError('two things are named "mm"', 'tiny', 'rename one');
  expect(error).toBeInstanceOf(QuiesceError);
  expect(error).toMatchObject({
    name: 'QuiesceError',
    code: 'model',
    message: 'two things are named "mm"',
    where: 'tiny',
    hint: 'rename one',
  });
});

test('place, hint and cause are absent unless given', () => {
  const error = new QuiesceError('io', 'no room');
  expect([error.where, error.hint, error.cause]).toEqual([undefined, undefined, undefined]);
  const cause = new Error('below');
  expect(new QuiesceError('io', 'no room', { cause }).cause).toBe(cause);
});

test('the nearest name is the one of least edit distance', () => {
  expect(nearest('lable', ['table', 'label', 'cable'])).toBe('table');
  expect(nearest('out_unbnd', ['out_unlock', 'out_unbind', 'out_free'])).toBe('out_unbind');
});

test('a name that resembles nothing has no suggestion', () => {
  expect(nearest('detach', ['bind', 'unbind', 'probe'])).toBeUndefined();
  expect(nearest('anything', [])).toBeUndefined();
});

test('a third of a long name may be wrong, two letters of a short one', () => {
  expect(nearest('abcdefXYZ', ['abcdefghi'])).toBe('abcdefghi');
  expect(nearest('abcdeWXYZ', ['abcdefghi'])).toBeUndefined();
  expect(nearest('mx', ['mm'])).toBe('mm');
  expect(nearest('xyz', ['mmu'])).toBeUndefined();
});
