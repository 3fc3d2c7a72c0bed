/**
 * Wait queues. A waiter evaluates its condition as a step of its own, sleeps, and after every wake-up evaluates
 * it again: that evaluation reads the object the condition is about, so memory freed during the sleep is found
 * there. Wake-up takes sleepers off the queue (autoremove_wake_function).
 *
 * Limits: no spurious wake-ups, no exclusive waiters. There is no clock: a model says when the time of a waiter may be up.
 */
import { type Actor, type ActorSet, actors, atomic, pathOf, type Statement, struct } from '../../checker/lang/index.ts';
import { ERESTARTSYS } from './errno.ts';
import { release } from './mutex.ts';
import { group, labelled, type Of, type Options } from './options.ts';

/** What a step sees of a wait queue. */
export interface WaitQueueHead {
  readonly waiters: ActorSet;
}

/** wait_queue_head_t embedded in an object. */
export const waitQueueHead = () =>
  struct('wait_queue_head', { waiters: atomic(actors(), 'under the lock of the wait queue, which is not modelled') });

export interface WaitOptions<F> extends Options {
  /** Who must act before the condition becomes true, for reports; else the last writer of what it reads is named. */
  readonly owners?: (f: F, self: Actor) => Iterable<Actor>;
}

export interface WaitLockOptions<F> extends WaitOptions<F> {
  /** The sleeper may be woken by a signal; `result` receives 0 or -ERESTARTSYS. */
  readonly interruptible?: { readonly result: (f: F, value: number) => void };
  /** The lock is a spinlock taken with interrupts off; changes the label only. */
  readonly irq?: boolean;
  /** The lock as C names it, where the accessor's path does not read so. */
  readonly lockAs?: string;
}

/** A lock that a waiter drops while it sleeps. */
interface DroppedLock {
  owner: Actor | null;
}

/** wake_up_all(), for use inside a step that notes `parks: true`. */
export function wake(queue: WaitQueueHead): void {
  for (const sleeper of queue.waiters) sleeper.parked = false;
  queue.waiters.clear();
}

export function wakeUpAll<F>(queue: Of<F, WaitQueueHead>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('wake_up_all', queue, options),
    act: (f, self) => wake(queue(f, self)),
    parks: true,
    protects: 'wake-up',
  };
}

/** Removes the waiter from the queue if nobody woke it (finish_wait). */
function unhook(queue: WaitQueueHead, self: Actor): void {
  if (queue.waiters.has(self)) queue.waiters.delete(self);
  self.parked = false;
}

function waitingFor<F>(queue: Of<F, WaitQueueHead>, owners: WaitOptions<F>['owners']) {
  return { kind: 'wait' as const, on: queue, ...(owners === undefined ? {} : { owners }) };
}

/**
 * wait_event_lock_irq() and its kin: called with `lock` held, tests the condition, and while it is false sleeps
 * with the lock dropped. Test, enqueue and drop are one step, since the lock covers all three; retaking the
 * lock is a step of its own, and so is every further test.
 */
export function waitEventLock<F>(
  queue: Of<F, WaitQueueHead>,
  condition: (f: F, self: Actor) => boolean,
  lock: Of<F, DroppedLock>,
  options: WaitLockOptions<F> = {},
): Statement<F> {
  const { owners, interruptible, irq, lockAs, label, as, ...notes } = options;
  const name = `wait_event${interruptible ? '_interruptible' : ''}_lock${irq ? '_irq' : ''}`;
  const derived = label === undefined;
  const called = label ?? `${name}(${as ?? pathOf(queue) ?? 'wq'})`;
  const lockName = lockAs ?? pathOf(lock) ?? 'the lock';
  return {
    op: 'loop',
    body: [
      {
        op: 'branch',
        awaits: true,
        ...notes,
        label: called,
        derived,
        test: (f, self) => {
          const done = condition(f, self);
          const interrupted = !done && interruptible !== undefined && self.signalled;
          if (done || interrupted) {
            interruptible?.result(f, done ? 0 : -ERESTARTSYS);
            return true;
          }
          queue(f, self).waiters.add(self);
          self.parked = true;
          release(lock(f, self) as never, self);
          return false;
        },
        yes: [{ op: 'break' }],
        no: [],
        parks: true,
      },
      {
        op: 'block',
        ...notes,
        label: `schedule() in ${called}`,
        derived: true,
        guard: (_f, self) => !self.parked || (interruptible !== undefined && self.signalled),
        waiting: waitingFor(queue, owners),
        sleeps: true,
        parks: true,
      },
      {
        op: 'block',
        ...notes,
        label: `retake ${lockName} in ${called}`,
        derived: true,
        guard: (f, self) => lock(f, self).owner === null,
        act: (f, self) => {
          lock(f, self).owner = self;
          // A signal leaves the waiter on the queue and marked as asleep: it takes itself off.
          if (self.parked) unhook(queue(f, self), self);
        },
        waiting: {
          kind: 'lock',
          owners: (f, self) => {
            const { owner } = lock(f, self);
            return owner === null ? [] : [owner];
          },
          on: lock,
          lock,
        },
        parks: true,
      },
    ],
  };
}

