/** Corpus PROBE-1: a probe that fails frees what a deferred probe of the same device is reading. */
import { does, nameOf, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  clearFirst,
  DevIommu,
  Device,
  Fwspec,
  freeOrder,
  IOMMU_C,
  ofIommuConfigure,
  ProbeLock,
  probeIommuGroup,
  probeLock,
} from '../model/probe/index.ts';
import { returns } from '../properties/response.ts';

const cleared = set(freeOrder, 'clear, free');

export default scenario('iommu-probe-vs-configure', {
  title: 'an IOMMU driver registers while the deferred probe of a device reads its firmware',
  about:
    'The driver of an IOMMU registers and probes every device of the bus. One that has no fwspec yet is not its own: ' +
    'the parameters that were allocated for it are freed. Meanwhile the deferred probe of that device has found them, ' +
    'and looks for the fwspec in them.',
  systems: ['iommu-probe'],
  source: clearFirst(IOMMU_C),
  corpus: 'PROBE-1',
  bounds: { devices: 1, iommus: 1, deferred: 0, failures: 0 },
  variants: {
    posted: {
      about: 'the parameters are freed, then the pointer to them is cleared',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 12, states: 162 },
    },
    cleared: {
      about: 'the repair as merged: the pointer is cleared first. Who has read it goes on with it all the same',
      settings: [cleared],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 13, states: 206 },
    },
    'probe-locked': {
      about: 'the next one: a mutex around the probe, which the reader of firmware does not take',
      settings: [cleared, set(probeLock, 'probe')],
      expect: { verdict: 'violated', kind: 'use-after-free', length: 14, states: 223 },
    },
    fixed: {
      about: 'the third: the mutex also covers the making and the first use of the fwspec; two devices, two IOMMUs',
      settings: [cleared, set(probeLock, 'probe and configure')],
      bounds: { devices: 2, iommus: 2, deferred: 1, failures: 1 },
      expect: { verdict: 'holds', states: 22_934, depth: 99 },
    },
  },
  setup: (s) => {
    const { devices, iommus, deferred, failures } = s.bounds;
    const probe = s.object(ProbeLock, 'probe');
    const devs = s.objects(Device, 'dev', devices);
    // What an earlier attempt has left, which came before the driver of the IOMMU.
    for (const dev of devs.slice(0, deferred)) {
      const fwspec = s.object(Fwspec, `${nameOf(dev)}_fwspec`, { ops: false });
      dev.iommu = s.object(DevIommu, `${nameOf(dev)}_iommu`, { fwspec });
    }
    s.pool(DevIommu, devices * (2 + iommus));
    s.pool(Fwspec, devices * 2);
    for (let i = 0; i < iommus; i++)
      s.property(
        returns(
          `bus_iommu_probe ${i}`,
          s.task(
            `iommu${i}`,
            devs.map((dev) => does(probeIommuGroup, { probe, dev })),
          ),
        ),
      );
    for (const [i, dev] of devs.entries())
      s.property(returns(`probe ${i}`, s.task(`deferred${i}`, [does(ofIommuConfigure, { probe, dev })])));
    s.failures({ kmalloc: failures });
    s.property(sometimes('probed', 'every device is in a group', () => devs.every((dev) => dev.iommu_group)));
  },
});
