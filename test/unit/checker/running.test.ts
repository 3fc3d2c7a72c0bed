/** A search under way: progress as an iterator, the result as a promise. */
import { expect, test } from 'vitest';
import { check } from '../../../checker/check.ts';
import { running } from '../../../checker/running.ts';
import dining from '../../../scenarios/peers/dining.ts';

/** Work that is driven by the test. */
function driven<T>() {
  const { promise, resolve, reject } = withResolvers<T>();
  let tell: (news: number) => void = () => undefined;
  const work = running<T, number>((t) => {
    tell = t;
    return promise;
  });
  return { work, tell: (news: number) => tell(news), resolve, reject };
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

test('a reader gets what is told while it waits, and the end', async () => {
  const { work, tell, resolve } = driven<string>();
  const got: number[] = [];
  const reading = (async () => {
    for await (const news of work) got.push(news);
  })();
  for (const news of [1, 2]) {
    await soon();
    tell(news);
  }
  await soon();
  resolve('done');
  await reading;
  expect(got).toEqual([1, 2]);
  expect(await work).toBe('done');
});

test('a slow reader gets the newest only, also when the work has ended', async () => {
  const { work, tell, resolve } = driven<string>();
  for (const news of [1, 2, 3]) tell(news);
  resolve('done');
  await work;
  const got: number[] = [];
  for await (const news of work) got.push(news);
  expect(got).toEqual([3]);
});

test('two readers do not take from each other', async () => {
  const { work, tell, resolve } = driven<string>();
  const read = async () => {
    const got: number[] = [];
    for await (const news of work) got.push(news);
    return got;
  };
  const both = Promise.all([read(), read()]);
  await soon();
  tell(7);
  await soon();
  resolve('done');
  expect(await both).toEqual([[7], [7]]);
});

test('an error reaches the reader, and the one who waits', async () => {
  const { work, tell, reject } = driven<string>();
  tell(1);
  const read = async () => {
    for await (const _ of work);
  };
  const reading = read();
  reject(new Error('broken'));
  await expect(reading).rejects.toThrow('broken');
  await expect(work).rejects.toThrow('broken');
});

test('leaving the loop leaves the search alone; an abort ends it', async () => {
  const abort = new AbortController();
  const search = check(dining, { variant: 'fixed', signal: abort.signal });
  for await (const progress of search) {
    expect(progress.phase).toBe('search');
    break;
  }
  abort.abort();
  expect(await search).toMatchObject({ outcome: 'undecided', complete: false });
});

test('two searches of one process do not disturb each other', async () => {
  const options = { variant: 'fixed', bounds: { philosophers: 5 } };
  const alone = await check(dining, options);
  const [one, two] = await Promise.all([check(dining, options), check(dining, { ...options, strategy: 'dfs' })]);
  expect({ ...one, timing: null }).toEqual({ ...alone, timing: null });
  expect(two.counts.states).toBe(alone.counts.states);
});
