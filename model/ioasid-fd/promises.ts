/**
 * What the /dev/ioasid flow promises, as properties over files, shims and domains.
 *
 * Source: spec (f), properties of the /dev/ioasid flow. What is under a lock is looked at while nobody holds it.
 */
import {
  type Always,
  type AtEnd,
  always,
  atEnd,
  type LeadsTo,
  leadsTo,
  nameOf,
  type Pool,
  violated,
} from '../kernel/index.ts';
import { type Fd, type Ictx, type IctxFile, PAGES, type ShimContainer, type VfioGroup } from './objects.ts';

/** The groups of an ictx, all compatible, have one domain. */
export function oneDomain(ictxs: Pool<Ictx>): Always {
  return always('one domain', 'compatible groups of an ictx share one domain', () => {
    for (const ictx of ictxs)
      if (ictx.lock.owner === null && !ictx.released && ictx.domains.length > 1)
        return violated('protocol', `${nameOf(ictx)} has ${ictx.domains.length} domains for compatible groups`, {
          objects: [nameOf(ictx), ...[...ictx.domains].map((domain) => nameOf(domain))],
        });
    return null;
  });
}

/** A domain of an ictx maps what the ictx maps. */
export function domainsAreReplayed(ictxs: Pool<Ictx>): Always {
  return always('domains are replayed', 'every domain of an ictx has all that user space has mapped', () => {
    for (const ictx of ictxs) {
      if (ictx.lock.owner !== null || ictx.released) continue;
      for (const domain of ictx.domains)
        for (let page = 0; page < PAGES; page++)
          if (ictx.dma.at(page) !== domain.pte.at(page))
            return violated(
              'protocol',
              `page ${page} is ${ictx.dma.at(page) ? '' : 'not '}mapped in ${nameOf(ictx)}, unlike in ${nameOf(domain)}`,
              { objects: [nameOf(ictx), nameOf(domain)] },
            );
    }
    return null;
  });
}

/** A group has one shim and one domain, or neither; nobody's shim is left. */
export function oneShimEach(groups: readonly VfioGroup[], shims: Pool<ShimContainer>): AtEnd {
  return atEnd(
    'one shim each',
    'at the end a group has a shim and a domain, or neither, and no shim is left over',
    () => {
      let used = 0;
      for (const group of groups) {
        if (group.container !== null) used++;
        if ((group.container === null) !== (group.domain === null))
          return violated('protocol', `${nameOf(group)} has a ${group.container === null ? 'domain' : 'shim'} only`, {
            objects: [nameOf(group)],
          });
      }
      const all = [...shims].length;
      if (all === used) return null;
      return violated('leak', `${all - used} shim container(s) belong to no group`, {
        objects: [...shims].map((shim) => nameOf(shim)),
      });
    },
  );
}

/** The last put releases: G-LIVE of a file that no fd and no shim has any more. */
export function lastPutReleases(files: Pool<IctxFile>, fds: readonly Fd[], shims: Pool<ShimContainer>): LeadsTo {
  const orphaned = () => {
    for (const file of files)
      if (!fds.some((fd) => fd.file === file) && ![...shims].some((shim) => shim.file === file)) return true;
    return false;
  };
  return leadsTo('the last put releases', 'a file that nobody has is released', orphaned, () => !orphaned());
}

/** A file is referenced by its fds and by the shims. */
export function filesAreCounted(files: Pool<IctxFile>, fds: readonly Fd[], shims: Pool<ShimContainer>): AtEnd {
  return atEnd('files are counted', 'at the end the references of a file are those of its fds and shims', () => {
    for (const file of files) {
      let holders = 0;
      for (const fd of fds) if (fd.file === file) holders++;
      for (const shim of shims) if (shim.file === file) holders++;
      if (holders !== file.f_count.counter)
        return violated('protocol', `${nameOf(file)} has ${file.f_count.counter} references and ${holders} holders`, {
          objects: [nameOf(file)],
        });
    }
    return null;
  });
}
