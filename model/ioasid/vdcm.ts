/**
 * The driver of a mediated device as a subscriber: its work queue is programmed with a PASID of the guest, for which it
 * holds a reference. To stop the queue it must sleep, so that it leaves it to the workqueue of ioasid.
 *
 * Source: spec (f), and V4 01/18 on who does what. Limits: one work queue a device.
 */
import { containerOf, procedure, ptr, ref, Work } from '../kernel/index.ts';
import { ioasidPut } from './free.ts';
import { Ioasid, ioasidT, NotifierCall, Vdcm, VdcmWork } from './objects.ts';
import { specF, VDCM_C } from './sources.ts';
import { vdcmWork } from './switches.ts';

const source = specF(VDCM_C);

/** The queue is drained and its PASID cleared: by the guest, by a reset of the device, or because the ID was freed. */
export const vdcmStop = procedure(
  'vdcm_stop',
  { source, params: { vdcm: ptr(Vdcm) }, locals: { core: ptr(Ioasid), pasid: ioasidT() } },
  (k) => [
    k.mutexLock((f) => f.vdcm.lock),
    k.step('pasid = that of the work queue', (f) => {
      f.core = f.vdcm.core;
      f.pasid = f.vdcm.dev.queue_pasid;
    }),
    k.when(
      (f) => f.pasid !== 0,
      [
        k.step(
          'the work queue is drained and disabled',
          (f) => {
            f.vdcm.dev.queue_pasid = 0;
          },
          { sleeps: true },
        ),
      ],
    ),
    k.mutexUnlock((f) => f.vdcm.lock),
    k.when((f) => f.pasid !== 0, [k.call(ioasidPut, (f) => ({ core: f.core, set: null, id: f.pasid }))]),
  ],
);

/** The work item that the handler allocated. */
export const vdcmWorkFn = procedure(
  'vdcm_work_fn',
  { source, params: { work: Work }, locals: { w: ptr(VdcmWork), vdcm: ptr(Vdcm) } },
  (k) => [
    k.step('w = container_of(work, struct vdcm_work, work)', (f) => {
      f.w = containerOf(f.work, VdcmWork);
      f.vdcm = f.w.vdcm;
    }),
    k.call(vdcmStop, (f) => ({ vdcm: f.vdcm })),
    k.kfree((f) => f.w),
  ],
);

/** The work item inside the device. */
export const vdcmEmbeddedFn = procedure(
  'vdcm_embedded_fn',
  { source, params: { work: Work }, locals: { vdcm: ptr(Vdcm) } },
  (k) => [
    k.local((f) => {
      f.vdcm = containerOf(f.work, Vdcm);
    }),
    k.call(vdcmStop, (f) => ({ vdcm: f.vdcm })),
  ],
);

/** pasid_status_change_vdcm(). */
export const vdcmStatusChange = procedure(
  'pasid_status_change_vdcm',
  { source, params: NotifierCall.params, locals: { vdcm: ptr(Vdcm), w: ref(VdcmWork) } },
  (k) => [
    k.local((f) => {
      f.vdcm = f.owner as Vdcm;
    }),
    k.when(
      (f) => f.code === 'free',
      [
        k.test('the work queue uses id', (f) => f.vdcm.dev.queue_pasid === f.id, [
          k.switch(vdcmWork, {
            allocated: [
              k.kmalloc(
                VdcmWork,
                (f, w) => {
                  w.vdcm = f.vdcm;
                  w.work_func = vdcmWorkFn;
                  f.w = w;
                },
                { atomic: true, orElse: [k.return(0)] },
              ),
              k.queueWork(
                (f) => f.core.wq,
                (f) => f.w as NonNullable<typeof f.w>,
                { label: 'ioasid_queue_work(&w->work)' },
              ),
            ],
            embedded: [
              k.queueWork(
                (f) => f.core.wq,
                (f) => f.vdcm,
                { label: 'ioasid_queue_work(&vdcm->work)' },
              ),
            ],
          }),
        ]),
      ],
    ),
  ],
);
