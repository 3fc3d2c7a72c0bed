/** One domain with a window of three pages, and what calls of one task leave behind. */
import { check } from '../../../../checker/check.ts';
import { IoPageTable, MsiFunction } from '../../../../hw/iommu/objects.ts';
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
} from '../../../../model/kernel/index.ts';
import {
  allocReservedIovaDomain,
  type Domain,
  getMsiPage,
  getReservedIova,
  IOMMU_WRITE,
  IommuDomain,
  type MsiDevice,
  makeDomain,
  makeMsiDevice,
  putMsiPage,
  putReservedIova,
  ReservedIovaDomain,
  room,
} from '../../../../model/reserved-iova/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

/** The results of the calls, in their order; 127 until there is one. */
const Log = object('log', { a: errno(), b: errno(), c: errno(), next: int(0, 3) }, { permanent: true });
export type Log = { a: number; b: number; c: number; next: number };

function note(log: Log, ret: number): void {
  if (log.next === 0) log.a = ret;
  else if (log.next === 1) log.b = ret;
  else log.c = ret;
  log.next++;
}

/** A call of `of` whose result is noted. */
function logged(name: string, of: Procedure<never, number>, args: Record<string, number>): Procedure<never, number> {
  return procedure(name, { source, params: { domain: IommuDomain, log: Log }, locals: { ret: errno() } }, (k) => [
    k.call(
      of,
      (f) => ({ domain: f.domain, ...args }) as never,
      (f, ret) => {
        f.ret = ret;
      },
    ),
    k.step('log', (f) => note(f.log, f.ret)),
  ]) as never;
}

export interface World {
  readonly of: Domain;
  readonly log: Log;
  readonly dev: MsiDevice;
  get(addr: number, size?: number): Operation;
  put(addr: number): Operation;
  getPage(addr: number): Operation;
  putPage(addr: number): Operation;
  newWindow(): Operation;
}

export function world(s: Setup<Bounds>): World {
  const of = makeDomain(s, s.object(IoPageTable, 'table'), 3);
  const log = s.object(Log, 'log');
  const { domain } = of;
  const dev = makeMsiDevice(s, of, s.object(MsiFunction, 'msi'), 'dev');
  room(s, 3);
  const call = (name: string, of_: unknown, args: Record<string, number>): Operation =>
    does(logged(name, of_ as never, args), { domain, log } as never);
  return {
    of,
    log,
    dev,
    get: (addr, size = 1) => call('get', getReservedIova, { addr, size, prot: IOMMU_WRITE }),
    put: (addr) => does(putReservedIova, { domain, addr }),
    getPage: (addr) => call('get page', getMsiPage, { addr }),
    putPage: (addr) => does(putMsiPage, { domain, addr }),
    newWindow: () => {
      s.pool(ReservedIovaDomain, 1);
      return call('new window', allocReservedIovaDomain, { iova: 1, size: 3, prot: IOMMU_WRITE });
    },
  };
}

/** What is mapped, given out and bound, and what the calls returned. */
export function picture({ of: { domain, table, iovad }, log }: World) {
  const rets = [log.a, log.b, log.c].slice(0, log.next);
  return {
    rets,
    mapped: [...table.pte].slice(1),
    givenOut: [...iovad.rbroot].map((node) => [node.pfn_lo, node.pfn_hi]),
    bound: [
      ...[...domain.reserved_binding_list].map((b) => [b.addr, b.iova, b.size, b.kref.counter]),
      ...[...(domain.iova_cookie?.msi_page_list ?? [])].map((p) => [p.phys, p.iova, 1, p.refs.counter]),
    ],
  };
}

/** Runs one task through the operations and returns everything `look` sees when nobody can move any more. */
export async function endsOf<T>(
  operations: (w: World, s: Setup<Bounds>) => readonly Operation[],
  look: (w: World) => T,
  options: { readonly failures?: Record<string, number>; readonly settings?: readonly Setting[] } = {},
): Promise<T[]> {
  const seen: T[] = [];
  const verdict = await check(
    tiny(
      (s) => {
        const w = world(s);
        s.task('task', operations(w, s));
        s.failures(options.failures ?? {});
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'the end',
          check: () => {
            const sight = look(w);
            if (!seen.some((known) => JSON.stringify(known) === JSON.stringify(sight))) seen.push(sight);
            return null;
          },
        });
      },
      { settings: options.settings ?? [] },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') throw new Error(verdict.violations[0]?.evidence.message ?? verdict.outcome);
  return seen;
}
