import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../reports/facts.ts';
import { intoTracks, letter, ownership } from '../../../reports/html/chart.ts';
import { layout } from '../../../reports/html/graph.ts';
import { html } from '../../../reports/html/report.ts';
import { escapeText, h, render, trusted } from '../../../reports/html/write.ts';
import { count } from '../../../reports/numbers.ts';
import { splat } from '../../../reports/text/splat.ts';
import { dist } from '../../support/compiled.ts';
import * as fixtures from './fixtures.ts';
import { counterexample } from './trace-builder.ts';

/** The page as it is shipped: its script is made small when the tree is built. */
const { html: shipped } = (await import(dist('reports/index'))) as { html: typeof html };
const verdict = fixtures.verdict([fixtures.deadlock]);
const page = html(verdict);

describe('html writer', () => {
  it('escapes text and attributes, and spells out what cannot be seen', () => {
    expect(render(h('p', { title: '"<>&\'' }, '<b>&amp;</b>'))).toBe(
      '<p title="&quot;&lt;&gt;&amp;&#39;">&lt;b&gt;&amp;amp;&lt;/b&gt;</p>',
    );
    expect(escapeText('a\u0000\u202e\u2028\u001bz')).toBe('a\\u{0}\\u{202e}\\u{2028}\\u{1b}z');
  });

  it('refuses elements, attributes and addresses that could run something', () => {
    for (const make of [
      () => h('script'),
      () => h('p', { onclick: 'x()' }),
      () => h('p', { style: 'color:red' }),
      () => h('a', { href: 'javascript:alert(1)' }),
      () => h('a', { href: 'https://x"onload=' }),
      () => h('img src=x'),
      () => trusted('script', '</script>'),
    ])
      expect(make).toThrow();
  });
});

