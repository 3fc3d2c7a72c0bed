/** One context with an IOAS, an HWPT and a device, and what calls of one task return and leave behind. */
import {
  bindAtStart,
  Hwpt,
  IommufdAttach,
  type IommufdCtx,
  type IommufdDevice,
  makeCtx,
  makeGroup,
  makeHwpt,
  makeIoas,
  PagingDomain,
} from '../../../../model/iommufd/index.ts';
import {
  type Bounds,
  does,
  errno,
  int,
  type Operation,
  object,
  type Procedure,
  procedure,
  type Setting,
  type Setup,
  xaState,
} from '../../../../model/kernel/index.ts';
import { everyEnd } from '../../../support/ends.ts';
import { source } from '../../../support/tiny.ts';

/** The results of the calls, in their order. */
export const Log = object(
  'log',
  { a: errno(), b: errno(), c: errno(), d: errno(), next: int(0, 4) },
  { permanent: true },
);

function note(log: { a: number; b: number; c: number; d: number; next: number }, ret: number): void {
  log[(['a', 'b', 'c', 'd'] as const)[log.next] as 'a'] = ret;
  log.next++;
}

/** A call of `of` whose result is noted. */
export function logged(of: Procedure<never, number>): Procedure<never, number> {
  return procedure(
    `${of.name}, noted`,
    { source, params: { ...(of.params as object), log: Log } as { log: typeof Log }, locals: { ret: errno() } },
    (k) => [
      k.call(
        of,
        (f) => Object.fromEntries(Object.keys(of.params).map((p) => [p, (f as never)[p]])) as never,
        (f, ret) => {
          f.ret = ret;
        },
      ),
      k.step('log', (f) => note(f.log, f.ret)),
    ],
  ) as never;
}

export interface World {
  readonly ictx: IommufdCtx;
  readonly ioas: ReturnType<typeof makeIoas>;
  readonly hwpt: ReturnType<typeof makeHwpt>;
  readonly idev: IommufdDevice;
  readonly log: { a: number; b: number; c: number; d: number; next: number };
  call(of: unknown, args: object): Operation;
}

/** Numbers: the IOAS is 1, the HWPT 2, the device 3; a file of the task and one of the device. */
export function world(s: Setup<Bounds>): World {
  const ictx = makeCtx(s, 2);
  const ioas = makeIoas(s, ictx, 'ioas');
  const hwpt = makeHwpt(s, ictx, ioas, 'hwpt');
  const idev = bindAtStart(s, ictx, makeGroup(s, 'igroup'), 'idev');
  const log = s.object(Log, 'log');
  s.pool(Hwpt, 2);
  s.pool(PagingDomain, 2);
  s.pool(IommufdAttach, 1);
  return { ictx, ioas, hwpt, idev, log, call: (of, args) => does(logged(of as never), { ...args, log } as never) };
}

/** Results of the calls; state of the slots from 1 on; users of what is there; what the IOAS has. */
export function picture({ ictx, ioas, hwpt, idev, log }: World) {
  const live = (id: number) => xaState(ictx.objects, id) === 'live';
  return {
    rets: [log.a, log.b, log.c, log.d].slice(0, log.next),
    slots: [1, 2, 3, 4].map((id) => xaState(ictx.objects, id)).join(' '),
    users: [live(1) ? ioas.users.counter : 0, live(2) ? hwpt.users.counter : 0, live(3) ? idev.users.counter : 0],
    held: [ioas, hwpt, idev].some((o, i) => live(i + 1) && o.wait_cnt.counter !== 1),
    ioas: live(1) ? [ioas.hwpt_list.length, ioas.domains.length, ioas.reserved.length] : [],
    attached: live(3) && idev.igroup.pasid_attach.at(0) !== null,
  };
}

/** Runs one task through the operations; every picture at the end, which are several where something may fail. */
export const endsOf = (
  operations: (w: World) => readonly Operation[],
  settings: readonly Setting[],
  failures: Record<string, number> = {},
): Promise<ReturnType<typeof picture>[]> => everyEnd({ world, settings, operations, look: picture, failures });
