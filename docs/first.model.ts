/** A context is looked up while its last reference is dropped; the C code is in docs/modelling-guide.md. */
import { does, list, object, patch, scenario, set, switchOf } from 'quiesce';
import { ENOENT, mutex, procedure, ptr, refcount } from 'quiesce/model/kernel';

const source = patch('the modelling guide')('drivers/toy/ctx.c');

const Ctx = object('ctx', { refs: refcount(1) });
const Dev = object('toy_dev', { lock: mutex(), ctxs: list(Ctx, 1) }, { permanent: true });

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

const lookup = switchOf('toy.lookup', 'how toy_use() takes its reference', 'inc', 'inc-not-zero');

/** toy_use() */
const toyUse = procedure('toy_use', { source, params: { dev: Dev }, locals: { ctx: ptr(Ctx) } }, (k) => [
  k.mutexLock((f) => f.dev.lock),
  k.step('ctx = first of dev->ctxs', (f) => {
    f.ctx = f.dev.ctxs.first as typeof f.ctx;
  }),
  k.when((f) => !f.ctx, [k.goto('out_unlock')]),
  k.switch(lookup, {
    inc: [k.refcountInc((f) => f.ctx.refs)],
    'inc-not-zero': [k.refcountIncNotZero((f) => f.ctx.refs, [], [k.goto('out_unlock')])],
  }),
  k.mutexUnlock((f) => f.dev.lock),
  k.call(ctxPut, (f) => ({ dev: f.dev, ctx: f.ctx })),
  k.return(0),
  k.label('out_unlock'),
  k.mutexUnlock((f) => f.dev.lock),
  k.return(-ENOENT),
]);

export default scenario('first', {
  title: 'toy_use() against the last ctx_put()',
  about: 'Tasks look a context up while its owner drops the last reference.',
  systems: ['toy'],
  source,
  bounds: { tasks: 2 },
  variants: {
    posted: { about: 'refcount_inc()', expect: { verdict: 'violated', kind: 'refcount', length: 4, states: 19 } },
    fixed: {
      about: 'refcount_inc_not_zero()',
      settings: [set(lookup, 'inc-not-zero')],
      expect: { verdict: 'holds', states: 116, depth: 12 },
    },
  },
  setup: (s) => {
    const dev = s.object(Dev, 'dev');
    const ctx = s.object(Ctx, 'ctx');
    dev.ctxs.add(ctx);
    s.task('owner', [does(ctxPut, { dev, ctx })]);
    for (let i = 0; i < s.bounds.tasks; i++) s.task(`user${i}`, [does(toyUse, { dev })]);
  },
});
