/**
 * The four public revisions as presets, and what the repaired form adds to the last. All rest on mainline's objects.
 */
import { preservedTest, repairedAttach } from '../iommufd/index.ts';
import { type Setting, set } from '../kernel/index.ts';
import {
  atomicSleep,
  immutability,
  iommuRecord,
  mapTest,
  markForm,
  preservedTwice,
  preserveForm,
  recordCount,
  restoreClaim,
  sharedIoas,
  unpreserveForm,
  unpreserveNothing,
} from './switches.ts';

/** v1, on a kernel that does not notice sleeps in atomic context (#29), so that the rest can be seen. */
export const revision1: readonly Setting[] = [...repairedAttach, set(atomicSleep, 'unnoticed')];

/** The table of tokens; preservation as in v1. */
export const revision2: readonly Setting[] = [...revision1, set(markForm, 'table')];

/** The table and the mutex. The IOAS is tested, but not made immutable. */
export const revision3: readonly Setting[] = [
  ...repairedAttach,
  set(markForm, 'table-mutex'),
  set(preserveForm, 'table'),
  set(unpreserveForm, 'table'),
  set(immutability, 'none'),
];

/** Marks of the xarray; references until unpreserve; the core refuses a second record and has a tested undo. */
export const revision4: readonly Setting[] = [
  ...repairedAttach,
  set(markForm, 'xa-mark'),
  set(preserveForm, 'lock-each'),
  set(unpreserveForm, 'preserved'),
  set(preservedTwice, 'refused'),
  set(unpreserveNothing, 'returns'),
  set(iommuRecord, 'on-success'),
  set(preservedTest, 'attach'),
];

/** Revision 4 with the repairs that it lacks: LU-8, LU-10, #33, #32, LU-7. */
export const fixed: readonly Setting[] = [
  ...revision4,
  set(sharedIoas, 'last'),
  set(recordCount, 'gathered'),
  set(mapTest, 'whole-map'),
  set(preservedTest, 'all'),
  set(restoreClaim, 'mutex'),
];
