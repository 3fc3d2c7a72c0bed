#!/usr/bin/env node
/** The `quiesce` program: parse, call, print, exit status. */
import { setFlagsFromString } from 'node:v8';
import { CommanderError } from 'commander';
import { processConsole } from './console.ts';
import { reportError } from './errors.ts';
import { program } from './program.ts';

// Four times what node has on its own. Code is optimised a moment later, which a long search does not notice; a short
// one is over before its code would be, and no time is spent on that.
setFlagsFromString('--interrupt-budget=270336');

// A reader such as `head` that has seen enough is no error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141);
    throw error;
  });

const quiesce = program((status) => {
  process.exitCode = status;
});
try {
  await quiesce.parseAsync();
} catch (error) {
  // Help and version were printed by commander; help without a command is a usage error.
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0;
  else if (error instanceof CommanderError && error.code === 'commander.help') process.exitCode = 2;
  else {
    const called = quiesce.commands.map((c) => c.name()).find((name) => name === process.argv[2]);
    process.exitCode = reportError(error, processConsole(), called);
  }
}
