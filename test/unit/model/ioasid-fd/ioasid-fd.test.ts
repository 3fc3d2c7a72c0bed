/** The /dev/ioasid flow, one call after the other: what set, unset, map and close leave behind, and how errors unwind. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  attachLock,
  closeFd,
  type Fd,
  type FdParts,
  fileGet,
  groupLock,
  makeGroups,
  makePools,
  mapDma,
  mapLock,
  openIoasid,
  setContainer,
  shimFile,
  unsetContainer,
  type VfioGroup,
} from '../../../../model/ioasid-fd/index.ts';
import { does, type Operation, type Setting, set } from '../../../../model/kernel/index.ts';
import { tiny } from '../../../support/tiny.ts';

const repaired = [
  set(groupLock, 'held'),
  set(shimFile, 'held'),
  set(fileGet, 'live'),
  set(attachLock, 'held'),
  set(mapLock, 'held'),
];

interface World {
  readonly parts: FdParts;
  readonly fd: Fd;
  readonly groups: readonly VfioGroup[];
}

/** How a world looks: shims, domains, files, references of the file, and who is attached. */
const sight = ({ parts, fd, groups }: World) => ({
  shims: [...parts.shims].length,
  domains: [...parts.domains].map((domain) => [domain.groups, ...domain.pte]),
  files: [...parts.files].map((file) => file.f_count.counter),
  ictxs: [...parts.ictxs].length,
  open: fd.file !== null,
  attached: groups.map((group) => group.container !== null),
});

/** All ends of one task. */
async function endsOf(
  operations: (w: World) => readonly Operation[],
  settings: readonly Setting[] = repaired,
  failures: Record<string, number> = {},
): Promise<ReturnType<typeof sight>[]> {
  const ends: ReturnType<typeof sight>[] = [];
  const verdict = await check(
    tiny(
      (s) => {
        for (const { switch: one } of settings) s.setting(one);
        const w = {
          parts: makePools(s, { shims: 2, domains: 2 }),
          fd: openIoasid(s, 'fd'),
          groups: makeGroups(s, 2),
        };
        s.task('task', operations(w));
        s.failures(failures);
        s.property({
          kind: 'at-end',
          name: 'look',
          about: 'collects what is left',
          check: () => {
            const end = sight(w);
            if (!ends.some((known) => JSON.stringify(known) === JSON.stringify(end))) ends.push(end);
            return null;
          },
        });
      },
      { settings },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') throw new Error(verdict.violations[0]?.evidence.message ?? verdict.outcome);
  return ends;
}

const attach = ({ groups, fd }: World, i: number) => does(setContainer, { group: groups[i] as VfioGroup, fd });
const detach = ({ groups }: World, i: number) => does(unsetContainer, { group: groups[i] as VfioGroup });
const map = ({ fd }: World, page: number) => does(mapDma, { fd, page });
const close = ({ fd }: World) => does(closeFd, { fd });

const untouched = { shims: 0, domains: [], files: [1], ictxs: 1, open: true, attached: [false, false] };

describe('attach and detach', () => {
  test('the first group creates the domain with what is mapped, the second joins it', async () => {
    expect(await endsOf((w) => [map(w, 1), attach(w, 0)])).toEqual([
      { ...untouched, shims: 1, domains: [[1, false, true]], files: [2], attached: [true, false] },
    ]);
    expect(await endsOf((w) => [attach(w, 0), attach(w, 1), map(w, 0)])).toEqual([
      { ...untouched, shims: 2, domains: [[2, true, false]], files: [3], attached: [true, true] },
    ]);
  });

  test('the domain goes with the last group, the mappings stay', async () => {
    expect(await endsOf((w) => [attach(w, 0), attach(w, 1), detach(w, 0)])).toEqual([
      { ...untouched, shims: 1, domains: [[1, false, false]], files: [2], attached: [false, true] },
    ]);
    expect(await endsOf((w) => [attach(w, 0), map(w, 0), detach(w, 0)])).toEqual([untouched]);
    expect(await endsOf((w) => [attach(w, 0), map(w, 0), detach(w, 0), attach(w, 1)])).toEqual([
      { ...untouched, shims: 1, domains: [[1, true, false]], files: [2], attached: [false, true] },
    ]);
  });

  test('a group that has a container keeps it; one that has none has nothing to unset', async () => {
    const once = await endsOf((w) => [attach(w, 0)]);
    expect(await endsOf((w) => [attach(w, 0), attach(w, 0)])).toEqual(once);
    expect(await endsOf((w) => [detach(w, 0)])).toEqual([untouched]);
  });

  test.each(['kmalloc', 'iommu_attach_group', 'iommu_map'])('%s fails: nothing of the attach is left', async (what) => {
    const ends = await endsOf((w) => [map(w, 0), attach(w, 0)], repaired, { [what]: 1 });
    expect(ends).toHaveLength(2);
    expect(ends).toContainEqual(untouched);
    expect(ends).toContainEqual({
      ...untouched,
      shims: 1,
      domains: [[1, true, false]],
      files: [2],
      attached: [true, false],
    });
  });

  test('a map that fails is in no domain and not recorded', async () => {
    const ends = await endsOf((w) => [attach(w, 0), map(w, 1), detach(w, 0), attach(w, 0)], repaired, { iommu_map: 1 });
    const again = { ...untouched, shims: 1, files: [2], attached: [true, false] };
    expect(ends).toEqual(
      expect.arrayContaining([
        { ...again, domains: [[1, false, true]] },
        { ...again, domains: [[1, false, false]] },
      ]),
    );
  });
});

describe('close', () => {
  test('the last close frees the ictx; a shim keeps it open', async () => {
    const closed = { ...untouched, files: [], ictxs: 0, open: false };
    expect(await endsOf((w) => [close(w)])).toEqual([closed]);
    expect(await endsOf((w) => [attach(w, 0), close(w)])).toEqual([
      { ...untouched, shims: 1, domains: [[1, false, false]], open: false, attached: [true, false] },
    ]);
    expect(await endsOf((w) => [attach(w, 0), close(w), detach(w, 0)])).toEqual([closed]);
  });

  test('an fd that is closed is not a container, and cannot be mapped', async () => {
    const closed = { ...untouched, files: [], ictxs: 0, open: false };
    expect(await endsOf((w) => [close(w), attach(w, 0), map(w, 0)])).toEqual([closed]);
  });

  test('a shim that borrows the file does not keep the ictx', async () => {
    const borrowed = repaired.map((one) => (one.switch.name === shimFile.name ? set(shimFile, 'borrowed') : one));
    await expect(endsOf((w) => [attach(w, 0), close(w), detach(w, 0)], borrowed)).rejects.toThrow(
      'lock of fd_ictx is accessed after fd_ictx was freed',
    );
  });
});
