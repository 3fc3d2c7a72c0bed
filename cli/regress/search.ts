/** Searches that `quiesce regress` makes for what driving a schedule cannot tell, with progress and Ctrl-C. */
import { type CheckOptions, check } from '../../checker/check.ts';
import type { Scenario } from '../../checker/lang/index.ts';
import type { Verdict } from '../../checker/verdict.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { progressLine } from '../progress.ts';

/** Null once interrupted. */
export type Searcher = (scenario: Scenario, options: CheckOptions) => Promise<Verdict | null>;

/** Runs `act` with a searcher; the status of the signal when one arrived, else what `act` says. */
export async function withSearcher(
  console: Console,
  act: (search: Searcher) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const line = progressLine(console);
  const interrupt = onInterrupt(console);
  try {
    const status = await act(async (scenario, options) => {
      if (interrupt.status !== null) return null;
      const verdict = await check(scenario, { ...options, signal: interrupt.signal, onProgress: line.show });
      line.clear();
      return interrupt.status === null ? verdict : null;
    });
    return interrupt.status ?? status;
  } finally {
    line.clear();
    interrupt.release();
  }
}
