/** `quiesce diff`: two stored schedules aligned. */
import { diffText } from '../../reports/text/diff.ts';
import type { Console } from '../console.ts';
import type { ExitStatus } from '../exit.ts';
import { readAnySchedule } from './replay.ts';

export function diffCommand([a = '', b = '']: readonly string[], console: Console): ExitStatus {
  console.out(diffText(readAnySchedule(a), readAnySchedule(b)));
  return 0;
}
