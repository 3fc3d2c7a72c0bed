/** Must not be reported: two destroyers of one object. One gets -EBUSY or -ENOENT, that is the contract. */
import { atEnd, does, scenario, sometimes, violated } from '../checker/lang/index.ts';
import {
  Hwpt,
  Ioas,
  iommufdCtxPut,
  iommufdHwptAbort,
  iommufdHwptDestroy,
  iommufdIoasDestroy,
  iommufdIoasIovaRanges,
  MAIN_C,
  makeCtx,
  makeHwpt,
  makeIoas,
  PagingDomain,
  repaired,
  specH,
} from '../model/iommufd/index.ts';
import { EBUSY, ENOENT } from '../model/kernel/index.ts';
import { allFreed } from '../properties/lifetime.ts';
import { destroyAndNote, iommufdPromises, Result } from './iommufd-parts.ts';

export default scenario('iommufd-two-destroys', {
  title: 'two tasks destroy the same HWPT and the same IOAS',
  about:
    'Two tasks destroy an HWPT and then its IOAS, while a third has the IOAS for a while. Exactly one destroy of an object ' +
    'succeeds at most; the others are told -EBUSY while somebody has it, or -ENOENT afterwards.',
  systems: ['iommufd'],
  source: specH(MAIN_C),
  corpus: 'guard 8',
  bounds: { destroyers: 2, callers: 2 },
  variants: {
    mainline: {
      about: 'two destroyers and two calls; destroyed by number under xa_lock, destroyers wait for the count',
      settings: repaired,
      expect: { verdict: 'holds', states: 60_509, depth: 74 },
    },
  },
  setup: (s) => {
    const { destroyers, callers } = s.bounds;
    const ictx = makeCtx(s, destroyers + callers, {
      destroy: [iommufdIoasDestroy, iommufdHwptDestroy],
      abort: [iommufdHwptAbort],
    });
    const ioas = makeIoas(s, ictx, 'ioas');
    const hwpt = makeHwpt(s, ictx, ioas, 'hwpt');
    const close = does(iommufdCtxPut, { ictx });
    const targets = [
      { id: hwpt.id, name: 'hwpt' },
      { id: ioas.id, name: 'ioas' },
    ];
    const results = Array.from({ length: destroyers }, (_, i) => {
      const own = targets.map(({ name }) => s.object(Result, `${name}.result${i}`));
      s.task(`destroyer${i}`, [
        ...targets.map(({ id }, t) => does(destroyAndNote, { ictx, id, result: own[t] as Result })),
        close,
      ]);
      return own;
    });
    for (let i = 0; i < callers; i++) s.task(`caller${i}`, [does(iommufdIoasIovaRanges, { ictx, id: ioas.id }), close]);
    const all = (t: number) => results.map((own) => (own[t] as Result).ret);
    const pools = [s.pool(Ioas, 1), s.pool(Hwpt, 1)];
    s.property(
      ...iommufdPromises(s, pools as never),
      allFreed([...pools, s.pool(PagingDomain, 1)]),
      atEnd(
        'one succeeds',
        'of the destroys of an object one succeeds at most, the others fail with -EBUSY or -ENOENT',
        () => {
          for (const [t, { name }] of targets.entries()) {
            const rets = all(t);
            const told = rets.filter((ret) => ret === -EBUSY || ret === -ENOENT).length;
            if (rets.filter((ret) => ret === 0).length > 1 || told < rets.length - 1)
              return violated('protocol', `the destroys of ${name} return ${rets.join(' and ')}`);
          }
          return null;
        },
      ),
      sometimes('busy', 'a destroy is told -EBUSY', () => [...all(0), ...all(1)].includes(-EBUSY)),
      sometimes('absent', 'a destroy is told -ENOENT', () => [...all(0), ...all(1)].includes(-ENOENT)),
    );
  },
});
