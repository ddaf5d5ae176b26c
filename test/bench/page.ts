/**
 * The link report as a page, in headless Chromium: `npm run bench:page -- 100000`.
 * Prints how large it is, when it first paints, when its table is ready, and how long searches, filters and orders
 * take from the event to the frame that shows the result; machines differ, so compare runs of one call only.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { htmlPage } from '../../src/output/html/page.js';
import { startBrowser, writePage } from '../support/page/browser.js';
import { linkPage } from '../support/page/links.js';

const [, , size = '100000'] = process.argv;
const report = linkPage(Number(size));

const folder = await mkdtemp(join(tmpdir(), 'onecard-bench-'));
const browser = await startBrowser();
try {
  const file = join(folder, 'report.html');
  const begun = performance.now();
  await writePage(htmlPage(report), file);
  say('write the page', performance.now() - begun);
  console.log(`${'size'.padEnd(40)} ${Math.round((await stat(file)).size / 1e6)} MB`);
  for (const turn of [1, 2, 3]) {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
    await page.waitForSelector('table.rows', { timeout: 120_000 });
    say(`first paint, turn ${turn}`, await firstPaint(page));
    say(`table ready, turn ${turn}`, await page.evaluate(() => performance.now()));
    if (turn === 3) await timeQuestions(page);
    await page.close();
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}

function firstPaint(page: Page): Promise<number> {
  return page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  );
}

async function timeQuestions(page: Page): Promise<void> {
  for (const words of ['g', 'ga', 'garcia', 'müller zoe', 'user', 'no such words', '2026-06-03 22:1', '']) {
    say(`search ${JSON.stringify(words)}`, await timed(page, 'input[type=search]', 'input', words));
  }
  say('filter', await timed(page, '.controls select', 'change', '=create'));
  for (const order of ['operatorName', '-operatorName', 'operator', 'changedAt', '']) {
    say(`order ${JSON.stringify(order)}`, await timed(page, '.controls .sort select', 'change', order));
  }
  const heap = await page.evaluate<number>('performance.memory.usedJSHeapSize');
  console.log(`${'heap'.padEnd(40)} ${Math.round(heap / 1e6)} MB`);
}

/** Until the frame that shows the result has been drawn. */
function timed(page: Page, selector: string, event: string, value: string): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const control = document.querySelector(${JSON.stringify(selector)});
    const begun = performance.now();
    control.value = ${JSON.stringify(value)};
    control.dispatchEvent(new Event(${JSON.stringify(event)}, { bubbles: true }));
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
  })`);
}

function say(what: string, milliseconds: number): void {
  console.log(`${what.padEnd(40)} ${String(Math.round(milliseconds)).padStart(6)} ms`);
}
