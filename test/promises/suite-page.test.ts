/** One page of a folder of runs: a row a property, links to the reports that are there, readable by everybody. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { chromiumPath } from '../../bench/chromium.ts';
import { quiesce, scratchFolder } from './quiesce.ts';
import { toys } from './toys.ts';

const cwd = scratchFolder();

beforeAll(async () => {
  for (const name of ['holds', 'deadlock'] as const) {
    writeFileSync(join(cwd, `${name}.model.ts`), toys[name]);
    await quiesce(['check', `./${name}.model.ts`, '--quiet'], { cwd });
  }
});

test('has a row for each property of each run, and links to their reports', async () => {
  const run = await quiesce(['report', 'runs'], { cwd });
  expect(run, run.stderr).toMatchObject({ status: 0, stdout: 'runs/index.html\n' });
  const page = readFileSync(join(cwd, 'runs', 'index.html'), 'utf8');
  let rows = 0;
  for (const name of ['toy-holds-posted', 'toy-deadlock-posted']) {
    const verdict = JSON.parse(readFileSync(join(cwd, 'runs', name, 'verdict.json'), 'utf8'));
    rows += verdict.properties.length;
  }
  expect(page.match(/<tr[ >]/g)).toHaveLength(rows + 3);
  const links = [...page.matchAll(/href="?([\w./-]+\.html)/g)].map((m) => m[1] as string);
  expect(new Set(links).size).toBe(2);
  for (const link of links) expect(existsSync(join(cwd, 'runs', link)), link).toBe(true);
  expect(page).not.toMatch(/<script/);
});

test('has a strip of what each form said, run after run, and since when a bug is known', async () => {
  const twice = join(cwd, 'again');
  const model = join(cwd, 'again.model.ts');
  const run = () => quiesce(['check', './again.model.ts', '--quiet', '--out', 'again'], { cwd });
  // Red, red again, and green when the model is another one.
  writeFileSync(model, toys.deadlock.replaceAll('toy-deadlock', 'toy-again'));
  await run();
  await run();
  const broken = JSON.parse(readFileSync(join(twice, 'toy-again-posted', 'verdict.json'), 'utf8'));
  writeFileSync(model, toys.holds.replaceAll('toy-holds', 'toy-again'));
  await run();
  const history = JSON.parse(readFileSync(join(twice, 'toy-again-posted', 'history.json'), 'utf8'));
  expect(history.results.map((r: { outcome: string; runs: number }) => [r.outcome, r.runs])).toEqual([
    ['violated', 2],
    ['holds', 1],
  ]);
  expect(history.results[0].signatures).toEqual([broken.violations[0].signature]);
  expect(await quiesce(['report', 'again'], { cwd })).toMatchObject({ status: 0 });
  const page = readFileSync(join(twice, 'index.html'), 'utf8');
  const strip = /<ol class=strip[^>]*>([\s\S]*?)<\/ol>/.exec(page)?.[1] ?? '';
  expect([...strip.matchAll(/<li class="word (\w+)"/g)].map((m) => m[1])).toEqual(['bad', 'good']);
  expect(strip).toContain(`violated ${broken.violations[0].signature}; 2 runs`);
  expect(strip).toContain('holds, the model changed; 1 run');
});

test('a damaged history costs nothing but itself', async () => {
  const path = join(cwd, 'runs', 'toy-deadlock-posted', 'history.json');
  writeFileSync(path, '{"results": [');
  const page = () => quiesce(['report', 'runs'], { cwd });
  expect(await page()).toMatchObject({ status: 0, stderr: '' });
  const again = await quiesce(['check', './deadlock.model.ts', '--quiet'], { cwd });
  expect(again.stderr).toBe('');
  expect(JSON.parse(readFileSync(path, 'utf8')).results).toHaveLength(1);
  expect(await page()).toMatchObject({ status: 0, stderr: '' });
  const seen = JSON.parse(readFileSync(path, 'utf8')).results[0].first.slice(0, 10);
  const row = /<tr><th scope=row><code>[0-9a-f]{8}[\s\S]*?(?=<tr|<\/tbody)/.exec(
    readFileSync(join(cwd, 'runs', 'index.html'), 'utf8'),
  )?.[0];
  expect(row).toContain(`<td>${seen}<td>${seen}`);
});

test('it can lie elsewhere, and its links still lead to the reports', async () => {
  expect(await quiesce(['report', 'runs', '-o', 'pages/suite.html'], { cwd })).toMatchObject({ status: 0 });
  const page = readFileSync(join(cwd, 'pages', 'suite.html'), 'utf8');
  for (const [, link] of page.matchAll(/href="?((?:\.\.\/)*[\w./-]+\.html)/g))
    expect(existsSync(join(cwd, 'pages', link as string)), link).toBe(true);
});

test('as text it is refused', async () => {
  expect(await quiesce(['report', 'runs', '--text'], { cwd })).toMatchObject({ status: 151, stdout: '' });
});

test.skipIf(chromiumPath === undefined)(
  'no request, no complaint, no accessibility violation, fits a narrow window',
  async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const browser = await chromium.launch({ executablePath: chromiumPath as string, args: ['--no-sandbox'] });
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await (await browser.newContext({ colorScheme, viewport: { width: 420, height: 900 } })).newPage();
        const requests: string[] = [];
        const complaints: string[] = [];
        page.on('request', (r) => requests.push(r.url()));
        page.on('console', (m) => complaints.push(m.text()));
        await page.goto(pathToFileURL(join(cwd, 'runs', 'index.html')).href);
        expect(requests).toHaveLength(1);
        expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
          0,
        );
        expect(complaints).toEqual([]);
        await page.evaluate(axe);
        expect(
          await page.evaluate(
            'axe.run({ rules: { "target-size": { enabled: true } } }).then((r) => r.violations.map((v) => v.id))',
          ),
        ).toEqual([]);
        const rows = page.locator('#runs tbody tr:visible');
        const all = await rows.count();
        await page.locator('#show-good').uncheck();
        expect(await rows.count()).toBe(all - (await page.locator('#runs tr.is-good').count()));
        await page.locator('#show-good').check();
        expect(await rows.count()).toBe(all);
      }
    } finally {
      await browser.close();
    }
  },
);
