/** An import, one call after the other: what is left of it, and what an exporter may do meanwhile. */
import { describe, expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import {
  Attachment,
  DmaBuf,
  detachLock,
  exporterMoves,
  IoptPages,
  ioptReleasePages,
  lockdep,
  mapThenUnmap,
  unpinLock,
} from '../../../../model/dma-buf/index.ts';
import { atEnd, type Bounds, does, type Operation, type Setup, set } from '../../../../model/kernel/index.ts';
import { tiny } from '../../../support/tiny.ts';

interface World {
  readonly s: Setup<Bounds>;
  readonly dmabuf: DmaBuf;
}

/** The ends of one task: buffers, attachments and pages left, and the pins; or what is violated. */
async function endsOf(
  references: number,
  operations: (w: World) => readonly Operation[],
  options: { readonly unpin?: (typeof unpinLock.values)[number]; readonly failures?: number } = {},
): Promise<readonly string[]> {
  const ends = new Set<string>();
  const verdict = await check(
    tiny(
      (s: Setup<Bounds>) => {
        for (const one of [unpinLock, lockdep, detachLock]) s.setting(one as never);
        const dmabuf = s.object(DmaBuf, 'dmabuf');
        dmabuf.f_count.counter = references;
        const pools = [s.pool(DmaBuf, 1), s.pool(Attachment, 2), s.pool(IoptPages, 2)];
        s.task('task', operations({ s, dmabuf }));
        s.failures({ kmalloc: options.failures ?? 0 });
        s.property(
          atEnd('look', 'what is left', () => {
            ends.add(pools.map((pool) => [...pool].length).join(' '));
            return null;
          }),
        );
      },
      { settings: [set(unpinLock, options.unpin ?? 'held'), set(lockdep, 'asserts'), set(detachLock, 'taken')] },
    ),
    { explain: false },
  );
  if (verdict.outcome !== 'holds') return [verdict.violations[0]?.evidence.message ?? verdict.outcome];
  return [...ends].sort();
}

const maps = ({ dmabuf }: World) => does(mapThenUnmap, { dmabuf });
const moves = ({ dmabuf }: World) => does(exporterMoves, { dmabuf });

describe('an import', () => {
  test('leaves nothing behind, and the buffer goes with its last reference', async () => {
    expect(await endsOf(1, (w) => [maps(w)])).toEqual(['0 0 0']);
    expect(await endsOf(2, (w) => [maps(w)])).toEqual(['1 0 0']);
    expect(await endsOf(2, (w) => [maps(w), maps(w)])).toEqual(['0 0 0']);
  });

  test('that fails anywhere leaves nothing either', async () => {
    expect(await endsOf(1, (w) => [maps(w)], { failures: 1 })).toEqual(['0 0 0']);
    expect(await endsOf(2, (w) => [maps(w)], { failures: 1 })).toEqual(['1 0 0']);
  });

  test('is unpinned with the lock, and detached without', async () => {
    expect(await endsOf(1, (w) => [maps(w)], { unpin: 'none' })).toEqual([
      'dma_buf_unpin without the reservation lock of dmabuf',
    ]);
    expect(await endsOf(1, (w) => [maps(w)], { unpin: 'held too long' })).toEqual(['task can never move again']);
  });
});

describe('an exporter', () => {
  const imported = ({ s, dmabuf }: World, pinned: boolean): IoptPages => {
    const pages = s.object(IoptPages, 'pages', { dmabuf, valid: true });
    const attach = s.object(Attachment, 'attach', { importer_priv: pages, pinned });
    dmabuf.attachments.add(attach);
    dmabuf.pin_count = pinned ? 1 : 0;
    pages.attach = attach;
    return pages;
  };

  test('moves a buffer that nobody has imported, and leaves one that is pinned', async () => {
    expect(await endsOf(2, (w) => [moves(w), maps(w)])).toEqual(['0 0 0']);
    expect(await endsOf(2, (w) => [moves(w), does(ioptReleasePages, { pages: imported(w, true) })])).toEqual(['0 0 0']);
  });

  test('tells who has imported without a pin', async () => {
    expect(
      await endsOf(2, (w) => {
        imported(w, false);
        return [moves(w)];
      }),
    ).toEqual(['1 1 1']);
  });
});
