/** What a device context does by itself: the kernel is a script here, or absent. */
import { describe, expect, test } from 'vitest';
import {
  always,
  does,
  int,
  procedure,
  type Setup,
  sometimes,
  Violation,
  violated,
} from '../../../../checker/lang/index.ts';
import { type PostsRequest, pciContext, pulledFunction } from '../../../../hw/pci/context.ts';
import { PageRequest, PciContext, PciFunction } from '../../../../hw/pci/objects.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { resultOf, small, source } from '../small.ts';

interface World {
  readonly smmu: SmmuV3;
  readonly fn: PciFunction;
  readonly ctx: PciContext;
  readonly requests: readonly PageRequest[];
}

/** One running context with PASID 1, whose page tables are those of `home`. */
function world(
  s: Setup<any>,
  groups: readonly number[],
  { entries = 3, posts = 'at once' as PostsRequest, valid = true } = {},
): World {
  const smmu = s.object(SmmuV3, 'smmu', { priq_entries: entries });
  const fn = s.object(PciFunction, 'function');
  const ctx = s.object(PciContext, 'ctx', { pasid: 1, run: true, active: true });
  const cd = smmu.cd.at(1);
  cd.valid = valid;
  cd.ttb = fn;
  const lasts = groups.flatMap((size) => Array.from({ length: size }, (_, i) => i === size - 1));
  const requests = s.objects(PageRequest, 'request', lasts.length, (i) => ({ context: ctx, last: lasts[i] ?? true }));
  s.actor('device', pciContext, { fn, ctx, smmu, requests, posts });
  return { smmu, fn, ctx, requests };
}

const stopping = procedure('stopping', { source, params: { ctx: PciContext } }, (k) => [
  k.step('clear the run bit', (f) => {
    f.ctx.run = false;
  }),
]);

