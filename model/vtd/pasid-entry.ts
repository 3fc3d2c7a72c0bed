/**
 * Change of a PASID table entry that the IOMMU may be reading: teardown, replacement.
 *
 * Source: corpus #27 (CVE-2026-45894, CVE-2026-45945), intel_pasid_tear_down_entry() and
 * intel_pasid_replace_first_level() of pasid.c. The entry is written word by word. An IOMMU that does not snoop sees a
 * word when it leaves the cache of the CPU, at the latest at clflush_cache_range(): a store buffer stands for that.
 *
 * Limits: invalidations of IOTLB and device TLB, which follow that of the PASID cache, are left out; so is the queue
 * (see `qi.ts`): the write to its tail register is one step and does not wait for earlier stores.
 */
import {
  type Cpu,
  constant,
  int,
  type KernelKit,
  nameOf,
  procedure,
  type Statement,
  Violation,
} from '../kernel/index.ts';
import { hw, type PasidCache } from './objects.ts';
import { PASID_C, tornReplace, tornTeardown } from './sources.ts';
import { entryUpdate, entryWithout } from './switches.ts';

/** Words of the entry, as locations behind the store buffer. */
export const PRESENT = 0;
export const DID = 1;
export const FLPTPTR = 2;

const LAST_DOMAIN = 2;
const params = {
  cpu: constant<Cpu>(),
  cache: hw<PasidCache>(),
  /** Domain that the entry leads to, and the one it shall lead to. */
  from: int(0, LAST_DOMAIN),
  to: int(0, LAST_DOMAIN),
};
interface Frame {
  cpu: Cpu;
  cache: PasidCache;
  from: number;
  to: number;
}

const write = <F extends Frame>(k: KernelKit<F>, location: number, label: string, value: (f: F) => number) =>
  k.storeOnce((f) => f.cpu, location, value, { label });

const clear = <F extends Frame>(k: KernelKit<F>) => write(k, PRESENT, 'clear the present bit', () => 0);
const rest = <F extends Frame>(k: KernelKit<F>): Statement<F>[] => [
  write(k, DID, 'write the domain id', (f) => f.to),
  write(k, FLPTPTR, 'write the page table pointer', (f) => f.to),
];

/** clflush_cache_range() of the entry, unless the variant leaves it out. */
const flush = <F extends Frame>(k: KernelKit<F>, what: string): Statement<F> =>
  k.smpMb((f) => f.cpu, { label: `clflush_cache_range() ${what}` });

/** pasid_cache_invalidation_with_pasid(): submit, and wait for the status of the wait descriptor. */
const submit = <F extends Frame>(k: KernelKit<F>): Statement<F> =>
  k.step(
    'submit a PASID cache invalidation and a wait descriptor',
    (f) => {
      f.cache.done = false;
      f.cache.invalidate = true;
    },
    { indivisible: 'the IOMMU looks at the queue when the tail register is written, which is the last thing' },
  );
const wait = <F extends Frame>(k: KernelKit<F>): Statement<F> =>
  k.blockUntil('wait for the wait descriptor', (f) => f.cache.done, {
    waiting: { kind: 'device', on: (f) => f.cache },
  });

/** Takes the entry out of use: after it the IOMMU neither reads nor remembers it. */
const takeOut = <F extends Frame>(k: KernelKit<F>): Statement<F>[] => [
  clear(k),
  k.switch(entryWithout, {
    none: [flush(k, 'of the present bit'), submit(k), wait(k)],
    barrier: [submit(k), wait(k)],
    wait: [flush(k, 'of the present bit'), submit(k)],
    'present last': [flush(k, 'of the present bit'), submit(k), wait(k)],
  }),
];

/** The page tables that the entry led to are freed by the caller. */
const free = <F extends Frame>(k: KernelKit<F>): Statement<F> =>
  k.step(
    'free the page tables it led to',
    (f) => {
      if (f.cache.did === f.from || f.cache.flptptr === f.from)
        throw new Violation(
          'isolation',
          `the page tables of domain ${f.from} are freed while the PASID cache leads to them`,
          [nameOf(f.cache)],
        );
    },
    { indivisible: 'a check: both belong to one cached entry' },
  );

/** intel_pasid_tear_down_entry() */
export const tearDownEntry = procedure(
  'intel_pasid_tear_down_entry',
  { source: tornTeardown(PASID_C), params },
  (k) => [
    k.switch(entryUpdate, {
      'in place': [clear(k), ...rest(k), flush(k, 'of the entry'), submit(k), wait(k)],
      'not present first': [...takeOut(k), ...rest(k)],
    }),
    free(k),
    k.return(),
  ],
);

/** intel_pasid_replace_first_level(): the device uses the PASID all the while. */
export const replaceEntry = procedure(
  'intel_pasid_replace_first_level',
  { source: tornReplace(PASID_C), params },
  (k) => {
    const present = write(k, PRESENT, 'set the present bit', () => 1);
    return [
      k.switch(entryUpdate, {
        'in place': [...rest(k), flush(k, 'of the entry'), submit(k), wait(k)],
        'not present first': [
          ...takeOut(k),
          k.switch(entryWithout, {
            none: [...rest(k), present],
            barrier: [...rest(k), present],
            wait: [...rest(k), present],
            'present last': [present, ...rest(k)],
          }),
          flush(k, 'of the entry'),
        ],
      }),
      free(k),
      k.return(0),
    ];
  },
);
