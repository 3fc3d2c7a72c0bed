/**
 * KVM as a subscriber: keeps the PASID translation of a VM in step with binds, all of it inside the handler.
 *
 * Source: spec (f); the series names KVM's part, the patch that does it was not posted with it.
 */
import { procedure, ptr } from '../kernel/index.ts';
import { bySetEnd, getLocked, ioasidPut, putLocked, underLock } from './free.ts';
import { Kvm, NotifierCall } from './objects.ts';
import { KVM_C, specF } from './sources.ts';
import { handlerPut } from './switches.ts';

/** pasid_status_change_kvm(). */
export const kvmStatusChange = procedure(
  'pasid_status_change_kvm',
  { source: specF(KVM_C), params: NotifierCall.params, locals: { kvm: ptr(Kvm) } },
  (k) => [
    k.local((f) => {
      f.kvm = f.owner as Kvm;
    }),
    k.when(
      (f) => f.code === 'bind',
      [
        k.step('ioasid_get_locked(NULL, id), the translation leads to id', (f) => {
          if (getLocked(f.core, null, f.id) === 0) f.kvm.pasid = f.id;
        }),
      ],
    ),
    k.when(
      (f) => f.code === 'free' || f.code === 'unbind',
      [
        k.test(
          'the translation leads to id: clear it',
          (f) => {
            if (f.kvm.pasid !== f.id) return false;
            f.kvm.pasid = 0;
            return true;
          },
          [
            k.switch(handlerPut, {
              'locked-form': [
                bySetEnd(k, (end) => [
                  k.step(
                    'ioasid_put_locked(NULL, id)',
                    (f) => {
                      putLocked(f.core, null, f.id, end);
                    },
                    { indivisible: underLock },
                  ),
                ]),
              ],
              'takes-lock': [k.call(ioasidPut, (f) => ({ core: f.core, set: null, id: f.id }))],
            }),
          ],
        ),
      ],
    ),
  ],
);
