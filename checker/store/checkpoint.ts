/**
 * Checkpoint files: a head that tells what the file is about, then arrays as they lie in memory, then a checksum.
 *
 *   16 bytes   `QUIESCE-CHECKPT\n`
 *   4 bytes    format version, little endian
 *   4 bytes    bytes of the head
 *   head       JSON `{ about, sections: [{ name, bytes }] }`, filled up with blanks to a multiple of 8
 *   sections   one after another, each filled up with zeros to a multiple of 8
 *   32 bytes   SHA-256 of everything before
 *
 * A file appears whole or not at all: it is written under another name in the same folder, flushed to the disk and
 * renamed. Nothing of it is used before its checksum was compared.
 *
 * Limits: little-endian machines, which are all that Node runs on but for s390x; there both writing and reading are
 * refused.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { endianness } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { QuiesceError } from '../lang/errors.ts';

export const CHECKPOINT_FORMAT = 1;

const MAGIC = 'QUIESCE-CHECKPT\n';
const FIXED = MAGIC.length + 8;
const SUM = 32;
const PIECE = 2 ** 20;
const MOST_HEAD = 2 ** 28;

/** Some bytes of the file and their name. */
export interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Head {
  readonly about: unknown;
  readonly sections: readonly { readonly name: string; readonly bytes: number }[];
}

const filledUp = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/**
 * Writes a checkpoint in place of an earlier one of that name, which stays as it is until the new one is whole.
 *
 * @param about anything that JSON can hold. @throws QuiesceError `io` when the disk refuses; no part of it is left then.
 */
export function writeCheckpoint(path: string, about: unknown, sections: readonly Section[]): void {
  refuseBigEndian();
  const temporary = temporaryOf(path, process.pid);
  let file: number | null = null;
  try {
    file = openSync(temporary, 'w');
    const hash = createHash('sha256');
    const put = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; ) {
        const piece = bytes.subarray(at, at + PIECE);
        hash.update(piece);
        writeAll(file as number, piece);
        at += piece.length;
      }
    };
    const text = JSON.stringify({ about, sections: sections.map((s) => ({ name: s.name, bytes: s.bytes.length })) });
    const head = Buffer.from(text);
    const length = filledUp(head.length);
    const fixed = Buffer.from(`${MAGIC}........`, 'latin1');
    fixed.writeUInt32LE(CHECKPOINT_FORMAT, MAGIC.length);
    fixed.writeUInt32LE(length, MAGIC.length + 4);
    put(fixed);
    put(head);
    put(Buffer.alloc(length - head.length, ' '));
    for (const { bytes } of sections) {
      put(bytes);
      put(Buffer.alloc(filledUp(bytes.length) - bytes.length));
    }
    writeAll(file, hash.digest());
    fsyncSync(file);
    closeSync(file);
    file = null;
    renameSync(temporary, path);
    flushFolder(dirname(path));
  } catch (error) {
    if (file !== null) closeSync(file);
    rmSync(temporary, { force: true });
    throw systemError(`cannot write the checkpoint ${basename(path)}`, path, error);
  }
}

/** Removes a checkpoint and what runs that were killed while they wrote it have left behind. */
export function removeCheckpoint(path: string): void {
  rmSync(path, { force: true });
  removeHalfWritten(path);
}

/** Removes half-written files of this checkpoint, of processes that are gone. */
export function removeHalfWritten(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const match = /\.(\d+)\.tmp$/.exec(name);
    if (match === null || name !== basename(temporaryOf(path, Number(match[1])))) continue;
    if (Number(match[1]) === process.pid || !isRunning(Number(match[1]))) rmSync(join(folder, name), { force: true });
  }
}

const temporaryOf = (path: string, pid: number): string => join(dirname(path), `.${basename(path)}.${pid}.tmp`);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * What a checkpoint says it is about. Its checksum is not compared yet: `readCheckpoint` does that.
 *
 * @throws QuiesceError `usage` when there is no such file, `load` when it is none of ours or was cut.
 */
export function aboutCheckpoint(path: string): unknown {
  return withFile(path, (file) => readHead(path, file, () => undefined).head.about);
}

/**
 * Reads a checkpoint. `place` gives for each section the bytes it is to be written to, at least as many as asked for.
 * They may be used only when this has returned: it compares the checksum last.
 *
 * @throws QuiesceError `usage` when there is no such file, `load` when it is none of ours, was cut or is damaged.
 */
