/**
 * Searches side by side: each thread does whole searches of its own, one after the other, so that no result depends on
 * how many there are. A thread that dies costs the job it was at, which is told as failed; another takes its place.
 */
import { Worker } from 'node:worker_threads';
import type { Answer, Job } from './job.ts';

/**
 * Does the jobs in their order, at most `side` at a time, and tells each answer in that order, as soon as those before
 * it are there. Returns false when the signal ended it; answers that were told stay told.
 */
export function runJobs(
  jobs: readonly Job[],
  side: number,
  signal: AbortSignal,
  tell: (answer: Answer, index: number) => void,
): Promise<boolean> {
  const answers = new Map<number, Answer>();
  let begun = 0;
  let told = 0;
  return new Promise((resolve, reject) => {
    const workers = new Set<Worker>();
    const stop = (whole: boolean) => {
      signal.removeEventListener('abort', aborted);
      const ending = [...workers].map((worker) => worker.terminate());
      workers.clear();
      void Promise.all(ending).then(() => resolve(whole), reject);
    };
    const aborted = () => stop(false);
    if (signal.aborted) return resolve(false);
    signal.addEventListener('abort', aborted);

    const done = (index: number, answer: Answer) => {
      answers.set(index, answer);
      for (let next = answers.get(told); next !== undefined; next = answers.get(told)) {
        answers.delete(told);
        tell(next, told++);
      }
    };
    const start = () => {
      const worker = new Worker(new URL('./searcher.js', import.meta.url));
      workers.add(worker);
      let at: number | null = null;
      const give = () => {
        if (begun >= jobs.length) {
          workers.delete(worker);
          void worker.terminate();
          if (told === jobs.length) stop(true);
          return;
        }
        at = begun++;
        worker.postMessage(jobs[at]);
      };
      const died = (message: string) => {
        if (!workers.delete(worker)) return;
        if (at !== null) done(at, { task: 'failed', message, seconds: 0 });
        if (told === jobs.length) stop(true);
        else if (begun < jobs.length) start();
      };
      worker.on('message', (answer: Answer) => {
        // What comes after an abort is not told any more.
        if (!workers.has(worker) || at === null) return;
        const index = at;
        at = null;
        done(index, answer);
        give();
      });
      worker.on('error', (error) => died(`the thread ended: ${error.message}`));
      worker.on('exit', (code) => died(`the thread ended with status ${code}`));
      give();
    };
    if (jobs.length === 0) stop(true);
    for (let i = 0; i < Math.min(side, jobs.length); i++) start();
  });
}
