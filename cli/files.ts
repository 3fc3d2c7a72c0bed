/**
 * Writing results: every file appears whole or not at all, and a folder that cannot be written is found out
 * before the search starts.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { QuiesceError } from '../checker/lang/index.ts';

/** Makes the folder and proves that a file can be written there. Returns how to take it away if it stays empty. */
export function prepareFolder(folder: string): () => void {
  const probe = join(folder, `.quiesce-probe-${process.pid}`);
  try {
    const made = makeFolder(folder);
    writeFileSync(probe, '');
    rmSync(probe);
    return () => removeEmpty(folder, made);
  } catch (error) {
    throw ioError(`cannot write to ${shown(folder)}`, folder, error, 'choose another folder with --out');
  }
}

/**
 * Makes a folder and those above it; returns the first that did not exist. One at a time: the recursive form of Node 20
 * never returns where a file system refuses with `ENOENT`, as /proc does.
 */
function makeFolder(folder: string): string | undefined {
  if (existsSync(folder)) return undefined;
  const above = makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another run made it in the meantime: then it is not ours to take away.
    if (systemCode(error) === 'EEXIST' && statSync(folder).isDirectory()) return above;
    throw error;
  }
  return above ?? folder;
}

/** Removes the empty folders from `folder` up to `made`, the first one that did not exist before. */
function removeEmpty(folder: string, made: string | undefined): void {
  if (made === undefined || relative(made, folder).startsWith('..')) return;
  if (readdirSync(folder).length > 0) return;
  rmdirSync(folder);
  removeEmpty(dirname(folder), made);
}

/** Writes a file beside itself first and renames it, so that no reader ever sees half of it. */
export function writeWhole(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    makeFolder(dirname(path));
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw ioError(`cannot write ${shown(path)}`, path, error);
  }
}

/** Reads a text file the user named. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT';
    throw new QuiesceError(
      missing ? 'usage' : 'io',
      missing ? `there is no file ${shown(path)}` : `cannot read ${shown(path)}`,
      {
        where: resolve(path),
        ...(missing ? {} : { hint: systemCode(error) ?? String(error) }),
        cause: error,
      },
    );
  }
}

/** A path as a reader at this prompt would type it. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' ? '.' : near.startsWith('..') ? resolve(path) : near;
}

/** The code of a system error, such as `EACCES`. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

function ioError(what: string, path: string, error: unknown, hint?: string): QuiesceError {
  const code = systemCode(error);
  return new QuiesceError('io', code === undefined ? what : `${what}: ${reasons[code] ?? code}`, {
    where: resolve(path),
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'there is a file of that name',
  EISDIR: 'there is a folder of that name',
};
