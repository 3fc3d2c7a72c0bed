/**
 * A context of a function with an ATC: it asks for translations whenever it likes, and keeps what it is given until it
 * is told to forget it.
 *
 * Source: spec (c), device machine without page requests (`context.ts` has those). What it does with a translation is
 * not modelled: it may use it at any time, so a translation that leads astray is wrong from the moment it is there.
 */
import { constant, machine, patch, switchOf } from '../../checker/lang/index.ts';
import { AtsFunction, fill, type PageTable, SmmuContexts, slot, type Translation } from '../smmu/caches.ts';
import { PciContext } from './objects.ts';

const source = patch('spec (c) SMMUv3 and PCIe device')();

/** A descriptor as a look-up sees it. */
interface Descriptor {
  readonly valid: boolean;
  readonly quiet: boolean;
  readonly asid: number;
  readonly ttb: PageTable | null;
}

const descriptorOf = (smmu: SmmuContexts, pasid: number): Descriptor =>
  smmu.cfg.at(pasid).cached ? smmu.cfg.at(pasid) : smmu.cd.at(pasid);

/** Whether a translation request would be granted now. Only reads. */
export function grants(smmu: SmmuContexts, pasid: number, page: number): boolean {
  const cd = descriptorOf(smmu, pasid);
  if (!cd.valid || cd.ttb === null) return false;
  if (smmu.tlb.at(slot(cd.asid, page)).page !== null) return true;
  return !cd.quiet && cd.ttb.pte.at(page) !== null;
}

/** Fetches the context descriptor unless it is cached. */
export function fetchDescriptor(smmu: SmmuContexts, pasid: number): void {
  const cached = smmu.cfg.at(pasid);
  if (cached.cached) return;
  const { valid, quiet, asid, ttb, generation } = smmu.cd.at(pasid);
  cached.cached = true;
  if (valid) Object.assign(cached, { valid, quiet, asid, ttb, generation });
}

/** Serves a request that is granted: from the TLB, or by a walk that fills it. */
export function look(smmu: SmmuContexts, pasid: number, page: number): Translation {
  fetchDescriptor(smmu, pasid);
  const { asid, ttb } = smmu.cfg.at(pasid);
  const entry = smmu.tlb.at(slot(asid, page));
  const mapped = entry.page === null ? (ttb?.pte.at(page) ?? null) : null;
  if (mapped !== null) fill(entry, mapped);
  return entry;
}

interface Frame {
  readonly fn: AtsFunction;
  readonly ctx: PciContext;
  readonly smmu: SmmuContexts;
  readonly pages: number;
}

const mayAsk = ({ fn, pages }: Frame, page: number) => page < pages && fn.present && fn.ats && fn.eats_cached;

/** A request would change what the SMMU has cached. */
function fetches(smmu: SmmuContexts, pasid: number, page: number): boolean {
  const cd = smmu.cfg.at(pasid);
  return !cd.cached || smmu.tlb.at(slot(cd.asid, page)).page === null;
}

/** It may also ask for what it has, as if it had forgotten it; only where nothing would change there is no step. */
const gets = (f: Frame, page: number) =>
  mayAsk(f, page) &&
  grants(f.smmu, f.ctx.pasid, page) &&
  (f.fn.atc.at(slot(f.ctx.pasid, page)).page === null || fetches(f.smmu, f.ctx.pasid, page));

function keep(f: Frame, page: number): void {
  const found = look(f.smmu, f.ctx.pasid, page);
  const mine = f.fn.atc.at(slot(f.ctx.pasid, page));
  mine.page = found.page;
  mine.generation = found.generation;
}

/** Runs one context, which uses the virtual pages 0 to `pages` - 1. */
export const atsContext = machine(
  'ats_context',
  {
    source,
    params: { fn: AtsFunction, ctx: PciContext, smmu: SmmuContexts, pages: constant<number>() },
    states: ['idle', 'running', 'stopped'],
    indivisible: 'one exchange with the SMMU; the sync of an invalidation waits for a look-up that is under way',
  },
  [
    { label: 'start', from: 'idle', to: 'running', when: (f) => f.ctx.run },
    {
      label: 'translation request for page 0, fill the ATC',
      from: 'running',
      to: 'running',
      when: (f) => gets(f, 0),
      do: (f) => keep(f, 0),
    },
    {
      label: 'translation request for page 1, fill the ATC',
      from: 'running',
      to: 'running',
      when: (f) => gets(f, 1),
      do: (f) => keep(f, 1),
    },
    {
      label: 'translation request is aborted, the descriptor stays cached',
      from: 'running',
      to: 'running',
      when: (f) => mayAsk(f, 0) && !grants(f.smmu, f.ctx.pasid, 0) && !f.smmu.cfg.at(f.ctx.pasid).cached,
      do: (f) => fetchDescriptor(f.smmu, f.ctx.pasid),
    },
    {
      label: 'stop',
      from: ['idle', 'running'],
      to: 'stopped',
      when: (f) => f.ctx.active && !f.ctx.run,
      do: (f) => {
        f.ctx.active = false;
      },
    },
  ],
);

/** A function whose ATS is off sends the addresses as they are, and the SMMU keeps what it looked up. */
export const untranslated = machine(
  'untranslated_access',
  {
    source,
    params: { fn: AtsFunction, ctx: PciContext, smmu: SmmuContexts },
    states: ['running'],
    indivisible: 'one look-up of the SMMU; the sync of an invalidation waits for it',
  },
  [
    {
      label: 'untranslated access to page 0: the SMMU caches the translation',
      from: 'running',
      to: 'running',
      when: ({ fn, ctx, smmu }) => !fn.ats && grants(smmu, ctx.pasid, 0) && fetches(smmu, ctx.pasid, 0),
      do: (f) => {
        look(f.smmu, f.ctx.pasid, 0);
      },
    },
  ],
);

/** How a function fails. */
export const functionFailure = switchOf(
  'pci.failure',
  'how a function fails: it is stuck, or pulled out',
  'stuck',
  'pulled',
);
export type Failure = (typeof functionFailure)['values'][number];

/** A function that fails at any time or never. */
export const failingFunction = machine(
  'function_failure',
  { source, params: { fn: AtsFunction, how: constant<Failure>() }, states: ['works', 'failed'] },
  [
    {
      label: 'the function is stuck: it answers no invalidation',
      from: 'works',
      to: 'failed',
      when: (f) => f.how === 'stuck',
      do: (f) => {
        f.fn.answers = false;
      },
    },
    {
      label: 'the function is pulled',
      from: 'works',
      to: 'failed',
      when: (f) => f.how === 'pulled',
      do: (f) => {
        f.fn.present = false;
      },
    },
  ],
);
