/** Corpus T1-VADDR-1: kernel threads wait for an address that user space need not ever make valid. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  comesBack,
  ExecUser,
  excludeMdevs,
  execs,
  mdevWorks,
  TYPE1_C,
  Type1,
  VfioDma,
  vaddrMdev,
} from '../model/type1-dma/index.ts';
import { returns } from '../properties/response.ts';

export default scenario('type1-invalid-vaddr', {
  title: 'a mediated device pins a page whose address is invalid',
  about:
    'A process that is about to exec makes the addresses of its mappings invalid, and valid again when it is back. ' +
    'Whoever pins a page waits meanwhile. The kernel thread of a mediated device does so too, although nothing obliges ' +
    'user space to come back.',
  systems: ['type1'],
  source: excludeMdevs(TYPE1_C),
  corpus: 'T1-VADDR-1',
  bounds: { mdevs: 1, rounds: 1, maps: 1 },
  assumptions: ['a process that goes through exec need not come back'],
  variants: {
    posted: {
      about: 'who pins waits',
      expect: { verdict: 'violated', kind: 'liveness', length: 8, states: 71 },
    },
    fixed: {
      about:
        'no address is made invalid where there is a mediated device, none is attached meanwhile; two devices, two ' +
        'mappings, each with a process that execs twice',
      settings: [set(vaddrMdev, 'refused with mdevs')],
      bounds: { mdevs: 2, rounds: 2, maps: 2 },
      expect: { verdict: 'holds', states: 18_872, depth: 42 },
    },
  },
  setup: (s) => {
    const { mdevs, rounds, maps } = s.bounds;
    const iommu = s.object(Type1, 'vfio_iommu');
    for (let i = 1; i <= maps; i++) iommu.dma_list.add(s.object(VfioDma, `dma${i}`, { iova: i }));
    for (let i = 1; i <= maps; i++) {
      const user = s.object(ExecUser, `program${i}`);
      s.task(
        `user${i}`,
        Array.from({ length: rounds }, (_, n) => does(execs, { iommu, user, iova: i, round: n + 1 })),
      );
      for (let n = 0; n < rounds; n++) s.actor(`exec${i}.${n}`, comesBack, { user }, { role: 'task', fair: false });
    }
    for (let i = 0; i < mdevs; i++) {
      const thread = s.task(`mdev${i}`, [does(mdevWorks, { iommu, iova: 1 + (i % maps) })]);
      s.property(returns(`the pin of ${thread.name}`, thread));
    }
    s.property(
      sometimes('invalid', 'an address is invalid', () => iommu.vaddr_invalid_count > 0),
      sometimes('attached', 'a mediated device is attached', () => iommu.emulated_iommu_groups > 0),
    );
  },
});
