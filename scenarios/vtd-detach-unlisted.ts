/** Corpus VTD-REF-1: detach of a PASID that is not on the list of the domain takes a reference of somebody else. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  attachAndDetach,
  DevPasidInfo,
  DmarDomain,
  detachListed,
  detachUnlisted,
  domainRemoveDevPasid,
  flushDomain,
  IOMMU_C,
  IommuDomainInfo,
} from '../model/vtd/index.ts';
import { returns } from '../properties/response.ts';

export default scenario('vtd-detach-unlisted', {
  title: 'Detach of a PASID that was never attached',
  about:
    'Two devices share a domain. The attach of a PASID of the first one fails for want of memory, and the way out ' +
    'detaches it all the same. The PASID is not on the list of the domain, but the domain loses a user: its ID is given ' +
    'back while the second device is attached and flushes its caches by it.',
  systems: ['vtd'],
  source: detachListed(IOMMU_C),
  corpus: 'VTD-REF-1',
  bounds: { attachers: 1, attached: 1, kmalloc_failures: 1 },
  assumptions: ['who attaches a PASID to a group of devices and fails removes it from all of them'],
  variants: {
    posted: {
      about: 'as after 60f030f7418d: what was not found is not freed, but the domain is detached from the IOMMU',
      expect: { verdict: 'violated', kind: 'null-dereference', length: 10, states: 110 },
    },
    fixed: {
      about: 'nothing is done for a PASID that is not on the list',
      settings: [set(detachUnlisted, 'ignored')],
      bounds: { attachers: 2, attached: 2, kmalloc_failures: 2 },
      expect: { verdict: 'holds', states: 40_400, depth: 52 },
    },
  },
  setup: (s) => {
    const { attachers, attached } = s.bounds;
    const info = s.object(IommuDomainInfo, 'info');
    info.refcnt.counter = attached;
    const domain = s.object(DmarDomain, 'domain', { info });
    for (let dev = 0; dev < attached; dev++) {
      domain.dev_pasids.add(s.object(DevPasidInfo, `dev_pasid${dev}`, { dev, pasid: 1 }));
      const task = s.task(`attached${dev}`, [
        does(flushDomain, { domain }),
        does(domainRemoveDevPasid, { domain, dev, pasid: 1 }),
      ]);
      s.property(returns(task.name, task));
    }
    s.pool(DevPasidInfo, attachers);
    for (let i = 0; i < attachers; i++)
      s.task(`attacher${i}`, [does(attachAndDetach, { domain, dev: attached + i, pasid: 1 })]);
    s.failures({ kmalloc: s.bounds.kmalloc_failures });
    s.property(sometimes('nobody-attached', 'the domain has given its ID back', () => domain.info === null));
  },
});
