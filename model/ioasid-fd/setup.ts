/** What scenarios of the /dev/ioasid flow build with. */
import type { Bounds, Pool, Setup } from '../kernel/index.ts';
import { Fd, Ictx, IctxFile, IoDomain, ShimContainer, VfioGroup } from './objects.ts';

export interface FdParts {
  readonly ictxs: Pool<Ictx>;
  readonly files: Pool<IctxFile>;
  readonly shims: Pool<ShimContainer>;
  readonly domains: Pool<IoDomain>;
}

/** Room for so many allocations by steps. */
export function makePools<B extends Bounds>(
  s: Setup<B>,
  room: { readonly shims: number; readonly domains: number },
): FdParts {
  return {
    ictxs: s.pool(Ictx, 1),
    files: s.pool(IctxFile, 1),
    shims: s.pool(ShimContainer, room.shims),
    domains: s.pool(IoDomain, room.domains),
  };
}

/** An open /dev/ioasid, with an empty address space. */
export function openIoasid<B extends Bounds>(s: Setup<B>, name: string): Fd {
  const ictx = s.object(Ictx, `${name}_ictx`);
  const file = s.object(IctxFile, `${name}_file`, { ictx });
  return s.object(Fd, name, { file });
}

/** A group whose container is the shim of that fd, as VFIO_GROUP_SET_CONTAINER leaves it. */
export function attachAtStart<B extends Bounds>(s: Setup<B>, group: VfioGroup, fd: Fd, held: boolean): void {
  const file = fd.file as IctxFile;
  const { ictx } = file;
  const domain = ictx.domains.first ?? s.object(IoDomain, 'first_domain');
  if (ictx.domains.length === 0) ictx.domains.add(domain);
  domain.groups++;
  group.domain = domain;
  group.container = s.object(ShimContainer, 'first_shim', held ? { ictx, file } : { ictx });
  if (held) file.f_count.counter++;
}

export const makeGroups = <B extends Bounds>(s: Setup<B>, count: number): VfioGroup[] =>
  s.objects(VfioGroup, 'group', count);
