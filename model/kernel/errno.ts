/**
 * Error numbers as kernel functions return them, negated. A field holds one byte, so ERESTARTSYS, 512 in the
 * kernel and never seen by user space, has a free number below 128 here.
 */
import { type Field, int } from '../../checker/lang/index.ts';

/** Operation not permitted. */
export const EPERM = 1;
/** No such file or directory. */
export const ENOENT = 2;
/** No such process. */
export const ESRCH = 3;
/** I/O error. */
export const EIO = 5;
/** No such device or address. */
export const ENXIO = 6;
/** Bad file number. */
export const EBADF = 9;
/** Try again. */
export const EAGAIN = 11;
/** Out of memory. */
export const ENOMEM = 12;
/** Permission denied. */
export const EACCES = 13;
/** Bad address. */
export const EFAULT = 14;
/** Device or resource busy. */
export const EBUSY = 16;
/** It exists already. */
export const EEXIST = 17;
/** No such device. */
export const ENODEV = 19;
/** Invalid argument. */
export const EINVAL = 22;
/** No space left. */
export const ENOSPC = 28;
/** Argument out of domain. */
export const EDOM = 33;
/** Result out of range. */
export const ERANGE = 34;
/** No such ioctl. */
export const ENOTTY = 25;
/** Address in use. */
export const EADDRINUSE = 98;
/** Timed out. */
export const ETIMEDOUT = 110;
/** A signal is pending; 512 in the kernel, 127 here. */
export const ERESTARTSYS = 127;

/** A result: zero, a small positive number, or a negated error number. */
export function errno(): Field<number> {
  return int(-128, 127, 0);
}
