/** Live update of iommufd for the explorer: a session preserves and is cancelled, user space marks and destroys HWPTs. */
import { type Bounds, does, type Operation, type Setup } from '../../checker/lang/index.ts';
import { iommufdDestroy } from '../../model/iommufd/index.ts';
import {
  cancel,
  fixed,
  iommufdHwptMarkPreserve,
  LIVEUPDATE_C,
  preserveIommufd,
  rev1,
  revision1,
} from '../../model/liveupdate/index.ts';
import { iommufdWithHwpts, promises } from '../../scenarios/lu-parts.ts';
import { type Call, callsIn, namedObjects, type Program } from '../program.ts';
import type { ExplorableSystem } from '../system.ts';
import { pairs } from './contracts.ts';

const bySession = ({ op }: Call) => op === 'preserve' || op === 'cancel';

export const liveupdate: ExplorableSystem = {
  name: 'liveupdate',
  about: 'A session preserves an iommufd and may be cancelled, while user space marks HWPTs and destroys them.',
  systems: ['liveupdate', 'iommufd'],
  source: rev1(LIVEUPDATE_C),
  objects: { hwpt: 2 },
  operations: {
    mark: { about: 'IOMMU_HWPT_LU_MARK_PRESERVE', on: ['hwpt'], atStart: true },
    destroy: { about: 'IOMMU_DESTROY of an HWPT', on: ['hwpt'] },
    preserve: { about: 'the session preserves the iommufd', on: [], fails: ['domain_preserve'] },
    cancel: { about: 'the session is cancelled', on: [] },
  },
  limits: [
    {
      about: 'what has been marked before was marked once',
      kept: ({ start }) => new Set(start.map(({ on }) => on[0])).size === start.length,
    },
    {
      about: 'there is memory for what one session preserves once',
      kept: (program) => program.actors.flat().filter(({ op }) => op === 'preserve').length <= 1,
    },
  ],
  contracts: {
    'marked-once': {
      about: 'a mark is set once',
      kept: (program) => {
        const marked = callsIn(program)
          .filter(({ op }) => op === 'mark')
          .map(({ on }) => on[0]);
        return new Set(marked).size === marked.length;
      },
    },
    'one-session': {
      about: 'a session is used by one owner, who cancels what it has preserved, once',
      kept: (program) => {
        for (const [a, b] of pairs(program)) if (bySession(a) && bySession(b)) return false;
        const ops = program.actors
          .flat()
          .filter(bySession)
          .map(({ op }) => op);
        return ops.every((op, i) => op === ['preserve', 'cancel'][i]);
      },
    },
  },
  presets: {
    posted: { about: 'revision 1', settings: revision1 },
    fixed: { about: 'revision 4 with the repairs that it lacks', repaired: true, settings: fixed },
  },
  setup,
};

function setup(s: Setup<Bounds>, program: Program): void {
  const before = program.start.map(({ on }) => on[0] as string);
  // Those that are marked come first, as the parts have it.
  const names = [...before, ...namedObjects(program, 'hwpt').filter((name) => !before.includes(name))];
  const w = iommufdWithHwpts(s, { hwpts: Math.max(1, names.length), marked: before.length });
  const { session, flb, ictx, hwpts } = w;
  const operation = ({ op, on }: Call): Operation[] => {
    if (op === 'preserve') return [does(preserveIommufd, { session, ictx, flb })];
    if (op === 'cancel') return [does(cancel, { session, ictx, idev: null, flb })];
    const i = names.indexOf(on[0] as string);
    const id = hwpts[i]?.id ?? 0;
    return [
      op === 'mark' ? does(iommufdHwptMarkPreserve, { ictx, id, token: i + 1 }) : does(iommufdDestroy, { ictx, id }),
    ];
  };
  for (const [i, calls] of program.actors.entries()) s.task(`thread${i}`, calls.flatMap(operation));
  s.property(...promises(w, 0));
}