export function readCheckpoint(
  path: string,
  place: (about: unknown, name: string, bytes: number) => Uint8Array,
): unknown {
  return withFile(path, (file) => {
    const hash = createHash('sha256');
    const { head, size } = readHead(path, file, (bytes) => hash.update(bytes));
    const piece = Buffer.alloc(PIECE);
    let at = size;
    for (const { name, bytes } of head.sections) {
      const out = place(head.about, name, bytes);
      const end = at + filledUp(bytes);
      for (let done = 0; at < end; ) {
        const part = piece.subarray(0, Math.min(PIECE, end - at));
        readAll(path, file, part, at);
        hash.update(part);
        const kept = Math.min(part.length, bytes - done);
        out.set(part.subarray(0, kept), done);
        done += kept;
        at += part.length;
      }
    }
    const sum = Buffer.alloc(SUM);
    readAll(path, file, sum, at);
    if (!sum.equals(hash.digest())) throw damaged(path, 'its checksum does not fit its contents');
    return head.about;
  });
}

function withFile<T>(path: string, use: (file: number) => T): T {
  refuseBigEndian();
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new QuiesceError('usage', `there is no checkpoint ${path}`, {
        where: resolve(path),
        hint: 'a search that ended by itself needs none, and removes it',
      });
    throw systemError(`cannot read the checkpoint ${basename(path)}`, path, error);
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** The head, and where the sections begin. */
function readHead(path: string, file: number, seen: (bytes: Uint8Array) => void): { head: Head; size: number } {
  const whole = fstatSync(file).size;
  const fixed = Buffer.alloc(FIXED);
  if (whole < FIXED) throw damaged(path, 'it is too short to be a checkpoint');
  readAll(path, file, fixed, 0);
  if (fixed.toString('latin1', 0, MAGIC.length) !== MAGIC) throw damaged(path, 'it is no checkpoint');
  const version = fixed.readUInt32LE(MAGIC.length);
  if (version !== CHECKPOINT_FORMAT)
    throw damaged(path, `its format is ${version}, and this quiesce reads ${CHECKPOINT_FORMAT}`);
  const length = fixed.readUInt32LE(MAGIC.length + 4);
  if (length > MOST_HEAD || FIXED + length > whole) throw damaged(path, 'its head is cut');
  const text = Buffer.alloc(length);
  readAll(path, file, text, FIXED);
  const head = parse(path, text.toString());
  const size = FIXED + length;
  const wanted = head.sections.reduce((sum, s) => sum + filledUp(s.bytes), size + SUM);
  if (whole !== wanted) throw damaged(path, `it has ${whole} bytes instead of ${wanted}: it was cut or added to`);
  seen(fixed);
  seen(text);
  return { head, size };
}

function parse(path: string, text: string): Head {
  try {
    const head = JSON.parse(text) as Head;
    const fine = head.sections.every(
      (s) => typeof s.name === 'string' && Number.isSafeInteger(s.bytes) && s.bytes >= 0,
    );
    if (fine) return head;
  } catch {
    // Told below.
  }
  throw damaged(path, 'its head cannot be read');
}

function readAll(path: string, file: number, out: Buffer, at: number): void {
  for (let done = 0; done < out.length; ) {
    const read = readSync(file, out, done, out.length - done, at + done);
    if (read === 0) throw damaged(path, 'it is cut');
    done += read;
  }
}

/** Writes all of some bytes at the end of a file: a write may stop in the middle. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
}

/** Makes the rename last. Not every system can open a folder. */
function flushFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // The file itself is flushed; after a loss of power the earlier one may be there instead.
  }
}

function refuseBigEndian(): void {
  if (endianness() !== 'LE')
    throw new QuiesceError('config', 'checkpoints are for little-endian machines', { hint: 'search without one' });
}

function damaged(path: string, why: string): QuiesceError {
  return new QuiesceError('load', `cannot resume from ${basename(path)}: ${why}`, {
    where: resolve(path),
    hint: 'start the search anew',
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is spent',
  ENOENT: 'there is no such folder',
  EIO: 'the disk failed',
};

/** An error of the disk in words. */
export function systemError(what: string, path: string, error: unknown): QuiesceError {
  if (error instanceof QuiesceError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new QuiesceError('io', `${what}: ${reasons[code] ?? code}`, {
    where: resolve(path),
    hint: 'choose a folder with room, or make some',
    cause: error,
  });
}
