/**
 * Error numbers as kernel functions return them, negated. A field holds one byte, so ERESTARTSYS, 512 in the
 * kernel and never seen by user space, has a free number below 128 here.
 */
import { type Field, int } from '../../checker/lang/index.ts';

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EIO = 5;
export const ENXIO = 6;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOSPC = 28;
export const EDOM = 33;
export const ERANGE = 34;
export const ENOTTY = 25;
export const EADDRINUSE = 98;
export const ETIMEDOUT = 110;
export const ERESTARTSYS = 127;

/** A result: zero, a small positive number, or a negated error number. */
export function errno(): Field<number> {
  return int(-128, 127, 0);
}
