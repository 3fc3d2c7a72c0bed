/**
 * What readers of an HTML report are promised, tried in a real browser: it opens from disk with a single request, reads
 * without scripts, steps by keyboard, links to a step, has no accessibility violation in either theme, and hostile
 * names do nothing.
 *
 * Skipped, with the reason in the title, where no Chromium is installed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../checker/check.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { html } from '../../reports/index.ts';
import dining from '../../scenarios/peers/dining.ts';
import * as fixtures from '../unit/reports/fixtures.ts';

const executable = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const title =
  executable === undefined ? 'html report (skipped: no Chromium found, set CHROMIUM to its path)' : 'html report';

const documents: Record<string, Verdict> = {
  // One that the checker made, the others by hand.
  dining: await check(dining, { variant: 'posted', analyse: true }),
  deadlock: fixtures.verdict([fixtures.deadlock]),
  'use-after-free': fixtures.verdict([fixtures.useAfterFree]),
  crowded: fixtures.verdict([fixtures.crowded]),
  hostile: fixtures.verdict([fixtures.hostile]),
  holds: fixtures.holds,
  undecided: fixtures.undecided,
};

interface Opened {
  readonly page: Page;
  readonly requests: string[];
  readonly complaints: string[];
}

describe.skipIf(executable === undefined)(title, () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quiesce-html-'));
    for (const [name, verdict] of Object.entries(documents)) writeFileSync(join(folder, `${name}.html`), html(verdict));
    browser = await chromium.launch({ executablePath: executable as string, args: ['--no-sandbox'] });
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
        'axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join(" | ")))',
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
});
