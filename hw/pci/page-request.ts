/**
 * One page request as an operation that somebody orders, where a scenario is made of operations: the context misses a
 * page, asks for it, waits for the answer and tries again. `context.ts` is the same function when it works by itself.
 *
 * Source: spec (c), device machine. A context that has stopped, or that finds no group index free, asks for nothing.
 */
import { patch, procedure } from '../../checker/lang/index.ts';
import { SmmuV3 } from '../smmu/objects.ts';
import { reaches, takePageRequest, translate } from '../smmu/translate.ts';
import { freeGroup, PageRequest, PciContext, PciFunction } from './objects.ts';

const source = patch('spec (c) SMMUv3 and PCIe device')();
const indivisible = 'one exchange with the SMMU; the sync of an invalidation waits for a look-up that is under way';
const device = { fn: PciFunction, ctx: PciContext, smmu: SmmuV3 };

interface Device {
  readonly fn: PciFunction;
  readonly ctx: PciContext;
  readonly smmu: SmmuV3;
}

function post({ fn, ctx, smmu }: Device, request: PageRequest, group: number): void {
  request.pasid = ctx.pasid;
  request.group = group;
  fn.prg.set(group, request);
  takePageRequest(smmu, fn, request);
}

/** The first request of a group, unless the context cannot ask. */
function missAndPost(f: Device, request: PageRequest): boolean {
  const group = freeGroup(f.fn);
  if (!f.fn.present || !f.ctx.active || group < 0 || reaches(f.smmu, f.ctx.pasid) === null) return false;
  translate(f.smmu, f.ctx.pasid);
  post(f, request, group);
  return true;
}

/** What a context does about the answer to the last request of a group. */
const awaitAnswer = procedure(
  'pci_page_response',
  { source, params: { ctx: PciContext, smmu: SmmuV3, request: PageRequest } },
  (k) => [
    k.blockUntil('response, or stopped', (f) => f.request.answer !== 'none' || !f.ctx.active, {
      waiting: { kind: 'device', on: (f) => f.ctx },
      indivisible: 'both are inside the function',
    }),
    k.step(
      'translation request again, fill ATC',
      (f) => {
        if (f.request.answer !== 'success' || !f.ctx.active) return;
        if (reaches(f.smmu, f.ctx.pasid) !== null) f.ctx.atc = translate(f.smmu, f.ctx.pasid);
      },
      { indivisible },
    ),
    k.return(),
  ],
);

/** A page request that is a group by itself. */
export const raisePageRequest = procedure(
  'pci_page_request',
  { source, params: { ...device, request: PageRequest } },
  (k) => [
    k.test(
      'translation request misses, page request (last of its group)',
      (f) => missAndPost(f, f.request),
      [k.call(awaitAnswer, (f) => ({ ctx: f.ctx, smmu: f.smmu, request: f.request }))],
      [],
      { indivisible },
    ),
    k.return(),
  ],
);

/** A group of two. */
export const raisePageRequests = procedure(
  'pci_page_requests',
  { source, params: { ...device, first: PageRequest, request: PageRequest } },
  (k) => [
    k.test(
      'translation request misses, page request',
      (f) => missAndPost(f, f.first),
      [
        k.step('page request (last of its group)', (f) => post(f, f.request, f.first.group), { indivisible }),
        k.call(awaitAnswer, (f) => ({ ctx: f.ctx, smmu: f.smmu, request: f.request })),
      ],
      [],
      { indivisible },
    ),
    k.return(),
  ],
);

/** Has the context begun a group that it must finish? */
const groupBegun = (fn: PciFunction, ctx: PciContext): boolean => {
  for (const request of fn.prg) if (request !== null && request.context === ctx && !request.last) return true;
  return false;
};

/** A context that works by orders stops, whenever the driver clears its run bit, once a group that was begun is finished. */
export const stopsContext = procedure(
  'pci_context_stop',
  { source, params: { fn: PciFunction, ctx: PciContext } },
  (k) => [
    k.loop([
      k.blockUntil('stop', (f) => f.ctx.active && !f.ctx.run && !groupBegun(f.fn, f.ctx), {
        do: (f) => {
          f.ctx.active = false;
        },
        idle: true,
        waiting: { kind: 'device', on: (f) => f.ctx },
        indivisible: 'the function decides it at one moment',
      }),
    ]),
  ],
);
