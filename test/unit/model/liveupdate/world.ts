/** A small iommufd for unit tests: calls of one task, one after the other, and what they return and leave behind. */
import { check } from '../../../../checker/check.ts';
import { Hwpt, type Ioas, type IommufdCtx, IoptArea, makeIoas, PagingDomain } from '../../../../model/iommufd/index.ts';
import {
  type Bounds,
  errno,
  type KernelKit,
  type Operation,
  object,
  procedure,
  type Setting,
  type Setup,
} from '../../../../model/kernel/index.ts';
import {
  DeviceSer,
  DomainSer,
  HwptArray,
  IommufdSer,
  IommuSer,
  type LiveUpdate,
  makeLiveUpdate,
  makeOpenCtx,
  makeWatched,
} from '../../../../model/liveupdate/index.ts';
import { source, tiny } from '../../../support/tiny.ts';

export interface World extends LiveUpdate {
  readonly s: Setup<Bounds>;
  readonly ictx: IommufdCtx;
  readonly ioas: Ioas;
  readonly hwpts: readonly [Hwpt, Hwpt];
}

const Results = object('results', { first: errno(), second: errno(), third: errno() }, { permanent: true });
const slots = ['first', 'second', 'third'] as const;

/** An iommufd with one IOAS and two HWPTs, numbers 1 to 3. */
function world(s: Setup<Bounds>): World {
  const lu = makeLiveUpdate(s);
  const ictx = makeOpenCtx(s, lu);
  const ioas = makeIoas(s, ictx, 'ioas');
  const hwpts = [makeWatched(s, ictx, ioas, 'hwpt0'), makeWatched(s, ictx, ioas, 'hwpt1')] as const;
  s.pool(DomainSer, 3);
  s.pool(DeviceSer, 2);
  s.pool(IommuSer, 2);
  s.pool(IommufdSer, 2);
  s.pool(HwptArray, 1);
  s.pool(IoptArea, 2);
  s.pool(PagingDomain, 2);
  s.pool(Hwpt, 2);
  return { ...lu, s, ictx, ioas, hwpts };
}

/** A call whose result is kept; up to three in a world. */
export type Asked = (w: World) => Operation;

/** What the calls return in the order in which they are made, and what `look` sees at the end: all ends there are. */
export async function endsOf<T>(
  settings: readonly Setting[],
  calls: (w: World) => readonly (Operation | { readonly ask: Operation })[],
  look: (w: World) => T,
  failures: Record<string, number> = {},
): Promise<{ readonly returned: readonly number[]; readonly seen: T }[]> {
  const ends: { returned: readonly number[]; seen: T }[] = [];
  const verdict = await check(
    tiny(
      (s) => {
        const w = world(s);
        const results = s.object(Results, 'results');
        let asked = 0;
        const operations = calls(w).map((call) => {
          if (!('ask' in call)) return call;
          const slot = slots[asked++];
          if (slot === undefined) throw new Error('three results are kept');
          return { procedure: keeping(call.ask.procedure, slot), args: { ...call.ask.args, results } };
        });
        s.task('task', operations as Operation[]);
        s.failures(failures);
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'the end',
          check: () => {
            const end = { returned: slots.slice(0, asked).map((slot) => results[slot]), seen: look(w) };
            if (!ends.some((known) => JSON.stringify(known) === JSON.stringify(end))) ends.push(end);
            return null;
          },
        });
      },
      { settings },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') throw new Error(verdict.violations[0]?.evidence.message ?? verdict.outcome);
  return ends;
}

/** The one end there is. */
export async function endOf<T>(
  ...args: Parameters<typeof endsOf<T>>
): Promise<{ returned: readonly number[]; seen: T }> {
  const ends = await endsOf(...args);
  if (ends.length !== 1) throw new Error(`${ends.length} ends`);
  return ends[0] as { returned: readonly number[]; seen: T };
}

/** The procedure, with its result kept. */
function keeping(called: Operation['procedure'], slot: (typeof slots)[number]): Operation['procedure'] {
  const params = { ...called.params, results: Results };
  const kept = procedure(
    `${called.name}, kept`,
    { source, params, locals: { result: errno() } },
    (k: KernelKit<any>) => [
      k.call(
        called,
        (f) => Object.fromEntries(Object.keys(called.params).map((key) => [key, f[key]])),
        (f, result) => {
          f.result = result;
        },
      ),
      k.step('keep the result', (f) => {
        f.results[slot] = f.result;
      }),
    ],
  );
  return kept as unknown as Operation['procedure'];
}
