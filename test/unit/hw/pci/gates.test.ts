/** Contexts whose page requests are held up: by a page request interface that is disabled, and by a slow link. */
import { expect, test } from 'vitest';
import { always, does, procedure, type Setup, sometimes, violated } from '../../../../checker/lang/index.ts';
import { linkedContext, priContext, requestLink } from '../../../../hw/pci/context.ts';
import { PageRequest, PageRequestInterface, PciContext, PciFunction, RequestLink } from '../../../../hw/pci/objects.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { resultOf, small, source } from '../small.ts';

/** One running context with PASID 1, and two requests that are groups by themselves. */
function world(s: Setup<any>) {
  const smmu = s.object(SmmuV3, 'smmu', { priq_entries: 2 });
  const fn = s.object(PciFunction, 'function');
  const ctx = s.object(PciContext, 'ctx', { pasid: 1, run: true, active: true });
  Object.assign(smmu.cd.at(1), { valid: true, ttb: fn });
  const requests = s.objects(PageRequest, 'request', 2, () => ({ context: ctx, last: true }));
  return { smmu, fn, ctx, requests };
}

const asked = ({ requests }: ReturnType<typeof world>) => requests.some((r) => r.pasid !== 0);

test.each([
  [true, true, 'reached'],
  [true, false, 'never reached'],
  [false, true, 'never reached'],
] as const)('with ATS %s and PRI %s a page request is %s', async (ats, enable, result) => {
  const verdict = await small((s) => {
    const w = world(s);
    const pri = s.object(PageRequestInterface, 'pri', { ats, enable });
    s.actor('device', priContext, { ...w, pri, posts: 'at once' });
    s.property(sometimes('asked', 'a request is posted', () => asked(w)));
  });
  expect(resultOf(verdict, 'asked')).toBe(result);
});

test.each([
  ['ATS', 'reached'],
  ['PRI', 'never reached'],
] as const)('what was missed before %s is disabled is then %s', async (what, result) => {
  const verdict = await small((s) => {
    const w = world(s);
    const pri = s.object(PageRequestInterface, 'pri');
    s.actor('device', priContext, { ...w, pri, posts: 'later' });
    const disable = procedure('disable', { source, params: { pri: PageRequestInterface } }, (k) => [
      k.step('unless a request was posted', (f) => {
        if (asked(w)) return;
        if (what === 'ATS') f.pri.ats = false;
        else f.pri.enable = false;
      }),
    ]);
    s.task('kernel', [does(disable, { pri })]);
    s.property(sometimes('asked', 'a request is posted after that', () => !(pri.ats && pri.enable) && asked(w)));
  });
  expect(resultOf(verdict, 'asked')).toBe(result);
});

test('a request may arrive when its context has stopped, and not before it was posted', async () => {
  const verdict = await small((s) => {
    const w = world(s);
    const link = s.object(RequestLink, 'on_the_link');
    s.actor('device', linkedContext, { ...w, link, posts: 'at once' });
    s.actor('link', requestLink, { link, fn: w.fn, smmu: w.smmu });
    const stop = procedure('stop', { source, params: { ctx: PciContext } }, (k) => [
      k.step('clear the run bit', (f) => {
        f.ctx.run = false;
      }),
    ]);
    s.task('kernel', [does(stop, { ctx: w.ctx })]);
    s.property(
      sometimes('late', 'stopped, with the request on the link', () => !w.ctx.active && link.requests.length > 0),
      sometimes('arrived', 'the request is in the queue', () => w.smmu.priq.length > 0 && link.requests.length === 0),
      always('posted', 'what is in the queue was posted', () =>
        [...w.smmu.priq].every((r) => r.pasid === 1) ? null : violated('assertion', 'a request of nobody'),
      ),
    );
  });
  expect(['late', 'arrived', 'posted'].map((name) => resultOf(verdict, name))).toEqual(['reached', 'reached', 'holds']);
});
