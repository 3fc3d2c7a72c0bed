/** One search in a process of its own: prints one line of JSON. `node dist/bench/one.js SCENARIO VARIANT` */
import { check } from '../checker/check.ts';
import { scenarios } from '../scenarios/index.ts';

const [name, variant] = process.argv.slice(2);
const scenario = scenarios.find((s) => s.name === name);
if (scenario === undefined || variant === undefined) throw new Error('usage: one SCENARIO VARIANT');
const verdict = await check(scenario, { variant, explain: false });
console.log(
  JSON.stringify({
    outcome: verdict.outcome,
    complete: verdict.complete,
    states: verdict.counts.states,
    transitions: verdict.counts.transitions,
    depth: verdict.counts.depth,
    length: verdict.violations[0]?.steps.length ?? null,
    searchSeconds: verdict.timing.seconds,
    peakMemoryBytes: verdict.timing.peakMemoryBytes,
  }),
);
