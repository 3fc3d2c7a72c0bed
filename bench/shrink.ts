/**
 * How long shrinking takes: for every variant that is expected to be violated, a schedule found by PCT walks, shrunk.
 * `node dist/bench/shrink.js [scenario...]` prints the table of docs/shrinking.md and how many took less than 5 seconds.
 */
import { check } from '../checker/check.ts';
import { QuiesceError } from '../checker/lang/errors.ts';
import { shrink } from '../checker/shrink/shrink.ts';
import type { Counterexample } from '../checker/trace/counterexample.ts';
import { parseSchedule } from '../checker/trace/schedule.ts';
import { scenarios } from '../scenarios/index.ts';

const LIMIT_SECONDS = 5;
const wanted = process.argv.slice(2);
const times: number[] = [];
let proven = 0;

console.log('| scenario | variant | signature | found by PCT: steps / switches | shrunk | seconds | minimal |');
console.log('|---|---|---|---|---|---|---|');
for (const scenario of scenarios)
  for (const [variant, { expect }] of Object.entries(scenario.variants)) {
    // What is never reached has no schedule, and no walk goes on for ever.
    if (expect.verdict !== 'violated' || expect.kind === 'unreached' || expect.kind === 'liveness') continue;
    if (wanted.length > 0 && !wanted.includes(scenario.name)) continue;
    // A violation that no walk can show, such as one of what must come at last, has nothing to be shrunk.
    let first: Counterexample | undefined;
    try {
      const options = { variant, explain: false, shrink: false, runs: 5_000, maxSeconds: 60 };
      [first] = (await check(scenario, { ...options, strategy: 'pct' })).violations;
    } catch (error) {
      // Walks go on where a search has ended, and meet what a property of the scenario does not expect.
      if (!(error instanceof QuiesceError)) throw error;
      console.log(`| ${scenario.name} | ${variant} | | ${error.code} | | | |`);
      continue;
    }
    if (first === undefined) {
      console.log(`| ${scenario.name} | ${variant} | | none | | | |`);
      continue;
    }
    const started = performance.now();
    const shrunk = await shrink(scenario, parseSchedule(first.schedule));
    const seconds = (performance.now() - started) / 1000;
    if (shrunk.result !== 'shrunk') throw new Error(`${scenario.name} ${variant}: ${shrunk.result}`);
    const { counterexample: c, before } = shrunk;
    if (c.signature !== first.signature) throw new Error(`${scenario.name} ${variant}: another signature`);
    times.push(seconds);
    if (c.minimal === 'proven') proven++;
    const size = (steps: number, switches: number) => `${steps} / ${switches}`;
    console.log(
      `| ${scenario.name} | ${variant} | ${c.signature} | ${size(before.steps, before.switches)} | ${size(c.steps.length, c.switches)} | ${seconds.toFixed(2)} | ${c.minimal} |`,
    );
  }
const fast = times.filter((t) => t < LIMIT_SECONDS).length;
console.log(
  `\n${times.length} schedules, ${fast} shrunk in less than ${LIMIT_SECONDS} seconds, ${proven} proven minimal; the slowest took ${Math.max(...times).toFixed(2)} seconds`,
);
