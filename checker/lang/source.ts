/**
 * Where a procedure or a step comes from. A model is a claim about a patch; the source names the page to
 * lay beside it. Every procedure carries one, steps inherit it and may narrow it.
 */
export interface Source {
  /** Seed message, patch, commit or paper, for example `v2 13/40` or `spec (c) rule 2`. */
  readonly patch: string;
  /** File of the kernel tree, where there is one. */
  readonly file?: string;
  /** Message id, URL or commit. */
  readonly ref?: string;
}

/**
 * A reusable source for one patch; call it with a kernel file to name the place.
 *
 * ```ts
 * const v2_13 = patch('v2 13/40', '20180511190641.23008-14-jean-philippe.brucker@arm.com');
 * v2_13('drivers/vfio/vfio_iommu_type1.c')
 * ```
 */
export function patch(name: string, ref?: string): (file?: string) => Source {
  return (file) => ({
    patch: name,
    ...(file === undefined ? {} : { file }),
    ...(ref === undefined ? {} : { ref }),
  });
}

/**
 * One line of text: `drivers/vfio/vfio_iommu_type1.c (v2 13/40)`.
 *
 * @example
 * ```ts
 * import { patch, sourceText } from 'quiesce';
 *
 * console.log(sourceText(patch('v2 13/40')('drivers/vfio/vfio_iommu_type1.c'))); // drivers/vfio/vfio_iommu_type1.c (v2 13/40)
 * ```
 */
export function sourceText(source: Source): string {
  return source.file === undefined ? source.patch : `${source.file} (${source.patch})`;
}
