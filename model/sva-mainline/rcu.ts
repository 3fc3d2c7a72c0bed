/**
 * RCU by means of SRCU: a read section that never sleeps is one of an SRCU domain of its own.
 *
 * Limits: that nobody sleeps inside is not checked; the sections here are a few reads each.
 */
import type { Reads, Statement } from '../../checker/lang/index.ts';
import { kernelKit, type Srcu, type ViewOf } from '../kernel/index.ts';

type RcuDomain = ViewOf<typeof Srcu>;

export function rcuReadLock<F>(rcu: Reads<F, RcuDomain>): Statement<F> {
  return kernelKit.srcuReadLock(rcu as never, { label: 'rcu_read_lock()' });
}

export function rcuReadUnlock<F>(rcu: Reads<F, RcuDomain>): Statement<F> {
  return kernelKit.srcuReadUnlock(rcu as never, { label: 'rcu_read_unlock()' });
}
