/**
 * What readers of an HTML report are promised, tried in a real browser: it opens from disk with a single request, reads
 * without scripts, steps by keyboard, links to a step, has no accessibility violation in either theme, and hostile
 * names do nothing.
 *
 * Skipped, with the reason in the title, where no Chromium is installed.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from '../../bench/chromium.ts';
import { check } from '../../checker/check.ts';
import type { Counterexample } from '../../checker/trace/counterexample.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { itf } from '../../reports/export/itf.ts';
import { exportedOf, sarif } from '../../reports/export/sarif.ts';
import { contextOf } from '../../reports/facts.ts';
import { html } from '../../reports/index.ts';
import { scenarios } from '../../scenarios/index.ts';
import dining from '../../scenarios/peers/dining.ts';
import peers from '../../scenarios/peers/sva.ts';
import * as fixtures from '../unit/reports/fixtures.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const title =
  chromiumPath === undefined ? 'html report (skipped: no Chromium found, set CHROMIUM to its path)' : 'html report';

const documents: Record<string, Verdict> = {
  // One that the checker made, the others by hand.
  dining: await check(dining, { variant: 'posted', analyse: true }),
  // One whose author declares views.
  peers: await check(peers, { variant: 'posted' }),
  deadlock: fixtures.verdict([fixtures.deadlock]),
  'use-after-free': fixtures.verdict([fixtures.useAfterFree]),
  crowded: fixtures.verdict([fixtures.crowded]),
  hostile: fixtures.verdict([fixtures.hostile]),
  long: fixtures.verdict([fixtures.endless(10_000)]),
  holds: fixtures.holds,
  undecided: fixtures.undecided,
};

interface Opened {
  readonly page: Page;
  readonly requests: string[];
  readonly complaints: string[];
}

describe.skipIf(chromiumPath === undefined)(title, () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quiesce-html-'));
    for (const [name, verdict] of Object.entries(documents)) writeFileSync(join(folder, `${name}.html`), html(verdict));
    browser = await chromium.launch({ executablePath: chromiumPath as string, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a report from disk and notes every request and every complaint of the browser. */
  async function open(name: string, fragment = '', options: BrowserContextOptions = {}): Promise<Opened> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (r) => requests.push(r.url()));
    page.on('console', (m) => complaints.push(`${m.type()}: ${m.text()}`));
    page.on('pageerror', (e) => complaints.push(`error: ${e.message}`));
    page.on('dialog', (d) => complaints.push(`dialog: ${d.message()}`));
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href + fragment);
    // The script of a long page begins when the text has been shown.
    if (name === 'long' && options.javaScriptEnabled !== false) await page.locator('html.windowed').waitFor();
    return { page, requests, complaints };
  }

  const current = (page: Page) => page.locator('[aria-current=step]').getAttribute('id');
  const within = (page: Page, selector: string) =>
    page.locator(selector).evaluate((e) => {
      const box = e.getBoundingClientRect();
      return box.top >= 0 && box.bottom <= (globalThis as unknown as { innerHeight: number }).innerHeight;
    });

  it.each(Object.keys(documents))(
    '%s opens from disk with one request and no complaint, and fits the window',
    async (name) => {
      for (const width of [1440, 1120, 420]) {
        const { page, requests, complaints } = await open(name, '', { viewport: { width, height: 900 } });
        expect(requests).toHaveLength(1);
        expect(complaints).toEqual([]);
        const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
        expect(over, `${name} at ${width} columns of pixels`).toBe(0);
        await page.context().close();
      }
    },
  );

  it.each(Object.keys(documents).flatMap((name) => (['light', 'dark'] as const).map((scheme) => ({ name, scheme }))))(
    '$name has no accessibility violation in the $scheme theme',
    async ({ name, scheme }) => {
      const { page } = await open(name, '', { colorScheme: scheme });
      // The policy of the page forbids scripts of others; the test's own goes in by the debugger.
      await page.evaluate(axe);
      const violations = await page.evaluate(
        'axe.run({ rules: { "target-size": { enabled: true } } }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join(" | ")))',
      );
      expect(violations).toEqual([]);
      await page.context().close();
    },
  );

  it('lands on the row a link names, also without scripts', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { page } = await open('crowded', '#step-44', { javaScriptEnabled, viewport: { width: 1440, height: 700 } });
      await expect.poll(() => within(page, '#step-44')).toBe(true);
      if (javaScriptEnabled) expect(await current(page)).toBe('step-44');
      await page.context().close();
    }
  });

  it('reads without scripts: details of all steps are there, controls that would do nothing are not', async () => {
    const { page } = await open('deadlock', '', { javaScriptEnabled: false });
    expect(await page.locator('article.at:visible').count()).toBe(fixtures.deadlock.steps.length + 1);
    expect(await page.locator('.js-only:visible').count()).toBe(0);
    await page.context().close();
  });

  it('steps by keyboard, and the pane, the address and the live region follow', async () => {
    const { page, complaints } = await open('deadlock', '#step-11');
    const press = async (key: string) => {
      await page.keyboard.press(key);
      return current(page);
    };
    expect(await press('j')).toBe('step-12');
    expect(await press('k')).toBe('step-11');
    expect(await press('ArrowDown')).toBe('step-12');
    expect(await press('ArrowUp')).toBe('step-11');
    expect(await press('n')).toBe('step-12');
    expect(await press('n')).toBe('step-13');
    expect(await press('p')).toBe('step-12');
    expect(await press('J')).toBe('step-12');
    expect(await press('K')).toBe('step-11');
    expect(await press('g')).toBe('step-0');
    expect(await press('k')).toBe('step-0');
    expect(await press('G')).toBe('step-17');
    expect(await press('j')).toBe('step-17');
    expect(await press('p')).toBe('step-15');
    expect(await page.locator('article.at:visible').getAttribute('id')).toBe('at-15');
    expect(new URL(page.url()).hash).toBe('#step-15');
    expect(await page.locator('#said').textContent()).toBe('step 15, owner, spin_lock(&iommu_sva_lock), 1 change');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('gives the arrow keys back to scrolling where the chart is out of sight', async () => {
    const { page } = await open('deadlock', '#step-11', { viewport: { width: 1440, height: 600 } });
    await page.locator('#provenance').scrollIntoViewIfNeeded();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    expect(await current(page)).toBe('step-11');
    await page.locator('#step-11').scrollIntoViewIfNeeded();
    await page.keyboard.press('ArrowUp');
    expect(await current(page)).toBe('step-10');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    expect(await current(page)).toBe('step-11');
    await page.context().close();
  });

  it('does by a button all that a key does', async () => {
    const { page } = await open('deadlock', '#step-11');
    const buttons = new Set(
      await page.locator('button[data-key]').evaluateAll((all) => all.map((b) => b.getAttribute('data-key'))),
    );
    for (const key of ['j', 'k', 'J', 'K', 'n', 'p', 'g', 'G', 'w', 'y']) expect(buttons, key).toContain(key);
    for (const [key, step] of [
      ['J', 'step-12'],
      ['K', 'step-11'],
      ['j', 'step-12'],
      ['g', 'step-0'],
      ['G', 'step-17'],
    ] as const) {
      await page.locator(`.stepper [data-key=${key}]`).click();
      expect(await current(page), key).toBe(step);
    }
    await page.context().close();
  });

  it('leads from every part that names a step to that step, and from the strip to every part', async () => {
    const { page, complaints } = await open('deadlock', '', { viewport: { width: 1440, height: 700 } });
    for (const part of ['#race', '#source', '.pane']) {
      if (part === '.pane') await page.locator('#step-12 a').first().click();
      const links = page.locator(`${part} a[href^="#step-"]:visible`);
      // The pane tells other steps than the one it shows only where a step follows from another's.
      for (let i = 0; i < Math.min(5, await links.count()); i++) {
        const target = (await links.nth(i).getAttribute('href'))?.slice(1) as string;
        await links.nth(i).click();
        await expect.poll(() => current(page), { message: `${part} ${target}` }).toBe(target);
        await expect.poll(() => within(page, `#${target}`)).toBe(true);
        if (part === '.pane') break;
      }
    }
    for (const target of await page.locator('nav a').evaluateAll((all) => all.map((a) => a.getAttribute('href')))) {
      await page.evaluate('scrollTo(0, 0)');
      await page.locator(`nav a[href="${target}"]`).click();
      await expect.poll(() => within(page, `${target} h2`), { message: target as string }).toBe(true);
    }
    const ids = new Set(await page.locator('[id]').evaluateAll((all) => all.map((e) => `#${e.id}`)));
    const dead = (
      await page.locator('a[href^="#"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')))
    ).filter((href) => !ids.has(href as string));
    expect(dead).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each(['deadlock', 'dining', 'peers', 'long'])('%s: saves the files that the command line writes', async (name) => {
    const verdict = documents[name] as Verdict;
    const ce = verdict.violations[0] as Counterexample;
    const { page, complaints } = await open(name, '', { acceptDownloads: true });
    const saved = async (id: string) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator(`[data-save=${id}]`).click()]);
      return { file: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
    };
    expect(await saved('schedule')).toEqual({ file: `${ce.signature}.sched`, text: ce.schedule });
    expect(await saved('splat')).toMatchObject({ text: await page.locator('#splat').textContent() });
    const log = await saved('sarif');
    expect(log.text).toBe(sarif({ ...exportedOf(verdict), violations: [ce] }));
    const trace = JSON.parse((await saved('trace')).text);
    expect(trace.steps.map((s: { label: string }) => s.label)).toEqual(ce.steps.map((s) => s.label));
    expect(trace.steps.at(-1).changes).toEqual(
      ce.steps.at(-1)?.changes.map(({ path, before, after }) => ({ path, before, after })),
    );
    if (name !== 'long') expect((await saved('itf')).text).toBe(itf(ce, contextOf(verdict)));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('opens ten thousand steps, and steps, folds and links in them', async () => {
    expect(statSync(join(folder, 'long.html')).size).toBeLessThan(500_000);
    const { page, complaints } = await open('long', '#step-7777', { viewport: { width: 1440, height: 900 } });
    expect(await current(page)).toBe('step-7777');
    await expect.poll(() => within(page, '#step-7777')).toBe(true);
    // Only what is looked at is drawn.
    expect(await page.locator('tr[id^=step-]').count()).toBeLessThan(150);
    const press = async (key: string) => {
      await page.keyboard.press(key);
      const id = await current(page);
      await expect.poll(() => within(page, `#${id}`), { message: key }).toBe(true);
      return id;
    };
    expect(await press('j')).toBe('step-7778');
    expect(await press('n')).toBe('step-7976');
    expect(await press('p')).toBe('step-6979');
    expect(await press('G')).toBe('step-10000');
    expect(await press('k')).toBe('step-9999');
    expect(await press('g')).toBe('step-0');
    await page.keyboard.press('.');
    await press('j');
    expect(await page.locator('#fold').isChecked()).toBe(true);
    const first = Number((await current(page))?.slice(5));
    expect(first).toBeGreaterThan(0);
    await page.keyboard.press('.');
    expect(await press('k')).toBe(`step-${first - 1}`);
    // What it takes in the page, without the way there and back: a frame of a screen, many times over.
    const each = await page.evaluate(`(() => {
      const before = performance.now();
      for (let i = 0; i < 100; i++) dispatchEvent(new KeyboardEvent('keydown', { key: 'j' }));
      return (performance.now() - before) / 100;
    })()`);
    expect(await current(page)).toBe(`step-${first + 99}`);
    expect(each).toBeLessThan(160);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('ten thousand steps read without scripts: those that matter most, and that there are more', async () => {
    const { page } = await open('long', '#step-10000', { javaScriptEnabled: false });
    expect(await page.locator('tr[id^=step-]:visible').count()).toBe(121);
    expect(await page.locator('article.at:visible').count()).toBeGreaterThan(10);
    await expect.poll(() => within(page, '#step-10000')).toBe(true);
    await page.context().close();
  });

  it('leaves typing alone and filters all values', async () => {
    const { page } = await open('deadlock', '#step-17');
    await page.keyboard.press('/');
    await page.keyboard.type('bond0.refs');
    expect(await current(page)).toBe('step-17');
    expect(await page.locator('#all li').allTextContents()).toEqual(['bond0.refs 3']);
    await page.context().close();
  });

  it('tells the history of a value and goes to its next change', async () => {
    const { page } = await open('deadlock', '#step-16');
    await page.locator('#at-16 .changes button').first().click();
    const changes = fixtures.deadlock.steps.filter((s) => s.changes.some((c) => c.path === 'bond0.refs'));
    expect(await page.locator('#history li').count()).toBe(1 + changes.length);
    await page.keyboard.press('g');
    await page.keyboard.press('w');
    expect(await current(page)).toBe(`step-${changes[0]?.index}`);
    await page.context().close();
  });

  it("tells what the author's views say, with their history", async () => {
    const { page, complaints } = await open('peers', '#step-10');
    await page.locator('#at-10 .changes button', { hasText: 'view teardown under way' }).click();
    const [, view] = documents['peers']?.violations[0]?.views ?? [];
    const changes = (view?.values ?? []).flatMap((v, i, all) => (i > 0 && v !== all[i - 1] ? [`step ${i}`] : []));
    expect(changes).toContain('step 10');
    expect(await page.locator('#history li a').allTextContents()).toEqual(changes);
    await page.keyboard.press('g');
    expect(await page.locator('#at-0').textContent()).toContain(
      'view bonds that live 0 neither unbound nor in teardown',
    );
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('folds what matters least, and stepping passes over it', async () => {
    const { page } = await open('crowded', '#step-11');
    const rows = page.locator('tr[id^=step-]:visible');
    const before = await rows.count();
    await page.keyboard.press('.');
    const folded = await rows.count();
    expect(folded).toBeLessThan(before);
    await page.keyboard.press('j');
    const landed = page.locator('[aria-current=step]');
    expect(await landed.evaluate((e) => e.classList.contains('plain'))).toBe(false);
    await page.keyboard.press('.');
    expect(await rows.count()).toBe(before);
    await page.context().close();
  });

  it('changes the theme by key and by button', async () => {
    const { page } = await open('deadlock', '', { colorScheme: 'light' });
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.keyboard.press('t');
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.locator('#theme').click();
    expect(await background()).toBe(light);
    await page.context().close();
  });

  it('copies the replay command, or selects it where there is no clipboard', async () => {
    const { page } = await open('deadlock', '', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('[data-copy=replay-command]').click();
    await expect.poll(() => page.locator('#said').textContent()).toMatch(/^replay command (copied|selected)$/);
    await page.context().close();
  });

  it('has help that opens and closes by key', async () => {
    const { page } = await open('deadlock');
    await page.keyboard.press('?');
    expect(await page.locator('#help').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.locator('#help').isVisible()).toBe(false);
    await page.context().close();
  });

  it('runs nothing that a name contains, also where the script shows it', async () => {
    const { page, complaints } = await open('hostile', '#step-1');
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await page.locator('#at-1 .changes button').first().click();
    for (const key of ['j', 'k', 'g', 'G', 'w', 't']) await page.keyboard.press(key);
    expect(await page.evaluate('typeof window.pwned')).toBe('undefined');
    expect(await page.locator('img, iframe').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('prints every step, with the folded ones, on a page without controls', async () => {
    const { page } = await open('crowded');
    await page.keyboard.press('.');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('tr[id^=step-]:visible').count()).toBe(fixtures.crowded.steps.length + 1);
    expect(await page.locator('.buttons:visible, .stepper:visible, nav:visible').count()).toBe(0);
    await page.context().close();
  });

  it.each([
    'deadlock',
    'use-after-free',
    'dining',
    'peers',
    // 36 and 39 steps.
    'iommufd-fault-vs-detach posted',
    'smmu-stall-resume removal-forgets',
  ])('%s prints on two or three pages', async (name) => {
    const [scenario, variant] = name.split(' ');
    const long = scenarios.find((s) => s.name === scenario);
    if (long !== undefined && variant !== undefined)
      writeFileSync(join(folder, `${name}.html`), html(await check(long, { variant })));
    const { page } = await open(name);
    const sheets = (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type\s*\/Page\b/g) ?? [];
    expect(sheets.length).toBeGreaterThanOrEqual(2);
    expect(sheets.length).toBeLessThanOrEqual(3);
    await page.context().close();
  });
});
