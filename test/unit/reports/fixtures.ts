/**
 * Verdicts and counterexamples as the checker gives them, written by hand: the shapes follow the bug corpus, the counts
 * are made up.
 */
export * from './fixtures/deadlock.ts';
export * from './fixtures/hostile.ts';
export * from './fixtures/large.ts';
export * from './fixtures/small.ts';
export * from './fixtures/use-after-free.ts';
export * from './fixtures/verdicts.ts';
