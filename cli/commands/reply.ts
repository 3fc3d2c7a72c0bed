/** `quiesce reply`: the verdict of an earlier run as text for a mail. */
import { reply } from '../../reports/text/reply.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { storedVerdict } from './report.ts';

export function replyCommand(run: string, console: Console): ExitStatus {
  console.out(reply(storedVerdict(run).verdict));
  return 0;
}
