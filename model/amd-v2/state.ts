/**
 * The count of a pasid_state, and the two ways to drop a reference: of whoever does something with it, and of its owner,
 * who waits for the others and frees it.
 */
import { type Actor, constant, type KernelKit, MmStruct, procedure, ptr, type Statement } from '../kernel/index.ts';
import { type DeviceState, PasidState } from './objects.ts';
import { AMD_V2_C, early, repair, waitEventPatch } from './sources.ts';
import { bindHolds, putWait } from './switches.ts';

/** get_pasid_state(), which its callers have inlined: finds the state of the PASID, and takes a reference if there is one. */
export const getPasidState = <F extends { readonly dev_state: DeviceState; state: PasidState }>(
  k: KernelKit<F>,
): Statement<F>[] => [
  k.spinLock((f) => f.dev_state.lock, { label: 'get_pasid_state: spin_lock_irqsave(&dev_state->lock)' }),
  k.test(
    'ret = *ptr',
    (f) => {
      f.state = f.dev_state.state as PasidState;
      return f.state !== null;
    },
    [k.refcountInc((f) => f.state.count, { label: 'atomic_inc(&ret->count)' })],
  ),
  k.spinUnlock((f) => f.dev_state.lock, { label: 'get_pasid_state: spin_unlock_irqrestore(&dev_state->lock)' }),
];

/** put_pasid_state(). */
export const putPasidState = procedure(
  'put_pasid_state',
  { source: early(AMD_V2_C), params: { state: PasidState } },
  (k) => [
    k.refcountDecAndTest(
      (f) => f.state.count,
      [
        k.switch(putWait, {
          'schedule() once': [k.wakeUpAll((f) => f.state.wq)],
          wait_event: [k.wakeUpAll((f) => f.state.wq)],
          completion: [k.complete((f) => f.state.done, { source: repair(AMD_V2_C) })],
        }),
      ],
      [],
      { label: 'atomic_dec_and_test(&pasid_state->count)' },
    ),
    k.return(),
  ],
);

/** put_pasid_state_wait() up to the free: nobody else has a reference when it returns. */
export const waitForOthers = procedure(
  'put_pasid_state_wait',
  { source: early(AMD_V2_C), params: { state: PasidState }, locals: { mm: ptr(MmStruct) } },
  (k) => [
    k.switch(putWait, {
      'schedule() once': [
        k.step(
          'prepare_to_wait(&pasid_state->wq)',
          (f, self) => {
            f.state.wq.waiters.add(self);
            self.parked = true;
          },
          { parks: true },
        ),
        k.refcountDecAndTest(
          (f) => f.state.count,
          [],
          [
            k.blockUntil('schedule()', (_f, self) => !self.parked, {
              parks: true,
              sleeps: true,
              waiting: { kind: 'wait', on: (f) => f.state.wq },
            }),
          ],
          { label: 'atomic_dec_and_test(&pasid_state->count)' },
        ),
        k.step(
          'finish_wait(&pasid_state->wq)',
          (f, self) => {
            f.state.wq.waiters.delete(self);
            self.parked = false;
          },
          { parks: true },
        ),
      ],
      wait_event: [
        k.refcountDecAndTest(
          (f) => f.state.count,
          [],
          [
            k.waitEvent(
              (f) => f.state.wq,
              (f) => f.state.count.counter === 0,
              { source: waitEventPatch(AMD_V2_C) },
            ),
          ],
          { label: 'atomic_dec_and_test(&pasid_state->count)', source: waitEventPatch(AMD_V2_C) },
        ),
      ],
      completion: [
        k.refcountDecAndTest(
          (f) => f.state.count,
          [],
          [k.waitForCompletion((f) => f.state.done, { source: repair(AMD_V2_C) })],
          { label: 'atomic_dec_and_test(&pasid_state->count)', source: repair(AMD_V2_C) },
        ),
      ],
    }),
    k.switch(bindHolds, {
      mm_users: [
        k.step('pasid_state->mm', (f) => {
          f.mm = f.state.mm;
        }),
        // Left to a worker: a teardown inside a teardown is what a model cannot have, and a kernel should not.
        k.mmputAsync((f) => f.mm, { label: 'mmput(pasid_state->mm)' }),
      ],
      mm_count: [],
    }),
    k.return(),
  ],
);

/** A wake-up that has nothing to do with the count: any task may be woken at any time. */
export const strayWakeUp = procedure(
  'wake_up_process',
  { source: early('kernel/sched.c'), params: { sleeper: constant<Actor>() } },
  (k) => [
    k.blockUntil('wake up the sleeper', (f) => f.sleeper.parked, {
      do: (f) => {
        f.sleeper.parked = false;
      },
      idle: true,
      parks: true,
    }),
    k.return(),
  ],
);