describe('a context', () => {
  test('posts nothing more once it is idle', async () => {
    const stop = (wait: boolean) =>
      procedure('stop', { source, params: { ctx: PciContext, smmu: SmmuV3 }, locals: { seen: int(0, 3) } }, (k) => [
        k.step('clear the run bit', (f) => {
          f.ctx.run = false;
        }),
        ...(wait ? [k.blockUntil('wait until idle', (f) => !f.ctx.active)] : []),
        k.step('count the entries', (f) => {
          f.seen = f.smmu.priq.length;
        }),
        k.step('count again', (f) => {
          if (f.smmu.priq.length !== f.seen) throw new Violation('assertion', 'a request came after the stop');
        }),
      ]);
    const run = (wait: boolean) =>
      small((s) => {
        const { ctx, smmu } = world(s, [1]);
        s.task('driver', [does(stop(wait), { ctx, smmu })]);
      });
    expect(await run(true)).toMatchObject({ outcome: 'holds', complete: true });
    expect((await run(false)).violations[0]?.evidence.message).toBe('a request came after the stop');
  });

  test('finishes a group it has begun before it stops', async () => {
    const verdict = await small((s) => {
      const { ctx, requests } = world(s, [3]);
      s.task('driver', [does(stopping, { ctx })]);
      s.property(
        sometimes(
          'stopped-after-group',
          'it stops with a group behind it',
          () => !ctx.active && requests[0]?.pasid === 1,
        ),
        always('whole-group', 'when idle, a group is complete or was never begun', () =>
          !ctx.active && requests[0]?.pasid !== requests[2]?.pasid ? violated('assertion', 'half a group') : null,
        ),
      );
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('can be stopped before it has noticed that it runs', async () => {
    const verdict = await small((s) => {
      const { ctx, requests } = world(s, [1]);
      s.task('driver', [does(stopping, { ctx })]);
      s.property(sometimes('never-ran', 'idle without a request', () => !ctx.active && requests[0]?.pasid === 0));
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('asks for nothing through an invalid context descriptor', async () => {
    const ask = (valid: boolean) =>
      small((s) => {
        const { requests } = world(s, [1], { valid });
        s.property(sometimes('asked', 'a page request is posted', () => requests[0]?.pasid === 1));
      });
    expect(resultOf(await ask(true), 'asked')).toBe('reached');
    expect(resultOf(await ask(false), 'asked')).toBe('never reached');
  });

  test('keeps the group index within a group and takes the lowest free one for the next', async () => {
    const verdict = await small((s) => {
      const { fn, requests } = world(s, [2, 1]);
      const answer = procedure('answer', { source, params: { fn: PciFunction, last: PageRequest } }, (k) => [
        k.blockUntil('last request posted', (f) => f.last.pasid === 1),
        k.step('answer', (f) => {
          f.last.answer = 'failure';
          f.fn.prg.set(f.last.group, null);
        }),
      ]);
      const [first, last, next] = requests as [PageRequest, PageRequest, PageRequest];
      s.task('kernel', [does(answer, { fn, last })]);
      s.property(
        sometimes('next-group', 'the next group is posted', () => next.pasid === 1),
        always('indices', 'index 0 is used throughout', () =>
          first.group === 0 && last.group === 0 && next.group === 0 ? null : violated('assertion', 'another index'),
        ),
      );
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('shares the group indices with its siblings, and waits when none is free', async () => {
    const verdict = await small((s) => {
      const { fn, smmu, requests } = world(s, [1]);
      const others = ['b', 'c'].map((name) => {
        const ctx = s.object(PciContext, `ctx_${name}`, { pasid: 1, run: true, active: true });
        const request = s.object(PageRequest, `request_${name}`, { context: ctx, last: true });
        s.actor(`device_${name}`, pciContext, { fn, ctx, smmu, requests: [request], posts: 'at once' });
        return request;
      });
      const all = [...requests, ...others];
      const posted = () => all.filter((r) => r.pasid !== 0);
      s.property(
        sometimes('both-used', 'both group indices are in use', () => posted().length === 2),
        always('distinct', 'no two open groups share an index', () =>
          new Set(posted().map((r) => r.group)).size === posted().length ? null : violated('assertion', 'shared index'),
        ),
      );
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });

  test('sends a page request for a context that is gone only when it takes its time', async () => {
    const clear = procedure('clear', { source, params: { smmu: SmmuV3 } }, (k) => [
      k.step('clear the context descriptor and the cached copy', (f) => {
        f.smmu.cd.at(1).valid = false;
        f.smmu.cfg_cache.set(1, null);
      }),
      k.step('look at the queue', () => {}),
    ]);
    const run = (posts: PostsRequest) =>
      small((s) => {
        const { smmu, requests } = world(s, [1], { posts });
        const late = s.object(PciContext, 'flag');
        const watch = procedure(
          'watch',
          { source, params: { smmu: SmmuV3, flag: PciContext, request: PageRequest } },
          (k) => [
            k.blockUntil('cleared with nothing posted', (f) => !f.smmu.cd.at(1).valid && f.request.pasid === 0, {
              do: (f) => {
                f.flag.run = true;
              },
              idle: true,
            }),
          ],
        );
        const [request] = requests as [PageRequest];
        s.task('kernel', [does(clear, { smmu })]);
        s.actor('watcher', watch, { smmu, flag: late, request });
        s.property(sometimes('late', 'posted after the context was cleared', () => late.run && request.pasid === 1));
      });
    expect(resultOf(await run('later'), 'late')).toBe('reached');
    expect(resultOf(await run('at once'), 'late')).toBe('never reached');
  });

  test('sends nothing and takes no answer once its function is pulled, and what it had open is forgotten', async () => {
    const verdict = await small((s) => {
      const { fn, smmu, ctx, requests } = world(s, [1, 1]);
      s.actor('slot', pulledFunction, { fn, contexts: [ctx] });
      const [first, second] = requests as [PageRequest, PageRequest];
      s.property(
        sometimes('forgotten', 'pulled with a request open', () => first.answer === 'reset' && fn.prg.at(0) === null),
        always('silent', 'the context is not gone, or has nothing', () =>
          ctx.gone === !fn.present && (fn.present || (ctx.atc === null && second.answer !== 'success'))
            ? null
            : violated('assertion', 'not so'),
        ),
        always('nothing-later', 'nothing is in the queue that was not sent before', () =>
          !fn.present && first.pasid === 0 && smmu.priq.length > 0 ? violated('assertion', 'sent later') : null,
        ),
      );
    });
    expect(verdict).toMatchObject({ outcome: 'holds', complete: true });
  });
});
