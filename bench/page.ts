/**
 * How fast the report answers its reader, in a real Chromium: a page of ten thousand steps is readable within 300 ms, and
 * another step is shown within one frame of a screen, 16 ms. `node dist/bench/page.js [report.html...]` prints the medians
 * for these reports; without any, for that of a bug whose steps are taken again and again. Status 1 when one is slower. The
 * least tells more where others use the machine.
 *
 * Readable is the first time that the browser paints text, told by its own mark. A step is the time that the page takes for
 * the key together with the layout that follows; what the screen then adds is the same for every page.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { check } from '../checker/check.ts';
import type { Counterexample, TraceStep } from '../checker/trace/counterexample.ts';
import { html } from '../reports/index.ts';
import { scenarios } from '../scenarios/index.ts';
import { chromiumPath } from './chromium.ts';

const LIMIT_MS = { readable: 300, step: 16 };
const STEPS = 10_000;
const RUNS = 9;

if (chromiumPath === undefined) {
  console.error('bench: no Chromium found\n  hint: set CHROMIUM to its path');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'quiesce-page-'));
const given = process.argv.slice(2).map((path) => resolve(path));
const pages = given.length > 0 ? given : [await longPage()];
const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
let slow = 0;
for (const page of pages) {
  const figures = await measured(browser, page);
  for (const what of ['readable', 'step'] as const) {
    const [median, least] = figures[what];
    console.log(
      `${what.padEnd(9)} ${median.toFixed(1)} ms, at best ${least.toFixed(1)} (asked ${LIMIT_MS[what]})  ${page}`,
    );
    if (median > LIMIT_MS[what]) slow++;
  }
}
await browser.close();
rmSync(folder, { recursive: true });
process.exitCode = slow === 0 ? 0 : 1;

/** The report of one bug whose steps are taken again and again. */
async function longPage(): Promise<string> {
  const scenario = scenarios.find((s) => s.name === 'peers-sva');
  if (scenario === undefined) throw new Error('no scenario peers-sva');
  const verdict = await check(scenario, { variant: 'posted' });
  const [ce] = verdict.violations as [Counterexample];
  const steps = Array.from(
    { length: STEPS },
    (_, i): TraceStep => ({ ...(ce.steps[i % ce.steps.length] as TraceStep), index: i + 1, essential: i % 100 === 99 }),
  );
  // What only a schedule of its own length has is left out.
  const { branches: _, views: __, ...rest } = ce;
  const path = join(folder, 'long.html');
  writeFileSync(path, html({ ...verdict, violations: [{ ...rest, steps, needed: null }] }));
  return path;
}

type Figures = Readonly<Record<keyof typeof LIMIT_MS, readonly [median: number, least: number]>>;

async function measured(chrome: Browser, path: string): Promise<Figures> {
  const readable: number[] = [];
  const step: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const page = await chrome.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(pathToFileURL(path).href);
    readable.push(
      await page.evaluate<number>(
        `new Promise((found) => new PerformanceObserver((list) => {
          for (const e of list.getEntries()) if (e.name === 'first-contentful-paint') found(e.startTime);
        }).observe({ type: 'paint', buffered: true }))`,
      ),
    );
    // The script of a long page begins after that.
    await page.locator('#where:not(:empty)').waitFor({ state: 'attached' });
    // From the middle on, where the page has most around it.
    await page.evaluate(`location.hash = '#step-' + Math.floor(document.querySelectorAll('tr[id^=step-]').length / 2)`);
    step.push(
      ...(await page.evaluate<number[]>(
        `Array.from({ length: 20 }, () => {
          const before = performance.now();
          dispatchEvent(new KeyboardEvent('keydown', { key: 'j' }));
          document.body.getBoundingClientRect();
          return performance.now() - before;
        })`,
      )),
    );
    await page.close();
  }
  return { readable: medianAndLeast(readable), step: medianAndLeast(step) };
}

function medianAndLeast(values: readonly number[]): readonly [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  return [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted[0] ?? 0];
}
