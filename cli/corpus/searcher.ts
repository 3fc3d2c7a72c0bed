/** Entry of a thread of the corpus run: answers one job after the other, each a whole search of its own. */
import { parentPort } from 'node:worker_threads';
import { check } from '../../checker/check.ts';
import { needs } from '../../checker/grow/needs.ts';
import { QuiesceError } from '../../checker/lang/index.ts';
import { findScenario } from '../models.ts';
import { runFolder, writeRun } from '../run-folder.ts';
import type { Answer, Job } from './job.ts';

/** Time for the smallest bounds of one bug, in seconds. What is not decided by then is told as not proven. */
const NEEDS_SECONDS = 300;

if (parentPort === null) throw new Error('searcher.js runs as a worker thread only');
const port = parentPort;
port.on('message', async (job: Job) => {
  port.postMessage(await answer(job));
});

async function answer(job: Job): Promise<Answer> {
  const started = performance.now();
  try {
    return job.task === 'check' ? await search(job, started) : await smallest(job);
  } catch (error) {
    // A defect of ours or of the model: its stack says where.
    const message =
      error instanceof QuiesceError
        ? `${error.message}${error.where === undefined ? '' : ` (${error.where})`}`
        : String((error as Error | undefined)?.stack ?? error);
    return { task: 'failed', message, seconds: (performance.now() - started) / 1000 };
  }
}

async function search({ scenario: name, variant, out }: Job, started: number): Promise<Answer> {
  const { scenario } = await findScenario(name);
  const verdict = await check(scenario, { variant });
  writeRun(runFolder(out, name, variant), verdict);
  const first = verdict.violations[0];
  return {
    task: 'check',
    seconds: (performance.now() - started) / 1000,
    result: {
      scenario: name,
      variant,
      expected: (scenario.variants[variant] as (typeof scenario.variants)[string]).expect,
      outcome: verdict.outcome,
      states: verdict.counts.states,
      depth: verdict.counts.depth,
      violation:
        first === undefined
          ? null
          : {
              kind: first.evidence.kind,
              property: first.property,
              signature: first.signature,
              steps: first.steps.length,
            },
      asExpected: verdict.asExpected === true,
      unexpected: verdict.unexpected,
    },
  };
}

async function smallest({ scenario: name, variant }: Job): Promise<Answer> {
  const { scenario } = await findScenario(name);
  return { task: 'needs', needs: await needs(scenario, { variant, maxSeconds: NEEDS_SECONDS }) };
}
