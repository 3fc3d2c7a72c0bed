/**
 * One search in a process of its own: prints one line of JSON. `node dist/bench/one.js SCENARIO VARIANT [OPTIONS]`, with
 * options of `check` as JSON.
 */
import { type CheckOptions, check } from '../checker/check.ts';
import { scenarios } from '../scenarios/index.ts';

const [name, variant, text = '{}'] = process.argv.slice(2);
const scenario = scenarios.find((s) => s.name === name);
if (scenario === undefined || variant === undefined) throw new Error('usage: one SCENARIO VARIANT [OPTIONS]');
const options = JSON.parse(text) as CheckOptions;
let store = 0;
const verdict = await check(scenario, {
  ...options,
  variant,
  explain: false,
  module: { url: new URL('../scenarios/index.js', import.meta.url).href, name: scenario.name },
  onProgress: ({ memoryBytes }) => {
    store = memoryBytes;
  },
});
console.log(
  JSON.stringify({
    outcome: verdict.outcome,
    complete: verdict.complete,
    states: verdict.counts.states,
    transitions: verdict.counts.transitions,
    depth: verdict.counts.depth,
    length: verdict.violations[0]?.steps.length ?? null,
    stateBytes: verdict.counts.stateBytes,
    reductions: verdict.reductions,
    searchSeconds: verdict.timing.seconds,
    storeBytes: store,
    peakMemoryBytes: verdict.timing.peakMemoryBytes,
  }),
);
