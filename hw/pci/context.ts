/**
 * A context of the function at work: translate, miss, send the page requests of a group, wait for the response, try
 * again, until the driver clears the run bit.
 *
 * Source: spec (c), device machine. Posting is seen by the SMMU in the same step: a function counts as stopped only
 * when everything it posted has arrived, so a message still under way is the same as a function that is a step behind.
 *
 * Limits: every page is missing at first; a context that is stopped is not started again.
 */
import { type Actor, constant, each, machine, patch, switchOf, type Transition, u8 } from '../../checker/lang/index.ts';
import { SmmuV3 } from '../smmu/objects.ts';
import { reaches, takePageRequest, translate } from '../smmu/translate.ts';
import {
  forgetGroups,
  freeGroup,
  PageRequest,
  PageRequestInterface,
  PciContext,
  PciFunction,
  RequestLink,
} from './objects.ts';

/**
 * When a function that was told that a page is missing sends the page request: in the same instant, or at any time
 * later, unless it is stopped first.
 */
export const pageRequestTiming = switchOf(
  'pci.page-request',
  'when the function sends the page request after a translation request that missed',
  'at once',
  'later',
);
export type PostsRequest = (typeof pageRequestTiming)['values'][number];

const states = ['idle', 'running', 'missed', 'in group', 'waiting', 'retry', 'stopped'] as const;
type State = (typeof states)[number];

interface Frame {
  readonly fn: PciFunction;
  readonly ctx: PciContext;
  readonly smmu: SmmuV3;
  readonly requests: readonly PageRequest[];
  readonly posts: PostsRequest;
  next: number;
}

const nextRequest = (f: Frame) => f.requests[f.next] as PageRequest;
const newestRequest = (f: Frame) => f.requests[f.next - 1] as PageRequest;

/** Within a group the index is kept; a new group takes the lowest one free. */
function groupFor(f: Frame): number {
  if (f.next > 0 && !newestRequest(f).last) return newestRequest(f).group;
  return freeGroup(f.fn);
}

const canAsk = (f: Frame) => f.next < f.requests.length && groupFor(f) >= 0;
const missesPage = (f: Frame) => canAsk(f) && reaches(f.smmu, f.ctx.pasid) !== null;

function post(f: Frame): void {
  const request = nextRequest(f);
  request.pasid = f.ctx.pasid;
  request.group = groupFor(f);
  f.fn.prg.set(request.group, request);
  f.next++;
  takePageRequest(f.smmu, f.fn, request);
}

function missAndPost(f: Frame): void {
  translate(f.smmu, f.ctx.pasid);
  post(f);
}

/** A function that was pulled does nothing more. */
const whilePresent = (
  transitions: readonly (Transition<Frame, State> & { readonly when: (f: Frame) => boolean })[],
): readonly Transition<Frame, State>[] =>
  transitions.map((t) => ({ ...t, when: (f: Frame) => f.fn.present && t.when(f) }));

const source = patch('spec (c) SMMUv3 and PCIe device')();
const params = {
  fn: PciFunction,
  ctx: PciContext,
  smmu: SmmuV3,
  requests: each(PageRequest),
  posts: constant<PostsRequest>(),
};
const indivisible = 'one exchange with the SMMU; the sync of an invalidation waits for a look-up that is under way';

