/** A context is looked up while its last reference is dropped; the C code is in docs/modelling-guide.md. */
import { does, list, object, patch, scenario, set, switchOf } from 'quiesce';
import { mutex, procedure, ptr, refcount } from 'quiesce/model/kernel';

const source = patch('the modelling guide')('drivers/toy/ctx.c');

const Ctx = object('ctx', { refs: refcount(1) });
const Dev = object('toy_dev', { lock: mutex(), ctxs: list(Ctx, 1) }, { permanent: true });

const lookup = switchOf('toy.lookup', 'how ctx_get() takes its reference', 'inc', 'inc-not-zero');

/** ctx_get() */
const ctxGet = procedure(
  'ctx_get',
  { source, params: { dev: Dev }, locals: { ctx: ptr(Ctx) }, returns: ptr(Ctx) },
  (k) => [
    k.mutexLock((f) => f.dev.lock),
    k.step('ctx = list_first_entry_or_null(&dev->ctxs)', (f) => {
      f.ctx = f.dev.ctxs.first as typeof f.ctx;
    }),
    k.when(
      (f) => f.ctx,
      [
        k.switch(lookup, {
          inc: [k.refcountInc((f) => f.ctx.refs)],
          'inc-not-zero': [k.refcountIncNotZero((f) => f.ctx.refs, [], [k.local((f) => (f.ctx = null as never))])],
        }),
      ],
    ),
    k.mutexUnlock((f) => f.dev.lock),
    k.return((f) => f.ctx),
  ],
);

/** ctx_put() */
const ctxPut = procedure('ctx_put', { source, params: { dev: Dev, ctx: ptr(Ctx) } }, (k) => [
  k.refcountDecAndTest(
    (f) => f.ctx.refs,
    [
      k.mutexLock((f) => f.dev.lock),
      k.step('list_del(&ctx->node)', (f) => f.dev.ctxs.remove(f.ctx)),
      k.mutexUnlock((f) => f.dev.lock),
      k.kfree((f) => f.ctx),
    ],
  ),
]);

/** toy_ioctl(): what each task does */
const toyIoctl = procedure('toy_ioctl', { source, params: { dev: Dev }, locals: { ctx: ptr(Ctx) } }, (k) => [
  k.call(
    ctxGet,
    (f) => ({ dev: f.dev }),
    (f, found) => (f.ctx = found),
  ),
  k.when((f) => f.ctx, [k.call(ctxPut, (f) => ({ dev: f.dev, ctx: f.ctx }))]),
]);

export default scenario('first', {
  title: 'ctx_get() against the last ctx_put()',
  about: 'Tasks look a context up while its owner drops the last reference.',
  systems: ['toy'],
  source,
  bounds: { tasks: 1 },
  variants: {
    posted: { about: 'refcount_inc()', expect: { verdict: 'violated', kind: 'refcount', length: 4, states: 0 } },
    fixed: {
      about: 'refcount_inc_not_zero()',
      settings: [set(lookup, 'inc-not-zero')],
      expect: { verdict: 'holds', states: 0, depth: 0 },
    },
  },
  setup: (s) => {
    const dev = s.object(Dev, 'dev');
    const ctx = s.object(Ctx, 'ctx');
    dev.ctxs.add(ctx);
    s.task('owner', [does(ctxPut, { dev, ctx })]);
    for (let i = 0; i < s.bounds.tasks; i++) s.task(`task${i}`, [does(toyIoctl, { dev })]);
  },
});
