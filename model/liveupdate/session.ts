/**
 * The session of the live update orchestrator: files are preserved one by one, all of them are given up in reverse order,
 * or the machine reboots with them.
 *
 * Source: spec (i), session; luo_session.c and luo_file.c as far as they are public. Limits: one session; the iommufd is
 * preserved before the device, as the device needs its token; freeze does nothing, as in all revisions.
 */
import { IommufdCtx, IommufdDevice } from '../iommufd/index.ts';
import { EINVAL, EIO, errno, procedure, ptr, ref } from '../kernel/index.ts';
import { flbGet, flbPut } from './core.ts';
import { iommufdDevicePreserve, iommufdDeviceUnpreserve } from './device.ts';
import { advance, ghost } from './monitor.ts';
import { Flb, IommufdSer, Session } from './objects.ts';
import { iommufdLiveupdatePreserve } from './preserve.ts';
import { LUO_C, specI } from './sources.ts';
import { iommufdLiveupdateUnpreserve } from './unpreserve.ts';

const source = specI(LUO_C);

/** The HWPTs that a record names go on to a state of the protocol. */
function allOf(ser: IommufdSer, to: 'preserved' | 'marked' | 'frozen'): void {
  for (const entry of ser.hwpts) if (entry.domain_data !== null) advance(entry.domain_data.monitor, to);
}

/** LIVEUPDATE_SESSION_PRESERVE_FD of the iommufd. */
export const preserveIommufd = procedure(
  'luo_session_preserve_fd, iommufd',
  {
    source,
    params: { session: Session, ictx: IommufdCtx, flb: Flb },
    locals: { ser: ref(IommufdSer) },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.session.mutex),
    k.call(flbGet, (f) => ({ flb: f.flb })),
    k.call(
      iommufdLiveupdatePreserve,
      (f) => ({ ictx: f.ictx, flb: f.flb }),
      (f, ser) => {
        f.ser = ser;
      },
    ),
    k.when(
      (f) => f.ser !== null,
      [
        k.step(
          'the file is preserved',
          (f) => {
            f.session.iommufd = f.ser;
            allOf(f.ser as IommufdSer, 'preserved');
          },
          ghost,
        ),
        k.mutexUnlock((f) => f.session.mutex),
        k.return(0),
      ],
    ),
    k.call(flbPut, (f) => ({ flb: f.flb })),
    k.mutexUnlock((f) => f.session.mutex),
    k.return(-EIO),
  ],
);

/** LIVEUPDATE_SESSION_PRESERVE_FD of the vfio device, which asks for the token of the iommufd. */
export const preserveDevice = procedure(
  'luo_session_preserve_fd, vfio',
  {
    source,
    params: { session: Session, idev: ptr(IommufdDevice), flb: Flb },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => [
    k.mutexLock((f) => f.session.mutex),
    k.test(
      'liveupdate_get_token_outgoing(session, iommufd)',
      (f) => f.session.iommufd !== null,
      [
        k.call(flbGet, (f) => ({ flb: f.flb })),
        k.call(
          iommufdDevicePreserve,
          (f) => ({ flb: f.flb, idev: f.idev }),
          (f, ret) => {
            f.ret = ret;
          },
        ),
        k.when(
          (f) => f.ret === 0,
          [
            k.step('the file is preserved', (f) => {
              f.session.device = true;
            }),
          ],
          [k.call(flbPut, (f) => ({ flb: f.flb }))],
        ),
      ],
      [
        k.local((f) => {
          f.ret = -EINVAL;
        }),
      ],
    ),
    k.mutexUnlock((f) => f.session.mutex),
    k.return((f) => f.ret),
  ],
);

/** User space waits until its iommufd is preserved. */
export const afterPreserve = procedure('wait for the session', { source, params: { session: Session } }, (k) => [
  k.blockUntil('the iommufd is preserved', (f) => f.session.iommufd !== null, { idle: true }),
]);

/** The session is closed: every file is unpreserved, the last first. */
export const cancel = procedure(
  'luo_file_unpreserve_files',
  {
    source,
    params: { session: Session, ictx: IommufdCtx, idev: ref(IommufdDevice), flb: Flb },
    locals: { ser: ref(IommufdSer) },
  },
  (k) => [
    k.mutexLock((f) => f.session.mutex),
    k.test('the device is preserved', (f) => f.session.device, [
      k.call(iommufdDeviceUnpreserve, (f) => ({ flb: f.flb, idev: f.idev as IommufdDevice })),
      k.step('the session has the device no more', (f) => {
        f.session.device = false;
      }),
      k.call(flbPut, (f) => ({ flb: f.flb })),
    ]),
    k.step(
      'the next file: the iommufd',
      (f) => {
        f.ser = f.session.iommufd;
        f.session.iommufd = null;
        if (f.ser !== null) allOf(f.ser, 'marked');
      },
      ghost,
    ),
    k.when(
      (f) => f.ser !== null,
      [
        k.call(iommufdLiveupdateUnpreserve, (f) => ({ ictx: f.ictx, flb: f.flb, ser: f.ser as IommufdSer })),
        k.call(flbPut, (f) => ({ flb: f.flb })),
      ],
    ),
    k.mutexUnlock((f) => f.session.mutex),
  ],
);
