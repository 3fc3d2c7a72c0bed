/**
 * What users attach to an ID: private data, found under RCU, and the private ID of the set, whose coming and going is
 * told as BIND and UNBIND.
 *
 * Source: V4 08/18, 09/18; ioasid_find() of Linux 5.11.
 */
import { EBUSY, EINVAL, ENOENT, errno, opaque, procedure, ref } from '../kernel/index.ts';
import { lockAllocator, unlockAllocator } from './lock.ts';
import { ioasidNotify } from './notify.ts';
import { type IntelSvm, Ioasid, IoasidData, ioasidT } from './objects.ts';
import { IOASID_C, v4_05, v4_08, v4_09 } from './sources.ts';
import { bindGet } from './switches.ts';

/** ioasid_attach_data(). */
export const ioasidAttachData = procedure(
  'ioasid_attach_data',
  {
    source: v4_05(IOASID_C),
    params: { core: Ioasid, id: ioasidT(), data: opaque<IntelSvm>() },
    locals: { ret: errno() },
    returns: errno(),
  },
  (k) => {
    const attach = k.step('ioasid_data->private = data', (f) => {
      const found = f.core.xa.at(f.id);
      if (found === null) f.ret = -ENOENT;
      else if (found.private !== null) f.ret = -EBUSY;
      else found.private = f.data;
    });
    const refusing = k.step('ioasid_data->private = data, unless it is FREE_PENDING', (f) => {
      const found = f.core.xa.at(f.id);
      if (found === null) f.ret = -ENOENT;
      else if (found.private !== null || found.state === 'free-pending') f.ret = -EBUSY;
      else found.private = f.data;
    });
    return [
      lockAllocator(k),
      k.switch(bindGet, { last: [attach], 'work-ready': [attach], first: [attach], refused: [refusing] }),
      unlockAllocator(k),
      k.return((f) => f.ret),
    ];
  },
);

/** ioasid_detach_data(): when it returns nobody uses the data that it has found by the ID. */
export const ioasidDetachData = procedure(
  'ioasid_detach_data',
  { source: v4_05(IOASID_C), params: { core: Ioasid, id: ioasidT() } },
  (k) => [
    lockAllocator(k),
    k.step('ioasid_data->private = NULL', (f) => {
      const found = f.core.xa.at(f.id);
      if (found !== null) found.private = null;
    }),
    unlockAllocator(k),
    k.synchronizeSrcu((f) => f.core.rcu, { label: 'synchronize_rcu()' }),
  ],
);

/** ioasid_find(NULL, id, NULL): the private data, NULL where there is none; `found` says whether there is an ID. */
export const ioasidFind = procedure(
  'ioasid_find',
  {
    source: v4_05(IOASID_C),
    params: { core: Ioasid, id: ioasidT() },
    locals: { data: ref(IoasidData), priv: opaque<IntelSvm>() },
    returns: opaque<IntelSvm>(),
  },
  (k) => [
    k.srcuReadLock((f) => f.core.rcu, { label: 'rcu_read_lock()' }),
    k.step('ioasid_data = xa_load(&idata->xa, ioasid)', (f) => {
      f.data = f.core.xa.at(f.id);
    }),
    k.when(
      (f) => f.data,
      [
        k.step('priv = rcu_dereference(ioasid_data->private)', (f) => {
          f.priv = (f.data as IoasidData).private as IntelSvm | null;
        }),
      ],
    ),
    k.srcuReadUnlock((f) => f.core.rcu, { label: 'rcu_read_unlock()' }),
    k.return((f) => f.priv),
  ],
);

/** ioasid_attach_spid(): BIND is told to the set. */
export const ioasidAttachSpid = procedure(
  'ioasid_attach_spid',
  {
    source: v4_08(IOASID_C),
    params: { core: Ioasid, id: ioasidT(), spid: ioasidT() },
    locals: { data: ref(IoasidData), ret: errno() },
    returns: errno(),
  },
  (k) => [
    lockAllocator(k),
    k.step('data->spid = spid, unless the set has it', (f) => {
      const data = f.core.xa.at(f.id);
      f.data = data;
      if (data === null) f.ret = -ENOENT;
      else if ([...data.set.xa].some((other) => other?.spid === f.spid)) f.ret = -EINVAL;
      else data.spid = f.spid;
    }),
    k.when(
      (f) => f.ret === 0,
      [
        k.call(ioasidNotify, (f) => ({
          core: f.core,
          data: f.data as IoasidData,
          code: 'bind' as const,
          all: false,
        })),
      ],
    ),
    unlockAllocator(k),
    k.return((f) => f.ret),
  ],
);

/** ioasid_detach_spid(): UNBIND is told to the set. */
export const ioasidDetachSpid = procedure(
  'ioasid_detach_spid',
  { source: v4_09(IOASID_C), params: { core: Ioasid, id: ioasidT() }, locals: { data: ref(IoasidData) } },
  (k) => [
    lockAllocator(k),
    k.step('data = xa_load(&active_allocator->xa, ioasid), if it has a SPID', (f) => {
      const data = f.core.xa.at(f.id);
      f.data = data !== null && data.spid !== 0 ? data : null;
    }),
    k.when(
      (f) => f.data,
      [
        k.call(ioasidNotify, (f) => ({
          core: f.core,
          data: f.data as IoasidData,
          code: 'unbind' as const,
          all: false,
        })),
        k.step('data->spid = INVALID_IOASID', (f) => {
          (f.data as IoasidData).spid = 0;
        }),
      ],
    ),
    unlockAllocator(k),
  ],
);