/**
 * wait_event(): no lock is held. The waiter enqueues itself before it tests again, so that a wake-up between
 * test and sleep is not lost.
 */
export function waitEvent<F>(
  queue: Of<F, WaitQueueHead>,
  condition: (f: F, self: Actor) => boolean,
  options: WaitOptions<F> & { readonly interruptible?: { readonly result: (f: F, value: number) => void } } = {},
): Statement<F> {
  const { owners, interruptible, label, as, ...notes } = options;
  const derived = label === undefined;
  const called = label ?? `wait_event${interruptible ? '_interruptible' : ''}(${as ?? pathOf(queue) ?? 'wq'})`;
  return group<F>(
    {
      op: 'branch',
      awaits: true,
      ...notes,
      label: called,
      derived,
      test: (f, self) => {
        const done = condition(f, self);
        if (done) interruptible?.result(f, 0);
        return done;
      },
      yes: [{ op: 'break' }],
      no: [],
      sleeps: true,
    },
    {
      op: 'loop',
      body: [
        {
          op: 'step',
          ...notes,
          label: `prepare_to_wait in ${called}`,
          derived: true,
          act: (f, self) => {
            queue(f, self).waiters.add(self);
            self.parked = true;
          },
          parks: true,
        },
        {
          op: 'branch',
          awaits: true,
          ...notes,
          label: `condition in ${called}`,
          derived: true,
          test: (f, self) => {
            const done = condition(f, self);
            const interrupted = !done && interruptible !== undefined && self.signalled;
            if (done || interrupted) interruptible?.result(f, done ? 0 : -ERESTARTSYS);
            return done || interrupted;
          },
          yes: [{ op: 'break' }],
          no: [],
          parks: true,
        },
        {
          op: 'block',
          ...notes,
          label: `schedule() in ${called}`,
          derived: true,
          guard: (_f, self) => !self.parked || (interruptible !== undefined && self.signalled),
          waiting: waitingFor(queue, owners),
          sleeps: true,
          parks: true,
        },
      ],
    },
    {
      op: 'step',
      ...notes,
      label: `finish_wait in ${called}`,
      derived: true,
      act: (f, self) => unhook(queue(f, self), self),
      parks: true,
    },
  );
}

export interface WaitTimeoutOptions<F> extends WaitOptions<F> {
  /**
   * May the time be up now? There is no clock: true where a holder may take longer than the time-out, so that the waiter
   * may give up at any moment; false where it is longer than whatever it waits for takes.
   */
  readonly expires: (f: F, self: Actor) => boolean;
  /** Receives whether the condition was true at last; it is looked at once more when the time is up. */
  readonly result: (f: F, done: boolean) => void;
}

/** wait_event_timeout(): as wait_event(), but the sleeper gives up when its time is up. */
export function waitEventTimeout<F>(
  queue: Of<F, WaitQueueHead>,
  condition: (f: F, self: Actor) => boolean,
  options: WaitTimeoutOptions<F>,
): Statement<F> {
  const { owners, expires, result, label, as, ...notes } = options;
  const called = label ?? `wait_event_timeout(${as ?? pathOf(queue) ?? 'wq'})`;
  const look = (name: string, stop: boolean, later: readonly Statement<F>[]): Statement<F> => ({
    op: 'branch',
    awaits: true,
    ...notes,
    label: name,
    derived: true,
    test: (f, self) => {
      const done = condition(f, self);
      if (done || stop) result(f, done);
      return done;
    },
    yes: [{ op: 'break' }],
    no: later,
    sleeps: true,
  });
  return group<F>(
    look(called, false, []),
    {
      op: 'loop',
      body: [
        {
          op: 'step',
          ...notes,
          label: `prepare_to_wait in ${called}`,
          derived: true,
          act: (f, self) => {
            queue(f, self).waiters.add(self);
            self.parked = true;
          },
          parks: true,
        },
        look(`condition in ${called}`, false, []),
        {
          op: 'choose',
          ...notes,
          label: `schedule_timeout() in ${called}`,
          derived: true,
          arms: [
            { name: 'woken', when: (_f, self) => !self.parked, body: [] },
            {
              name: 'the time is up',
              when: (f, self) => self.parked && expires(f, self),
              body: [look(`last look in ${called}`, true, [{ op: 'break' }])],
            },
          ],
          waiting: waitingFor(queue, owners),
          sleeps: true,
          parks: true,
        },
      ],
    },
    {
      op: 'step',
      ...notes,
      label: `finish_wait in ${called}`,
      derived: true,
      act: (f, self) => unhook(queue(f, self), self),
      parks: true,
    },
  );
}

/** Makes a signal pending for a task and ends its interruptible sleep. */
export function sendSignal<F>(task: Of<F, Actor | null>, options: Options = {}): Statement<F> {
  return {
    op: 'step',
    ...labelled('send_sig', task, options, ''),
    act: (f, self) => {
      const to = task(f, self);
      if (to !== null) to.signalled = true;
    },
    parks: true,
  };
}
