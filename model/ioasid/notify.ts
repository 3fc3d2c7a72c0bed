/**
 * ioasid_notify(): tells the subscribers of the global chain, then those of the chain of the set, each chain in the order
 * of its priorities. The caller holds ioasid_allocator_lock.
 *
 * Source: V4 09/18. Limits: results of handlers are not looked at, as in V4.
 */
import { bool, nameOf, op, opaque, procedure, ptr, ref, Violation } from '../kernel/index.ts';
import {
  event,
  type IntelSvm,
  Ioasid,
  IoasidData,
  IoasidSet,
  ioasidT,
  NotifierBlock,
  NotifierCall,
} from './objects.ts';
import { IOASID_C, v4_09 } from './sources.ts';

/** Where a chain begins: the globals for the global one, or a set. */
interface Head {
  get(): NotifierBlock | null;
  set(nb: NotifierBlock | null): void;
}

export const globalChain = (core: Ioasid): Head => ({
  get: () => core.notifier,
  set: (nb) => {
    core.notifier = nb;
  },
});

export const chainOf = (set: IoasidSet): Head => ({
  get: () => set.nh,
  set: (nb) => {
    set.nh = nb;
  },
});

/** Why a step may touch several pointers of a chain. */
export const underChainLock = 'under the lock of the chain; readers follow one pointer at a time';

/** notifier_chain_register(): behind everybody of the same or a higher priority. For use inside a step. */
export function chainRegister(head: Head, nb: NotifierBlock): void {
  let before: NotifierBlock | null = null;
  let after = head.get();
  while (after !== null && after.priority >= nb.priority) {
    before = after;
    after = after.next;
  }
  nb.next = after;
  if (before === null) head.set(nb);
  else before.next = nb;
}

/** notifier_chain_unregister(): who stands on the block goes on from there. For use inside a step. */
export function chainUnregister(head: Head, nb: NotifierBlock): void {
  let before: NotifierBlock | null = null;
  let at = head.get();
  while (at !== null && at !== nb) {
    before = at;
    at = at.next;
  }
  if (at === null) return;
  if (before === null) head.set(nb.next);
  else before.next = nb.next;
}

export const ioasidNotify = procedure(
  'ioasid_notify',
  {
    source: v4_09(IOASID_C),
    params: { core: Ioasid, data: ptr(IoasidData), code: event(), all: bool() },
    locals: {
      id: ioasidT(),
      set: ptr(IoasidSet),
      pdata: opaque<IntelSvm>(),
      nb: ref(NotifierBlock),
      call: op(NotifierCall),
      owner: opaque(),
    },
  },
  (k) => {
    const stand = (
      f: { nb: NotifierBlock | null; call: NotifierBlock['notifier_call']; owner: object | null },
      nb: NotifierBlock | null,
    ) => {
      f.nb = nb;
      f.call = nb?.notifier_call ?? null;
      f.owner = nb?.owner ?? null;
    };
    const walk = (chain: string, first: (f: { core: Ioasid; set: IoasidSet }) => NotifierBlock | null) => [
      k.step(`atomic_notifier_call_chain(&${chain})`, (f) => stand(f, first(f))),
      k.loop([
        k.when((f) => f.nb === null, [k.break()]),
        k.callback(
          NotifierCall,
          (f) => f.call,
          (f) => ({ core: f.core, owner: f.owner, code: f.code, id: f.id, pdata: f.pdata }),
        ),
        k.step(`nb = nb->next in ${chain}`, (f) => stand(f, (f.nb as NotifierBlock).next), {
          note: 'a block does not change while it is registered',
        }),
      ]),
    ];
    return [
      k.step('args = data->id, data->set, data->private', (f) => {
        const { data } = f;
        if (f.code === 'free') {
          if (data.told) throw new Violation('protocol', `FREE of ${nameOf(data)} is told twice`, [nameOf(data)]);
          data.told = true;
        }
        f.id = data.id;
        f.set = data.set;
        f.pdata = data.private as IntelSvm | null;
      }),
      k.when(
        (f) => f.all,
        walk('ioasid_notifier', (f) => f.core.notifier),
      ),
      ...walk('data->set->nh', (f) => f.set.nh),
    ];
  },
);
