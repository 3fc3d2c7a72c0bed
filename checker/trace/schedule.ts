/**
 * Stored schedules: a counterexample as a few lines of text, written with names. The unit kept in git and pasted
 * in mail.
 *
 * ```text
 * quiesce schedule 1
 * scenario vfio-detach-vs-mm-exit
 * variant posted
 * bounds mms=1 groups=1
 * model 4f3c21d9a0b1c2d3
 * property deadlock
 * signature 1a2b3c4d
 *
 * exit: mmu_notifier_release/spin_lock(&iommu_sva_lock)
 * detach: vfio_iommu_type1_detach_group/mutex_lock(&iommu->lock)
 * end 2 steps
 * ```
 *
 * One line a step: `actor: procedure/step`, then ` [choice]` where the step chooses. A line `loop` stands before the
 * first step of a cycle that is taken for ever, right before `end` where everybody stays for ever. Lines that begin
 * with `#` are comments. The last line counts the steps, so that a truncated file is noticed.
 */
import { QuiesceError } from '../lang/errors.ts';

/** One line of a stored schedule. */
export interface ScheduleMove {
  readonly actor: string;
  readonly procedure: string;
  readonly label: string;
  readonly choice: string | null;
  /** Line of the file, from 1; 0 when it was not read from one. */
  readonly line: number;
}

/** What stands before the steps of a stored schedule. */
export interface ScheduleHead {
  readonly scenario: string;
  readonly variant: string;
  readonly bounds: Readonly<Record<string, number>>;
  readonly modelHash: string;
  readonly property: string;
  readonly signature: string;
}

/** A stored schedule, read. `formatSchedule` writes it. */
export interface Schedule extends ScheduleHead {
  readonly moves: readonly ScheduleMove[];
  /** Moves before the cycle, where the schedule goes on for ever. */
  readonly loop?: number;
}

export const SCHEDULE_VERSION = 1;
const MAX_BYTES = 1 << 20;
const MAX_MOVES = 20_000;

/**
 * The text of a schedule, which `parseSchedule` reads back: a few lines in names, kept in git and pasted in mail.
 *
 * @example
 * ```ts
 * import { formatSchedule, parseSchedule } from 'quiesce';
 *
 * const schedule = {
 *   scenario: 'first', variant: 'posted', bounds: { tasks: 1 }, modelHash: '0123456789abcdef',
 *   property: 'deadlock', signature: '4f3c21d9',
 *   moves: [{ actor: 'user0', procedure: 'toy_use', label: 'mutex_lock(&dev->lock)', choice: null, line: 0 }],
 * };
 * const text = formatSchedule(schedule);
 * console.log(text.split('\n')[8]); // user0: toy_use/mutex_lock(&dev->lock)
 * console.log(parseSchedule(text).moves.length); // 1
 * ```
 */
export function formatSchedule(schedule: Schedule): string {
  return scheduleText(schedule, linesOf(schedule), schedule.moves.length);
}

/** The same, of steps that are text already: `actor: procedure/step [choice]`. */
export function scheduleOfSteps(head: ScheduleHead, steps: readonly string[]): string {
  return scheduleText(head, steps, steps.length);
}

function scheduleText(schedule: ScheduleHead, lines: readonly string[], steps: number): string {
  const bounds = Object.entries(schedule.bounds).map(([name, value]) => `${name}=${value}`);
  return [
    `quiesce schedule ${SCHEDULE_VERSION}`,
    `scenario ${schedule.scenario}`,
    `variant ${schedule.variant}`,
    `bounds ${bounds.join(' ')}`.trimEnd(),
    `model ${schedule.modelHash}`,
    `property ${schedule.property}`,
    `signature ${schedule.signature}`,
    '',
    ...lines,
    `end ${steps} ${steps === 1 ? 'step' : 'steps'}`,
    '',
  ].join('\n');
}

function linesOf({ moves, loop }: Schedule): string[] {
  const lines = moves.map(formatMove);
  return loop === undefined ? lines : [...lines.slice(0, loop), 'loop', ...lines.slice(loop)];
}

export function formatMove(move: Pick<ScheduleMove, 'actor' | 'procedure' | 'label' | 'choice'>): string {
  return `${move.actor}: ${move.procedure}/${move.label}${move.choice === null ? '' : ` [${move.choice}]`}`;
}

