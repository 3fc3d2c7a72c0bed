/**
 * ioasid_allocator_lock and ioasid_nb_lock. A section under a spinlock is an RCU read section as well, since it cannot
 * be preempted: what kfree_rcu() is given inside it lives until the unlock.
 */
import { type KernelKit, release, type Statement } from '../kernel/index.ts';
import type { Ioasid } from './objects.ts';
import { lockOrder } from './switches.ts';

/** The part of a frame that all of ioasid.c has. */
export interface WithCore {
  core: Ioasid;
}

const preemption = 'a spinlock section is an RCU read section: both begin and end with preemption';

export function lockAllocator<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return k.spinLock((f) => f.core.allocator_lock, {
    as: '&ioasid_allocator_lock',
    indivisible: preemption,
    do: (f, self) => f.core.rcu.readers.add(self),
  });
}

export function unlockAllocator<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return {
    ...k.spinUnlock((f) => f.core.allocator_lock, { as: '&ioasid_allocator_lock', indivisible: preemption }),
    op: 'step',
    act: ((f: F, self: Parameters<typeof release>[1]) => {
      const { rcu, allocator_lock } = f.core;
      release(allocator_lock, self);
      rcu.readers.delete(self);
      rcu.old.delete(self);
    }) as never,
  } as Statement<F>;
}

export function lockNb<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return k.spinLock((f) => f.core.nb_lock, { as: '&ioasid_nb_lock' });
}

export function unlockNb<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return k.spinUnlock((f) => f.core.nb_lock, { as: '&ioasid_nb_lock' });
}

/** Both locks, in the order of the variant. */
export function lockBoth<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return k.switch(lockOrder, {
    'allocator-first': [lockAllocator(k), lockNb(k)],
    'nb-first': [lockNb(k), lockAllocator(k)],
  });
}

export function unlockBoth<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return k.switch(lockOrder, {
    'allocator-first': [unlockNb(k), unlockAllocator(k)],
    'nb-first': [unlockAllocator(k), unlockNb(k)],
  });
}

/**
 * The lock of whoever may free the last ID, and with it the set, which changes the list of pending notifiers: V4 takes
 * ioasid_allocator_lock alone.
 */
export function lockForFree<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return k.switch(lockOrder, {
    'allocator-first': [lockAllocator(k)],
    'nb-first': [lockNb(k), lockAllocator(k)],
  });
}

export function unlockForFree<F extends WithCore>(k: KernelKit<F>): Statement<F> {
  return k.switch(lockOrder, {
    'allocator-first': [unlockAllocator(k)],
    'nb-first': [unlockAllocator(k), unlockNb(k)],
  });
}
