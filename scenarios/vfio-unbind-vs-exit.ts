/** Must not be reported (1): unbind_process waits for mm_exit under `iommu->lock`, but never for one that runs. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import { MmStruct } from '../model/kernel/index.ts';
import { makeSva } from '../model/sva/index.ts';
import {
  bindProcessAtStart,
  listedProcessIsBound,
  makeContainer,
  makeGroup,
  makeProcess,
  mmsAreGivenBack,
  TYPE1_C,
  unbindProcess,
  unbindReference,
  v2_13,
} from '../model/vfio/index.ts';
import { exits } from './vfio-parts.ts';

export default scenario('vfio-unbind-vs-exit', {
  title: 'a process is unbound while it exits',
  about:
    'The UNBIND ioctl removes the bonds of a process with iommu->lock held, and would wait there for an mm_exit that ' +
    'runs and wants the lock. But it holds a user reference of the mm, so that the exit has either not begun, or ' +
    'begun so early that the ioctl found no mm: no deadlock. Two threads unbind at a time.',
  systems: ['vfio', 'sva'],
  source: v2_13(TYPE1_C),
  corpus: 'guard 1',
  bounds: { unbinders: 3 },
  variants: {
    posted: {
      about: 'the patch as posted: unbind_process holds mm_users',
      expect: { verdict: 'holds', states: 12_869, depth: 56 },
    },
    'no-reference': {
      about: 'unbind_process knows the mm by its address only: the reference is what makes the wait safe',
      settings: [set(unbindReference, 'none')],
      bounds: { unbinders: 1 },
      expect: { verdict: 'violated', kind: 'deadlock', length: 28, states: 433 },
    },
  },
  setup: (s) => {
    const parts = makeSva(s);
    const group = makeGroup(s, parts, 'group0');
    const container = makeContainer(s, parts, 'container0', [group]);
    const { iommu } = container;
    const process = makeProcess(s, 'process0', parts);
    bindProcessAtStart(s, parts, container, process);
    exits(s, process);
    s.interchangeable(
      Array.from({ length: s.bounds.unbinders }, (_, i) => [
        s.task(`unbinder${i}`, [does(unbindProcess, { iommu, task: process.task })]),
      ]),
    );
    const mms = s.pool(MmStruct, 1);
    s.property(
      listedProcessIsBound([container], mms),
      mmsAreGivenBack([process.task], mms),
      sometimes('unbind-holds-last-user', 'the process has exited, and an unbind holds the last user of its mm', () =>
        [...mms].some((mm) => mm.mm_users.counter > 0 && process.task.mm === null),
      ),
    );
  },
});