const transitions = whilePresent([
  { label: 'start', from: 'idle', to: 'running', when: (f) => f.ctx.run },
  {
    label: 'translation request misses, page request (last of its group)',
    from: 'running',
    to: 'waiting',
    when: (f) => f.posts === 'at once' && missesPage(f) && nextRequest(f).last,
    do: missAndPost,
  },
  {
    label: 'translation request misses, page request',
    from: 'running',
    to: 'in group',
    when: (f) => f.posts === 'at once' && missesPage(f) && !nextRequest(f).last,
    do: missAndPost,
  },
  {
    label: 'translation request misses',
    from: 'running',
    to: 'missed',
    when: (f) => f.posts === 'later' && missesPage(f),
    do: (f) => {
      translate(f.smmu, f.ctx.pasid);
    },
  },
  {
    label: 'page request (last of its group)',
    from: ['missed', 'in group'],
    to: 'waiting',
    when: (f) => canAsk(f) && nextRequest(f).last,
    do: post,
  },
  {
    label: 'page request',
    from: ['missed', 'in group'],
    to: 'in group',
    when: (f) => canAsk(f) && !nextRequest(f).last,
    do: post,
  },
  {
    label: 'response: success',
    from: 'waiting',
    to: 'retry',
    when: (f) => newestRequest(f).answer === 'success',
  },
  {
    label: 'response: invalid or failure',
    from: 'waiting',
    to: 'running',
    when: (f) => newestRequest(f).answer === 'invalid' || newestRequest(f).answer === 'failure',
  },
  {
    // The page is still missing: the access is tried again as a new group, if the bound allows another.
    label: 'response: queue was full',
    from: 'waiting',
    to: 'running',
    when: (f) => newestRequest(f).answer === 'overflow',
  },
  {
    label: 'translation request hits, fill ATC',
    from: 'retry',
    to: 'running',
    when: (f) => reaches(f.smmu, f.ctx.pasid) !== null,
    do: (f) => {
      f.ctx.atc = translate(f.smmu, f.ctx.pasid);
    },
  },
  {
    label: 'translation request is aborted',
    from: 'retry',
    to: 'running',
    when: (f) => reaches(f.smmu, f.ctx.pasid) === null,
  },
  {
    // A group that was begun is finished first, so there is no way out of it.
    label: 'stop',
    from: ['idle', 'running', 'missed', 'waiting', 'retry'],
    to: 'stopped',
    when: (f) => f.ctx.active && !f.ctx.run,
    do: (f) => {
      f.ctx.active = false;
    },
  },
]);

/** Runs one context. `requests` are what it may send in its life, in order; the last of each group is marked. */
export const pciContext = machine(
  'pci_context',
  { source, params, locals: { next: u8() }, states, indivisible },
  transitions,
);

interface Gated extends Frame {
  readonly pri: PageRequestInterface;
}

/** What a transition needs of the two capabilities: translation requests those of ATS, page requests those of PRI. */
const allowed = (label: string, { ats, enable }: PageRequestInterface): boolean =>
  (!label.includes('translation request') || ats) && (!label.includes('page request') || enable);

/** The same where ATS and the page request interface can be disabled while the context works. */
export const priContext = machine(
  'pci_context',
  { source, params: { ...params, pri: PageRequestInterface }, locals: { next: u8() }, states, indivisible },
  transitions.map((t) => ({
    ...t,
    when: (f: Gated, self: Actor) => allowed(t.label, f.pri) && (t.when?.(f, self) ?? true),
  })),
);

interface Linked extends Frame {
  readonly link: RequestLink;
}

function postOnLink(f: Linked): void {
  const request = nextRequest(f);
  request.pasid = f.ctx.pasid;
  request.group = groupFor(f);
  f.fn.prg.set(request.group, request);
  f.next++;
  f.link.requests.push(request);
}

function missAndPostOnLink(f: Linked): void {
  translate(f.smmu, f.ctx.pasid);
  postOnLink(f);
}

/** The same where a page request takes its time: the context may have stopped before it arrives. */
export const linkedContext = machine(
  'pci_context',
  { source, params: { ...params, link: RequestLink }, locals: { next: u8() }, states, indivisible },
  transitions.map((t) => ({
    ...t,
    ...(t.do === post ? { do: postOnLink } : {}),
    ...(t.do === missAndPost ? { do: missAndPostOnLink } : {}),
  })),
);

/** What brings page requests to the IOMMU, in their order. */
export const requestLink = machine(
  'pcie_link',
  {
    source,
    params: { link: RequestLink, fn: PciFunction, smmu: SmmuV3 },
    states: ['up'],
    indivisible: 'one message arrives',
  },
  [
    {
      label: 'a page request arrives',
      from: 'up',
      to: 'up',
      when: (f) => f.link.requests.length > 0,
      do: (f) => takePageRequest(f.smmu, f.fn, f.link.requests.shift()),
    },
  ],
);

/** Somebody pulls the function out, at any time or never. What it had open nobody waits for any more. */
export const pulledFunction = machine(
  'pcie_slot',
  {
    source,
    params: { fn: PciFunction, contexts: each(PciContext) },
    states: ['linked', 'empty'],
    indivisible: 'the link is gone at one moment',
  },
  [
    {
      label: 'the function is pulled',
      from: 'linked',
      to: 'empty',
      do: (f) => {
        f.fn.present = false;
        forgetGroups(f.fn);
        for (const ctx of f.contexts) {
          ctx.gone = true;
          ctx.atc = null;
        }
      },
    },
  ],
);
