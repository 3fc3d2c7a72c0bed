/**
 * Tests. Unit tests import the sources; promises that need speed or a process of their own use the compiled tree in
 * `dist`, which `npm test` builds first.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Files run side by side: each writes in a folder of its own, and none counts seconds.
    maxWorkers: 2,
    // Searches are measured in seconds, and a loaded machine may be many times slower than a quiet one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The compiled tree is loaded as it is: transformed steps would hash to another model than a thread compiles.
    server: { deps: { external: [/\/dist\//] } },
    // Each such test runs a search in a process of its own.
    maxConcurrency: 2,
  },
});
