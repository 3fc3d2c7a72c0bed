/**
 * Values of flags: bounds, durations, sizes, counts. Each parser refuses what it does not understand with one
 * sentence; a value is never rounded or guessed.
 */
import { InvalidArgumentError } from 'commander';
import { type ExportFormat, exportFormats } from '../reports/export/formats.ts';

const secondsOf: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
const bytesOf: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `30s`, `500ms`, `5m`, `2h` as seconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const seconds = match ? Number(match[1]) * (secondsOf[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
  if (!(seconds > 0)) throw new InvalidArgumentError('Give a time such as 30s, 5m or 2h.');
  return seconds;
}

/** `2G`, `512M`, `4096K`, or plain bytes. */
export function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMG]?)i?B?$/.exec(text);
  const bytes = match ? Math.floor(Number(match[1]) * (bytesOf[match[2] ?? ''] ?? Number.NaN)) : Number.NaN;
  if (!(bytes > 0 && Number.isSafeInteger(bytes))) throw new InvalidArgumentError('Give a size such as 512M or 2G.');
  return bytes;
}

/** A whole number from 0. */
export function countFromZero(text: string): number {
  return wholeFrom(0, text);
}

/** A whole number from 1, written with or without thousands commas. */
export function count(text: string): number {
  return wholeFrom(1, text);
}

function wholeFrom(least: number, text: string): number {
  const number = /^\d{1,3}(,\d{3})+$|^\d+$/.test(text) ? Number(text.replaceAll(',', '')) : Number.NaN;
  if (!(number >= least && Number.isSafeInteger(number)))
    throw new InvalidArgumentError(`Give a whole number from ${least}.`);
  return number;
}

/** One `name=number`; repeated flags add up, a name given twice is an error. */
export function bound(text: string, earlier: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(\d+)$/.exec(text);
  const [name, value] = [match?.[1], Number(match?.[2])];
  if (name === undefined || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Give a bound as name=number, such as mm=2.');
  if (Object.hasOwn(earlier, name)) throw new InvalidArgumentError(`The bound ${name} is given twice.`);
  return { ...earlier, [name]: value };
}

/** Values of a bound: one, or a range that may be open above. */
export interface BoundRange {
  readonly from: number;
  /** Null where there is no upper end; equal to `from` for a single value. */
  readonly to: number | null;
  readonly single: boolean;
}

/** One `name=number`, `name=from..to` or `name=from..`; repeated flags add up, a name given twice is an error. */
export function boundRange(
  text: string,
  earlier: Readonly<Record<string, BoundRange>> = {},
): Readonly<Record<string, BoundRange>> {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(\d+)(\.\.(\d*))?$/.exec(text);
  const name = match?.[1];
  const from = Number(match?.[2]);
  const single = match?.[3] === undefined;
  const to = single ? from : match?.[4] === '' ? null : Number(match?.[4]);
  if (name === undefined || !Number.isSafeInteger(from) || (to !== null && !(Number.isSafeInteger(to) && to >= from)))
    throw new InvalidArgumentError('Give a bound as name=number, name=1..4 or name=1.. such as mm=1..3.');
  if (Object.hasOwn(earlier, name)) throw new InvalidArgumentError(`The bound ${name} is given twice.`);
  return { ...earlier, [name]: { from, to, single } };
}

/** Repeated names, in the order given. */
export function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** Names separated by commas. */
export function names(text: string): readonly string[] {
  const given = text.split(',');
  if (given.some((name) => name === '')) throw new InvalidArgumentError('Give names separated by commas.');
  return given;
}

/** Formats of `quiesce export`, separated by commas. */
export function formats(text: string): readonly ExportFormat[] {
  return text.split(',').map((name) => {
    const format = exportFormats.find((known) => known === name);
    if (format === undefined) throw new InvalidArgumentError(`Give some of ${exportFormats.join(', ')}.`);
    return format;
  });
}