describe('html report', () => {
  it('has a content policy that names its own style and script by hash and nothing else', () => {
    const policy = /Content-Security-Policy content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
    const hash = (text: string | undefined) =>
      `'sha256-${createHash('sha256')
        .update(text ?? '')
        .digest('base64')}'`;
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1];
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1];
    expect(policy).toBe(
      `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/\son\w+=|\sstyle=|\ssrc=/);
  });

  it('has a script and a style sheet of under 40 KB together, as it is shipped', () => {
    const text = shipped(verdict);
    const script = /<script>([\s\S]*?)<\/script>/.exec(text)?.[1]?.length ?? Number.NaN;
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1]?.length ?? Number.NaN;
    expect(script).toBeLessThan(24_000);
    expect(script + style).toBeLessThan(40_000);
  });

  it('has a row with an id for every step and the initial state, and marks where it breaks', () => {
    for (let n = 0; n <= fixtures.deadlock.steps.length; n++) expect(page).toContain(`<tr id=step-${n}`);
    expect(page).toContain('\u2716 deadlock: nothing can run');
    expect(html(fixtures.verdict([fixtures.useAfterFree]))).toContain('\u2716 use-after-free');
  });

  it('reads without scripts: every change of every step is in the text', () => {
    const text = page.replace(/<[^>]+>/g, '');
    for (const s of fixtures.deadlock.steps) for (const c of s.changes) expect(text).toContain(escapeText(c.path));
    expect(text).toContain('MODEL');
  });

  it('carries the very splat and schedule of the text report', () => {
    expect(page).toContain(escapeText(splat(fixtures.deadlock, contextOf(verdict))));
    expect(page).toContain(escapeText(fixtures.deadlock.schedule));
    expect(page).toContain('quiesce replay runs/vfio-detach-exit-posted/4f3c21d9.sched');
  });

  it('shows the numbers of the document, written as in text', () => {
    for (const n of [verdict.counts.states, verdict.counts.transitions, verdict.counts.left])
      expect(page).toContain(count(n));
  });

  it('links to the commit or the message that a source names, and to nothing else', () => {
    const links = (ref: string) => {
      const source = { patch: 'a patch', file: 'mm/mmap.c', ref };
      const text = html({ ...verdict, scenario: { ...verdict.scenario, source } });
      const strip = /<header[\s\S]*?<\/header>/.exec(text)?.[0] ?? '';
      return [...strip.matchAll(/href="(https:[^"]+)"/g)].map((m) => m[1]);
    };
    expect(links('90fdd158a695d70403163f9a0e4efc5b20f3fd3e')).toEqual([
      'https://git.kernel.org/torvalds/c/90fdd158a695d70403163f9a0e4efc5b20f3fd3e',
    ]);
    expect(links('20200228144420.GE2156@myrica')).toEqual(['https://lore.kernel.org/r/20200228144420.GE2156@myrica']);
    for (const ref of ['CVE-2026-45945', 'author on 30 Apr 2020', 'javascript:alert(1)'])
      expect(links(ref)).toEqual([]);
  });

  it('stays under 150 KB for an ordinary bug', () => {
    for (const ce of [fixtures.deadlock, fixtures.crowded, fixtures.useAfterFree])
      expect(Buffer.byteLength(html(fixtures.verdict([ce])))).toBeLessThan(110_000);
  });

  it('writes out the steps of a very long trace that matter most, and keeps all of them as data', () => {
    const text = html(fixtures.verdict([fixtures.endless(10_000)]));
    expect(Buffer.byteLength(text)).toBeLessThan(500_000);
    expect(text).toContain('120 steps of 10,000 are written out here');
    expect(text).toContain('Details of 80 steps of 10,000 are written out');
    expect(text.match(/<tr id=step-/g)?.length).toBe(121);
    const block = /id="trace" data-size="(\d+)">([^<]*)</.exec(text);
    const json = inflateRawSync(Buffer.from(block?.[2] ?? '', 'base64')).toString();
    expect(json.length).toBe(Number(block?.[1]));
    expect(JSON.parse(json).steps).toHaveLength(10_000);
  });

  it('leaves data out that would make it larger than two megabytes, and says so', () => {
    // Texts that no two steps share and nothing makes smaller.
    const noise = (n: number) => createHash('sha512').update(String(n)).digest('base64');
    const long = fixtures.endless(10_000);
    const steps = long.steps.map((s) => ({ ...s, label: noise(s.index) + noise(-s.index) }));
    const text = html(fixtures.verdict([{ ...long, steps }]));
    expect(Buffer.byteLength(text)).toBeLessThan(500_000);
    expect(text).toContain('120 steps of 10,000 are written out here, those that matter most; the others would make');
    expect(text).not.toContain('id="trace"');
    expect(text).not.toContain('data-save="trace"');
  });

  it('stands a violation of the initial state, without any step', () => {
    const none = counterexample(
      { roles: { t0: 'task' }, sources: {}, moves: [], endings: { t0: { status: 'running', next: 'x' } } },
      { evidence: { kind: 'assertion', message: 'broken at once', objects: [], actors: [] }, headline: 'assertion' },
    );
    expect(html(fixtures.verdict([none]))).toContain('broken at once');
  });

  it('never shows an incomplete search in green', () => {
    expect(html(fixtures.holds)).toMatch(/<header class=good>/);
    for (const v of [fixtures.undecided, fixtures.verdict([], { complete: false, incompleteBecause: 'stopped' })]) {
      expect(html(v)).toMatch(/<header class=warn>/);
      expect(html(v)).toContain('NO VIOLATION SO FAR');
      expect(html(v)).toContain('This is not a proof');
    }
    expect(html(verdict)).toMatch(/<header class=bad>/);
  });

  it('tells what a pass rests on', () => {
    const text = html(fixtures.holds);
    for (const wanted of [
      'mms=1 devices=1 requests=2',
      'symmetry over tasks (4.3 times fewer states)',
      'Steps never taken (3)',
      'Guards never false',
      'the device stops sending page requests',
      'sequentially consistent',
    ])
      expect(text).toContain(wanted);
  });

  it('does not say that every state was visited when a reduction left some out', () => {
    expect(html(fixtures.holds)).toContain('1,204,118 states were visited, which are enough to judge every state');
    const off = { name: 'persistent sets off: about 1.1 times fewer transitions', factor: null };
    expect(html({ ...fixtures.holds, reductions: [off] })).toContain('was visited: 1,204,118 of them');
    expect(html({ ...fixtures.holds, reductions: [] })).toContain('was visited: 1,204,118 of them.');
  });

  it('writes one report for each violation', () => {
    const two = fixtures.verdict([fixtures.deadlock, fixtures.useAfterFree]);
    expect(html(two, 1)).toContain('use-after-free in io_mm_detach_locked');
    expect(html(two, 1)).not.toContain('nothing can run');
    expect(html(two, 1)).toContain('The same check found deadlock in vfio_iommu_type1_detach_group');
  });

  it('shows what becomes of the schedule on the repaired form, and by which guard', () => {
    const replayed = { from: 'posted', signature: fixtures.deadlock.signature, on: 'fixed' } as const;
    const about = { variant: 'fixed', about: 'unlinked under the lock', states: 12_345, depth: 31, bounds: { mms: 1 } };
    const refused = {
      ...replayed,
      result: 'refused',
      step: 13,
      wanted: 'owner: take',
      reason: 'its guard is false',
      guard: 'take waits for x',
    } as const;
    const of = (...replays: (typeof refused)[]) =>
      html(fixtures.verdict([fixtures.deadlock], { repaired: { ...about, replays } }));
    expect(of(refused).replace(/<[^>]+>/g, '')).toContain(
      'It refuses the schedule at step 13, owner: take: its guard is false, take waits for x.',
    );
    expect(of(refused)).toContain('12,345 states, depth 31');
    expect(of()).toContain('was not tried');
    expect(page).not.toContain('repaired form');
  });

  it('lists the steps of the model, taken or not, and where a delay opens the window', () => {
    const procedures = [
      {
        procedure: 'vfio_iommu_type1_detach_group',
        source: { patch: 'v2 13/40' },
        steps: ['mutex_lock(&iommu->lock)', 'return early'],
      },
    ];
    const text = html(fixtures.verdict([{ ...fixtures.deadlock, procedures }])).replace(/<[^>]+>/g, '');
    expect(text).toContain('   13  mutex_lock(&amp;iommu-&gt;lock)');
    expect(text).toContain('       return early');
    const [{ before, after }] = fixtures.deadlock.needed as [{ before: number; after: number }];
    const [first, second] = [fixtures.deadlock.steps[before - 1], fixtures.deadlock.steps[after - 1]];
    expect(text).toContain(`delay ${second?.actor} in ${second?.procedure}`);
    expect(text).toContain(`until ${first?.actor} has done`);
    expect(text).toContain('toContain(&quot;4f3c21d9&quot;)');
  });

  it('is the same for the same document', () => {
    expect(html(verdict)).toBe(page);
  });

  it('lets hostile names change nothing but text', () => {
    const tags = (text: string) => [...text.matchAll(/<(\/?[a-zA-Z!][\w-]*)/g)].map((m) => m[1]);
    const hostile = html(fixtures.verdict([fixtures.hostile]));
    expect(tags(hostile).filter((t) => t === 'script')).toHaveLength(2);
    expect(tags(hostile)).not.toContain('img');
    expect(hostile).not.toContain('<!--');
    expect(hostile).not.toMatch(/href="javascript/);
  });
});

describe('chart', () => {
  it('gives overlapping stretches different tracks and reuses free ones', () => {
    const span = (from: number, to: number) => ({ from, to, what: 0, opens: true, closes: true });
    const tracks = intoTracks([span(1, 5), span(2, 3), span(4, 6), span(6, 7)]);
    expect(tracks.map((t) => [t.from, t.track])).toEqual([
      [1, 0],
      [2, 1],
      [4, 1],
      [6, 0],
    ]);
  });

  it('draws a lock from the step that takes it to the step that releases it', () => {
    const spans = ownership(fixtures.deadlock, 'owner', ['iommu.lock', 'iommu_sva_lock']);
    expect(spans.map((s) => [s.what, s.from, s.to, s.closes])).toEqual([
      [0, 1, 6, true],
      [1, 3, 5, true],
      // Still held when nothing can run: the bar goes on into the last row.
      [0, 13, 18, false],
      [1, 15, 17, true],
    ]);
  });

  it('names locks by letters without end', () => {
    expect([0, 25, 26, 51, 52].map(letter)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA']);
  });

  it('leaves the lanes of those who do not move out, and says so', () => {
    expect(page).toContain('Not moving in this schedule: fault (worker, idle).');
    expect(page).not.toContain('title="fault (worker)"');
  });
});

describe('graphs', () => {
  it('never puts two boxes on one place, whatever the shape', () => {
    const node = (id: string) => ({ id, kind: 'lock' as const });
    const shapes = [
      fixtures.deadlock.waitFor,
      fixtures.deadlock.lockOrder,
      {
        nodes: ['a', 'b'].map(node),
        edges: [
          { from: 'a', to: 'b', label: '' },
          { from: 'b', to: 'a', label: '' },
        ],
        cycle: ['a', 'b'],
      },
      {
        nodes: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(node),
        edges: [
          { from: 'd', to: 'a', label: '' },
          { from: 'e', to: 'a', label: '' },
          { from: 'a', to: 'b', label: '' },
        ],
        cycle: ['a', 'b', 'c'],
      },
      // A cycle the document does not name: the layout must end all the same.
      {
        nodes: ['a', 'b', 'c'].map(node),
        edges: [
          { from: 'a', to: 'b', label: '' },
          { from: 'b', to: 'c', label: '' },
          { from: 'c', to: 'a', label: '' },
        ],
        cycle: [],
      },
      { nodes: [node('alone')], edges: [{ from: 'alone', to: 'alone', label: 'waits for' }], cycle: ['alone'] },
    ];
    for (const shape of shapes) {
      const { boxes, width, height } = layout(shape);
      expect(boxes).toHaveLength(shape.nodes.length);
      for (const [i, a] of boxes.entries()) {
        expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0);
        expect(a.x + a.width / 2).toBeLessThanOrEqual(width);
        expect(a.y + 18).toBeLessThanOrEqual(height);
        for (const b of boxes.slice(i + 1))
          expect(Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= 36).toBe(true);
      }
    }
  });

  it('says every edge in words as well', () => {
    const list = /<ul class=edges>([\s\S]*?)<\/ul>/.exec(page)?.[1] ?? '';
    expect(list.match(/<li>/g)).toHaveLength(fixtures.deadlock.waitFor.edges.length);
  });
});