/**
 * Reads a stored schedule. Throws a `schedule` error that names the line when the text is truncated, from another
 * version, or anything but a schedule. `file` is for messages only.
 *
 * Limits: at most 1 MiB and 20,000 moves.
 *
 * @example
 * ```ts
 * import { parseSchedule, QuiesceError } from 'quiesce';
 *
 * try {
 *   parseSchedule('not a schedule', 'bug.sched');
 * } catch (error) {
 *   console.log(error instanceof QuiesceError, error.code, error.where); // true schedule bug.sched:1
 * }
 * ```
 */
export function parseSchedule(text: string, file = 'schedule'): Schedule {
  const fail = (line: number, what: string, hint?: string): never => {
    throw new QuiesceError('schedule', what, { where: `${file}:${line}`, ...(hint === undefined ? {} : { hint }) });
  };
  if (text.length > MAX_BYTES) fail(1, 'the file is larger than a schedule can be', `at most ${MAX_BYTES} bytes`);
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const bad = lines.findIndex((line) => hasControlCharacter(line));
  if (bad >= 0) fail(bad + 1, 'the line has control characters', 'schedules are plain text');
  const first = /^quiesce schedule (\d+)$/.exec(lines[0] ?? '');
  if (first === null) return fail(1, 'this is not a stored schedule', 'the first line must be "quiesce schedule 1"');
  if (Number(first[1]) !== SCHEDULE_VERSION)
    fail(1, `schedule version ${first[1]} is not known`, `this program reads version ${SCHEDULE_VERSION}`);

  const header = new Map<string, string>();
  const headerLines = new Map<string, number>();
  const known = ['scenario', 'variant', 'bounds', 'model', 'property', 'signature'];
  let i = 1;
  for (; i < lines.length && lines[i] !== ''; i++) {
    const line = lines[i] as string;
    if (line.startsWith('#')) continue;
    const space = line.indexOf(' ');
    const key = space < 0 ? line : line.slice(0, space);
    if (!known.includes(key)) fail(i + 1, `unknown header "${key.slice(0, 40)}"`, `headers are ${known.join(', ')}`);
    if (header.has(key)) fail(i + 1, `header "${key}" stands twice`);
    header.set(key, space < 0 ? '' : line.slice(space + 1));
    headerLines.set(key, i + 1);
  }
  for (const key of known) if (!header.has(key)) fail(i + 1, `header "${key}" is missing`, 'the file may be truncated');

  const bounds: Record<string, number> = {};
  for (const part of (header.get('bounds') ?? '').split(' ').filter((p) => p !== '')) {
    const m = /^([A-Za-z_]\w*)=(\d{1,6})$/.exec(part);
    if (m === null)
      return fail(headerLines.get('bounds') as number, `bound "${part.slice(0, 40)}" is not of the form name=number`);
    bounds[m[1] as string] = Number(m[2]);
  }

  const moves: ScheduleMove[] = [];
  let loop: number | undefined;
  let ended = false;
  for (i++; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line === '' || line.startsWith('#')) continue;
    if (ended) fail(i + 1, 'something stands after the end of the schedule');
    const end = /^end (\d+) steps?$/.exec(line);
    if (end !== null) {
      if (Number(end[1]) !== moves.length)
        fail(i + 1, `the schedule has ${moves.length} steps, not ${end[1]}`, 'lines were lost or added');
      ended = true;
      continue;
    }
    if (line === 'loop') {
      if (loop !== undefined) fail(i + 1, 'the schedule has two loops');
      loop = moves.length;
      continue;
    }
    const m = /^([A-Za-z_][\w.#-]*): ([^/]+)\/(.+)$/.exec(line);
    if (m === null)
      return fail(i + 1, 'this is not a step', 'steps are written "actor: procedure/step" or "... [choice]"');
    const choice = / \[([^[\]]*)\]$/.exec(m[3] as string);
    moves.push({
      actor: m[1] as string,
      procedure: m[2] as string,
      label: choice === null ? (m[3] as string) : (m[3] as string).slice(0, choice.index),
      choice: choice === null ? null : (choice[1] as string),
      line: i + 1,
    });
    if (moves.length > MAX_MOVES) fail(i + 1, `the schedule has more than ${MAX_MOVES} steps`);
  }
  if (!ended) fail(lines.length, 'the schedule has no end line', 'the file is truncated');
  return {
    scenario: header.get('scenario') as string,
    variant: header.get('variant') as string,
    bounds,
    modelHash: header.get('model') as string,
    property: header.get('property') as string,
    signature: header.get('signature') as string,
    moves,
    ...(loop === undefined ? {} : { loop }),
  };
}

function hasControlCharacter(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code < 32 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029) return true;
  }
  return false;
}
