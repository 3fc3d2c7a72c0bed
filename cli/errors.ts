/**
 * How errors reach the user: what is wrong, where, and what to do. A stack is shown only for defects in quiesce
 * itself, and only when QUIESCE_DEBUG is set.
 */
import { CommanderError } from 'commander';
import { QuiesceError } from '../checker/lang/index.ts';
import type { Console } from './console.ts';
import { type ExitStatus, statusOfError } from './exit.ts';

/**
 * Prints an error and says with which status to exit.
 *
 * @param command the one that was called, if there is one of that name: its help is what to look at.
 */
export function reportError(error: unknown, console: Console, command?: string): ExitStatus {
  const known = error instanceof CommanderError ? fromCommander(error, command) : error;
  if (known instanceof QuiesceError) {
    console.error(`quiesce: ${known.message}`);
    if (known.where !== undefined) console.error(`  at ${known.where}`);
    if (known.hint !== undefined) console.error(`  hint: ${known.hint}`);
    debugStack(known, console);
    return statusOfError[known.code];
  }
  console.error(`quiesce: defect: ${known instanceof Error ? known.message : String(known)}`);
  console.error('  hint: set QUIESCE_DEBUG=1 to see the stack, and report it');
  debugStack(known, console);
  return 70;
}

/** Commander's text `error: unknown option '--x'\n(Did you mean --y?)` as an error of ours. */
function fromCommander(error: CommanderError, command: string | undefined): QuiesceError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const near = rest.map((line) => /^\(Did you mean (.*)\?\)$/.exec(line)?.[1]).find((name) => name !== undefined);
  const help =
    command === undefined
      ? 'quiesce --help lists the commands'
      : `quiesce ${command} --help tells its arguments and flags`;
  return new QuiesceError('usage', first.replace(/\.$/, ''), {
    hint: near === undefined ? help : `did you mean ${near}?`,
  });
}

function debugStack(error: unknown, console: Console): void {
  if (process.env['QUIESCE_DEBUG'] && error instanceof Error) console.error(error.stack ?? error.message);
}
