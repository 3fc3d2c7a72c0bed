/**
 * A search under way: a promise of its result, and its progress as an async iterator. Whoever reads slower than the
 * search tells gets the newest news and never a backlog.
 */

/** A result to wait for, and what is told on the way to it: `for await (const progress of running) ...`. */
export interface Running<T, P> extends Promise<T>, AsyncIterable<P> {}

/**
 * Starts work that tells how it goes. Each iterator ends with the work, or throws what the work throws; one that is left
 * early leaves the work alone, which an abort signal stops.
 */
export function running<T, P>(work: (tell: (news: P) => void) => Promise<T>): Running<T, P> {
  const listeners = new Set<() => void>();
  let newest: P | undefined;
  /** How many news there were so far. */
  let told = 0;
  let done = false;
  const wake = () => {
    for (const listener of listeners) listener();
    listeners.clear();
  };
  const result = work((news) => {
    newest = news;
    told++;
    wake();
  });
  const end = () => {
    done = true;
    wake();
  };
  // An error goes to whoever waits for the result; this is only to know that it is over.
  const ended = result.then(end, end);

  async function* iterate(): AsyncGenerator<P, void, undefined> {
    // Who reads the news is told of the error by them, and need not wait for the result as well.
    result.catch(() => undefined);
    let seen = 0;
    for (;;) {
      if (told > seen) {
        seen = told;
        yield newest as P;
      } else if (done) {
        await ended;
        await result;
        return;
      } else await new Promise<void>((resolve) => listeners.add(resolve));
    }
  }
  return Object.assign(result, { [Symbol.asyncIterator]: iterate });
}
